using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Runs;

/// <summary>Runs per hour, the oldest hour first; the last one is under way.</summary>
/// <param name="From">Start of the first hour.</param>
public sealed record RunSeries(DateTimeOffset From, IReadOnlyList<int> Ok, IReadOnlyList<int> Failed)
{
    public int Total => Ok.Sum() + Failed.Sum();
}

/// <summary>Figures of agents, teams and the fleet, from the rollups alone.</summary>
public sealed class StatsService(
    ConsoleStore store,
    AgentDirectory agents,
    AccessDirectory access,
    IOptions<RunOptions> options,
    TimeProvider clock
)
{
    /// <summary>Bars of a sparkline.</summary>
    public const int Hours = 24;

    /// <summary>Most agents whose bars are asked for at once.</summary>
    public const int MostAgents = 500;

    public async Task<Outcome<StatsBody>> AgentAsync(Actor by, string idOrSlug, Outcome<Period> period, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var id = await db.Agents.VisibleTo(by).Named(idOrSlug).Select(a => (Guid?)a.Id).FirstOrDefaultAsync(cancellationToken);
        if (id is not { } agent)
            return AgentProblems.NotFound;
        if (period.Problem is { } problem)
            return problem;
        // Rows of the time in which it belonged to a team that the reader may not see are left out.
        return await ReadAsync(db, by, by.TeamsWith(Permission.ReadFleet), [agent], period.Value, unhealthy: false, cancellationToken);
    }

    /// <param name="team">Slug or id; all that the actor may see when null.</param>
    public async Task<Outcome<StatsBody>> FleetAsync(Actor by, string? team, Outcome<Period> period, CancellationToken cancellationToken)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (!string.IsNullOrEmpty(team))
        {
            if (access.Current.FindTeam(by.OrganizationId, team) is not { } card || !scope.Has(card.Id))
                return AgentProblems.TeamNotFound;
            scope = new TeamScope(false, [card.Id]);
        }
        if (period.Problem is { } problem)
            return problem;
        await using var db = await store.ReadAsync(cancellationToken);
        return await ReadAsync(
            db,
            by,
            scope,
            by.AgentId is { } own ? [own] : null,
            period.Value,
            unhealthy: by.AgentId is null,
            cancellationToken
        );
    }

    /// <summary>The last 24 hours of each of these agents, in one query; agents without runs have no entry.</summary>
    public async Task<IReadOnlyDictionary<Guid, RunSeries>> SeriesAsync(
        Actor by,
        IReadOnlyCollection<Guid> agentIds,
        CancellationToken cancellationToken
    )
    {
        var wanted = agentIds.Where(id => by.AgentId is not { } own || own == id).Take(MostAgents).ToArray();
        if (wanted.Length == 0)
            return new Dictionary<Guid, RunSeries>();
        var from = FirstHour();
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await new RollupScope(by.OrganizationId, by.TeamsWith(Permission.ReadFleet), wanted, from).HoursAsync(
            db,
            byAgent: true,
            cancellationToken
        );
        return rows.GroupBy(r => r.Agent).ToDictionary(g => g.Key, g => Series(from, g));
    }

    /// <summary>Sums of the same 24 hours, with tokens and cost; agents without runs have no entry.</summary>
    public async Task<IReadOnlyDictionary<Guid, RunSums>> DayAsync(
        Actor by,
        IReadOnlyCollection<Guid> agentIds,
        CancellationToken cancellationToken
    )
    {
        var wanted = agentIds.Where(id => by.AgentId is not { } own || own == id).Take(MostAgents).ToArray();
        if (wanted.Length == 0)
            return new Dictionary<Guid, RunSums>();
        await using var db = await store.ReadAsync(cancellationToken);
        var sums = await new RollupScope(by.OrganizationId, by.TeamsWith(Permission.ReadFleet), wanted, FirstHour()).ByAgentAsync(
            db,
            cancellationToken
        );
        return sums.ToDictionary(s => s.AgentId);
    }

    /// <summary>The last 24 hours of a team, or of all that the actor may see.</summary>
    public async Task<RunSeries> FleetSeriesAsync(Actor by, Guid? teamId, CancellationToken cancellationToken)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (teamId is { } team)
            scope = scope.Has(team) ? new TeamScope(false, [team]) : TeamScope.Nothing;
        var from = FirstHour();
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await new RollupScope(by.OrganizationId, scope, by.AgentId is { } own ? [own] : null, from).HoursAsync(
            db,
            byAgent: false,
            cancellationToken
        );
        return Series(from, rows);
    }

    private async Task<Outcome<StatsBody>> ReadAsync(
        ConsoleDbContext db,
        Actor by,
        TeamScope teams,
        IReadOnlyCollection<Guid>? only,
        Period period,
        bool unhealthy,
        CancellationToken cancellationToken
    )
    {
        var now = clock.Now();
        var scope = new RollupScope(by.OrganizationId, teams, only, now - period.Length);
        var sums = await scope.TotalAsync(db, cancellationToken);
        var durations = sums.Total == 0 ? new DurationHistogram() : await scope.DurationsAsync(db, cancellationToken);
        return new StatsBody
        {
            Period = period.ToString(),
            From = scope.From,
            To = now,
            Runs = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["total"] = sums.Total,
                [KebabCase.Of(RunStatus.Completed)] = sums.Completed,
                [KebabCase.Of(RunStatus.Failed)] = sums.Failed,
                [KebabCase.Of(RunStatus.Cancelled)] = sums.Cancelled,
                [KebabCase.Of(RunStatus.TimedOut)] = sums.TimedOut,
                [KebabCase.Of(RunStatus.Skipped)] = sums.Skipped,
                [KebabCase.Of(RunStatus.Lost)] = sums.Lost,
                ["unpriced"] = sums.Unpriced,
            },
            Decisions = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                [KebabCase.Of(Decision.Allowed)] = sums.Allowed,
                [KebabCase.Of(Decision.Blocked)] = sums.Blocked,
                [KebabCase.Of(Decision.Redacted)] = sums.Redacted,
                [KebabCase.Of(Decision.Escalated)] = sums.Escalated,
            },
            Tokens = new TokensBody(sums.InputTokens, sums.OutputTokens),
            Cost = Money.Format(sums.CostMicros),
            ErrorRate = sums.ErrorRate,
            BlockRate = sums.BlockRate,
            P50DurationMs = durations.Quantile(0.5),
            P95DurationMs = durations.Quantile(0.95),
            Unhealthy = unhealthy ? Unhealthy(await scope.ByAgentAsync(db, cancellationToken)) : null,
        };
    }

    private List<UnhealthyAgent> Unhealthy(List<RunSums> byAgent) =>
        [
            .. byAgent
                .Select(sums => (sums, verdict: HealthRule.Judge(sums, options.Value), agent: agents.Find(sums.AgentId)))
                .Where(a => a is { verdict.Health: not Health.Ok, agent: { Lifecycle: not (Lifecycle.Deleted or Lifecycle.Retired) } })
                .OrderByDescending(a => a.verdict.Health)
                .ThenByDescending(a => a.sums.ErrorRate)
                .ThenBy(a => a.agent!.Slug, StringComparer.Ordinal)
                .Take(100)
                .Select(a => new UnhealthyAgent(
                    IdText.Format(IdText.Agent, a.sums.AgentId),
                    a.agent!.Slug,
                    access.Current.Teams.GetValueOrDefault(a.agent.TeamId)?.Slug ?? "",
                    KebabCase.Of(a.verdict.Health),
                    a.sums.ErrorRate,
                    a.sums.BlockRate,
                    a.sums.Total,
                    a.verdict.Fact!
                )),
        ];

    private DateTimeOffset FirstHour()
    {
        var now = Utc.ToMicros(clock.Now());
        return Utc.FromMicros(now - (now % RollupScope.HourMicros) - ((Hours - 1) * RollupScope.HourMicros));
    }

    private static RunSeries Series(DateTimeOffset from, IEnumerable<(Guid Agent, long Hour, long Ended, long Failures)> rows)
    {
        var (ok, failed) = (new int[Hours], new int[Hours]);
        var first = Utc.ToMicros(from) / RollupScope.HourMicros;
        foreach (var (_, hour, ended, failures) in rows)
        {
            var bar = hour - first;
            if (bar is < 0 or >= Hours)
                continue;
            ok[bar] += (int)(ended - failures);
            failed[bar] += (int)failures;
        }
        return new RunSeries(from, ok, failed);
    }
}
