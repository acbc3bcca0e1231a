using System.Diagnostics;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using AgentConsole.Testing;
using AgentConsole.Testing.Processes;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Benchmarks.Baselines;

/// <summary>Prepared inserts into the console's own table of runs, 500 rows a commit, <c>synchronous=FULL</c>, and nothing else.</summary>
internal sealed class RawSqlite : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly object[][] _rows;
    private readonly IdSource _ids = new(TimeProvider.System);

    public RawSqlite(ConsoleFolder folder, Guid agent)
    {
        _connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "console.db")};Pooling=False");
        _connection.Open();
        using var pragmas = _connection.CreateCommand();
        pragmas.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;";
        pragmas.ExecuteNonQuery();
        _insert = _connection.CreateCommand();
        var columns = RunColumns.All;
#pragma warning disable CA2100 // our own columns
        _insert.CommandText =
            $"INSERT INTO runs ({columns.Names()}) VALUES ({string.Join(", ", Enumerable.Range(0, columns.Count).Select(i => "$p" + i))})";
#pragma warning restore CA2100
        for (var i = 0; i < columns.Count; i++)
            _insert.Parameters.Add(new SqliteParameter("$p" + i, null));
        _rows = [.. RawRows.Runs(folder.Cast, agent).Select(run => columns.Select(c => Value(c.Value(run))).ToArray())];
    }

    /// <returns>Rows a second.</returns>
    public double Run(TimeSpan time)
    {
        var startedAt = Stopwatch.GetTimestamp();
        long rows = 0;
        while (Stopwatch.GetElapsedTime(startedAt) < time)
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            _insert.Transaction = transaction;
            foreach (var row in _rows)
            {
                for (var i = 0; i < row.Length; i++)
                    _insert.Parameters[i].Value = row[i];
                _insert.Parameters[1].Value = _ids.Next().ToByteArray(bigEndian: true);
                _insert.ExecuteNonQuery();
            }
            transaction.Commit();
            rows += _rows.Length;
        }
        return rows / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }

    private static object Value(object? value) => value is Guid id ? id.ToByteArray(bigEndian: true) : value ?? DBNull.Value;
}
