using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Runs.Arms;
using Npgsql;
using NpgsqlTypes;

namespace AgentConsole.Data.PostgreSql;

public sealed class PostgreSqlRunWriterFactory(PostgreSqlEngine engine) : IRunWriterFactory
{
    public IRunWriter Create() => new PostgreSqlRunWriter(engine);
}

/// <summary>Ingest on PostgreSQL: whole columns travel as arrays and are unnested there, so that a job costs a round trip and not one per row.</summary>
internal sealed class PostgreSqlRunWriter(PostgreSqlEngine engine) : IRunWriter
{
    private NpgsqlConnection? _connection;
    private NpgsqlTransaction? _transaction;

    private static readonly string RunColumnNames = RunColumns.All.Names();
    private static readonly string InsertRuns = Insert("runs", RunColumns.All);
    private static readonly string InsertEvents = Insert("run_events", RunColumns.Events);
    private static readonly string InsertArmEntries = Insert("arm_entries", ArmEntry.Columns);
    private static readonly RawColumn<Run>[] UpdateColumns = [RunColumns.All[0], RunColumns.All[1], .. RunColumns.Mutable];
    private static readonly string UpdateRuns =
        $"UPDATE runs SET {string.Join(", ", RunColumns.Mutable.Select(c => $"{c.Name} = d.{c.Name}"))} FROM unnest({Casts(UpdateColumns)}) AS d ({UpdateColumns.Names()}) "
        + "WHERE runs.organization_id = d.organization_id AND runs.id = d.id";

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _connection ??= (NpgsqlConnection)await engine.OpenAsync(cancellationToken);
        _transaction = await _connection.BeginTransactionAsync(cancellationToken);
        // An answer means "on disk", whatever the server's default says.
        await using var command = Command("SET LOCAL synchronous_commit = on");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await _transaction!.CommitAsync(cancellationToken);
        await _transaction.DisposeAsync();
        _transaction = null;
    }

    public async Task RollbackAsync()
    {
        if (_transaction is not null)
            await _transaction.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        _transaction = null;
        _connection = null;
    }

    public async ValueTask SavepointAsync(bool writesOnce, CancellationToken cancellationToken) =>
        await _transaction!.SaveAsync("job", cancellationToken);

    public async ValueTask ReleaseAsync(CancellationToken cancellationToken) => await _transaction!.ReleaseAsync("job", cancellationToken);

    public async ValueTask UndoAsync(CancellationToken cancellationToken) => await _transaction!.RollbackAsync("job", cancellationToken);

    public async ValueTask<IReadOnlyDictionary<string, Run>> FindByExternalIdsAsync(
        Guid organizationId,
        Guid agentId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        // Locked, because another node may report on the same run.
        await using var command = Command(
            $"SELECT {RunColumnNames} FROM runs WHERE organization_id = $1 AND agent_id = $2 AND external_id = ANY($3) ORDER BY id FOR UPDATE"
        );
        command.Parameters.AddWithValue(organizationId);
        command.Parameters.AddWithValue(agentId);
        command.Parameters.AddWithValue(externalIds.ToArray());
        var found = new Dictionary<string, Run>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var run = RunColumns.Read(new Row(row));
            found[run.ExternalId!] = run;
        }
        return found;
    }

    public async ValueTask<Run?> FindAsync(Guid organizationId, Guid runId, CancellationToken cancellationToken)
    {
        await using var command = Command($"SELECT {RunColumnNames} FROM runs WHERE organization_id = $1 AND id = $2 FOR UPDATE");
        command.Parameters.AddWithValue(organizationId);
        command.Parameters.AddWithValue(runId);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? RunColumns.Read(new Row(row)) : null;
    }

    public async ValueTask<IReadOnlyDictionary<string, Guid>> FindEventsAsync(
        Guid organizationId,
        Guid runId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(
            "SELECT external_id, id FROM run_events WHERE organization_id = $1 AND run_id = $2 AND external_id = ANY($3)"
        );
        command.Parameters.AddWithValue(organizationId);
        command.Parameters.AddWithValue(runId);
        command.Parameters.AddWithValue(externalIds.ToArray());
        var found = new Dictionary<string, Guid>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found[row.GetString(0)] = row.GetGuid(1);
        return found;
    }

    public async ValueTask<IReadOnlyList<(DateTimeOffset Minute, Decision Decision, long Count)>> DecisionsAsync(
        Guid organizationId,
        Guid runId,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(
            "SELECT received_at - received_at % 60000000, decision, COUNT(*) FROM run_events WHERE organization_id = $1 AND run_id = $2 AND decision IS NOT NULL GROUP BY 1, 2"
        );
        command.Parameters.AddWithValue(organizationId);
        command.Parameters.AddWithValue(runId);
        var found = new List<(DateTimeOffset, Decision, long)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add((Utc.FromMicros(row.GetInt64(0)), KebabCase.Parse<Decision>(row.GetString(1)), row.GetInt64(2)));
        return found;
    }

    public ValueTask InsertRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken) =>
        ExecuteAsync(InsertRuns, RunColumns.All, runs, cancellationToken);

    public ValueTask UpdateRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken) =>
        ExecuteAsync(UpdateRuns, UpdateColumns, runs, cancellationToken);

    public ValueTask InsertEventsAsync(IReadOnlyList<RunEvent> events, CancellationToken cancellationToken) =>
        ExecuteAsync(InsertEvents, RunColumns.Events, events, cancellationToken);

    public ValueTask InsertArmEntriesAsync(IReadOnlyList<ArmEntry> entries, CancellationToken cancellationToken) =>
        ExecuteAsync(InsertArmEntries, ArmEntry.Columns, entries, cancellationToken);

    public async ValueTask AddRollupsAsync(RollupLedger ledger, CancellationToken cancellationToken)
    {
        const string Match =
            "organization_id = $1 AND agent_id = $2 AND bucket = $3 AND bucket_seconds = $4 AND team_id = $5 AND version = $6 AND gateway = $7 AND model = $8";
        // In one order on every node, so that two of them never wait for each other.
        foreach (
            var (key, figures) in ledger
                .Figures.OrderBy(f => f.Key.AgentId)
                .ThenBy(f => f.Key.BucketMicros)
                .ThenBy(f => f.Key.Version, StringComparer.Ordinal)
                .ThenBy(f => f.Key.Gateway, StringComparer.Ordinal)
                .ThenBy(f => f.Key.Model, StringComparer.Ordinal)
        )
        {
            await using var make = Command(
                $"INSERT INTO run_rollups (organization_id, agent_id, bucket, bucket_seconds, team_id, version, gateway, model, {RunColumns.Figures.Names()}, durations) "
                    + $"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {string.Join(", ", RunColumns.Figures.Select(_ => "0"))}, ''::bytea) ON CONFLICT DO NOTHING"
            );
            SetKey(make, key);
            await make.ExecuteNonQueryAsync(cancellationToken);
            await using var read = Command($"SELECT durations FROM run_rollups WHERE {Match} FOR UPDATE");
            SetKey(read, key);
            figures.Durations.Merge((byte[]?)await read.ExecuteScalarAsync(cancellationToken) ?? []);
            await using var add = Command(
                $"UPDATE run_rollups SET {string.Join(", ", RunColumns.Figures.Select((c, i) => $"{c.Name} = {c.Name} + ${i + 9}"))}, durations = ${9 + RunColumns.Figures.Count} WHERE {Match}"
            );
            SetKey(add, key);
            foreach (var column in RunColumns.Figures)
                add.Parameters.AddWithValue((long)column.Value(figures)!);
            add.Parameters.AddWithValue(figures.Durations.Write());
            await add.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public async ValueTask MendAgentsAsync(CancellationToken cancellationToken)
    {
        await using var mend = Command(AgentTouch.Mend);
        await mend.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask TouchAgentsAsync(IReadOnlyList<AgentTouch> touches, CancellationToken cancellationToken)
    {
        var sorted = touches.OrderBy(t => t.Agent.Id).ToList();
        await using var note = Command(
            "INSERT INTO liveness_changes (organization_id, id, agent_id, team_id, \"from\", \"to\", at) "
                + "SELECT a.organization_id, d.change_id, a.id, a.team_id, a.liveness, 'live', d.at FROM unnest($1, $2, $3, $4) AS d (organization_id, id, change_id, at) "
                + "JOIN agents a ON a.organization_id = d.organization_id AND a.id = d.id WHERE a.liveness <> 'live'"
        );
        note.Parameters.AddWithValue(sorted.Select(t => t.Agent.OrganizationId).ToArray());
        note.Parameters.AddWithValue(sorted.Select(t => t.Agent.Id).ToArray());
        note.Parameters.AddWithValue(sorted.Select(t => t.ChangeId).ToArray());
        note.Parameters.AddWithValue(sorted.Select(t => Utc.ToMicros(t.At)).ToArray());
        await note.ExecuteNonQueryAsync(cancellationToken);
        await using var touch = Command(
            "UPDATE agents SET last_seen_at = d.at, last_run_id = COALESCE(d.run, last_run_id), last_run_at = CASE WHEN d.run IS NULL THEN last_run_at ELSE d.at END, "
                + "last_run_status = COALESCE(d.status, last_run_status), seen_version = COALESCE(d.version, seen_version), "
                + "liveness_since = CASE WHEN liveness = 'live' THEN liveness_since ELSE d.at END, liveness = 'live', liveness_deadline = d.at + lease_seconds * 1000000::bigint "
                + "FROM unnest($1, $2, $3, $4, $5, $6) AS d (organization_id, id, at, run, status, version) "
                + "WHERE agents.organization_id = d.organization_id AND agents.id = d.id AND agents.deleted_at IS NULL"
        );
        touch.Parameters.AddWithValue(sorted.Select(t => t.Agent.OrganizationId).ToArray());
        touch.Parameters.AddWithValue(sorted.Select(t => t.Agent.Id).ToArray());
        touch.Parameters.AddWithValue(sorted.Select(t => Utc.ToMicros(t.At)).ToArray());
        touch.Parameters.AddWithValue(sorted.Select(t => t.LastRunId).ToArray());
        touch.Parameters.Add(
            new NpgsqlParameter
            {
                Value = sorted.Select(t => t.LastRunStatus is { } status ? KebabCase.Of(status) : null).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            }
        );
        touch.Parameters.Add(
            new NpgsqlParameter
            {
                Value = sorted.Select(t => t.SeenVersion).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            }
        );
        await touch.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask<bool> StoreRetryAsync(StoredRetry retry, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "INSERT INTO stored_retries (organization_id, scope, body_hash, status, location, e_tag, body, sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
        );
        command.Parameters.AddWithValue(retry.OrganizationId);
        command.Parameters.AddWithValue(retry.Scope);
        command.Parameters.AddWithValue(retry.BodyHash);
        command.Parameters.AddWithValue(retry.Status);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)retry.Location ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)retry.ETag ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.AddWithValue(retry.Body);
        command.Parameters.AddWithValue(retry.Sealed);
        command.Parameters.AddWithValue(Utc.ToMicros(retry.ExpiresAt));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async ValueTask<long> TellNodesAsync(
        NodeOutbox outbox,
        IReadOnlyCollection<LiveEvent> news,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) => await outbox.WriteAsync(_connection!, _transaction!, news, at, cancellationToken);

    public async ValueTask DisposeAsync() => await RollbackAsync();

    private async ValueTask ExecuteAsync<T>(
        string sql,
        IReadOnlyList<RawColumn<T>> columns,
        IReadOnlyList<T> rows,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(sql);
        foreach (var column in columns)
            command.Parameters.Add(Array(column, rows));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Array<T>(RawColumn<T> column, IReadOnlyList<T> rows) =>
        column.Kind switch
        {
            ColumnKind.Id => new NpgsqlParameter<Guid?[]> { TypedValue = Values(rows, column.Id) },
            ColumnKind.Number => new NpgsqlParameter<long?[]> { TypedValue = Values(rows, column.Number) },
            ColumnKind.Flag => new NpgsqlParameter<bool[]> { TypedValue = Values(rows, column.Flag) },
            _ => new NpgsqlParameter { Value = Values(rows, column.Text), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        };

    private static TValue[] Values<T, TValue>(IReadOnlyList<T> rows, Func<T, TValue> read)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = read(rows[i]);
        return values;
    }

    private static string Insert<T>(string table, IReadOnlyList<RawColumn<T>> columns) =>
        $"INSERT INTO {table} ({columns.Names()}) SELECT * FROM unnest({Casts(columns)})";

    private static string Casts<T>(IReadOnlyList<RawColumn<T>> columns) =>
        string.Join(
            ", ",
            columns.Select(
                (c, i) =>
                    $"${i + 1}::{c.Kind switch { ColumnKind.Id => "uuid", ColumnKind.Number => "bigint", ColumnKind.Flag => "boolean", _ => "text" }}[]"
            )
        );

    private NpgsqlCommand Command(string sql)
    {
#pragma warning disable CA2100 // our own constants
        return new NpgsqlCommand(sql, _connection, _transaction);
#pragma warning restore CA2100
    }

    private static void SetKey(NpgsqlCommand command, RollupKey key)
    {
        command.Parameters.AddWithValue(key.OrganizationId);
        command.Parameters.AddWithValue(key.AgentId);
        command.Parameters.AddWithValue(key.BucketMicros);
        command.Parameters.AddWithValue(key.BucketSeconds);
        command.Parameters.AddWithValue(key.TeamId);
        command.Parameters.AddWithValue(key.Version);
        command.Parameters.AddWithValue(key.Gateway);
        command.Parameters.AddWithValue(key.Model);
    }

    private sealed class Row(DbDataReader reader) : IRawRow
    {
        public Guid? Id(int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

        public string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

        public long? Number(int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

        public bool Flag(int column) => reader.GetBoolean(column);
    }
}
