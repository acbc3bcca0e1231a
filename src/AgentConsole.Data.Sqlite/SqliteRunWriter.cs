using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Data.Sqlite;

public sealed class SqliteRunWriterFactory(SqliteEngine engine) : IRunWriterFactory
{
    public IRunWriter Create() => new SqliteRunWriter(engine);
}

/// <summary>Ingest on SQLite: one connection of its own, every statement prepared once. Calls are synchronous, as SQLite is.</summary>
internal sealed class SqliteRunWriter(SqliteEngine engine) : IRunWriter
{
    private readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);
    private SqliteConnection? _connection;
    private SqliteTransaction? _transaction;

    private static readonly string RunColumnNames = RunColumns.All.Names();
    private static readonly string InsertRun = $"INSERT INTO runs ({RunColumnNames}) VALUES ({Slots(RunColumns.All.Count)})";
    private static readonly string UpdateRun =
        $"UPDATE runs SET {string.Join(", ", RunColumns.Mutable.Select((c, i) => $"{c.Name} = $p{i}"))} WHERE organization_id = $p{RunColumns.Mutable.Count} AND id = $p{RunColumns.Mutable.Count + 1}";
    private static readonly string InsertEvent =
        $"INSERT INTO run_events ({RunColumns.Events.Names()}) VALUES ({Slots(RunColumns.Events.Count)})";
    private static readonly string ByExternalId =
        $"SELECT {RunColumnNames} FROM runs WHERE organization_id = $p0 AND agent_id = $p1 AND external_id = $p2";
    private static readonly string ById = $"SELECT {RunColumnNames} FROM runs WHERE organization_id = $p0 AND id = $p1";
    private const string RollupKeyColumns = "organization_id, agent_id, bucket, bucket_seconds, team_id, version, gateway";
    private const string RollupKeyMatch =
        "organization_id = $p0 AND agent_id = $p1 AND bucket = $p2 AND bucket_seconds = $p3 AND team_id = $p4 AND version = $p5 AND gateway = $p6";
    private const string RollupDurations = $"SELECT durations FROM run_rollups WHERE {RollupKeyMatch}";
    private static readonly string InsertRollup =
        $"INSERT INTO run_rollups ({RollupKeyColumns}, {RunColumns.Figures.Names()}, durations) VALUES ({Slots(8 + RunColumns.Figures.Count)})";
    private static readonly string AddRollup =
        $"UPDATE run_rollups SET {string.Join(", ", RunColumns.Figures.Select((c, i) => $"{c.Name} = {c.Name} + $p{i + 7}"))}, durations = $p{7 + RunColumns.Figures.Count} WHERE {RollupKeyMatch}";
    private const string NoteLiveness =
        "INSERT INTO liveness_changes (organization_id, id, agent_id, team_id, \"from\", \"to\", at) "
        + "SELECT organization_id, $p2, id, team_id, liveness, 'live', $p3 FROM agents WHERE organization_id = $p0 AND id = $p1 AND liveness <> 'live'";
    private const string TouchAgent =
        "UPDATE agents SET last_seen_at = $p2, last_run_id = COALESCE($p3, last_run_id), last_run_at = CASE WHEN $p3 IS NULL THEN last_run_at ELSE $p2 END, "
        + "last_run_status = COALESCE($p4, last_run_status), seen_version = COALESCE($p5, seen_version), liveness_since = CASE WHEN liveness = 'live' THEN liveness_since ELSE $p2 END, "
        + "liveness = 'live', liveness_deadline = $p2 + lease_seconds * 1000000 WHERE organization_id = $p0 AND id = $p1 AND deleted_at IS NULL";

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _connection ??= (SqliteConnection)await engine.OpenAsync(cancellationToken);
        _transaction = _connection.BeginTransaction(deferred: false);
        foreach (var statement in _statements.Values)
            statement.Transaction = _transaction;
    }

    public Task CommitAsync(CancellationToken cancellationToken)
    {
        _transaction!.Commit();
        _transaction.Dispose();
        _transaction = null;
        return Task.CompletedTask;
    }

    public async Task RollbackAsync()
    {
        // Whatever broke: begin anew with another connection.
        foreach (var statement in _statements.Values)
            await statement.DisposeAsync();
        _statements.Clear();
        if (_transaction is not null)
            await _transaction.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        _transaction = null;
        _connection = null;
    }

    public ValueTask SavepointAsync(CancellationToken cancellationToken) => Run("SAVEPOINT job");

    public ValueTask ReleaseAsync(CancellationToken cancellationToken) => Run("RELEASE job");

    public ValueTask UndoAsync(CancellationToken cancellationToken)
    {
        Statement("ROLLBACK TO job", 0).ExecuteNonQuery();
        return Run("RELEASE job");
    }

    public ValueTask<IReadOnlyDictionary<string, Run>> FindByExternalIdsAsync(
        Guid organizationId,
        Guid agentId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, Run>(StringComparer.Ordinal);
        var statement = Statement(ByExternalId, 3);
        statement.Parameters[0].Value = Bytes(organizationId);
        statement.Parameters[1].Value = Bytes(agentId);
        foreach (var externalId in externalIds)
        {
            statement.Parameters[2].Value = externalId;
            using var row = statement.ExecuteReader();
            if (row.Read())
                found[externalId] = RunColumns.Read(row, Id);
        }
        return ValueTask.FromResult<IReadOnlyDictionary<string, Run>>(found);
    }

    public ValueTask<Run?> FindAsync(Guid organizationId, Guid runId, CancellationToken cancellationToken)
    {
        var statement = Statement(ById, 2);
        statement.Parameters[0].Value = Bytes(organizationId);
        statement.Parameters[1].Value = Bytes(runId);
        using var row = statement.ExecuteReader();
        return ValueTask.FromResult(row.Read() ? RunColumns.Read(row, Id) : null);
    }

    public ValueTask<IReadOnlyDictionary<string, Guid>> FindEventsAsync(
        Guid organizationId,
        Guid runId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, Guid>(StringComparer.Ordinal);
        var statement = Statement("SELECT id FROM run_events WHERE organization_id = $p0 AND run_id = $p1 AND external_id = $p2", 3);
        statement.Parameters[0].Value = Bytes(organizationId);
        statement.Parameters[1].Value = Bytes(runId);
        foreach (var externalId in externalIds)
        {
            statement.Parameters[2].Value = externalId;
            using var row = statement.ExecuteReader();
            if (row.Read())
                found[externalId] = Id(row, 0);
        }
        return ValueTask.FromResult<IReadOnlyDictionary<string, Guid>>(found);
    }

    public ValueTask<IReadOnlyList<(DateTimeOffset Minute, Decision Decision, long Count)>> DecisionsAsync(
        Guid organizationId,
        Guid runId,
        CancellationToken cancellationToken
    )
    {
        var found = new List<(DateTimeOffset, Decision, long)>();
        var statement = Statement(
            "SELECT received_at - received_at % 60000000, decision, COUNT(*) FROM run_events WHERE organization_id = $p0 AND run_id = $p1 AND decision IS NOT NULL GROUP BY 1, 2",
            2
        );
        statement.Parameters[0].Value = Bytes(organizationId);
        statement.Parameters[1].Value = Bytes(runId);
        using var row = statement.ExecuteReader();
        while (row.Read())
            found.Add((Utc.FromMicros(row.GetInt64(0)), KebabCase.Parse<Decision>(row.GetString(1)), row.GetInt64(2)));
        return ValueTask.FromResult<IReadOnlyList<(DateTimeOffset, Decision, long)>>(found);
    }

    public ValueTask InsertRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken) =>
        Execute(InsertRun, RunColumns.All, runs);

    public ValueTask InsertEventsAsync(IReadOnlyList<RunEvent> events, CancellationToken cancellationToken) =>
        Execute(InsertEvent, RunColumns.Events, events);

    public ValueTask UpdateRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken)
    {
        var statement = Statement(UpdateRun, RunColumns.Mutable.Count + 2);
        foreach (var run in runs)
        {
            for (var i = 0; i < RunColumns.Mutable.Count; i++)
                statement.Parameters[i].Value = Value(RunColumns.Mutable[i].Value(run));
            statement.Parameters[^2].Value = Bytes(run.OrganizationId);
            statement.Parameters[^1].Value = Bytes(run.Id);
            statement.ExecuteNonQuery();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask AddRollupsAsync(RollupLedger ledger, CancellationToken cancellationToken)
    {
        foreach (var (key, figures) in ledger.Figures)
        {
            var durations = Statement(RollupDurations, 7);
            SetKey(durations, key);
            var stored = (byte[]?)durations.ExecuteScalar();
            if (stored is not null)
                figures.Durations.Merge(stored);
            var statement = Statement(stored is null ? InsertRollup : AddRollup, 8 + RunColumns.Figures.Count);
            SetKey(statement, key);
            for (var i = 0; i < RunColumns.Figures.Count; i++)
                statement.Parameters[7 + i].Value = RunColumns.Figures[i].Value(figures);
            statement.Parameters[^1].Value = figures.Durations.Write();
            statement.ExecuteNonQuery();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask TouchAgentsAsync(IReadOnlyList<AgentTouch> touches, CancellationToken cancellationToken)
    {
        foreach (var touch in touches)
        {
            var at = Utc.ToMicros(touch.At);
            Set(Statement(NoteLiveness, 4), touch.Agent.OrganizationId, touch.Agent.Id, touch.ChangeId, at).ExecuteNonQuery();
            Set(
                    Statement(TouchAgent, 6),
                    touch.Agent.OrganizationId,
                    touch.Agent.Id,
                    at,
                    touch.LastRunId,
                    touch.LastRunStatus is { } status ? KebabCase.Of(status) : null,
                    touch.SeenVersion
                )
                .ExecuteNonQuery();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> StoreRetryAsync(StoredRetry retry, CancellationToken cancellationToken)
    {
        var statement = Set(
            Statement(
                "INSERT INTO stored_retries (organization_id, scope, body_hash, status, location, e_tag, body, sealed, expires_at) VALUES ("
                    + Slots(9)
                    + ") ON CONFLICT DO NOTHING",
                9
            ),
            retry.OrganizationId,
            retry.Scope,
            retry.BodyHash,
            (long)retry.Status,
            retry.Location,
            retry.ETag,
            retry.Body,
            retry.Sealed,
            Utc.ToMicros(retry.ExpiresAt)
        );
        return ValueTask.FromResult(statement.ExecuteNonQuery() == 1);
    }

    public ValueTask<long> TellNodesAsync(
        NodeOutbox outbox,
        IReadOnlyCollection<LiveEvent> news,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) => ValueTask.FromResult(0L);

    public async ValueTask DisposeAsync() => await RollbackAsync();

    private ValueTask Execute<T>(string sql, IReadOnlyList<RawColumn<T>> columns, IReadOnlyList<T> rows)
    {
        var statement = Statement(sql, columns.Count);
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Count; i++)
                statement.Parameters[i].Value = Value(columns[i].Value(row));
            statement.ExecuteNonQuery();
        }
        return ValueTask.CompletedTask;
    }

    private ValueTask Run(string sql)
    {
        Statement(sql, 0).ExecuteNonQuery();
        return ValueTask.CompletedTask;
    }

    private SqliteCommand Statement(string sql, int parameters)
    {
        if (_statements.TryGetValue(sql, out var known))
            return known;
        var command = _connection!.CreateCommand();
        command.Transaction = _transaction;
#pragma warning disable CA2100 // our own constants
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < parameters; i++)
            command.Parameters.Add(new SqliteParameter($"$p{i}", null));
        return _statements[sql] = command;
    }

    private static SqliteCommand Set(SqliteCommand statement, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            statement.Parameters[i].Value = Value(values[i]);
        return statement;
    }

    private static void SetKey(SqliteCommand statement, RollupKey key)
    {
        statement.Parameters[0].Value = Bytes(key.OrganizationId);
        statement.Parameters[1].Value = Bytes(key.AgentId);
        statement.Parameters[2].Value = key.BucketMicros;
        statement.Parameters[3].Value = key.BucketSeconds;
        statement.Parameters[4].Value = Bytes(key.TeamId);
        statement.Parameters[5].Value = key.Version;
        statement.Parameters[6].Value = key.Gateway;
    }

    private static object Value(object? value) => value is Guid id ? Bytes(id) : value ?? DBNull.Value;

    private static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    private static Guid Id(DbDataReader row, int column) => new((byte[])row.GetValue(column), bigEndian: true);

    private static string Slots(int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"$p{i}"));
}
