using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Core.Routes;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Drift;

/// <summary>What is declared against what is seen.</summary>
public sealed class DriftService(
    ConsoleStore store,
    AccessDirectory access,
    RouteBook book,
    RouteService routes,
    IOptions<DriftOptions> options,
    TimeProvider clock
)
{
    private const int MostLagging = 100;

    /// <param name="environment">Whose declaration counts; the agent's own when null.</param>
    public async Task<Outcome<DriftBody>> OfAgentAsync(
        Actor by,
        string agentIdOrSlug,
        string? environment,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agent = await db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        var errors = new FieldErrors();
        var wanted = Texts.Line(environment, "environment", 60, errors) ?? agent.Environment ?? "";
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var now = clock.Now();
        var (table, from) = (await book.OfAsync(by.OrganizationId, cancellationToken), now - DriftRule.Window);
        var all = table.OfAgent(agent.Id);
        var route = all.FirstOrDefault(r => r.Environment == wanted);
        var instances = await db
            .AgentInstances.Where(i => i.OrganizationId == agent.OrganizationId && i.AgentId == agent.Id && i.LastSeenAt >= from)
            .OrderByDescending(i => i.LastSeenAt)
            .Take(AgentInstance.MostOfAgent)
            .ToListAsync(cancellationToken);
        var lagging = route is null ? [] : await LaggingAsync(db, agent, all, instances, now, cancellationToken);
        var hour = await RunsAsync(db, by, agent, from, cancellationToken);
        var day = await RunsAsync(db, by, agent, now.AddDays(-1), cancellationToken);
        var finding = await FindingAsync(db, by, agent, route, all, lagging, wanted, now, cancellationToken);
        var verdict =
            route is null ? DriftVerdict.Unknown
            : finding is not null ? DriftVerdict.Drifting
            : instances.Count == 0 && hour.Count == 0 ? DriftVerdict.Unknown
            : DriftVerdict.None;
        var standing = await db.AgentDrifts.FirstOrDefaultAsync(
            d => d.OrganizationId == agent.OrganizationId && d.AgentId == agent.Id && d.Drifting,
            cancellationToken
        );
        return new DriftBody
        {
            Agent = agent.Slug,
            AgentId = IdText.Format(IdText.Agent, agent.Id),
            Team = access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Slug ?? "",
            Environment = wanted.Length == 0 ? null : wanted,
            Verdict = KebabCase.Of(verdict),
            Reason = finding?.Reason ?? Sentence(route, verdict),
            Since = verdict == DriftVerdict.Drifting ? standing?.Since : null,
            Declared =
                (await routes.OfAgentAsync(by, agent.Id, cancellationToken)).FirstOrDefault(r => (r.Environment ?? "") == wanted)?.Split
                ?? [],
            Hour = Shares(hour, route, all),
            Day = Shares(day, route, all),
            Instances = instances.Count,
            LaggingInstances = lagging.Count,
            Lagging = [.. lagging.Take(MostLagging).Select(Body)],
        };
    }

    /// <summary>Agents that drift now, the newest first.</summary>
    public async Task<Outcome<Paged<DriftingAgent>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var (organization, agents) = (by.OrganizationId, db.Agents.VisibleTo(by).Where(a => a.DeletedAt == null));
        var drifting =
            from drift in db.AgentDrifts.Where(d => d.OrganizationId == organization && d.Drifting)
            join agent in agents on drift.AgentId equals agent.Id
            select new { Drift = drift, Agent = agent };
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 2, out var after)
                || !long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out var micros)
                || !IdText.TryParse(IdText.Agent, after[1], out var last)
            )
                return Cursor.Bad();
            var since = Utc.FromMicros(micros);
            drifting = drifting.Where(d => d.Drift.Since < since || (d.Drift.Since == since && d.Drift.AgentId < last));
        }
        var rows = await drifting
            .OrderByDescending(d => d.Drift.Since)
            .ThenByDescending(d => d.Drift.AgentId)
            .Take(page.Limit + 1)
            .Select(d => new Row(
                d.Agent.Id,
                d.Agent.Slug,
                d.Agent.DisplayName,
                d.Agent.TeamId,
                d.Drift.Kind,
                d.Drift.Reason,
                d.Drift.Since
            ))
            .ToListAsync(cancellationToken);
        return Paged<Row>
            .Of(rows, page.Limit, r => [Utc.ToMicros(r.Since).ToString(CultureInfo.InvariantCulture), IdText.Format(IdText.Agent, r.Id)])
            .Map(row => new DriftingAgent
            {
                Agent = row.Slug,
                AgentId = IdText.Format(IdText.Agent, row.Id),
                DisplayName = row.DisplayName,
                Team = access.Current.Teams.GetValueOrDefault(row.TeamId)?.Slug ?? "",
                Kind = KebabCase.Of(row.Kind),
                Reason = row.Reason,
                Since = row.Since,
            });
    }

    private async Task<List<AgentInstance>> LaggingAsync(
        ConsoleDbContext db,
        Agent agent,
        IReadOnlyList<Route> all,
        List<AgentInstance> instances,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var undeclared = instances.FindAll(i => !all.Declares(i.Version));
        var ends = await DriftReading.EndsAsync(
            db,
            agent.OrganizationId,
            [.. undeclared.Select(i => new Undeclared(agent.Id, i.Version)).Distinct()],
            cancellationToken
        );
        return undeclared.FindAll(i =>
            DriftRule.Lags(ends.GetValueOrDefault(new Undeclared(agent.Id, i.Version)), i.Since, i.LastSeenAt, now, options.Value.Grace)
        );
    }

    private async Task<DriftFinding?> FindingAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        Route? route,
        IReadOnlyList<Route> all,
        List<AgentInstance> lagging,
        string environment,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (route is null || route.Paused)
            return null;
        if (lagging.Count > 0)
            return DriftRule.OfVersions([.. lagging.Select(i => i.Version).Distinct().Order(StringComparer.Ordinal)], all);
        return environment == (agent.Environment ?? "")
            ? DriftRule.OfSplit(
                route,
                await RunsAsync(db, by, agent, DriftRule.MeasuredFrom(route, now, options.Value.Grace), cancellationToken)
            )
            : null;
    }

    // Rows of the time in which it belonged to a team that the reader may not see are left out.
    private static Task<IReadOnlyDictionary<string, long>> RunsAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        DateTimeOffset from,
        CancellationToken cancellationToken
    ) => new RollupScope(agent.OrganizationId, by.TeamsWith(Permission.ReadFleet), [agent.Id], from).ByVersionAsync(db, cancellationToken);

    private static string Sentence(Route? route, DriftVerdict verdict) =>
        route is null ? "Nothing is declared here: deploy a version first."
        : route.Paused ? "The agent is paused."
        : verdict == DriftVerdict.Unknown ? "Nothing was reported within the last hour."
        : "What is reported is what should run.";

    private static IReadOnlyList<DriftShareBody> Shares(IReadOnlyDictionary<string, long> runs, Route? route, IReadOnlyList<Route> all)
    {
        var declared = route?.Split ?? [];
        var total = declared.Select(s => s.Version).Distinct().Sum(version => runs.GetValueOrDefault(version));
        var shares = new List<DriftShareBody>();
        foreach (var share in declared.DistinctBy(s => s.Version))
        {
            var hits = runs.GetValueOrDefault(share.Version);
            var (low, high) = total == 0 ? (0, 0) : DriftRule.Bounds(hits, total);
            shares.Add(
                new DriftShareBody
                {
                    Version = share.Version,
                    Status = KebabCase.Of(share.Status),
                    Runs = hits,
                    Percent = total == 0 ? null : Percent((double)hits / total),
                    Low = total == 0 ? null : Percent(low),
                    High = total == 0 ? null : Percent(high),
                    Target = declared.Where(s => s.Version == share.Version).Sum(s => s.Percent),
                }
            );
        }
        shares.AddRange(
            runs.Where(r => r.Value > 0 && !Array.Exists(declared, s => s.Version == r.Key))
                .OrderByDescending(r => r.Value)
                .ThenBy(r => r.Key, StringComparer.Ordinal)
                .Take(50)
                .Select(r => new DriftShareBody
                {
                    Version = r.Key.Length == 0 ? null : r.Key,
                    Status =
                        r.Key.Length == 0 ? "unnamed"
                        : all.Declares(r.Key) ? "elsewhere"
                        : "undeclared",
                    Runs = r.Value,
                })
        );
        return shares;
    }

    private static double Percent(double share) => Math.Round(share * 100, 2);

    private static LaggingInstance Body(AgentInstance instance) =>
        new()
        {
            Instance = instance.Instance,
            UserAgent = instance.UserAgent,
            Address = instance.Address,
            Version = instance.Version,
            Since = instance.Since,
            LastSeenAt = instance.LastSeenAt,
            Runs = instance.Runs,
        };

    private sealed record Row(Guid Id, string Slug, string DisplayName, Guid TeamId, DriftKind Kind, string Reason, DateTimeOffset Since);
}
