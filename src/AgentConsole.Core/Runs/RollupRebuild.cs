using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Runs;

/// <summary>A bucket whose kept figures are not those of its rows.</summary>
/// <param name="Members">What differs, as <c>completed 3, rows say 4</c>.</param>
public sealed record RollupDifference(
    Guid AgentId,
    DateTimeOffset Bucket,
    int BucketSeconds,
    string Version,
    string Gateway,
    string Model,
    string Members
);

/// <param name="Buckets">How many were compared.</param>
/// <param name="Differences">None when kept and counted figures are equal.</param>
/// <param name="Written">The counted figures stand in the store now.</param>
public sealed record RollupReport(int Agents, long Runs, int Buckets, IReadOnlyList<RollupDifference> Differences, bool Written)
{
    public bool Equal => Differences.Count == 0;
}

/// <summary>Counts all runs and decisions anew and compares with the rollups, bucket by bucket; on demand the counted figures replace the kept ones.</summary>
public sealed class RollupRebuild(ConsoleStore store, TimeProvider clock)
{
    /// <summary>One agent at a time; reports of others are taken meanwhile.</summary>
    public async Task<RollupReport> RunAsync(bool write, CancellationToken cancellationToken)
    {
        var (agents, runs, buckets) = (0, 0L, 0);
        var differences = new List<RollupDifference>();
        foreach (var (organization, agent) in await AgentsAsync(cancellationToken))
        {
            var one = await OneAsync(organization, agent, write, cancellationToken);
            agents++;
            runs += one.Runs;
            buckets += one.Buckets;
            differences.AddRange(one.Differences);
        }
        return new RollupReport(agents, runs, buckets, differences, write && differences.Count > 0);
    }

    private async Task<List<(Guid Organization, Guid Agent)>> AgentsAsync(CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await new RollupSql(db)
            .Add("SELECT organization_id, agent_id FROM runs UNION SELECT organization_id, agent_id FROM run_rollups")
            .ReadAsync(reader => (RollupSql.Id(reader, 0), RollupSql.Id(reader, 1)), cancellationToken);
    }

    private async Task<RollupReport> OneAsync(Guid organization, Guid agent, bool replace, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        await RollupStore.LockAsync(db, cancellationToken);
        // Reports write runs first and rollups last: whoever is between them waits here with both unseen.
        if (!db.Engine.HasSingleWriter)
            await db.Database.ExecuteSqlRawAsync("LOCK TABLE run_rollups IN SHARE ROW EXCLUSIVE MODE", cancellationToken);
        var kept = (
            await new RollupSql(db)
                .Add($"SELECT {RollupStore.Columns} FROM run_rollups WHERE organization_id = ")
                .Value(organization)
                .Add(" AND agent_id = ")
                .Value(agent)
                .ReadAsync(RollupStore.Row, cancellationToken)
        );
        var counted = new RollupLedger();
        var runs = await CountAsync(db, organization, agent, counted, cancellationToken);
        // What is gone counts as it did when it went.
        var gone = await new RollupSql(db)
            .Add($"SELECT {RollupStore.Columns} FROM {RollupStore.Base} WHERE organization_id = ")
            .Value(organization)
            .Add(" AND agent_id = ")
            .Value(agent)
            .ReadAsync(RollupStore.Row, cancellationToken);
        foreach (var (key, figures) in gone)
            counted.At(key).Add(figures);

        // What is folded, or will be, is compared folded.
        var folded = Utc.ToMicros(RollupFold.Before(clock.GetUtcNow()));
        var keptFigures = Fold(kept, folded);
        var countedFigures = Fold(counted.Figures.Select(f => (f.Key, f.Value)), folded);
        var differences = new List<RollupDifference>();
        foreach (var key in keptFigures.Keys.Union(countedFigures.Keys).OrderBy(k => k.BucketMicros))
        {
            var members = Compare(
                keptFigures.GetValueOrDefault(key) ?? new RollupFigures(),
                countedFigures.GetValueOrDefault(key) ?? new RollupFigures()
            );
            if (members.Length > 0)
                differences.Add(
                    new RollupDifference(
                        agent,
                        Utc.FromMicros(key.BucketMicros),
                        key.BucketSeconds,
                        key.Version,
                        key.Gateway,
                        key.Model,
                        members
                    )
                );
        }
        if (replace && differences.Count > 0)
        {
            await db.RunRollups.Where(r => r.OrganizationId == organization && r.AgentId == agent).ExecuteDeleteAsync(cancellationToken);
            foreach (var (key, figures) in countedFigures.Where(f => Compare(f.Value, new RollupFigures()).Length > 0))
                await RollupStore.InsertAsync(db, key, figures, cancellationToken);
            await write.TryCommitAsync(cancellationToken);
        }
        return new RollupReport(1, runs, keptFigures.Keys.Union(countedFigures.Keys).Count(), differences, replace);
    }

    private static async Task<long> CountAsync(
        ConsoleDbContext db,
        Guid organization,
        Guid agent,
        RollupLedger counted,
        CancellationToken cancellationToken
    )
    {
        long runs = 0;
        var ended = db
            .Runs.AsNoTracking()
            .Where(r => r.OrganizationId == organization && r.AgentId == agent)
            .Select(r => new Run
            {
                Id = r.Id,
                OrganizationId = r.OrganizationId,
                AgentId = r.AgentId,
                TeamId = r.TeamId,
                Status = r.Status,
                FinishedAt = r.FinishedAt,
                DurationMs = r.DurationMs,
                Version = r.Version,
                Gateway = r.Gateway,
                Model = r.Model,
                InputTokens = r.InputTokens,
                OutputTokens = r.OutputTokens,
                CostMicros = r.CostMicros,
                CostSource = r.CostSource,
                CaptureMode = "",
            })
            .AsAsyncEnumerable();
        await foreach (var run in ended.WithCancellation(cancellationToken))
        {
            runs++;
            counted.Run(run, 1);
        }
        var decisions = db
            .Runs.AsNoTracking()
            .Where(r => r.OrganizationId == organization && r.AgentId == agent && r.EventCount > 0)
            .Join(
                db.RunEvents.Where(e => e.OrganizationId == organization && e.Decision != null),
                r => new { r.OrganizationId, RunId = r.Id },
                e => new { e.OrganizationId, e.RunId },
                (r, e) =>
                    new
                    {
                        r.Id,
                        r.TeamId,
                        r.Version,
                        r.Gateway,
                        e.Decision,
                        e.ReceivedAt,
                    }
            )
            .AsAsyncEnumerable();
        await foreach (var d in decisions.WithCancellation(cancellationToken))
        {
            var run = new Run
            {
                Id = d.Id,
                OrganizationId = organization,
                AgentId = agent,
                TeamId = d.TeamId,
                Version = d.Version,
                Gateway = d.Gateway,
                CaptureMode = "",
            };
            counted.Decision(run, d.Decision!.Value, d.ReceivedAt, 1);
        }
        return runs;
    }

    private static Dictionary<RollupKey, RollupFigures> Fold(IEnumerable<(RollupKey Key, RollupFigures Figures)> rows, long before)
    {
        var folded = new Dictionary<RollupKey, RollupFigures>();
        foreach (var (key, figures) in rows)
        {
            var at = key.BucketMicros < before ? RollupFold.Folded(key) : key;
            if (!folded.TryGetValue(at, out var sum))
                folded[at] = sum = new RollupFigures();
            sum.Add(figures);
        }
        return folded;
    }

    private static string Compare(RollupFigures kept, RollupFigures counted)
    {
        var differing = RunColumns
            .Figures.Where(c => !Equals(c.Value(kept), c.Value(counted)))
            .Select(c => $"{c.Name} {c.Value(kept)}, rows say {c.Value(counted)}");
        if (!kept.Durations.Write().AsSpan().SequenceEqual(counted.Durations.Write()))
            differing = differing.Append($"durations of {kept.Durations.Count}, rows say {counted.Durations.Count}");
        return string.Join("; ", differing);
    }
}
