using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>What is to be deployed, read and found valid.</summary>
/// <param name="Environment">Empty where the agent has none.</param>
internal sealed record SnapshotDraft(string Version, string Environment, string? Reason, SnapshotContent Content);

/// <summary>What is deployed where: every change appends a snapshot, and the one before ends.</summary>
public sealed class DeploymentService(ConsoleStore store, AccessDirectory access, SnapshotBook book, SnapshotBodies bodies)
{
    /// <summary>
    /// Sets a version active, to a canary, or retired. An active one in the agent's own environment becomes its declared version. In a freeze it needs a reason,
    /// of somebody whom the freeze lets through.
    /// </summary>
    public async Task<Outcome<SnapshotBody>> SetAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<SetSnapshot> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // Whoever deploys second sees what the first has done.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        var agent = await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        if (body.Status is null)
            errors.Add("status", $"This is required: one of {string.Join(", ", KebabCase.All<SnapshotStatus>())}.");
        var status = KebabCase.Read<SnapshotStatus>(body.Status, "status", errors);
        var draft = await ReadAsync(write.Db, by, agent, body, "", errors, cancellationToken);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle is Lifecycle.Deleted or Lifecycle.Retired)
            return AgentProblems.State("deployed", agent.Lifecycle);
        if (
            await FreezeService.RefusalAsync(
                write.Db,
                by,
                agent.TeamId,
                draft!.Environment,
                draft.Reason,
                rollback: false,
                write.Now,
                cancellationToken
            ) is
            { } frozen
        )
            return frozen;
        if (await RolloutLists.OpenAsync(write.Db, agent, draft.Environment, cancellationToken) is { } open)
            return RolloutProblems.Open(open);
        var snapshot = SnapshotBook.Make(write, by, agent, draft, status!.Value);
        return await book.AppendAsync(write, by, agent, snapshot, cancellationToken)
            ? await write.CommitAsync(by, bodies.Of(snapshot), cancellationToken)
            : Write.LostRace();
    }

    /// <summary>What somebody wants to deploy; null when that is invalid.</summary>
    /// <param name="prefix">Of the names of fields in <paramref name="errors"/>.</param>
    internal static async Task<SnapshotDraft?> ReadAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        SetSnapshot body,
        string prefix,
        FieldErrors errors,
        CancellationToken cancellationToken
    )
    {
        var own = new FieldErrors();
        var version = Texts.Line(body.Version, "version", Snapshot.MostVersion, own, required: true);
        var environment = Texts.Line(body.Environment ?? agent.Environment, "environment", 60, own);
        var reason = Texts.Block(body.Reason, "reason", 500, own);
        body = body with { Gateways = await GatewaysAsync(db, by, agent, body.Gateways, own, cancellationToken) };
        var definition = await DeployedDefinition.FindAsync(db, agent, body.Definition, own, cancellationToken);
        var content = SnapshotContent.Read(body, own, definition);
        foreach (var (field, sentences) in own.ToDictionary())
        {
            foreach (var sentence in sentences)
                errors.Add(prefix + field, sentence);
        }
        return own.Any ? null : new SnapshotDraft(version!, environment ?? "", reason, content!);
    }

    // Those that the agent is linked to at this moment, where none are named.
    private static async Task<IReadOnlyList<string>?> GatewaysAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        IReadOnlyList<string>? given,
        FieldErrors errors,
        CancellationToken cancellationToken
    )
    {
        if (given is null)
        {
            var links = db.GatewayLinks.Where(l => l.OrganizationId == agent.OrganizationId && l.AgentId == agent.Id);
            return await db
                .Gateways.VisibleTo(by)
                .Where(g => links.Any(l => l.GatewayId == g.Id))
                .Select(g => g.Name)
                .Take(SnapshotContent.MostNames)
                .ToListAsync(cancellationToken);
        }
        var names = given.Take(SnapshotContent.MostNames).ToArray();
        var known = await db.Gateways.VisibleTo(by).Where(g => names.Contains(g.Name)).Select(g => g.Name).ToListAsync(cancellationToken);
        foreach (var unknown in names.Except(known, StringComparer.Ordinal).Take(5))
            errors.Add("gateways", $"There is no gateway {Texts.Clip(unknown, 60)} that you see.");
        return given;
    }
}
