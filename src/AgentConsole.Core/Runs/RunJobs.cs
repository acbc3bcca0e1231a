using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs.Arms;

namespace AgentConsole.Core.Runs;

/// <summary>One request on its way to the disk.</summary>
internal abstract class RunJob(AgentCard agent, Guid? keyVersionId, RetryTicket? retry, int bytes)
{
    // What follows runs where the answer is given: RunIngest gives answers on the thread pool, some at a time.
    private readonly TaskCompletionSource<Problem?> _done = new();

    public AgentCard Agent => agent;
    public Guid? KeyVersionId => keyVersionId;
    public RetryTicket? Retry => retry;

    /// <summary>What it weighs in the queue.</summary>
    public int Bytes => bytes;
    public Task<Problem?> Done => _done.Task;

    /// <summary>At most one statement of it writes, the stored answer of a repeatable write included.</summary>
    public virtual bool WritesOnce => false;

    /// <summary>The agent itself reported something, as against the console's own look-ups.</summary>
    public virtual bool ShowsLife => true;

    /// <summary>Set by the writer: why the whole job was undone.</summary>
    public Problem? Refusal { get; set; }

    /// <summary>Runs that it created or changed, as they are now.</summary>
    public List<Run> Changed { get; } = [];
    public RollupLedger Ledger { get; private set; } = new();

    /// <summary>What it adds to the arms of open rollouts.</summary>
    public List<ArmEntry> Arms { get; } = [];

    /// <summary>Looks up, decides and writes, inside its savepoint.</summary>
    public abstract Task<Problem?> WriteAsync(IRunWriter writer, RunDesk desk, CancellationToken cancellationToken);

    /// <summary>The result as the caller will see it, for the answer that is stored.</summary>
    public abstract object Result(RunBodies bodies);

    public void Reset()
    {
        Changed.Clear();
        Arms.Clear();
        Ledger = new RollupLedger();
        Refusal = null;
    }

    public void Complete() => _done.TrySetResult(Refusal);

    public void Fail(Problem problem) => _done.TrySetResult(problem);
}

/// <summary>What every job needs of its surroundings.</summary>
internal sealed record RunDesk(IdSource Ids, DateTimeOffset Now, TimeSpan MinimumLease, PriceDirectory Prices, OpenArms Arms)
{
    public TimeSpan LeaseOf(AgentCard agent)
    {
        var own = TimeSpan.FromSeconds(agent.LeaseSeconds + agent.GraceSeconds);
        return own > MinimumLease ? own : MinimumLease;
    }
}

/// <summary>One row of a report: what it asks, and what became of it.</summary>
internal sealed class ReportRow(RunReport? report, Problem? problem)
{
    public RunReport? Report => report;
    public Problem? Problem { get; set; } = problem;
    public Run? Run { get; set; }
    public bool Created { get; set; }
}

/// <summary>Reports of one agent, single or batch. In a batch a bad row leaves the others alone.</summary>
internal sealed class ReportJob(
    AgentCard agent,
    Guid? keyVersionId,
    RetryTicket? retry,
    int bytes,
    IReadOnlyList<ReportRow> rows,
    bool single
) : RunJob(agent, keyVersionId, retry, bytes)
{
    public IReadOnlyList<ReportRow> Rows => rows;
    public override bool WritesOnce => single && Retry is null;

    public override async Task<Problem?> WriteAsync(IRunWriter writer, RunDesk desk, CancellationToken cancellationToken)
    {
        var wanted = Wanted();
        var known =
            wanted.Count == 0
                ? []
                : new Dictionary<string, Run>(
                    await writer.FindByExternalIdsAsync(Agent.OrganizationId, Agent.Id, wanted, cancellationToken),
                    StringComparer.Ordinal
                );
        var inserted = new List<Run>();
        var insertedIds = new HashSet<Guid>();
        var updated = new Dictionary<Guid, Run>();
        var lease = desk.LeaseOf(Agent);
        foreach (var row in rows)
        {
            if (row.Report is not { } report)
                continue;
            row.Problem = null;
            var parent = await ParentAsync(writer, report, known, cancellationToken);
            if (parent.Problem is { } orphan)
            {
                row.Problem = orphan;
            }
            else if (report.ExternalId is { } externalId && known.TryGetValue(externalId, out var existing))
            {
                var moved = await RunMoves.MoveAsync(writer, this, existing, report, parent.Value, desk, lease, cancellationToken);
                row.Problem = moved.Problem;
                row.Run = existing;
                if (moved is { Problem: null, Value: RunMove.Updated } && !insertedIds.Contains(existing.Id))
                    updated[existing.Id] = existing;
            }
            else if (report.Status is null)
            {
                row.Problem = Problem.Invalid("status", "This is required for a new run.");
            }
            else
            {
                var run = RunMachine.Create(
                    report,
                    Agent,
                    desk.Ids.Next(),
                    KeyVersionId,
                    parent.Value,
                    desk.Now,
                    lease,
                    desk.Prices.Of(Agent.OrganizationId)
                );
                Ledger.Run(run, 1);
                desk.Arms.Note(Arms, run, 1);
                inserted.Add(run);
                insertedIds.Add(run.Id);
                if (run.ExternalId is { } id)
                    known[id] = run;
                row.Run = run;
                row.Created = true;
            }
        }
        if (single && rows[0].Problem is { } refused)
            return refused;
        if (inserted.Count > 0)
            await writer.InsertRunsAsync(inserted, cancellationToken);
        if (updated.Count > 0)
            await writer.UpdateRunsAsync([.. updated.Values], cancellationToken);
        Changed.AddRange(inserted);
        Changed.AddRange(updated.Values);
        return null;
    }

    /// <summary>External ids of runs that must be looked up.</summary>
    private IReadOnlyCollection<string> Wanted()
    {
        HashSet<string>? wanted = null;
        foreach (var row in rows)
        {
            if (row.Report?.ExternalId is { } own)
                (wanted ??= new HashSet<string>(StringComparer.Ordinal)).Add(own);
            if (row.Report?.ParentRun is { } parent && !IdText.TryParse(IdText.Run, parent, out _))
                (wanted ??= new HashSet<string>(StringComparer.Ordinal)).Add(parent);
        }
        return wanted ?? (IReadOnlyCollection<string>)[];
    }

    public override object Result(RunBodies bodies) => single ? new RunAccepted(bodies.Of(rows[0].Run!), rows[0].Created) : Summarize();

    public BatchResult Summarize()
    {
        var results = new BatchRow[rows.Count];
        var (created, failed) = (0, 0);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (row.Problem is { } problem)
            {
                failed++;
                results[i] = new BatchRow(i, null, "failed", RunIngest.RowProblem(problem));
            }
            else
            {
                created += row.Created ? 1 : 0;
                results[i] = new BatchRow(i, IdText.Format(IdText.Run, row.Run!.Id), row.Created ? "created" : "updated", null);
            }
        }
        return new BatchResult(created, rows.Count - created - failed, failed, results);
    }

    private async ValueTask<Outcome<Guid?>> ParentAsync(
        IRunWriter writer,
        RunReport report,
        Dictionary<string, Run> known,
        CancellationToken cancellationToken
    )
    {
        if (report.ParentRun is not { } name)
            return (Guid?)null;
        if (!IdText.TryParse(IdText.Run, name, out var id))
            return known.TryGetValue(name, out var own) && name != report.ExternalId ? own.Id : RunProblems.ParentUnknown;
        return await writer.FindAsync(Agent.OrganizationId, id, cancellationToken) is not null ? id : RunProblems.ParentUnknown;
    }
}

/// <summary>Moving an existing run, with its contribution to the rollups.</summary>
internal static class RunMoves
{
    public static async ValueTask<Outcome<RunMove>> MoveAsync(
        IRunWriter writer,
        RunJob job,
        Run run,
        RunReport report,
        Guid? parent,
        RunDesk desk,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        // Decisions are counted under the run's version and gateway: when these become known later, the counts move with them.
        var moves = (report.Version is { } version && version != run.Version) || (report.Gateway is { } gateway && gateway != run.Gateway);
        var decisions = moves && run.EventCount > 0 ? await writer.DecisionsAsync(run.OrganizationId, run.Id, cancellationToken) : [];
        var before = new RollupLedger();
        before.Run(run, -1);
        var armsBefore = new List<ArmEntry>();
        desk.Arms.Note(armsBefore, run, -1);
        foreach (var (minute, decision, count) in decisions)
            before.Decision(run, decision, minute, -1, count);
        var moved = RunMachine.Move(run, report, parent, desk.Now, lease, desk.Prices.Of(run.OrganizationId));
        if (moved is not { Problem: null, Value: RunMove.Updated })
            return moved;
        job.Ledger.Merge(before);
        job.Ledger.Run(run, 1);
        job.Arms.AddRange(armsBefore);
        desk.Arms.Note(job.Arms, run, 1);
        foreach (var (minute, decision, count) in decisions)
            job.Ledger.Decision(run, decision, minute, 1, count);
        return moved;
    }
}

/// <summary>A change of one run that must exist.</summary>
internal sealed class PatchJob(AgentCard agent, Guid? keyVersionId, RetryTicket? retry, int bytes, string idOrExternalId, RunReport report)
    : RunJob(agent, keyVersionId, retry, bytes)
{
    public Run? Run { get; private set; }
    public override bool WritesOnce => Retry is null;

    public override async Task<Problem?> WriteAsync(IRunWriter writer, RunDesk desk, CancellationToken cancellationToken)
    {
        Run = await RunLookup.FindAsync(writer, Agent, idOrExternalId, cancellationToken);
        if (Run is null)
            return RunProblems.NotFound;
        Guid? parent = null;
        if (report.ParentRun is { } name)
        {
            if (await RunLookup.FindAnyAsync(writer, Agent, name, cancellationToken) is not { } found || found.Id == Run.Id)
                return RunProblems.ParentUnknown;
            parent = found.Id;
        }
        var moved = await RunMoves.MoveAsync(writer, this, Run, report, parent, desk, desk.LeaseOf(Agent), cancellationToken);
        if (moved.Problem is { } problem)
            return problem;
        if (moved.Value == RunMove.Updated)
        {
            await writer.UpdateRunsAsync([Run], cancellationToken);
            Changed.Add(Run);
        }
        return null;
    }

    public override object Result(RunBodies bodies) => bodies.Of(Run!);
}

/// <summary>Steps of one run.</summary>
internal sealed class EventsJob(
    AgentCard agent,
    Guid? keyVersionId,
    RetryTicket? retry,
    int bytes,
    string idOrExternalId,
    IReadOnlyList<RunEvent> events
) : RunJob(agent, keyVersionId, retry, bytes)
{
    private EventsAccepted? _accepted;

    public EventsAccepted Accepted => _accepted!;
    public Guid RunId { get; private set; }

    public override async Task<Problem?> WriteAsync(IRunWriter writer, RunDesk desk, CancellationToken cancellationToken)
    {
        var run = await RunLookup.FindAsync(writer, Agent, idOrExternalId, cancellationToken);
        if (run is null)
            return RunProblems.NotFound;
        RunId = run.Id;
        var wanted = events.Select(e => e.ExternalId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var known =
            wanted.Count == 0
                ? []
                : new Dictionary<string, Guid>(
                    await writer.FindEventsAsync(Agent.OrganizationId, run.Id, wanted, cancellationToken),
                    StringComparer.Ordinal
                );
        var created = new List<RunEvent>();
        var ids = new List<string>(events.Count);
        foreach (var step in events)
        {
            if (step.ExternalId is { } externalId && known.TryGetValue(externalId, out var replayed))
            {
                ids.Add(IdText.Format(IdText.Event, replayed));
                continue;
            }
            step.RunId = run.Id;
            created.Add(step);
            ids.Add(IdText.Format(IdText.Event, step.Id));
            if (step.ExternalId is { } own)
                known[own] = step.Id;
            if (step.Decision is { } decision)
                Ledger.Decision(run, decision, step.ReceivedAt, 1);
        }
        if (created.Count > 0)
        {
            await writer.InsertEventsAsync(created, cancellationToken);
            desk.Arms.Note(Arms, run, -1);
            run.EventCount += created.Count;
            run.ToolFailures += created.Count(e => e is { Kind: RunEventKind.ToolCall, Status: "error" });
            run.Blocked += created.Count(e => e.Decision == Decision.Blocked);
            desk.Arms.Note(Arms, run, 1);
            run.UpdatedAt = desk.Now;
            if (!run.Status.IsTerminal())
                run.LeaseDeadline = desk.Now + desk.LeaseOf(Agent);
            await writer.UpdateRunsAsync([run], cancellationToken);
            Changed.Add(run);
        }
        _accepted = new EventsAccepted(IdText.Format(IdText.Run, run.Id), created.Count, events.Count - created.Count, ids);
        return null;
    }

    public override object Result(RunBodies bodies) => Accepted;
}

internal static class RunLookup
{
    /// <summary>A run of this agent by id or external id.</summary>
    public static async ValueTask<Run?> FindAsync(
        IRunWriter writer,
        AgentCard agent,
        string idOrExternalId,
        CancellationToken cancellationToken
    ) => await FindAnyAsync(writer, agent, idOrExternalId, cancellationToken) is { } run && run.AgentId == agent.Id ? run : null;

    /// <summary>As <see cref="FindAsync"/>, but an id may be that of another agent's run in the organization.</summary>
    public static async ValueTask<Run?> FindAnyAsync(
        IRunWriter writer,
        AgentCard agent,
        string idOrExternalId,
        CancellationToken cancellationToken
    ) =>
        IdText.TryParse(IdText.Run, idOrExternalId, out var id)
            ? await writer.FindAsync(agent.OrganizationId, id, cancellationToken)
            : (await writer.FindByExternalIdsAsync(agent.OrganizationId, agent.Id, [idOrExternalId], cancellationToken)).GetValueOrDefault(
                idOrExternalId
            );
}
