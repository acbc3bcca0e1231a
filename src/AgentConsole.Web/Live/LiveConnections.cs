using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Live;

/// <summary>Where a program's events go: the hub's client, or a stream of server-sent events.</summary>
internal interface ILiveListener
{
    Task TellAsync(LiveEvent change, object body, CancellationToken cancellationToken);

    /// <summary>Events were lost: whoever listens must read again what it follows.</summary>
    /// <param name="why"><c>overflow</c>: it was slower than the fleet. <c>not-kept</c>: from where it wants to go on is no longer known.</param>
    Task TellGapAsync(string why, long seq, CancellationToken cancellationToken);

    /// <summary>Nothing comes any more: the connection is to be closed.</summary>
    void End();
}

/// <summary>
/// Everybody who listens from outside, over the hub and as server-sent events: what each may hear is asked anew for each event, and a connection whose
/// credential ended is closed.
/// </summary>
internal sealed class LiveConnections : IDisposable
{
    /// <summary>Most streams of server-sent events: of one credential, and on this node. A hub's connection is bounded by its sockets.</summary>
    public const int MostStreamsOfCredential = 20;
    public const int MostStreams = 5_000;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(2);
    private static readonly Meter Meter = new("AgentConsole");
    private static readonly Problem TooMany = new(
        ProblemKind.TooMany,
        "too_many_listeners",
        $"At most {MostStreamsOfCredential} streams may be open with one credential. One stream can follow several topics."
    )
    {
        RetryAfterSeconds = 30,
    };

    private readonly ConcurrentDictionary<string, LiveConnection> _open = new();
    private readonly Lock _streams = new();
    private readonly Dictionary<Guid, LiveHistory> _histories = [];
    private readonly ChangeFeed _feed;
    private readonly AccessDirectory _access;
    private readonly Credentials _credentials;
    private readonly LiveBodies _bodies;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly ITimer _timer;

    public LiveConnections(
        ChangeFeed feed,
        AccessDirectory access,
        Credentials credentials,
        LiveBodies bodies,
        TimeProvider clock,
        ILogger<LiveConnections> log
    )
    {
        (_feed, _access, _credentials, _bodies, _clock, _log) = (feed, access, credentials, bodies, clock, log);
        _access.Changed += CloseEnded;
        // Expiry raises no change: look twice a minute.
        _timer = clock.CreateTimer(_ => LookAround(), null, Look, Look);
        Meter.CreateObservableGauge("agentconsole.live.connections", () => _open.Count);
        Meter.CreateObservableGauge("agentconsole.live.subscribers", () => feed.Subscribers);
    }

    /// <summary>A connection of the hub; it hears nothing before it has a topic.</summary>
    public Outcome<LiveConnection> Open(string id, HttpContext http, ILiveListener listener, CancellationToken aborted)
    {
        var caller = _credentials.ReadForConnection(http);
        if (caller.Problem is { } problem)
            return problem;
        var connection = new LiveConnection(caller.Value, listener, [], null, _feed, _bodies, _log, aborted);
        _open[id] = connection;
        connection.Start();
        return connection;
    }

    /// <summary>A stream that hears these topics from now on, or from where it ended as far as events are kept. Start it when it can be written to.</summary>
    /// <param name="after">The last event that the listener has; null when it begins.</param>
    public Outcome<LiveConnection> OpenStream(
        string id,
        HttpContext http,
        ILiveListener listener,
        IReadOnlyList<Func<LiveEvent, bool>> topics,
        long? after,
        CancellationToken aborted
    )
    {
        var caller = _credentials.ReadForConnection(http);
        if (caller.Problem is { } problem)
            return problem;
        var actor = caller.Value().Value;
        lock (_streams)
        {
            var streams = _open.Values.Where(c => c.IsStream).ToList();
            if (streams.Count >= MostStreams || streams.Count(c => c.Credential == actor.CredentialId) >= MostStreamsOfCredential)
                return TooMany;
            if (!_histories.TryGetValue(actor.OrganizationId, out var history))
                _histories[actor.OrganizationId] = history = new LiveHistory(_feed, actor.OrganizationId);
            history.UsedAt = _clock.GetUtcNow();
            var connection = new LiveConnection(
                caller.Value,
                listener,
                topics,
                after is { } seq ? () => history.Since(seq) : null,
                _feed,
                _bodies,
                _log,
                aborted
            )
            {
                IsStream = true,
            };
            _open[id] = connection;
            return connection;
        }
    }

    public LiveConnection? Find(string id) => _open.GetValueOrDefault(id);

    public void Close(string id)
    {
        if (_open.TryRemove(id, out var connection))
            connection.Dispose();
    }

    public void Dispose()
    {
        _access.Changed -= CloseEnded;
        _timer.Dispose();
        foreach (var id in _open.Keys)
            Close(id);
        lock (_streams)
        {
            foreach (var history in _histories.Values)
                history.Dispose();
            _histories.Clear();
        }
    }

    private void LookAround()
    {
        CloseEnded(_access.Current);
        lock (_streams)
        {
            var now = _clock.GetUtcNow();
            foreach (var organization in _open.Values.Where(c => c.IsStream).Select(c => c.OrganizationId).Distinct())
            {
                if (_histories.TryGetValue(organization, out var used))
                    used.UsedAt = now;
            }
            foreach (var (organization, history) in _histories.ToList())
            {
                if (now - history.UsedAt < KeepFor)
                    continue;
                history.Dispose();
                _histories.Remove(organization);
            }
        }
    }

    private void CloseEnded(AccessSnapshot now)
    {
        foreach (var (id, connection) in _open)
        {
            if (connection.Actor().Problem is null)
                continue;
            connection.End();
            Close(id);
        }
    }
}

/// <summary>One program that listens.</summary>
internal sealed class LiveConnection : IDisposable
{
    public const int Kept = 500;

    // A listener that is slower than the fleet loses the oldest, and is told so.
    private readonly Channel<LiveEvent> _waiting;
    private readonly Func<Outcome<Actor>> _actor;
    private readonly ILiveListener _listener;
    private readonly IDisposable _subscription;
    private readonly Func<Task> _begin;
    private Task _pump = Task.CompletedTask;
    private volatile Func<LiveEvent, bool>[] _topics;
    private int _lost;

    /// <param name="missed">What to tell first; answers null when that is not known.</param>
    public LiveConnection(
        Func<Outcome<Actor>> actor,
        ILiveListener listener,
        IReadOnlyList<Func<LiveEvent, bool>> topics,
        Func<IReadOnlyList<LiveEvent>?>? missed,
        ChangeFeed feed,
        LiveBodies bodies,
        ILogger log,
        CancellationToken aborted
    )
    {
        (_actor, _listener, _topics) = (actor, listener, [.. topics]);
        _waiting = Channel.CreateBounded<LiveEvent>(
            new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Volatile.Write(ref _lost, 1)
        );
        var who = actor().Value;
        (OrganizationId, Credential) = (who.OrganizationId, who.CredentialId);
        _subscription = feed.Subscribe(
            OrganizationId,
            change =>
            {
                if (Concerns(change))
                    _waiting.Writer.TryWrite(change);
            }
        );
        _begin = () => PumpAsync(missed, feed, bodies, log, aborted);
    }

    public Guid OrganizationId { get; }
    public Guid? Credential { get; }
    public bool IsStream { get; init; }

    /// <summary>Who listens, with the rights of this moment; a refusal when the credential has ended.</summary>
    public Outcome<Actor> Actor() => _actor();

    /// <summary>Nothing more will be told.</summary>
    public Task Ended => _pump;

    /// <summary>Tells what happened since it was opened, and from then on. Once.</summary>
    public void Start() => _pump = _begin();

    public void End() => _listener.End();

    /// <returns>False when it listens to as many topics as it may.</returns>
    public bool Add(Func<LiveEvent, bool> topic)
    {
        lock (_waiting)
        {
            if (_topics.Length >= 200)
                return false;
            _topics = [.. _topics, topic];
            return true;
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _waiting.Writer.TryComplete(); // and with the channel the telling
    }

    private bool Concerns(LiveEvent change) => LiveBodies.Has(change) && _topics.Any(topic => topic(change));

    private async Task PumpAsync(
        Func<IReadOnlyList<LiveEvent>?>? missed,
        ChangeFeed feed,
        LiveBodies bodies,
        ILogger log,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // Taken after the subscription: what is in both is told once.
            HashSet<long> told = [];
            if (missed is not null)
            {
                if (missed() is not { } before)
                    await _listener.TellGapAsync("not-kept", feed.Seq, cancellationToken);
                else
                {
                    foreach (var change in before.Where(Concerns))
                    {
                        told.Add(change.Seq);
                        await TellAsync(change, bodies, cancellationToken);
                    }
                }
            }
            await foreach (var change in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                if (Interlocked.Exchange(ref _lost, 0) == 1)
                    await _listener.TellGapAsync("overflow", change.Seq, cancellationToken);
                if (!told.Contains(change.Seq))
                    await TellAsync(change, bodies, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && cancellationToken.IsCancellationRequested)
        {
            // The listener went away.
        }
        catch (Exception e)
        {
            log.LogError(e, "Live events could not be read; the connection is closed, so that its program reads again");
            _listener.End();
        }
    }

    private async Task TellAsync(LiveEvent change, LiveBodies bodies, CancellationToken cancellationToken)
    {
        if (Actor() is { Problem: null } actor && MayHear(actor.Value, change) && await bodies.OfAsync(change) is { } body)
            await _listener.TellAsync(change, body, cancellationToken);
    }

    private static string ScopeOf(string noun) =>
        noun switch
        {
            "run" => TokenScopes.RunsRead,
            "rotation" => TokenScopes.KeysRead,
            "snapshot" => TokenScopes.DeploymentsRead,
            _ => TokenScopes.AgentsRead,
        };

    private static bool MayHear(Actor actor, LiveEvent change) =>
        actor.HasScope(ScopeOf(change.Noun))
        && (change.Noun is not ("rotation" or "snapshot") || actor.Kind != ActorKind.Agent)
        && (
            actor.AgentId is { } own ? change.AgentId == own
            : change.TeamId is { } team ? actor.TeamsWith(Permission.ReadFleet).Has(team)
            : actor.MayEverywhere(Permission.ReadFleet)
        );
}
