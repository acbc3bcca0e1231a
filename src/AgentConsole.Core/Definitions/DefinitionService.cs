using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Definitions;

/// <summary>What agents are made of, version by version. Nothing of it is ever changed or removed.</summary>
public sealed class DefinitionService(ConsoleStore store, AccessDirectory access)
{
    /// <summary>Versions of one agent.</summary>
    public const int MostVersions = 10_000;

    /// <summary>Instead of a number: the newest.</summary>
    public const string Latest = "latest";

    /// <summary>Newest first.</summary>
    public async Task<Outcome<Paged<DefinitionSummary>>> ListAsync(
        Actor by,
        string agentIdOrSlug,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAgentAsync(db, by, agentIdOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        var versions = db.DefinitionVersions.Of(agent.OrganizationId, agent.Id);
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 1, out var after)
                || !int.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            )
                return Cursor.Bad();
            versions = versions.Where(v => v.Number < last);
        }
        var rows = await versions
            .OrderByDescending(v => v.Number)
            .Take(page.Limit + 1)
            .Select(v => new Row(v.Number, v.Digest, v.Format, v.Bytes, v.Note, v.CreatedAt, v.CreatedBy))
            .ToListAsync(cancellationToken);
        return Paged<Row>
            .Of(rows, page.Limit, r => [r.Number.ToString(CultureInfo.InvariantCulture)])
            .Map(r => new DefinitionSummary
            {
                AgentId = IdText.Format(IdText.Agent, agent.Id),
                Number = r.Number,
                Digest = r.Digest,
                Format = KebabCase.Of(r.Format),
                Bytes = r.Bytes,
                Note = r.Note,
                CreatedAt = r.CreatedAt,
                CreatedBy = r.CreatedBy,
            });
    }

    /// <param name="number">Or <see cref="Latest"/>.</param>
    public async Task<Outcome<DefinitionBody>> GetAsync(Actor by, string agentIdOrSlug, string number, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAgentAsync(db, by, agentIdOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        return await FindAsync(db, agent, number, cancellationToken) is { } version ? Body(version) : DefinitionProblems.NotFound;
    }

    /// <summary>How the second differs from the first; each a number, or <see cref="Latest"/>.</summary>
    public async Task<Outcome<DefinitionDiff>> DiffAsync(
        Actor by,
        string agentIdOrSlug,
        string from,
        string to,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAgentAsync(db, by, agentIdOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (
            await FindAsync(db, agent, from, cancellationToken) is not { } before
            || await FindAsync(db, agent, to, cancellationToken) is not { } after
        )
            return DefinitionProblems.NotFound;
        var found = DefinitionContent.Compare(before.Content, after.Content);
        return new DefinitionDiff(Summary(before), Summary(after), before.Digest == after.Digest, found.Changes, found.Complete);
    }

    /// <summary>
    /// Adds a version. When the newest says the same it is answered and nothing is written; when somebody saved since the one this is based on, it is
    /// <c>definition_saved_meanwhile</c>.
    /// </summary>
    public async Task<Outcome<DefinitionBody>> SaveAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<DefinitionInput> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // Whoever saves second sees what the first has saved.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        if (await FindAgentAsync(write.Db, by, agentIdOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (MayNot(by, agent) is { } missing)
            return missing;
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var note = Texts.Block(given.Note, "note", DefinitionVersion.MostNote, errors);
        var content = given.Read(errors);
        if (given.BasedOn < 0)
            errors.Add("based_on", "Must be a number of this agent's definition, or 0.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        var newest = await FindAsync(write.Db, agent, Latest, cancellationToken);
        if (newest?.Digest == content!.Digest)
            return Body(newest) with { Unchanged = true };
        var number = newest?.Number ?? 0;
        if (given.BasedOn > number)
            return DefinitionProblems.NoSuchBase(given.BasedOn.Value);
        if (newest is not null && given.BasedOn is { } basedOn && basedOn != number)
            return DefinitionProblems.SavedMeanwhile(
                basedOn,
                new DefinitionSavedBy(number, newest.CreatedBy == Label(by) ? "You" : newest.CreatedBy, write.Now - newest.CreatedAt)
            );
        if (number >= MostVersions)
            return PeopleProblems.TooMany("versions of a definition", MostVersions);
        var version = new DefinitionVersion
        {
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            Number = number + 1,
            Content = content.Text,
            Source = given.Text,
            Format = given.Format,
            Digest = content.Digest,
            Bytes = content.Bytes,
            Note = note,
            CreatedAt = write.Now,
            CreatedBy = Label(by),
        };
        write.Db.Add(version);
        write.Trail(
            by,
            "agent.definition-saved",
            AgentService.Target(agent),
            before: newest is null ? null : new { number = newest.Number, digest = newest.Digest },
            after: new
            {
                number = version.Number,
                digest = version.Digest,
                format = KebabCase.Of(version.Format),
                bytes = version.Bytes,
            },
            reason: note
        );
        write.Tell(new LiveEvent("definitions", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));
        return await write.CommitAsync(by, Body(version), cancellationToken);
    }

    /// <summary>What <see cref="SaveAsync"/> would say, with the differences from the newest; writes nothing.</summary>
    public async Task<Outcome<DefinitionCheck>> ValidateAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<DefinitionInput> input,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAgentAsync(db, by, agentIdOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (MayNot(by, agent) is { } missing)
            return missing;
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        Texts.Block(given.Note, "note", DefinitionVersion.MostNote, errors);
        var content = given.Read(errors);
        var newest = await FindAsync(db, agent, Latest, cancellationToken);
        var number = newest?.Number ?? 0;
        if (content is null || errors.Any)
            return new DefinitionCheck(false, errors.ToDictionary(), null, number, false, [], true);
        var found = newest is null ? new JsonChanges([], true) : DefinitionContent.Compare(newest.Content, content.Text);
        return new DefinitionCheck(
            true,
            errors.ToDictionary(),
            content.Digest,
            number,
            newest?.Digest == content.Digest,
            found.Changes,
            found.Complete
        );
    }

    private sealed record Row(
        int Number,
        string Digest,
        DefinitionFormat Format,
        int Bytes,
        string? Note,
        DateTimeOffset CreatedAt,
        string CreatedBy
    );

    private static Task<Agent?> FindAgentAsync(ConsoleDbContext db, Actor by, string idOrSlug, CancellationToken cancellationToken) =>
        db.Agents.AsNoTracking().VisibleTo(by).Named(idOrSlug).FirstOrDefaultAsync(cancellationToken);

    private static async Task<DefinitionVersion?> FindAsync(
        ConsoleDbContext db,
        Agent agent,
        string number,
        CancellationToken cancellationToken
    )
    {
        var versions = db.DefinitionVersions.AsNoTracking().Of(agent.OrganizationId, agent.Id);
        if (number == Latest)
            return await versions.OrderByDescending(v => v.Number).FirstOrDefaultAsync(cancellationToken);
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
            ? await versions.FirstOrDefaultAsync(v => v.Number == wanted, cancellationToken)
            : null;
    }

    private Problem? MayNot(Actor by, Agent agent) =>
        by.May(Permission.EditAgents, agent.TeamId)
            ? null
            : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);

    private static string Label(Actor by) => Texts.Clip(by.Label, 256)!;

    private static DefinitionSummary Summary(DefinitionVersion version) =>
        new()
        {
            AgentId = IdText.Format(IdText.Agent, version.AgentId),
            Number = version.Number,
            Digest = version.Digest,
            Format = KebabCase.Of(version.Format),
            Bytes = version.Bytes,
            Note = version.Note,
            CreatedAt = version.CreatedAt,
            CreatedBy = version.CreatedBy,
        };

    private static DefinitionBody Body(DefinitionVersion version) =>
        new()
        {
            AgentId = IdText.Format(IdText.Agent, version.AgentId),
            Number = version.Number,
            Digest = version.Digest,
            Format = KebabCase.Of(version.Format),
            Bytes = version.Bytes,
            Note = version.Note,
            CreatedAt = version.CreatedAt,
            CreatedBy = version.CreatedBy,
            Definition = JsonElement.Parse(version.Content),
            Text = version.Source,
        };
}
