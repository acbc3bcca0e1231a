using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>What is deployed where: every change appends a snapshot, and the one before ends.</summary>
public sealed class DeploymentService(ConsoleStore store, AccessDirectory access, AgentDirectory directory, SnapshotBodies bodies)
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
        var version = Texts.Line(body.Version, "version", Snapshot.MostVersion, errors, required: true);
        var environment = Texts.Line(body.Environment ?? agent.Environment, "environment", 60, errors);
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (body.Status is null)
            errors.Add("status", $"This is required: one of {string.Join(", ", KebabCase.All<SnapshotStatus>())}.");
        var status = KebabCase.Read<SnapshotStatus>(body.Status, "status", errors);
        body = body with { Gateways = await GatewaysAsync(write.Db, by, agent, body.Gateways, errors, cancellationToken) };
        var content = SnapshotContent.Read(body, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle is Lifecycle.Deleted or Lifecycle.Retired)
            return AgentProblems.State("deployed", agent.Lifecycle);
        if (
            await FreezeService.RefusalAsync(
                write.Db,
                by,
                agent.TeamId,
                environment,
                reason,
                rollback: false,
                write.Now,
                cancellationToken
            ) is
            { } frozen
        )
            return frozen;
        var snapshot = new Snapshot
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            AgentId = agent.Id,
            TeamId = agent.TeamId,
            Environment = environment ?? "",
            Version = version!,
            Status = status!.Value,
            Content = content!.Text,
            Digest = content.Digest,
            Reason = reason,
            Trigger = by.Method is AuthMethod.Session or AuthMethod.BreakGlass ? SnapshotTrigger.Person : SnapshotTrigger.Api,
            DeployedAt = write.Now,
            DeployedBy = Texts.Clip(by.Label, 256)!,
        };
        return await AppendAsync(write, by, agent, snapshot, cancellationToken)
            ? await write.CommitAsync(by, bodies.Of(snapshot), cancellationToken)
            : Write.LostRace();
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

    /// <summary>Ends what is current and adds the snapshot, with its record on the trail.</summary>
    /// <returns>False when somebody else deployed meanwhile: leave, and nothing was written.</returns>
    private async Task<bool> AppendAsync(Write write, Actor by, Agent agent, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var current = await write
            .Db.Snapshots.Where(s =>
                s.OrganizationId == snapshot.OrganizationId
                && s.AgentId == snapshot.AgentId
                && s.Environment == snapshot.Environment
                && s.Outcome == SnapshotOutcome.Current
            )
            .ToListAsync(cancellationToken);
        var ended = current.FindAll(s => s.EndsWith(snapshot.Status));
        foreach (var before in ended)
        {
            before.End(snapshot);
            Tell(write, before);
        }
        // The one before makes room in the index of what is current.
        if (!await write.TryFlushAsync(cancellationToken))
            return false;
        write.Db.Add(snapshot);
        var declares = snapshot.Status == SnapshotStatus.Active && snapshot.Environment == (agent.Environment ?? "");
        if (declares && agent.Version != snapshot.Version)
        {
            (agent.Version, agent.UpdatedAt) = (snapshot.Version, write.Now);
            directory.Announce(write, agent);
        }
        write.Trail(
            by,
            snapshot.Status switch
            {
                SnapshotStatus.Active => "snapshot.activated",
                SnapshotStatus.Canary => "snapshot.canary",
                _ => "snapshot.retired",
            },
            new TrailTarget("snapshot", snapshot.Id, $"{agent.Slug} {snapshot.Version}", agent.TeamId),
            before: ended.Count == 0
                ? null
                : new
                {
                    ended = ended.Select(s => new
                    {
                        version = s.Version,
                        status = KebabCase.Of(s.Status),
                        digest = s.Digest,
                    }),
                },
            after: new
            {
                version = snapshot.Version,
                status = KebabCase.Of(snapshot.Status),
                environment = snapshot.Environment,
                digest = snapshot.Digest,
                content = JsonElement.Parse(snapshot.Content),
            },
            reason: snapshot.Reason
        );
        Tell(write, snapshot);
        return true;
    }

    private static void Tell(Write write, Snapshot snapshot) =>
        write.Tell(new LiveEvent("snapshot", snapshot.OrganizationId, snapshot.TeamId, snapshot.AgentId, snapshot.Id));
}
