using System.Text;
using AgentConsole.Core.Runs;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AgentConsole.Data.Sqlite;

/// <summary>
/// A prepared statement without the driver's commands and parameters, whose cost per row is more than SQLite's own. Used by one thread at a time; an
/// error is the driver's <see cref="SqliteException"/>. Columns count from 0, parameters from 1, as SQLite counts them.
/// </summary>
internal sealed class SqliteStatement : IRawRow, IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private byte[] _utf8 = new byte[1024];

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public SqliteStatement Bind(int parameter, long? value)
    {
        Check(value is { } number ? raw.sqlite3_bind_int64(_statement, parameter, number) : raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>Ids are stored as 16 big-endian bytes.</summary>
    public SqliteStatement Bind(int parameter, Guid? value)
    {
        if (value is not { } id)
        {
            Check(raw.sqlite3_bind_null(_statement, parameter));
            return this;
        }
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        Check(raw.sqlite3_bind_blob(_statement, parameter, bytes));
        return this;
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0) : raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, string? value)
    {
        switch (value)
        {
            case null:
                Check(raw.sqlite3_bind_null(_statement, parameter));
                return this;
            case "":
                // An empty span has no address, which SQLite would take for NULL.
                Check(raw.sqlite3_bind_text(_statement, parameter, utf8z.FromSpan("\0"u8)));
                return this;
        }
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (most > _utf8.Length)
            _utf8 = new byte[most];
        Check(raw.sqlite3_bind_text(_statement, parameter, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, _utf8))));
        return this;
    }

    /// <summary>Binds a row's columns from this parameter on.</summary>
    public SqliteStatement Bind<T>(int first, IReadOnlyList<RawColumn<T>> columns, T row)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var column = columns[i];
            _ = column.Kind switch
            {
                ColumnKind.Id => Bind(first + i, column.Id(row)),
                ColumnKind.Text => Bind(first + i, column.Text(row)),
                ColumnKind.Number => Bind(first + i, column.Number(row)),
                _ => Bind(first + i, column.Flag(row) ? 1 : 0),
            };
        }
        return this;
    }

    /// <summary>Runs a statement that answers no rows.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        var result = raw.sqlite3_step(_statement);
        // Reset first: it also ends a statement that failed.
        _ = raw.sqlite3_reset(_statement);
        if (result != raw.SQLITE_DONE)
            Check(result);
        return raw.sqlite3_changes(_database);
    }

    /// <summary>Goes to the next row; after the last one the statement is ready for other values. Who stops before that calls <see cref="Reset"/>.</summary>
    public bool Next()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
            return true;
        Reset();
        if (result != raw.SQLITE_DONE)
            Check(result);
        return false;
    }

    public void Reset() => _ = raw.sqlite3_reset(_statement);

    public Guid? Id(int column) =>
        raw.sqlite3_column_blob(_statement, column) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : null;

    public string? Text(int column) => IsNull(column) ? null : raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public long? Number(int column) => IsNull(column) ? null : raw.sqlite3_column_int64(_statement, column);

    public bool Flag(int column) => raw.sqlite3_column_int64(_statement, column) != 0;

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    public void Dispose() => _statement.Dispose();

    private bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    private void Check(int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw new SqliteException(raw.sqlite3_errmsg(_database).utf8_to_string(), result & 0xFF, result);
    }
}
