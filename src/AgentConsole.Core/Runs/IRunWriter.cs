using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs.Arms;

namespace AgentConsole.Core.Runs;

/// <summary>
/// The raw side of ingest on one database: prepared statements within one transaction at a time, used by one loop. Each job stands in its own
/// savepoint, so that a bad one cannot undo its neighbours.
/// </summary>
public interface IRunWriter : IAsyncDisposable
{
    Task BeginAsync(CancellationToken cancellationToken);

    /// <summary>After it everything since <see cref="BeginAsync"/> is on disk.</summary>
    Task CommitAsync(CancellationToken cancellationToken);

    /// <summary>Gives up the transaction, and the connection if it is broken.</summary>
    Task RollbackAsync();

    /// <param name="writesOnce">The job writes with one statement at most: where a failed statement undoes itself, nothing need be saved.</param>
    ValueTask SavepointAsync(bool writesOnce, CancellationToken cancellationToken);

    /// <summary>Keeps what the job wrote.</summary>
    ValueTask ReleaseAsync(CancellationToken cancellationToken);

    /// <summary>Undoes what the job wrote, and nothing else.</summary>
    ValueTask UndoAsync(CancellationToken cancellationToken);

    /// <summary>Existing runs of an agent by external id; asked once per job.</summary>
    ValueTask<IReadOnlyDictionary<string, Run>> FindByExternalIdsAsync(
        Guid organizationId,
        Guid agentId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    );

    ValueTask<Run?> FindAsync(Guid organizationId, Guid runId, CancellationToken cancellationToken);

    /// <summary>External ids of events that the run has already, out of those asked for.</summary>
    ValueTask<IReadOnlyDictionary<string, Guid>> FindEventsAsync(
        Guid organizationId,
        Guid runId,
        IReadOnlyCollection<string> externalIds,
        CancellationToken cancellationToken
    );

    /// <summary>Decisions of the run by minute of receipt.</summary>
    ValueTask<IReadOnlyList<(DateTimeOffset Minute, Decision Decision, long Count)>> DecisionsAsync(
        Guid organizationId,
        Guid runId,
        CancellationToken cancellationToken
    );

    ValueTask InsertRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken);

    ValueTask UpdateRunsAsync(IReadOnlyList<Run> runs, CancellationToken cancellationToken);

    ValueTask InsertEventsAsync(IReadOnlyList<RunEvent> events, CancellationToken cancellationToken);

    ValueTask InsertArmEntriesAsync(IReadOnlyList<ArmEntry> entries, CancellationToken cancellationToken);

    ValueTask AddRollupsAsync(RollupLedger ledger, CancellationToken cancellationToken);

    /// <summary>Writes the last run and the sign of life of each agent; makes the liveness change row where it was not live.</summary>
    ValueTask TouchAgentsAsync(IReadOnlyList<AgentTouch> touches, CancellationToken cancellationToken);

    /// <summary>Runs <see cref="AgentTouch.Mend"/>.</summary>
    ValueTask MendAgentsAsync(CancellationToken cancellationToken);

    /// <summary>Writes the events for the other nodes; only with a shared store.</summary>
    /// <returns>What <see cref="NodeOutbox.Announce"/> takes after the commit.</returns>
    ValueTask<long> TellNodesAsync(
        NodeOutbox outbox,
        IReadOnlyCollection<LiveEvent> news,
        DateTimeOffset at,
        CancellationToken cancellationToken
    );

    /// <summary>Stores the answer of a repeatable write.</summary>
    /// <returns>False when it was stored before: the twin of this write was faster.</returns>
    ValueTask<bool> StoreRetryAsync(StoredRetry retry, CancellationToken cancellationToken);
}

/// <summary>Makes the writer of the chosen database.</summary>
public interface IRunWriterFactory
{
    IRunWriter Create();
}

/// <summary>What a group commit learned of one agent.</summary>
/// <param name="ChangeId">Id for the liveness change row, should one be made.</param>
public sealed record AgentTouch(
    AgentCard Agent,
    DateTimeOffset At,
    Guid? LastRunId,
    RunStatus? LastRunStatus,
    string? SeenVersion,
    Guid ChangeId
)
{
    /// <summary>
    /// For the start: a kill between two groups can leave agents behind their last runs. Looks at those that were heard in the last minute before.
    /// </summary>
    public const string Mend =
        "UPDATE agents SET (last_run_id, last_run_at, last_run_status) = (SELECT r.id, r.received_at, r.status FROM runs r "
        + "WHERE r.organization_id = agents.organization_id AND r.agent_id = agents.id ORDER BY r.id DESC LIMIT 1) "
        + "WHERE last_seen_at >= (SELECT MAX(last_seen_at) FROM agents) - 60000000 AND last_run_id < (SELECT r.id FROM runs r "
        + "WHERE r.organization_id = agents.organization_id AND r.agent_id = agents.id ORDER BY r.id DESC LIMIT 1)";
}
