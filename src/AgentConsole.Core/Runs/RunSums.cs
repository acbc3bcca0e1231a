using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Runs;

/// <summary>Figures of some runs that have ended, without their durations.</summary>
public sealed record RunSums
{
    public Guid AgentId { get; init; }
    public long Completed { get; init; }
    public long Failed { get; init; }
    public long Cancelled { get; init; }
    public long TimedOut { get; init; }
    public long Skipped { get; init; }
    public long Lost { get; init; }
    public long Allowed { get; init; }
    public long Blocked { get; init; }
    public long Redacted { get; init; }
    public long Escalated { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long CostMicros { get; init; }
    public long Unpriced { get; init; }

    public long Total => Completed + Failed + Cancelled + TimedOut + Skipped + Lost;
    public long Failures => Failed + TimedOut + Lost;
    public long Decisions => Allowed + Blocked + Redacted + Escalated;

    /// <summary>Share of ended runs that failed, timed out or were lost; null when none ended.</summary>
    public double? ErrorRate => Total > 0 ? Failures / (double)Total : null;

    /// <summary>Share of decisions that were blocked; null when there was none.</summary>
    public double? BlockRate => Decisions > 0 ? Blocked / (double)Decisions : null;
}

/// <summary>Which rollups are summed.</summary>
/// <param name="Agents">Only these; all when null.</param>
internal sealed record RollupScope(
    Guid OrganizationId,
    TeamScope Teams,
    IReadOnlyCollection<Guid>? Agents,
    DateTimeOffset From,
    DateTimeOffset? To = null
)
{
    /// <summary>Only runs that named one of these; all when null.</summary>
    public IReadOnlyList<string>? Gateways { get; init; }

    private const string Sums =
        "CAST(SUM(completed) AS bigint), CAST(SUM(failed) AS bigint), CAST(SUM(cancelled) AS bigint), CAST(SUM(timed_out) AS bigint), "
        + "CAST(SUM(skipped) AS bigint), CAST(SUM(lost) AS bigint), CAST(SUM(allowed) AS bigint), CAST(SUM(blocked) AS bigint), "
        + "CAST(SUM(redacted) AS bigint), CAST(SUM(escalated) AS bigint), CAST(SUM(input_tokens) AS bigint), "
        + "CAST(SUM(output_tokens) AS bigint), CAST(SUM(cost_micros) AS bigint), CAST(SUM(unpriced) AS bigint)";

    private const long MinuteMicros = 60_000_000;
    internal const long HourMicros = 3_600_000_000;
    internal const int FoldSeconds = 900;
    internal const long FoldMicros = FoldSeconds * 1_000_000L;

    public async Task<RunSums> TotalAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var rows = await Where(new RollupSql(db).Add($"SELECT {Sums} FROM run_rollups"))
            .ReadAsync(reader => reader.IsDBNull(0) ? new RunSums() : Read(reader, 0), cancellationToken);
        return rows[0];
    }

    public Task<List<RunSums>> ByAgentAsync(ConsoleDbContext db, CancellationToken cancellationToken) =>
        Where(new RollupSql(db).Add($"SELECT agent_id, {Sums} FROM run_rollups"))
            .Add(" GROUP BY agent_id")
            .ReadAsync(reader => Read(reader, 1) with { AgentId = RollupSql.Id(reader, 0) }, cancellationToken);

    public Task<List<(string Gateway, RunSums Sums)>> ByGatewayAsync(ConsoleDbContext db, CancellationToken cancellationToken) =>
        Where(new RollupSql(db).Add($"SELECT gateway, {Sums} FROM run_rollups"))
            .Add(" GROUP BY gateway")
            .ReadAsync(reader => (reader.GetString(0), Read(reader, 1)), cancellationToken);

    /// <summary>Ended runs by version; those that named none stand under the empty text.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ByVersionAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var rows = await Where(
                new RollupSql(db).Add(
                    "SELECT version, CAST(SUM(completed + failed + cancelled + timed_out + skipped + lost) AS bigint) FROM run_rollups"
                )
            )
            .Add(" GROUP BY version")
            .ReadAsync(reader => (Version: reader.GetString(0), Ended: reader.GetInt64(1)), cancellationToken);
        return rows.ToDictionary(r => r.Version, r => r.Ended, StringComparer.Ordinal);
    }

    /// <summary>Most buckets hold one of few different histograms, so equal ones are counted by the database.</summary>
    public async Task<DurationHistogram> DurationsAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var histogram = new DurationHistogram();
        var rows = await Where(new RollupSql(db).Add("SELECT durations, COUNT(*) FROM run_rollups"))
            .Add(" GROUP BY durations")
            .ReadAsync(reader => ((byte[])reader.GetValue(0), reader.GetInt64(1)), cancellationToken);
        foreach (var (stored, times) in rows)
            histogram.Merge(stored, times);
        return histogram;
    }

    /// <summary>Ended and failed runs per agent and hour since 1970.</summary>
    public Task<List<(Guid Agent, long Hour, long Ended, long Failures)>> HoursAsync(
        ConsoleDbContext db,
        bool byAgent,
        CancellationToken cancellationToken
    ) =>
        Where(
                new RollupSql(db).Add(
                    $"SELECT bucket / {HourMicros} AS hour, CAST(SUM(completed + failed + cancelled + timed_out + skipped + lost) AS bigint), "
                        + $"CAST(SUM(failed + timed_out + lost) AS bigint){(byAgent ? ", agent_id" : "")} FROM run_rollups"
                )
            )
            .Add($" GROUP BY bucket / {HourMicros}{(byAgent ? ", agent_id" : "")}")
            .ReadAsync(
                reader => (byAgent ? RollupSql.Id(reader, 3) : Guid.Empty, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)),
                cancellationToken
            );

    // The quarter of an hour in which the period begins counts whole where it is folded already.
    private RollupSql Where(RollupSql sql)
    {
        var from = Utc.ToMicros(From);
        sql.Add(" WHERE organization_id = ")
            .Value(OrganizationId)
            .Add(" AND bucket >= ")
            .Value(from - (from % FoldMicros))
            .Add($" AND (bucket_seconds = {FoldSeconds} OR bucket >= ")
            .Value(from - (from % MinuteMicros))
            .Add(")");
        if (To is { } to)
            sql.Add(" AND bucket < ").Value(Utc.ToMicros(to));
        if (Agents is { } agents)
            sql.Add(" AND ").In("agent_id", agents);
        if (!Teams.All)
            sql.Add(" AND ").In("team_id", Teams.Ids);
        if (Gateways is { } gateways)
        {
            sql.Add(" AND (1 = 0");
            foreach (var gateway in gateways)
                sql.Add(" OR gateway = ").Value(gateway);
            sql.Add(")");
        }
        return sql;
    }

    private static RunSums Read(DbDataReader reader, int at) =>
        new()
        {
            Completed = reader.GetInt64(at),
            Failed = reader.GetInt64(at + 1),
            Cancelled = reader.GetInt64(at + 2),
            TimedOut = reader.GetInt64(at + 3),
            Skipped = reader.GetInt64(at + 4),
            Lost = reader.GetInt64(at + 5),
            Allowed = reader.GetInt64(at + 6),
            Blocked = reader.GetInt64(at + 7),
            Redacted = reader.GetInt64(at + 8),
            Escalated = reader.GetInt64(at + 9),
            InputTokens = reader.GetInt64(at + 10),
            OutputTokens = reader.GetInt64(at + 11),
            CostMicros = reader.GetInt64(at + 12),
            Unpriced = reader.GetInt64(at + 13),
        };
}
