using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>
/// Registers or changes many agents from one file: all rows in one transaction or, when one of them cannot be applied, none. An agent is found by
/// its slug; what a row does not say stays, and an empty text clears its member. The same file again changes nothing. Other writers wait until the
/// file is written: that is the price of "all or none".
/// </summary>
public sealed class BulkRegistration(ConsoleStore store, AccessDirectory access, AgentDirectory directory, IFirstKey firstKey)
{
    private const int Part = 500;
    private const int MostErrors = 100;

    /// <summary>Says what each row would do, and writes nothing.</summary>
    public async Task<Outcome<BulkAgentsResult>> PlanAsync(
        Actor by,
        Outcome<BulkFile> input,
        IProgress<int>? progress,
        CancellationToken cancellationToken
    )
    {
        if (Refusal(by) is { } refusal)
            return refusal;
        if (!input.Try(out var file, out var problem))
            return problem;
        await using var db = await store.ReadAsync(cancellationToken);
        var plans = await PlanAsync(db, by, file, progress, cancellationToken);
        return Result(file, plans, dryRun: true);
    }

    /// <summary>Applies the file. The first keys of the agents it creates are in this answer and never again.</summary>
    /// <param name="progress">Told how many rows are written.</param>
    public async Task<Outcome<BulkAgentsResult>> ApplyAsync(
        Actor by,
        Outcome<BulkFile> input,
        IProgress<int>? progress,
        CancellationToken cancellationToken
    )
    {
        if (Refusal(by) is { } refusal)
            return refusal;
        if (!input.Try(out var file, out var problem))
            return problem;
        await using var write = await store.WriteAsync(cancellationToken);
        var plans = await PlanAsync(write.Db, by, file, null, cancellationToken);
        if (plans.Exists(p => p.Errors is not null))
            return Rejected(plans);
        try
        {
            for (var i = 0; i < plans.Count; i++)
            {
                await CarryOutAsync(write, by, plans[i], cancellationToken);
                if ((i + 1) % Part == 0)
                {
                    await write.Db.SaveChangesAsync(cancellationToken);
                    progress?.Report(i + 1);
                }
            }
        }
        catch (DbUpdateException e) when (e is DbUpdateConcurrencyException || write.Db.Engine.IsUniqueViolation(e))
        {
            return Write.LostRace();
        }
        var done = await write.CommitAsync(by, Result(file, plans, dryRun: false), cancellationToken);
        progress?.Report(plans.Count);
        return done;
    }

    private static Problem? Refusal(Actor by) =>
        by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 } ? Actor.MissingRole(Permission.EditAgents, null) : null;

    private async Task<List<Plan>> PlanAsync(
        ConsoleDbContext db,
        Actor by,
        BulkFile file,
        IProgress<int>? progress,
        CancellationToken cancellationToken
    )
    {
        var known = await FindAsync(db, by, file, cancellationToken);
        var now = access.Current;
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var plans = new List<Plan>(file.Rows.Count);
        foreach (var row in file.Rows)
        {
            plans.Add(PlanRow(now, by, row, known, seen));
            if (plans.Count % Part == 0)
                progress?.Report(plans.Count);
        }
        progress?.Report(plans.Count);
        return plans;
    }

    private static async Task<Dictionary<string, Agent>> FindAsync(
        ConsoleDbContext db,
        Actor by,
        BulkFile file,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        var known = new Dictionary<string, Agent>(StringComparer.Ordinal);
        var slugs = file
            .Rows.Select(r => r.Body.Problem is null ? r.Body.Value.Slug : null)
            .OfType<string>()
            .Where(Texts.HasSlugForm)
            .Distinct(StringComparer.Ordinal);
        foreach (var part in slugs.Chunk(Part))
        {
            await foreach (
                var agent in db
                    .Agents.Where(a => a.OrganizationId == organization && a.DeletedAt == null && part.Contains(a.Slug))
                    .AsAsyncEnumerable()
                    .WithCancellation(cancellationToken)
            )
                known[agent.Slug] = agent;
        }
        return known;
    }

    private Plan PlanRow(AccessSnapshot now, Actor by, BulkRow row, Dictionary<string, Agent> known, Dictionary<string, int> seen)
    {
        if (!row.Body.Try(out var body, out var unreadable))
            return new Plan(row, null) { Errors = unreadable.Errors };
        var errors = new FieldErrors();
        // One that is registered was right when it was: a file of the fleet can always be applied again.
        if (!(body.Slug is { } slug && known.ContainsKey(slug)) && Texts.SlugFault(body.Slug) is { } fault)
            errors.Add("slug", fault);
        else if (!seen.TryAdd(body.Slug!, row.Line))
            errors.Add("slug", string.Create(CultureInfo.InvariantCulture, $"Stands in line {seen[body.Slug!]} already."));
        var draft = AgentDraft.Read(body, errors);
        var agent = body.Slug is null ? null : known.GetValueOrDefault(body.Slug);
        // Whoever owns it already stays, also when they were disabled: a file that says so changes nothing.
        var stays = agent?.OwnerId is { } owned && Names(now, owned, body.Owner);
        var owner = stays ? agent!.OwnerId : AgentDraft.ReadOwner(now, by.OrganizationId, body.Owner, errors);
        if (agent is not null && !by.TeamsWith(Permission.ReadFleet).Has(agent.TeamId))
        {
            errors.Add("slug", "Is taken by another agent of the organization.");
            agent = null;
        }
        else if (agent is not null && !by.May(Permission.EditAgents, agent.TeamId))
        {
            errors.Add("slug", Permissions.Explain(Permission.EditAgents, now.Teams.GetValueOrDefault(agent.TeamId)?.Name));
        }
        var team = agent is not null && body.Team is null ? null : AgentService.ResolveTeam(now, by, body.Team);
        if (team is null && (agent is null || body.Team is not null))
            errors.Add(
                "team",
                body.Team is null ? "Name a team: you do not see the team default." : "There is no such team, or you may not see it."
            );
        else if (team is not null && team.Id != agent?.TeamId && !by.May(Permission.EditAgents, team.Id))
            errors.Add("team", Permissions.Explain(Permission.EditAgents, team.Name));
        var mints = agent is null && team is not null && body.Key != false && firstKey.Refusal(by, team.Id) is null;
        if (agent is null && team is not null && body.Key == true && !mints)
            errors.Add("key", Permissions.Explain(Permission.ManageKeys, team.Name));
        if (errors.Any)
            return new Plan(row, body) { Errors = errors.ToDictionary() };
        if (agent is null)
            return new Plan(row, body)
            {
                Draft = draft,
                Team = team,
                Owner = owner,
                Mints = mints,
                Diff = Fresh(body, team!),
            };
        var changes = AgentService.Apply(
            now,
            agent,
            draft,
            AgentService.Cleared(body.DisplayName, body.Description, body.Environment, body.Version),
            team,
            body.Owner is null ? null : (owner, true)
        );
        return new Plan(row, body)
        {
            Agent = agent,
            Changes = changes,
            Diff = changes.ToDictionary(
                c => c.Key,
                c => new MemberChange(Json(c.Key, c.Value.Before), Json(c.Key, c.Value.After)),
                StringComparer.Ordinal
            ),
        };
    }

    private static bool Names(AccessSnapshot now, Guid principal, string? name) =>
        name is not null
        && (
            string.Equals(AgentService.Label(now, principal), name, StringComparison.OrdinalIgnoreCase)
            || name == IdText.Format(IdText.User, principal)
        );

    // What a new agent is given, by the members of the file.
    private static Dictionary<string, MemberChange> Fresh(RegisterAgent body, TeamCard team)
    {
        var given = JsonSerializer
            .SerializeToElement(body with { Key = null, Team = team.Slug }, ConsoleJson.Options)
            .EnumerateObject()
            .Where(m => m.Name != "slug" && m.Value.ValueKind != JsonValueKind.Null);
        return given.ToDictionary(m => m.Name, m => new MemberChange(null, m.Value), StringComparer.Ordinal);
    }

    // Metadata is kept as text that is JSON.
    private static JsonElement? Json(string member, object? value) =>
        value is null ? null
        : member == "metadata" ? JsonElement.Parse((string)value)
        : JsonSerializer.SerializeToElement(value, ConsoleJson.Options);

    private async Task CarryOutAsync(Write write, Actor by, Plan plan, CancellationToken cancellationToken)
    {
        if (plan.Agent is null)
        {
            plan.Agent = AgentService.Create(write, by, plan.Body!, plan.Draft!, plan.Team!.Id, plan.Owner);
            directory.Announce(write, plan.Agent);
            plan.Key = plan.Mints ? firstKey.Mint(write, plan.Agent, by) : null;
            return;
        }
        if (plan.Changes is not { Count: > 0 } changes)
            return;
        if (changes.ContainsKey("tags"))
            await AgentService.RewriteTagsAsync(write, plan.Agent, cancellationToken);
        AgentService.Record(write, directory, by, plan.Agent, "agent.changed", changes, null);
    }

    private static BulkAgentsResult Result(BulkFile file, List<Plan> plans, bool dryRun) =>
        new(
            dryRun,
            plans.Count(p => p.Outcome == "created"),
            plans.Count(p => p.Outcome == "changed"),
            plans.Count(p => p.Outcome == "unchanged"),
            plans.Count(p => p.Outcome == "failed"),
            [
                .. plans.Select(p => new BulkAgentRow(
                    p.Row.Line,
                    Texts.Clip(p.Body?.Slug, 100),
                    p.Outcome,
                    IdText.Format(IdText.Agent, p.Agent?.Id),
                    p.Key?.Secret,
                    p.Changes is { Count: > 0 } changes ? [.. changes.Keys.Order(StringComparer.Ordinal)] : null,
                    p.Errors
                )
                {
                    Diff = p.Diff is { Count: > 0 } diff ? diff : null,
                }),
            ]
        )
        {
            IgnoredColumns = file.IgnoredColumns.Count == 0 ? null : file.IgnoredColumns,
        };

    private static Problem Rejected(List<Plan> plans)
    {
        var failed = plans.FindAll(p => p.Errors is not null);
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var plan in failed.Take(MostErrors))
        {
            foreach (var (field, sentences) in plan.Errors!)
                errors[string.Create(CultureInfo.InvariantCulture, $"line {plan.Row.Line}: {field}")] = sentences;
        }
        var lines = string.Join(", ", failed.Take(10).Select(p => p.Row.Line)) + (failed.Count > 10 ? ", …" : "");
        return new Problem(
            ProblemKind.Invalid,
            "rows_failed",
            $"{failed.Count} of {plans.Count} rows cannot be applied (line {lines}), so nothing was written. A dry run shows the outcome of every row.",
            errors
        );
    }

    private sealed class Plan(BulkRow row, RegisterAgent? body)
    {
        public BulkRow Row => row;
        public RegisterAgent? Body => body;
        public AgentDraft? Draft { get; init; }
        public TeamCard? Team { get; init; }
        public Guid? Owner { get; init; }
        public bool Mints { get; init; }
        public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
        public Dictionary<string, (object? Before, object? After)>? Changes { get; init; }
        public IReadOnlyDictionary<string, MemberChange>? Diff { get; init; }

        /// <summary>The agent that was there, or the one that was made.</summary>
        public Agent? Agent { get; set; }
        public FirstKey? Key { get; set; }

        public string Outcome =>
            Errors is not null ? "failed"
            : Changes is null ? "created"
            : Changes.Count > 0 ? "changed"
            : "unchanged";
    }
}
