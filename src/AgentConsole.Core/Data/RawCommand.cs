using System.Data.Common;
using AgentConsole.Core.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace AgentConsole.Core.Data;

/// <summary>One prepared statement inside a write's transaction, for many rows of telemetry: change tracking would cost five times as much.</summary>
internal sealed class RawCommand : IAsyncDisposable
{
    private readonly DbCommand _command;
    private readonly bool _guidsAsBytes;

    /// <param name="sql">Names its parameters @p0, @p1, … in the order of the values.</param>
    public RawCommand(Write write, string sql)
    {
        _guidsAsBytes = write.Db.Engine.StoresGuidsAsBytes;
        _command = write.Db.Database.GetDbConnection().CreateCommand();
        _command.Transaction = write.Db.Database.CurrentTransaction!.GetDbTransaction();
#pragma warning disable CA2100 // constants of the callers
        _command.CommandText = sql;
#pragma warning restore CA2100
    }

    /// <summary>Runs it with these values; answers the number of rows it changed.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken, params object?[] values)
    {
        _command.Parameters.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = _command.CreateParameter();
            parameter.ParameterName = "p" + i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            parameter.Value = values[i] switch
            {
                null => DBNull.Value,
                Guid id when _guidsAsBytes => id.ToByteArray(bigEndian: true),
                DateTimeOffset at => Utc.ToMicros(at),
                var value => value,
            };
            _command.Parameters.Add(parameter);
        }
        return await _command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();
}
