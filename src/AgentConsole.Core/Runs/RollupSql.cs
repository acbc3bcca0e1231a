using System.Data.Common;
using System.Globalization;
using System.Text;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace AgentConsole.Core.Runs;

/// <summary>A statement over the rollups, the same text on both databases, with values as parameters only.</summary>
internal sealed class RollupSql(ConsoleDbContext db)
{
    private readonly StringBuilder _text = new();
    private readonly List<object> _values = [];

    /// <summary>Appends text of ours; never anything from outside.</summary>
    public RollupSql Add(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>Appends a parameter.</summary>
    public RollupSql Value(object value)
    {
        _values.Add(value is Guid id && db.Engine.StoresGuidsAsBytes ? id.ToByteArray(bigEndian: true) : value);
        _text.Append(CultureInfo.InvariantCulture, $"@p{_values.Count - 1}");
        return this;
    }

    /// <summary>Appends <c>column IN (…)</c>; nothing matches an empty list.</summary>
    public RollupSql In(string column, IReadOnlyCollection<Guid> ids)
    {
        if (ids.Count == 0)
            return Add("1 = 0");
        Add(column).Add(" IN (");
        var first = true;
        foreach (var id in ids)
        {
            if (!first)
                Add(", ");
            first = false;
            Value(id);
        }
        return Add(")");
    }

    public async Task<List<T>> ReadAsync<T>(Func<DbDataReader, T> row, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = Command();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(row(reader));
            return rows;
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = Command();
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    public static Guid Id(DbDataReader reader, int column) =>
        reader.GetValue(column) is byte[] bytes ? new Guid(bytes, bigEndian: true) : reader.GetGuid(column);

    private DbCommand Command()
    {
        var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // The text is made of constants; values are parameters.
        command.CommandText = _text.ToString();
#pragma warning restore CA2100
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        for (var i = 0; i < _values.Count; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            parameter.Value = _values[i];
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

/// <summary>Changes of rollups outside ingest: the lost, the folded, the rebuilt. Within the caller's transaction.</summary>
internal static class RollupStore
{
    internal static readonly string Columns =
        "organization_id, agent_id, team_id, version, gateway, bucket, bucket_seconds, model, "
        + RunColumns.Figures.Names()
        + ", durations";

    public const string Live = "run_rollups";

    /// <summary>What runs that are gone had contributed.</summary>
    public const string Base = "rollup_bases";

    private static string OnConflict(string table) =>
        " ON CONFLICT (organization_id, agent_id, bucket, bucket_seconds, team_id, version, gateway, model) DO UPDATE SET "
        + string.Join(", ", RunColumns.Figures.Select(c => $"{c.Name} = {table}.{c.Name} + excluded.{c.Name}"));

    // One who folds or rebuilds at a time, on any node.
    private const long FoldLock = 0x726f6c6c75707301;

    /// <summary>Adds the figures, in an order that all writers share. Durations are merged under the lock of the row that the addition took.</summary>
    public static async Task AddAsync(ConsoleDbContext db, RollupLedger ledger, CancellationToken cancellationToken, string table = Live)
    {
        foreach (
            var (key, figures) in ledger
                .Figures.OrderBy(f => f.Key.AgentId)
                .ThenBy(f => f.Key.BucketMicros)
                .ThenBy(f => f.Key.Version, StringComparer.Ordinal)
                .ThenBy(f => f.Key.Gateway, StringComparer.Ordinal)
                .ThenBy(f => f.Key.Model, StringComparer.Ordinal)
        )
        {
            var sql = new RollupSql(db).Add($"INSERT INTO {table} ({Columns}) VALUES (");
            Values(sql, key, figures, []);
            await sql.Add(")").Add(OnConflict(table)).ExecuteAsync(cancellationToken);
            if (figures.Durations.IsEmpty)
                continue;
            var known = await Where(new RollupSql(db).Add($"SELECT durations FROM {table}"), key)
                .ReadAsync(reader => (byte[])reader.GetValue(0), cancellationToken);
            var merged = DurationHistogram.Read(known[0]);
            merged.Merge(figures.Durations);
            await Where(new RollupSql(db).Add($"UPDATE {table} SET durations = ").Value(merged.Write()), key)
                .ExecuteAsync(cancellationToken);
        }
    }

    /// <summary>Writes a row that is not there.</summary>
    public static async Task InsertAsync(ConsoleDbContext db, RollupKey key, RollupFigures figures, CancellationToken cancellationToken)
    {
        var sql = new RollupSql(db).Add($"INSERT INTO run_rollups ({Columns}) VALUES (");
        Values(sql, key, figures, figures.Durations.Write());
        await sql.Add(")").ExecuteAsync(cancellationToken);
    }

    /// <summary>Reads <see cref="Columns"/>.</summary>
    public static (RollupKey Key, RollupFigures Figures) Row(DbDataReader reader)
    {
        var key = new RollupKey(
            RollupSql.Id(reader, 0),
            RollupSql.Id(reader, 1),
            RollupSql.Id(reader, 2),
            reader.GetString(3),
            reader.GetString(4),
            reader.GetInt64(5),
            reader.GetInt32(6),
            reader.GetString(7)
        );
        var figures = new RollupFigures
        {
            Completed = reader.GetInt64(8),
            Failed = reader.GetInt64(9),
            Cancelled = reader.GetInt64(10),
            TimedOut = reader.GetInt64(11),
            Skipped = reader.GetInt64(12),
            Lost = reader.GetInt64(13),
            Allowed = reader.GetInt64(14),
            Blocked = reader.GetInt64(15),
            Redacted = reader.GetInt64(16),
            Escalated = reader.GetInt64(17),
            InputTokens = reader.GetInt64(18),
            OutputTokens = reader.GetInt64(19),
            CostMicros = reader.GetInt64(20),
            Unpriced = reader.GetInt64(21),
            UnpricedInputTokens = reader.GetInt64(22),
            UnpricedOutputTokens = reader.GetInt64(23),
        };
        figures.Durations.Merge((byte[])reader.GetValue(24));
        return (key, figures);
    }

    /// <summary>Until the transaction ends nobody else folds or rebuilds; where the gate does not already see to it.</summary>
    public static async Task LockAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        if (!db.Engine.HasSingleWriter)
            await new RollupSql(db)
                .Add("SELECT CAST(pg_advisory_xact_lock(")
                .Value(FoldLock)
                .Add(") AS text)")
                .ReadAsync(_ => true, cancellationToken);
    }

    private static void Values(RollupSql sql, RollupKey key, RollupFigures figures, byte[] durations)
    {
        object[] values =
        [
            key.OrganizationId,
            key.AgentId,
            key.TeamId,
            key.Version,
            key.Gateway,
            key.BucketMicros,
            key.BucketSeconds,
            key.Model,
            .. RunColumns.Figures.Select(c => c.Value(figures)!),
            durations,
        ];
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0)
                sql.Add(", ");
            sql.Value(values[i]);
        }
    }

    private static RollupSql Where(RollupSql sql, RollupKey key) =>
        sql.Add(" WHERE organization_id = ")
            .Value(key.OrganizationId)
            .Add(" AND agent_id = ")
            .Value(key.AgentId)
            .Add(" AND bucket = ")
            .Value(key.BucketMicros)
            .Add(" AND bucket_seconds = ")
            .Value(key.BucketSeconds)
            .Add(" AND team_id = ")
            .Value(key.TeamId)
            .Add(" AND version = ")
            .Value(key.Version)
            .Add(" AND gateway = ")
            .Value(key.Gateway)
            .Add(" AND model = ")
            .Value(key.Model);
}
