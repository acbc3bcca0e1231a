using System.Diagnostics;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using AgentConsole.Testing.Processes;
using Npgsql;
using NpgsqlTypes;

namespace AgentConsole.Benchmarks.Baselines;

/// <summary>The console's own table of runs filled by binary COPY or by one INSERT from unnested arrays, 500 rows a commit, and nothing else.</summary>
internal sealed class RawPostgreSql : IAsyncDisposable
{
    // The one column of the table that is no bigint: binary COPY must send it in its own width.
    private static readonly int EventCount = RunColumns.All.ToList().FindIndex(c => c.Name == "event_count");

    private static readonly NpgsqlDbType[] Types =
    [
        .. RunColumns.All.Select(c =>
            c.Kind switch
            {
                ColumnKind.Id => NpgsqlDbType.Uuid,
                ColumnKind.Text => NpgsqlDbType.Text,
                ColumnKind.Number => NpgsqlDbType.Bigint,
                ColumnKind.Flag => NpgsqlDbType.Boolean,
                _ => NpgsqlDbType.Bytea,
            }
        ),
    ];

    private readonly NpgsqlConnection _connection;
    private readonly object?[][] _rows;
    private readonly IdSource _ids = new(TimeProvider.System);

    private RawPostgreSql(NpgsqlConnection connection, object?[][] rows) => (_connection, _rows) = (connection, rows);

    public static async Task<RawPostgreSql> OpenAsync(ConsoleFolder folder, Guid agent, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(folder.Settings["AgentConsole__Store__ConnectionString"]);
        await connection.OpenAsync(cancellationToken);
        var rows = RawRows.Runs(folder.Cast, agent).Select(run => RunColumns.All.Select(c => c.Value(run)).ToArray()).ToArray();
        return new RawPostgreSql(connection, rows);
    }

    /// <returns>Rows a second by COPY.</returns>
    public Task<double> CopyAsync(TimeSpan time) => RunAsync(time, CopyBatchAsync);

    /// <returns>Rows a second by unnest.</returns>
    public Task<double> UnnestAsync(TimeSpan time) => RunAsync(time, UnnestBatchAsync);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<double> RunAsync(TimeSpan time, Func<Task> batch)
    {
        var startedAt = Stopwatch.GetTimestamp();
        long rows = 0;
        while (Stopwatch.GetElapsedTime(startedAt) < time)
        {
            foreach (var row in _rows)
                row[1] = _ids.Next();
            await batch();
            rows += _rows.Length;
        }
        return rows / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    private async Task CopyBatchAsync()
    {
        await using var copy = await _connection.BeginBinaryImportAsync($"COPY runs ({RunColumns.All.Names()}) FROM STDIN (FORMAT BINARY)");
        foreach (var row in _rows)
        {
            await copy.StartRowAsync();
            for (var i = 0; i < row.Length; i++)
            {
                if (i == EventCount)
                    await copy.WriteAsync((int)(long)row[i]!, NpgsqlDbType.Integer);
                else if (row[i] is { } value)
                    await copy.WriteAsync(value, Types[i]);
                else
                    await copy.WriteNullAsync();
            }
        }
        await copy.CompleteAsync();
    }

    private async Task UnnestBatchAsync()
    {
        await using var command = _connection.CreateCommand();
#pragma warning disable CA2100 // our own columns
        command.CommandText =
            $"INSERT INTO runs ({RunColumns.All.Names()}) SELECT * FROM unnest({string.Join(", ", Types.Select((_, i) => "$" + (i + 1)))})";
#pragma warning restore CA2100
        for (var i = 0; i < Types.Length; i++)
        {
            var column = _rows.Select(row => row[i]);
            command.Parameters.Add(
                new NpgsqlParameter
                {
                    NpgsqlDbType = NpgsqlDbType.Array | Types[i],
                    Value = Types[i] switch
                    {
                        NpgsqlDbType.Uuid => column.Select(v => (Guid?)v).ToArray(),
                        NpgsqlDbType.Text => column.Select(v => (string?)v).ToArray(),
                        NpgsqlDbType.Bigint => column.Select(v => (long?)v).ToArray(),
                        _ => column.Select(v => (bool?)v).ToArray(),
                    },
                }
            );
        }
        await command.ExecuteNonQueryAsync();
    }
}
