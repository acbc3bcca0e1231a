using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs.Arms;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Runs;

/// <summary>What became of a single report.</summary>
/// <param name="Created">False for an update of a run that was there.</param>
public sealed record RunAccepted(RunBody Run, bool Created);

/// <summary>
/// Takes reports from agents and writes them by group commit: one loop drains what waits, each request in its own savepoint, one commit for all, and
/// only then the answers. What waits is bounded in bytes; more is refused with 429. A caller that goes away does not undo what was taken.
/// </summary>
public sealed class RunIngest : BackgroundService
{
    public const int MostRows = 20_000;
    private const int AnswersAtOnce = 8;

    private static readonly Meter Meter = new("AgentConsole");
    private static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>(
        "agentconsole.ingest.batch_size",
        "{request}",
        "Requests in one commit"
    );
    private static readonly Histogram<double> CommitSeconds = Meter.CreateHistogram<double>(
        "agentconsole.ingest.commit_duration",
        "s",
        "From taking a group to its commit"
    );

    private readonly RunQueue _queue;
    private readonly WriteGate _gate;
    private readonly IRunWriterFactory _writers;
    private readonly ChangeFeed _feed;
    private readonly NodeOutbox _outbox;
    private readonly RunBodies _bodies;
    private readonly AgentDirectory _agents;
    private readonly PriceDirectory _prices;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;
    private readonly RunOptions _options;
    private readonly ILogger<RunIngest> _log;
    private readonly AgentTouches _touches;
    private readonly OpenCancels _cancels;
    private readonly OpenArms _arms;
    private readonly IInstanceNotes _instances;

    public RunIngest(
        WriteGate gate,
        IRunWriterFactory writers,
        ChangeFeed feed,
        NodeOutbox outbox,
        RunBodies bodies,
        OpenCancels cancels,
        OpenArms arms,
        IInstanceNotes instances,
        AgentDirectory agents,
        PriceDirectory prices,
        IdSource ids,
        TimeProvider clock,
        IOptions<RunOptions> options,
        ILogger<RunIngest> log
    )
    {
        (_gate, _writers, _feed, _outbox, _bodies, _agents, _prices, _ids, _clock, _options, _log) = (
            gate,
            writers,
            feed,
            outbox,
            bodies,
            agents,
            prices,
            ids,
            clock,
            options.Value,
            log
        );
        (_cancels, _arms, _instances) = (cancels, arms, instances);
        _touches = new AgentTouches(ids);
        _queue = new RunQueue(_options.QueueBytes);
        Meter.CreateObservableGauge(
            "agentconsole.ingest.queue_bytes",
            () => _queue.Bytes,
            "By",
            "Bytes of reports that wait to be written"
        );
    }

    /// <summary>Reports one run of the calling agent. The answer means that it is on disk.</summary>
    /// <param name="bytes">Size of the request, for the bound on what waits.</param>
    public async Task<Outcome<RunAccepted>> ReportAsync(Actor by, Guid? keyVersionId, Outcome<ReportRun> input, int bytes)
    {
        if (!Caller(by).Try(out var agent, out var stranger))
            return stranger;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        if (!RunReader.Read(body, agent, _clock.Now(), creates: body.ExternalId is null).Try(out var report, out var invalid))
            return invalid;
        var row = new ReportRow(report, null);
        var job = new ReportJob(agent, keyVersionId, by.Retry, bytes, [row], single: true);
        if (await EnqueueAsync(job) is { } refusal)
            return refusal;
        Saw(by, agent, job.Rows);
        return new RunAccepted(_bodies.Of(row.Run!), row.Created);
    }

    /// <summary>Reports many runs at once; a bad row fails alone and is named by its index.</summary>
    /// <param name="inputs">A row that could not be read stands as its problem.</param>
    public async Task<Outcome<BatchResult>> ReportBatchAsync(
        Actor by,
        Guid? keyVersionId,
        IReadOnlyList<Outcome<ReportRun>> inputs,
        int bytes
    )
    {
        if (!Caller(by).Try(out var agent, out var stranger))
            return stranger;
        if (inputs.Count > MostRows)
            return Problem.Invalid("body", $"At most {MostRows} runs at a time; this has {inputs.Count}.");
        var now = _clock.Now();
        var rows = new ReportRow[inputs.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var read = inputs[i].Problem is { } unreadable
                ? unreadable
                : RunReader.Read(inputs[i].Value, agent, now, creates: inputs[i].Value.ExternalId is null);
            rows[i] = read.Problem is { } problem ? new ReportRow(null, problem) : new ReportRow(read.Value, null);
        }
        var job = new ReportJob(agent, keyVersionId, by.Retry, bytes, rows, single: false);
        if (await EnqueueAsync(job) is { } refusal)
            return refusal;
        Saw(by, agent, rows);
        return job.Summarize() with { Cancels = _cancels.Of(agent.Id) };
    }

    /// <summary>Changes a run of the calling agent, by id or external id.</summary>
    public async Task<Outcome<RunBody>> ChangeAsync(
        Actor by,
        Guid? keyVersionId,
        string idOrExternalId,
        Outcome<ReportRun> input,
        int bytes
    )
    {
        if (!Caller(by).Try(out var agent, out var stranger))
            return stranger;
        if (idOrExternalId.Length > 200)
            return RunProblems.NotFound;
        if (input.Problem is { } unreadable)
            return await ExistsAsync(agent, idOrExternalId) ? unreadable : RunProblems.NotFound;
        if (
            !RunReader
                .Read(input.Value with { ExternalId = null }, agent, _clock.Now(), creates: false)
                .Try(out var report, out var invalid)
        )
            return await ExistsAsync(agent, idOrExternalId) ? invalid : RunProblems.NotFound;
        var job = new PatchJob(agent, keyVersionId, by.Retry, bytes, idOrExternalId, report);
        if (await EnqueueAsync(job) is { } refusal)
            return refusal;
        if (report.Version is { } version)
            _instances.Note(by, agent, version, 0);
        return _bodies.Of(job.Run!);
    }

    /// <summary>Adds steps to a run of the calling agent. A step whose external id the run has already is a replay.</summary>
    public async Task<Outcome<EventsAccepted>> AddEventsAsync(
        Actor by,
        Guid? keyVersionId,
        string idOrExternalId,
        Outcome<IReadOnlyList<ReportEvent>> input,
        int bytes
    )
    {
        if (!Caller(by).Try(out var agent, out var stranger))
            return stranger;
        if (idOrExternalId.Length > 200)
            return RunProblems.NotFound;
        var read = input.Problem is { } unreadable ? unreadable : RunEventReader.Read(input.Value, agent, _clock.Now(), _ids.Next);
        if (!read.Try(out var events, out var invalid))
            return await ExistsAsync(agent, idOrExternalId) ? invalid : RunProblems.NotFound;
        var job = new EventsJob(agent, keyVersionId, by.Retry, bytes, idOrExternalId, events);
        return await EnqueueAsync(job) is { } refusal ? refusal : job.Accepted with { Cancel = _cancels.NoticeOf(job.RunId) };
    }

    internal static ProblemBody RowProblem(Problem problem)
    {
        var status = problem.Kind == ProblemKind.Conflict ? 409 : 400;
        return new ProblemBody(
            $"urn:agentconsole:problem:{problem.Code}",
            status == 409 ? "Conflict" : "Bad Request",
            status,
            problem.Code,
            problem.Detail,
            problem.Errors,
            ""
        );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // One thread more than the machine has cores: this loop often has one that waits for the disk.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + 1), completions);
        await using var writer = _writers.Create();
        await MendAsync(writer);
        var group = new List<RunJob>();
        var before = 0;
        try
        {
            while (await _queue.WaitAsync(before, stoppingToken))
            {
                _queue.Take(group);
                before = group.Count;
                await WriteAsync(writer, group);
                group.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was taken before the stop is still written and answered.
            _queue.Close();
            while (_queue.Take(group))
            {
                await WriteAsync(writer, group);
                group.Clear();
            }
        }
    }

    /// <summary>Bytes of reports that wait to be written.</summary>
    public long WaitingBytes => _queue.Bytes;

    /// <summary>Nobody waits for ever: what the loop did not come to, also because it had not begun, is refused.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _queue.Close();
        if (ExecuteTask is { IsCompleted: false })
            return; // it ran out of time, and is still writing
        var late = new List<RunJob>();
        while (_queue.Take(late))
        {
            foreach (var job in late)
                job.Fail(RunProblems.Stopping);
            late.Clear();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _queue.Dispose();
    }

    private Outcome<AgentCard> Caller(Actor by) =>
        by.AgentId is { } id && _agents.Find(id) is { } agent ? agent : RunProblems.AgentKeyRequired;

    // After the commit, and not part of it: which instance ran which version.
    private void Saw(Actor by, AgentCard agent, IReadOnlyList<ReportRow> rows)
    {
        var (version, runs) = ((string?)null, 0);
        foreach (var row in rows)
        {
            if (row.Run is null || row.Report?.Version is not { } said)
                continue;
            if (version is not null && version != said)
            {
                _instances.Note(by, agent, version, runs);
                runs = 0;
            }
            version = said;
            runs += row.Created ? 1 : 0;
        }
        if (version is not null)
            _instances.Note(by, agent, version, runs);
    }

    private async Task<Problem?> EnqueueAsync(RunJob job) => _queue.Add(job) is { } refusal ? refusal : await job.Done;

    // A malformed body must not tell whether a foreign run exists; an own one is looked up through the queue like any other.
    private async Task<bool> ExistsAsync(AgentCard agent, string idOrExternalId)
    {
        var probe = new ProbeJob(agent, idOrExternalId);
        return await EnqueueAsync(probe) is null;
    }

    private async Task MendAsync(IRunWriter writer)
    {
        using var turn = await _gate.EnterAsync(CancellationToken.None);
        try
        {
            await writer.BeginAsync(CancellationToken.None);
            await writer.MendAgentsAsync(CancellationToken.None);
            await writer.CommitAsync(CancellationToken.None);
        }
        catch (System.Data.Common.DbException e)
        {
            _log.LogError(e, "The last runs of agents could not be compared with their runs");
            await writer.RollbackAsync();
        }
    }

    private async Task WriteAsync(IRunWriter writer, List<RunJob> group)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var changes = new List<LiveEvent>();
        long position = 0;
        var turn = await _gate.EnterAsync(CancellationToken.None);
        try
        {
            await writer.BeginAsync(CancellationToken.None);
            var ledger = new RollupLedger();
            var now = _clock.Now();
            var desk = new RunDesk(_ids, now, TimeSpan.FromMinutes(_options.LeaseMinutes), _prices, _arms);
            foreach (var job in group)
                await WriteOneAsync(writer, job, desk, ledger);
            if (!ledger.IsEmpty)
                await writer.AddRollupsAsync(ledger, CancellationToken.None);
            List<ArmEntry> arms = [.. group.SelectMany(job => job.Arms)];
            if (arms.Count > 0)
                await writer.InsertArmEntriesAsync(arms, CancellationToken.None);
            var touches = _touches.Take(group, now, more: _queue.HasMore);
            if (touches.Count > 0)
                await writer.TouchAgentsAsync(touches, CancellationToken.None);
            Collect(group, touches, changes);
            var ended = _cancels.Any ? EndedCancels(group) : [];
            if (_outbox.IsShared)
                position = await writer.TellNodesAsync(
                    _outbox,
                    ended.Count == 0 ? changes : [.. changes, .. ended],
                    now,
                    CancellationToken.None
                );
            await writer.CommitAsync(CancellationToken.None);
            foreach (var one in ended)
                _cancels.Remove(one.Id);
            _touches.Keep(touches);
            foreach (var organization in touches.Select(t => t.Agent.OrganizationId).Distinct())
                _agents.Bump(organization);
        }
        catch (Exception e)
        {
            _log.LogError(e, "A group of {Count} reports could not be written; all of them were refused", group.Count);
            await writer.RollbackAsync();
            _touches.GiveBack();
            foreach (var job in group)
                job.Refusal = RunProblems.WriteFailed;
            Answer(group);
            return;
        }
        finally
        {
            turn.Dispose(); // after the rollback: the next writer must not meet a transaction that is still open
        }
        Answer(group);
        BatchSize.Record(group.Count);
        CommitSeconds.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds);
        _outbox.Announce(position);
        foreach (var change in changes)
            _feed.Publish(change);
    }

    // Not on the writer's thread, and not each as work of its own: threads that wake for one answer cost more than the answer.
    private static void Answer(List<RunJob> group)
    {
        for (var i = 0; i < group.Count; i += AnswersAtOnce)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static jobs =>
                {
                    foreach (var job in jobs)
                        job.Complete();
                },
                group.GetRange(i, Math.Min(AnswersAtOnce, group.Count - i)),
                preferLocal: false
            );
        }
    }

    private async Task WriteOneAsync(IRunWriter writer, RunJob job, RunDesk desk, RollupLedger ledger)
    {
        await writer.SavepointAsync(job.WritesOnce, CancellationToken.None);
        try
        {
            job.Reset();
            job.Refusal = await job.WriteAsync(writer, desk, CancellationToken.None);
            if (
                job is { Refusal: null, Retry: { } ticket }
                && !await writer.StoreRetryAsync(
                    StoredRetry.Of(job.Agent.OrganizationId, ticket, job.Result(_bodies)),
                    CancellationToken.None
                )
            )
                job.Refusal = Write.LostRace();
        }
        catch (Exception e) when (e is System.Data.Common.DbException or InvalidOperationException or ArgumentException)
        {
            _log.LogError(e, "A report could not be written; its neighbours are");
            job.Refusal = RunProblems.WriteFailed;
        }
        if (job.Refusal is not null)
        {
            job.Changed.Clear();
            job.Arms.Clear();
            await writer.UndoAsync(CancellationToken.None);
            return;
        }
        await writer.ReleaseAsync(CancellationToken.None);
        ledger.Merge(job.Ledger);
    }

    private void Collect(List<RunJob> group, List<AgentTouch> touches, List<LiveEvent> changes)
    {
        foreach (var job in group)
        {
            if (job.Changed.Count == 0 || !(_outbox.IsShared || _feed.HasListener(job.Agent.OrganizationId)))
                continue;
            foreach (var run in job.Changed)
            {
                var made = new Lazy<object?>(() => _bodies.Of(run));
                changes.Add(new LiveEvent("run", run.OrganizationId, run.TeamId, run.AgentId, run.Id, () => made.Value));
            }
        }
        foreach (var touch in touches)
            changes.Add(new LiveEvent("agent", touch.Agent.OrganizationId, touch.Agent.TeamId, touch.Agent.Id, touch.Agent.Id));
    }

    // Requests whose run ended in this group: nobody need be told of them any more, on no node.
    private List<LiveEvent> EndedCancels(List<RunJob> group) =>
        [
            .. group
                .SelectMany(job => job.Changed)
                .Where(run => run.Status.IsFinal() && _cancels.Find(run.Id) is not null)
                .Select(run => new LiveEvent(HeldNouns.RunCancel, run.OrganizationId, null, null, run.Id)),
        ];

    private sealed class ProbeJob(AgentCard agent, string idOrExternalId) : RunJob(agent, null, null, 0)
    {
        public override bool ShowsLife => false;

        public override async Task<Problem?> WriteAsync(IRunWriter writer, RunDesk desk, CancellationToken cancellationToken) =>
            await RunLookup.FindAsync(writer, Agent, idOrExternalId, cancellationToken) is null ? RunProblems.NotFound : null;

        public override object Result(RunBodies bodies) => throw new InvalidOperationException("A probe has no result.");
    }
}
