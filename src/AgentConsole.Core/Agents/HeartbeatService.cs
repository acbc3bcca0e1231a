using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>
/// Takes heartbeats. Those that arrive while a write is under way go into the next one together: an answer means that it is on disk, and a burst
/// costs one commit.
/// </summary>
public sealed class HeartbeatService(
    ConsoleStore store,
    AgentDirectory agents,
    IOpenCancels cancels,
    IInstanceNotes instances,
    TimeProvider clock
)
{
    /// <summary>Most heartbeats that may wait; what comes on top is told to come again.</summary>
    public const int MostWaiting = 20_000;
    private const int AtOnce = 1000;

    private static readonly Problem AgentsOnly = new(
        ProblemKind.Forbidden,
        "agent_key_required",
        "Only an agent can show that it is alive: send its own key."
    );
    private static readonly Problem Busy = new(
        ProblemKind.TooMany,
        "heartbeats_waiting",
        "More heartbeats arrive than can be written. Send this one again in a second."
    )
    {
        RetryAfterSeconds = 1,
    };

    private readonly Lock _lock = new();
    private Queue<Beat> _waiting = new();
    private bool _writing;

    public async Task<Outcome<HeartbeatAnswer>> BeatAsync(Actor by, Outcome<Heartbeat> input)
    {
        if (by.AgentId is not { } id || agents.Find(id) is not { } agent)
            return AgentsOnly;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var version = Texts.Line(body.Version, "version", 100, errors);
        var instance = Texts.Line(body.InstanceId, "instance_id", 100, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var beat = new Beat(agent, clock.Now(), version, instance);
        bool starts;
        lock (_lock)
        {
            if (_waiting.Count >= MostWaiting)
                return Busy;
            _waiting.Enqueue(beat);
            starts = !_writing;
            _writing = true;
        }
        if (starts)
            await WriteAllAsync();
        await beat.Written.Task;
        if (version is not null)
            instances.Note(by, agent, version, 0, instance);
        var (liveness, deadline) = LivenessRule.Heard(beat.At, agent.LeaseSeconds);
        return new HeartbeatAnswer(agent.Slug, KebabCase.Of(liveness), agent.LeaseSeconds, agent.GraceSeconds, deadline!.Value)
        {
            Cancels = cancels.Of(id),
        };
    }

    // Whoever finds nobody writing writes, first the own heartbeat and then, once, what came meanwhile; the rest goes on without the caller.
    private async Task WriteAllAsync()
    {
        await WriteNextAsync();
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _writing = false;
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(static service => _ = service.DrainAsync(), this, preferLocal: false);
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            await WriteNextAsync();
            lock (_lock)
            {
                if (_waiting.Count > 0)
                    continue;
                _writing = false;
                return;
            }
        }
    }

    // A fault reaches every caller of the batch; the next batch is tried anew.
    private async Task WriteNextAsync()
    {
        var batch = Take();
        try
        {
            await WriteAsync(batch);
            foreach (var beat in batch)
                beat.Written.SetResult();
        }
        catch (Exception e)
        {
            foreach (var beat in batch)
                beat.Written.TrySetException(e);
        }
    }

    private List<Beat> Take()
    {
        lock (_lock)
        {
            if (_waiting.Count <= AtOnce)
            {
                var all = _waiting.ToList();
                _waiting = new Queue<Beat>();
                return all;
            }
            var part = new List<Beat>(AtOnce);
            while (part.Count < AtOnce)
                part.Add(_waiting.Dequeue());
            return part;
        }
    }

    private async Task WriteAsync(List<Beat> batch)
    {
        await using var write = await store.WriteAsync(CancellationToken.None);
        await using var stillLive = new RawCommand(write, LifeSql.StillLive);
        await using var note = new RawCommand(write, LifeSql.NoteReturn);
        await using var returned = new RawCommand(write, LifeSql.Returned);
        var organizations = new HashSet<Guid>();
        // Two heartbeats of one agent in one batch are one: the later, which may lack what the earlier said.
        foreach (var beats in batch.GroupBy(b => b.Agent.Id).OrderBy(g => g.Key))
        {
            var agent = beats.First().Agent;
            var at = beats.Max(b => b.At);
            var version = beats.LastOrDefault(b => b.Version is not null)?.Version;
            var instance = beats.LastOrDefault(b => b.Instance is not null)?.Instance;
            organizations.Add(agent.OrganizationId);
            if (await stillLive.RunAsync(CancellationToken.None, at, version, instance, agent.OrganizationId, agent.Id) > 0)
                continue;
            await note.RunAsync(CancellationToken.None, write.NewId(), at, agent.OrganizationId, agent.Id);
            await returned.RunAsync(CancellationToken.None, at, version, instance, agent.OrganizationId, agent.Id);
            write.Tell(new LiveEvent("agent", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));
        }
        write.AfterCommit(() =>
        {
            foreach (var organization in organizations)
                agents.Bump(organization);
        });
        await write.TryCommitAsync(CancellationToken.None);
    }

    private sealed record Beat(AgentCard Agent, DateTimeOffset At, string? Version, string? Instance)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Statements of liveness, the same on both databases. An agent that is live already changes no column that a list's index holds.</summary>
internal static class LifeSql
{
    public const string StillLive =
        "UPDATE agents SET last_heartbeat_at = @p0, last_seen_at = @p0, seen_version = COALESCE(@p1, seen_version), "
        + "seen_instance = COALESCE(@p2, seen_instance), liveness_deadline = @p0 + CAST(lease_seconds AS bigint) * 1000000 "
        + "WHERE organization_id = @p3 AND id = @p4 AND deleted_at IS NULL AND liveness = 'live'";

    public const string NoteReturn =
        "INSERT INTO liveness_changes (organization_id, id, agent_id, team_id, \"from\", \"to\", at) "
        + "SELECT organization_id, @p0, id, team_id, liveness, 'live', @p1 FROM agents "
        + "WHERE organization_id = @p2 AND id = @p3 AND deleted_at IS NULL AND liveness <> 'live'";

    public const string Returned =
        "UPDATE agents SET last_heartbeat_at = @p0, last_seen_at = @p0, seen_version = COALESCE(@p1, seen_version), "
        + "seen_instance = COALESCE(@p2, seen_instance), liveness = 'live', liveness_since = @p0, "
        + "liveness_deadline = @p0 + CAST(lease_seconds AS bigint) * 1000000 "
        + "WHERE organization_id = @p3 AND id = @p4 AND deleted_at IS NULL AND liveness <> 'live'";

    public const string Overdue =
        "UPDATE agents SET liveness = @p0, liveness_since = @p1, liveness_deadline = @p2 "
        + "WHERE organization_id = @p3 AND id = @p4 AND liveness_deadline = @p1";

    /// <summary>Moves on what was waited for while nobody could be heard; what was due before that stays due.</summary>
    public const string PushDeadlines =
        "UPDATE agents SET liveness_deadline = liveness_deadline + @p0 "
        + "WHERE liveness_deadline > @p1 AND (last_seen_at IS NULL OR last_seen_at <= @p1)";
}
