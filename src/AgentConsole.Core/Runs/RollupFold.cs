using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Runs;

/// <summary>
/// Folds minutes that are older than 48 hours into quarters of an hour, one organization's hour in one transaction. Not into hours: the days of
/// Kathmandu (+5:45) and Adelaide (+9:30) begin within one, and what is folded cannot be split.
/// </summary>
public sealed class RollupFold(ConsoleStore store, AccessDirectory access, TimeProvider clock, ILogger<RollupFold> log)
    : Periodic(TimeSpan.FromMinutes(10), clock, log)
{
    private static readonly TimeSpan After = TimeSpan.FromHours(48);
    private readonly TimeProvider _clock = clock;

    /// <summary>Minutes before this instant are folded, save those that a late correction made anew since.</summary>
    internal static DateTimeOffset Before(DateTimeOffset now)
    {
        var cut = Utc.ToMicros(now - After);
        return Utc.FromMicros(cut - (cut % RollupScope.HourMicros));
    }

    /// <summary>Where a minute's figures stand once it is folded.</summary>
    internal static RollupKey Folded(RollupKey key) =>
        key with
        {
            BucketMicros = key.BucketMicros - (key.BucketMicros % RollupScope.FoldMicros),
            BucketSeconds = RollupScope.FoldSeconds,
        };

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var before = Utc.ToMicros(Before(_clock.GetUtcNow()));
        foreach (var organization in access.Current.Organizations.Keys)
        {
            foreach (var table in (string[])[RollupStore.Live, RollupStore.Base])
            {
                foreach (var hour in await HoursAsync(table, organization, before, cancellationToken))
                    await FoldAsync(table, organization, hour, cancellationToken);
            }
        }
    }

    private async Task<List<long>> HoursAsync(string table, Guid organization, long before, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await new RollupSql(db)
            .Add($"SELECT DISTINCT bucket / {RollupScope.HourMicros} AS hour FROM {table} WHERE organization_id = ")
            .Value(organization)
            .Add(" AND bucket_seconds = 60 AND bucket < ")
            .Value(before)
            .Add(" ORDER BY hour")
            .ReadAsync(reader => reader.GetInt64(0), cancellationToken);
    }

    private async Task FoldAsync(string table, Guid organization, long hour, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await RollupStore.LockAsync(write.Db, cancellationToken);
        // Taken out and read in one statement: a correction that arrives meanwhile is either in it or makes a new row.
        var minutes = await new RollupSql(write.Db)
            .Add($"DELETE FROM {table} WHERE organization_id = ")
            .Value(organization)
            .Add(" AND bucket_seconds = 60 AND bucket >= ")
            .Value(hour * RollupScope.HourMicros)
            .Add(" AND bucket < ")
            .Value((hour + 1) * RollupScope.HourMicros)
            .Add($" RETURNING {RollupStore.Columns}")
            .ReadAsync(RollupStore.Row, cancellationToken);
        var quarters = new RollupLedger();
        foreach (var (key, figures) in minutes)
            quarters.At(Folded(key)).Add(figures);
        await RollupStore.AddAsync(write.Db, quarters, cancellationToken, table);
        await write.TryCommitAsync(cancellationToken);
    }
}
