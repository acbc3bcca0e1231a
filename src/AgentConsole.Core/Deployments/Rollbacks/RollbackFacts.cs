using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollbacks;

/// <summary>What somebody should know before a version is taken back.</summary>
public sealed class RollbackFacts(
    ConsoleStore store,
    SnapshotBodies bodies,
    FreezeService freezes,
    SecretLookup secrets,
    TimeProvider clock
)
{
    /// <summary>Open runs that are named.</summary>
    public const int MostRuns = 20;

    /// <summary>Open runs are counted no further.</summary>
    public const int MostCounted = 10_000;

    internal async Task<RollbackPreview> OfAsync(
        Actor by,
        Agent agent,
        RollbackPlan plan,
        IReadOnlyList<RollbackSecret>? known,
        CancellationToken cancellationToken
    )
    {
        // The answers of other machines are waited for with no connection in hand.
        var found = await SecretsAsync(by, agent, plan, known, cancellationToken);
        await using var db = await store.ReadAsync(cancellationToken);
        var environment = plan.To.Environment.Length == 0 ? null : plan.To.Environment;
        var (since, before) = await FiguresAsync(db, by, plan, cancellationToken);
        var changes = await DeployedDefinition.ExpandAsync(
            db,
            plan.From,
            plan.To,
            SnapshotContent.Differences(plan.From.Content, plan.To.Content),
            cancellationToken
        );
        return new RollbackPreview
        {
            Agent = agent.Slug,
            AgentId = IdText.Format(IdText.Agent, agent.Id),
            Environment = environment,
            From = bodies.Of(plan.From),
            To = bodies.Of(plan.To),
            AlsoEnds = [.. plan.AlsoEnds.Select(bodies.Of)],
            Preview = plan.Preview,
            Changes = changes.Changes,
            Gateways = await GatewaysAsync(db, by, agent, plan, cancellationToken),
            RunsInFlight = await RunsAsync(db, by, agent.Id, plan.From.Version, cancellationToken),
            Secrets = found,
            Since = since,
            Before = before,
            Freezes = await freezes.BitingAsync(db, agent.OrganizationId, agent.TeamId, environment, cancellationToken),
        };
    }

    private async Task<IReadOnlyList<RollbackSecret>> SecretsAsync(
        Actor by,
        Agent agent,
        RollbackPlan plan,
        IReadOnlyList<RollbackSecret>? known,
        CancellationToken cancellationToken
    )
    {
        var references = SnapshotContent.NamesIn(plan.To.Content, "secrets");
        if (known is not null && references.SequenceEqual(known.Select(s => s.Reference), StringComparer.Ordinal))
            return known;
        var found = by.May(Permission.EditAgents, agent.TeamId)
            ? await secrets.LookAsync(agent.OrganizationId, agent.TeamId, references, cancellationToken)
            : [.. references.Select(_ => SecretPresence.Unchecked("Sinks are asked for whoever may roll back, and nobody else."))];
        return [.. references.Zip(found, (name, presence) => new RollbackSecret(name, KebabCase.Of(presence.State), presence.Why))];
    }

    private static async Task<IReadOnlyList<RollbackGateway>> GatewaysAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        RollbackPlan plan,
        CancellationToken cancellationToken
    )
    {
        var (from, to) = (SnapshotContent.NamesIn(plan.From.Content, "gateways"), SnapshotContent.NamesIn(plan.To.Content, "gateways"));
        var named = from.Union(to, StringComparer.Ordinal).ToArray();
        var links = db.GatewayLinks.Where(l => l.OrganizationId == agent.OrganizationId && l.AgentId == agent.Id);
        var known = await db
            .Gateways.VisibleTo(by)
            .Where(g => named.Contains(g.Name) || links.Any(l => l.GatewayId == g.Id))
            .Select(g => new
            {
                g.Name,
                g.InRouting,
                g.Health,
                Linked = links.Any(l => l.GatewayId == g.Id),
            })
            .ToDictionaryAsync(g => g.Name, StringComparer.Ordinal, cancellationToken);
        return
        [
            .. named
                .Union(known.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(name =>
                {
                    var gateway = known.GetValueOrDefault(name);
                    return new RollbackGateway(
                        name,
                        (from.Contains(name), to.Contains(name)) switch
                        {
                            (true, true) => "both",
                            (true, false) => "from",
                            (false, true) => "to",
                            _ => "none",
                        },
                        gateway is not null,
                        gateway?.Linked ?? false,
                        gateway?.InRouting ?? false,
                        KebabCase.Of(gateway?.Health ?? GatewayHealth.Unknown)
                    );
                }),
        ];
    }

    private static async Task<RollbackRuns> RunsAsync(
        ConsoleDbContext db,
        Actor by,
        Guid agentId,
        string version,
        CancellationToken cancellationToken
    )
    {
        var open = db
            .Runs.VisibleTo(by)
            .Where(r =>
                r.AgentId == agentId && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running || r.Status == RunStatus.Waiting)
            );
        var same = open.Where(r => r.Version == version);
        var ids = await same.OrderByDescending(r => r.Id).Select(r => r.Id).Take(MostRuns).ToListAsync(cancellationToken);
        return new RollbackRuns(
            version,
            ids.Count < MostRuns ? ids.Count : await same.Take(MostCounted).CountAsync(cancellationToken),
            [.. ids.Select(id => IdText.Format(IdText.Run, id))],
            await open.Where(r => r.Version == null).Take(MostCounted).CountAsync(cancellationToken)
        );
    }

    // A canary is held against what was active at the same time, anything else against what it took the place of.
    private async Task<(RollbackFigures Since, RollbackFigures? Before)> FiguresAsync(
        ConsoleDbContext db,
        Actor by,
        RollbackPlan plan,
        CancellationToken cancellationToken
    )
    {
        var (from, now) = (plan.From, clock.Now());
        var since = await FiguresAsync(db, by, from.AgentId, from.Version, from.DeployedAt, now, cancellationToken);
        if (from.Status == SnapshotStatus.Canary)
            return plan.Active is { } stable
                ? (since, await FiguresAsync(db, by, from.AgentId, stable.Version, from.DeployedAt, now, cancellationToken))
                : (since, null);
        var before = await db
            .Snapshots.VisibleTo(by)
            .Where(s => s.AgentId == from.AgentId && s.Environment == from.Environment && s.Status == SnapshotStatus.Active)
            .Where(s => s.Id < from.Id && s.Version != from.Version)
            .OrderByDescending(s => s.Id)
            .Select(s => s.Version)
            .FirstOrDefaultAsync(cancellationToken);
        var start = from.DeployedAt - (now - from.DeployedAt);
        return before is null
            ? (since, null)
            : (since, await FiguresAsync(db, by, from.AgentId, before, start, from.DeployedAt, cancellationToken));
    }

    private static async Task<RollbackFigures> FiguresAsync(
        ConsoleDbContext db,
        Actor by,
        Guid agentId,
        string version,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        // A minute that has begun counts: what ended in it ended before now.
        var scope = new RollupScope(by.OrganizationId, by.TeamsWith(Permission.ReadFleet), [agentId], from, to) { Version = version };
        var sums = await scope.TotalAsync(db, cancellationToken);
        return new RollbackFigures(version, from, to, sums.Total, sums.Failures, sums.ErrorRate, Money.Format(sums.CostMicros));
    }
}
