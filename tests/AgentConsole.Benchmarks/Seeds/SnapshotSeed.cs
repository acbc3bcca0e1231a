using AgentConsole.Core.Common;
using AgentConsole.Testing.Processes;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Benchmarks;

/// <summary>A quarter of a year of deployments straight into the table.</summary>
internal static class SnapshotSeed
{
    /// <summary>As many of each agent, evenly over the last ninety days; of five in a row one is a canary, one promotes it and one is a rollback.</summary>
    public static async Task FillAsync(ConsoleFolder folder, int each)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "console.db")};Pooling=False");
        await connection.OpenAsync();
        await using var fill = connection.CreateCommand();
        fill.CommandText = """
            PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;
            WITH RECURSIVE turns (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM turns WHERE k < $each - 1),
            lanes AS (SELECT a.organization_id, a.id AS agent_id, a.team_id, a.slug, ROW_NUMBER() OVER (ORDER BY a.slug) AS n FROM agents a),
            times AS (
              SELECT l.*, t.k, ($from + t.k * $step + (l.n * 7919000017) % $step) AS at,
                CASE WHEN t.k % 5 = 2 AND t.k < $each - 1 THEN 'canary' ELSE 'active' END AS status
              FROM lanes l CROSS JOIN turns t
            )
            INSERT INTO snapshots (organization_id, id, agent_id, team_id, visible_team_id, agent_slug, environment, version, status, content, traffic_percent, digest,
              trigger, move, deployed_at, deployed_by, outcome, ended_at)
            SELECT organization_id, unhex(printf('%012x7000%016x', at / 1000, n * 1000 + k)), agent_id, team_id, team_id, slug, 'production', printf('1.%d.0', k), status,
              CASE status WHEN 'canary' THEN '{"model":"small-4","traffic_percent":10}' ELSE '{"model":"small-4"}' END,
              CASE status WHEN 'canary' THEN 10 END, printf('%064x', n * 1000 + k), 'api',
              CASE WHEN status = 'canary' THEN 'canary' WHEN k % 5 = 3 THEN 'promoted' WHEN k % 5 = 4 THEN 'rolled-back' ELSE 'deployed' END,
              at, 'olga@acme.example',
              CASE WHEN k = $each - 1 THEN 'current' ELSE 'superseded' END,
              CASE WHEN k < $each - 1 THEN at + $step * CASE WHEN k % 5 = 1 AND k < $each - 2 THEN 2 ELSE 1 END END
            FROM times;
            ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);
            """;
        var step = Utc.ToMicros(DateTimeOffset.UnixEpoch.AddDays(90)) / each;
        fill.Parameters.AddWithValue("$each", each);
        fill.Parameters.AddWithValue("$step", step);
        fill.Parameters.AddWithValue("$from", Utc.ToMicros(TimeProvider.System.GetUtcNow().AddDays(-90)));
        fill.CommandTimeout = 0;
        await fill.ExecuteNonQueryAsync();
    }
}
