using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Runs.Arms;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Data.Sqlite;

public sealed class SqliteRunWriterFactory(SqliteEngine engine) : IRunWriterFactory
{
    public IRunWriter Create() => new SqliteRunWriter(engine);
}

/// <summary>Ingest on SQLite: one connection of its own, every statement prepared once. Calls are synchronous, as SQLite is.</summary>
internal sealed class SqliteRunWriter(SqliteEngine engine) : IRunWriter
{
    private const string KeyColumns = "organization_id, agent_id, bucket, bucket_seconds, team_id, version, gateway, model";
    private const string KeyMatch =
        "organization_id = ?1 AND agent_id = ?2 AND bucket = ?3 AND bucket_seconds = ?4 AND team_id = ?5 AND version = ?6 AND gateway = ?7 AND model = ?8";
    private const int KeySize = 8;
    private const int MostDurations = 5000;
    private const string RollupDurations = $"SELECT durations FROM run_rollups WHERE {KeyMatch}";

    private static readonly int Figures = RunColumns.Figures.Count;
    private static readonly string RunNames = RunColumns.All.Names();
    private static readonly string InsertRun = $"INSERT INTO runs ({RunNames}) VALUES ({Slots(RunColumns.All.Count)})";
    private static readonly string UpdateRun =
        $"UPDATE runs SET {string.Join(", ", RunColumns.Mutable.Select((c, i) => $"{c.Name} = ?{i + 3}"))} WHERE organization_id = ?1 AND id = ?2";
    private static readonly string InsertEvent =
        $"INSERT INTO run_events ({RunColumns.Events.Names()}) VALUES ({Slots(RunColumns.Events.Count)})";
    private static readonly string InsertArmEntry =
        $"INSERT INTO arm_entries ({ArmEntry.Columns.Names()}) VALUES ({Slots(ArmEntry.Columns.Count)})";
    private static readonly string ByExternalId =
        $"SELECT {RunNames} FROM runs WHERE organization_id = ?1 AND agent_id = ?2 AND external_id = ?3";
    private static readonly string ById = $"SELECT {RunNames} FROM runs WHERE organization_id = ?1 AND id = ?2";
    private static readonly string InsertRollup =
        $"INSERT INTO run_rollups ({KeyColumns}, {RunColumns.Figures.Names()}, durations) VALUES ({Slots(KeySize + Figures + 1)})";
    private static readonly string AddRollup =
        $"UPDATE run_rollups SET {string.Join(", ", RunColumns.Figures.Select((c, i) => $"{c.Name} = {c.Name} + ?{i + 1 + KeySize}"))}, durations = ?{KeySize + Figures + 1} WHERE {KeyMatch}";
    private const string NoteLiveness =
        "INSERT INTO liveness_changes (organization_id, id, agent_id, team_id, \"from\", \"to\", at) "
        + "SELECT organization_id, ?3, id, team_id, liveness, 'live', ?4 FROM agents WHERE organization_id = ?1 AND id = ?2 AND liveness <> 'live'";
    private const string SetSeen =
        "last_seen_at = ?3, last_run_id = COALESCE(?4, last_run_id), last_run_at = CASE WHEN ?4 IS NULL THEN last_run_at ELSE ?3 END, "
        + "last_run_status = COALESCE(?5, last_run_status), seen_version = COALESCE(?6, seen_version), liveness_deadline = ?3 + lease_seconds * 1000000";
    private const string TouchLive =
        $"UPDATE agents SET {SetSeen} WHERE organization_id = ?1 AND id = ?2 AND deleted_at IS NULL AND liveness = 'live'";
    private const string TouchOther =
        $"UPDATE agents SET {SetSeen}, liveness_since = ?3, liveness = 'live' WHERE organization_id = ?1 AND id = ?2 AND deleted_at IS NULL";

    private static readonly string StoreRetry =
        $"INSERT INTO stored_retries (organization_id, scope, body_hash, status, location, e_tag, body, sealed, expires_at) VALUES ({Slots(9)}) ON CONFLICT DO NOTHING";

    // By reference: every statement's text is a constant, and hashing it anew for each use would cost more than finding it.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);

    // Histograms as this connection wrote them; good until another one commits, which SQLite's data version tells.
    private readonly Dictionary<RollupKey, byte[]> _durations = [];
    private long? _dataVersion;
    private SqliteConnection? _connection;
    private bool _saved;

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _connection ??= (SqliteConnection)await engine.OpenAsync(cancellationToken);
        Statement("BEGIN IMMEDIATE").Run();
        var version = Statement("PRAGMA data_version");
        version.Next();
        if (version.Number(0) != _dataVersion)
            _durations.Clear();
        _dataVersion = version.Number(0);
        version.Reset();
    }

    public Task CommitAsync(CancellationToken cancellationToken)
    {
        Statement("COMMIT").Run();
        return Task.CompletedTask;
    }

    public async Task RollbackAsync()
    {
        // Whatever broke: begin anew with another connection.
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _durations.Clear();
        if (_connection is null)
            return;
        SqliteConnection.ClearPool(_connection); // it may still be inside a transaction: the next owner must not find it there
        await _connection.DisposeAsync();
        _connection = null;
    }

    public ValueTask SavepointAsync(bool writesOnce, CancellationToken cancellationToken)
    {
        // A statement that fails undoes itself.
        _saved = !writesOnce;
        if (_saved)
            Statement("SAVEPOINT job").Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseAsync(CancellationToken cancellationToken)
    {
        if (_saved)
            Statement("RELEASE job").Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask UndoAsync(CancellationToken cancellationToken)
    {
        if (_saved)
        {
            Statement("ROLLBACK TO job").Run();
            Statement("RELEASE job").Run();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<string, Run>> FindByExternalIdsAsync(
        Guid organizationId,
        Guid agentId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, Run>(StringComparer.Ordinal);
        var statement = Statement(ByExternalId).Bind(1, organizationId).Bind(2, agentId);
        foreach (var externalId in externalIds)
        {
            if (One(statement.Bind(3, externalId), RunColumns.Read) is { } run)
                found[externalId] = run;
        }
        return ValueTask.FromResult<IReadOnlyDictionary<string, Run>>(found);
    }

    public ValueTask<Run?> FindAsync(Guid organizationId, Guid runId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(One(Statement(ById).Bind(1, organizationId).Bind(2, runId), RunColumns.Read));

    public ValueTask<IReadOnlyDictionary<string, Guid>> FindEventsAsync(
        Guid organizationId,
        Guid runId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, Guid>(StringComparer.Ordinal);
        var statement = Statement("SELECT id FROM run_events WHERE organization_id = ?1 AND run_id = ?2 AND external_id = ?3")
            .Bind(1, organizationId)
            .Bind(2, runId);
        foreach (var externalId in externalIds)
        {
            statement.Bind(3, externalId);
            while (statement.Next())
                found[externalId] = statement.Id(0)!.Value;
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
                "SELECT received_at - received_at % 60000000, decision, COUNT(*) FROM run_events WHERE organization_id = ?1 AND run_id = ?2 AND decision IS NOT NULL GROUP BY 1, 2"
            )
            .Bind(1, organizationId)
            .Bind(2, runId);
        while (statement.Next())
        {
            var minute = Utc.FromMicros(statement.Number(0)!.Value);
            found.Add((minute, KebabCase.Parse<Decision>(statement.Text(1)!), statement.Number(2)!.Value));
        }
        return ValueTask.FromResult<IReadOnlyList<(DateTimeOffset, Decision, long)>>(found);
    }

    public ValueTask InsertRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken)
    {
        var statement = Statement(InsertRun);
        foreach (var run in runs)
            statement.Bind(1, RunColumns.All, run).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask InsertEventsAsync(IReadOnlyList<RunEvent> events, CancellationToken cancellationToken)
    {
        var statement = Statement(InsertEvent);
        foreach (var step in events)
            statement.Bind(1, RunColumns.Events, step).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask InsertArmEntriesAsync(IReadOnlyList<ArmEntry> entries, CancellationToken cancellationToken)
    {
        var statement = Statement(InsertArmEntry);
        foreach (var entry in entries)
            statement.Bind(1, ArmEntry.Columns, entry).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask UpdateRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken)
    {
        var statement = Statement(UpdateRun);
        foreach (var run in runs)
            statement.Bind(1, run.OrganizationId).Bind(2, run.Id).Bind(3, RunColumns.Mutable, run).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask AddRollupsAsync(RollupLedger ledger, CancellationToken cancellationToken)
    {
        foreach (var (key, figures) in ledger.Figures)
        {
            if (!_durations.TryGetValue(key, out var stored))
                stored = One(BindKey(Statement(RollupDurations), key), static row => ((SqliteStatement)row).Bytes(0));
            if (stored is not null)
                figures.Durations.Merge(stored);
            var durations = figures.Durations.Write();
            BindKey(Statement(stored is null ? InsertRollup : AddRollup), key)
                .Bind(1 + KeySize, RunColumns.Figures, figures)
                .Bind(1 + KeySize + Figures, durations)
                .Run();
            if (_durations.Count == MostDurations)
                _durations.Clear();
            _durations[key] = durations;
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask TouchAgentsAsync(IReadOnlyList<AgentTouch> touches, CancellationToken cancellationToken)
    {
        foreach (var touch in touches)
        {
            // Nearly always the agent is live already; then the indexes over its liveness are left alone.
            if (BindTouch(Statement(TouchLive), touch).Run() > 0)
                continue;
            var (organization, agent) = (touch.Agent.OrganizationId, touch.Agent.Id);
            Statement(NoteLiveness).Bind(1, organization).Bind(2, agent).Bind(3, touch.ChangeId).Bind(4, Utc.ToMicros(touch.At)).Run();
            BindTouch(Statement(TouchOther), touch).Run();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask MendAgentsAsync(CancellationToken cancellationToken)
    {
        Statement(AgentTouch.Mend).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> StoreRetryAsync(StoredRetry retry, CancellationToken cancellationToken)
    {
        var stored = Statement(StoreRetry)
            .Bind(1, retry.OrganizationId)
            .Bind(2, retry.Scope)
            .Bind(3, retry.BodyHash)
            .Bind(4, retry.Status)
            .Bind(5, retry.Location)
            .Bind(6, retry.ETag)
            .Bind(7, retry.Body)
            .Bind(8, retry.Sealed ? 1 : 0)
            .Bind(9, Utc.ToMicros(retry.ExpiresAt))
            .Run();
        return ValueTask.FromResult(stored == 1);
    }

    public ValueTask<long> TellNodesAsync(
        NodeOutbox outbox,
        IReadOnlyCollection<LiveEvent> news,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) => ValueTask.FromResult(0L);

    public async ValueTask DisposeAsync() => await RollbackAsync();

    private static T? One<T>(SqliteStatement statement, Func<IRawRow, T> read)
        where T : class
    {
        if (!statement.Next())
            return null;
        try
        {
            return read(statement);
        }
        finally
        {
            statement.Reset();
        }
    }

    private SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements[sql] = statement = new SqliteStatement(_connection!, sql);
        return statement;
    }

    private static SqliteStatement BindKey(SqliteStatement statement, RollupKey key) =>
        statement
            .Bind(1, key.OrganizationId)
            .Bind(2, key.AgentId)
            .Bind(3, key.BucketMicros)
            .Bind(4, key.BucketSeconds)
            .Bind(5, key.TeamId)
            .Bind(6, key.Version)
            .Bind(7, key.Gateway)
            .Bind(8, key.Model);

    private static SqliteStatement BindTouch(SqliteStatement statement, AgentTouch touch) =>
        statement
            .Bind(1, touch.Agent.OrganizationId)
            .Bind(2, touch.Agent.Id)
            .Bind(3, Utc.ToMicros(touch.At))
            .Bind(4, touch.LastRunId)
            .Bind(5, touch.LastRunStatus is { } status ? KebabCase.Of(status) : null)
            .Bind(6, touch.SeenVersion);

    private static string Slots(int count) => string.Join(", ", Enumerable.Range(1, count).Select(i => $"?{i}"));
}
