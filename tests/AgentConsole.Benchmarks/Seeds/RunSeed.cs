using AgentConsole.Core.Common;
using AgentConsole.Testing.Processes;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Benchmarks;

/// <summary>Many runs straight into the table: what they would be after months of reports.</summary>
internal static class RunSeed
{
    private static readonly string[] Statuses =
    [
        "completed",
        "completed",
        "completed",
        "completed",
        "failed",
        "completed",
        "skipped",
        "timed-out",
    ];

    public static void Fill(ConsoleFolder folder, IReadOnlyList<Guid> agents, int count)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "console.db")};Pooling=False");
        connection.Open();
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = "PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;";
        pragmas.ExecuteNonQuery();
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText =
            "INSERT INTO runs (organization_id, id, agent_id, team_id, external_id, received_at, capture_mode, status, started_at, ended_at, finished_at, updated_at, "
            + "duration_ms, version, model, input_tokens, output_tokens, cost_micros, summary, clock_skewed, event_count) VALUES "
            + "($org, $id, $agent, $team, $external, $at, 'metadata', $status, $at, $at, $at, $at, $ms, '2.4.1', 'large-3', 1200, 300, 12500, 'Checked 48 links on 12 pages', 0, 0)";
        var id = insert.Parameters.Add("$id", SqliteType.Blob);
        var agent = insert.Parameters.Add("$agent", SqliteType.Blob);
        var external = insert.Parameters.Add("$external", SqliteType.Text);
        var at = insert.Parameters.Add("$at", SqliteType.Integer);
        var status = insert.Parameters.Add("$status", SqliteType.Text);
        var duration = insert.Parameters.Add("$ms", SqliteType.Integer);
        insert.Parameters.AddWithValue("$org", folder.Cast.Acme.ToByteArray(bigEndian: true));
        insert.Parameters.AddWithValue("$team", folder.Cast.Payments.ToByteArray(bigEndian: true));
        var owners = agents.Select(a => a.ToByteArray(bigEndian: true)).ToArray();
        // One run each 2 s, up to now: the ids carry the time, as the console's own do.
        var clock = new Backwards(TimeSpan.FromSeconds(2 * count));
        var ids = new IdSource(clock);
        for (var i = 0; i < count; i++)
        {
            clock.Next();
            id.Value = ids.Next().ToByteArray(bigEndian: true);
            agent.Value = owners[i % owners.Length];
            external.Value = $"job-{i}";
            at.Value = Utc.ToMicros(clock.GetUtcNow());
            status.Value = Statuses[i % Statuses.Length];
            duration.Value = 500 + (i % 3000);
            insert.ExecuteNonQuery();
        }
        transaction.Commit();
        using var tidy = connection.CreateCommand();
        tidy.CommandText = "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);";
        tidy.ExecuteNonQuery();
    }

    private sealed class Backwards(TimeSpan since) : TimeProvider
    {
        private DateTimeOffset _now = System.GetUtcNow() - since;

        public void Next() => _now += TimeSpan.FromSeconds(2);

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
