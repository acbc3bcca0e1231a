using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Data.Sqlite;

/// <summary>
/// Copies the write-ahead log into the file beside the writers, so that no commit pays for it. A log that grew long is finished behind the gate, where
/// nobody appends: then the next writer begins it anew.
/// </summary>
internal sealed class SqliteCheckpoints(SqliteEngine engine, WriteGate gate, TimeProvider clock, ILogger<SqliteCheckpoints> log)
    : Periodic(TimeSpan.FromMilliseconds(250), clock, log)
{
    private const long LongLog = 4000;
    private DbConnection? _connection;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        _connection ??= await engine.OpenAsync(cancellationToken);
        if (await CopyAsync(_connection, cancellationToken) < LongLog)
            return;
        using (await gate.EnterAsync(cancellationToken))
            await CopyAsync(_connection, cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _connection?.Dispose();
    }

    /// <returns>Pages in the log, copied ones included.</returns>
    private static async Task<long> CopyAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? row.GetInt64(1) : 0;
    }
}
