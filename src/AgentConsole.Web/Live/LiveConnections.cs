using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.SignalR;

namespace AgentConsole.Web.Live;

/// <summary>The hub's open connections: what each may hear is asked anew for each event, and a connection whose credential ended is closed.</summary>
internal sealed class LiveConnections : IDisposable
{
    private static readonly Meter Meter = new("AgentConsole");
    private readonly ConcurrentDictionary<string, LiveConnection> _open = new();
    private readonly ChangeFeed _feed;
    private readonly AccessDirectory _access;
    private readonly Credentials _credentials;
    private readonly LiveBodies _bodies;
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
        (_feed, _access, _credentials, _bodies, _log) = (feed, access, credentials, bodies, log);
        _access.Changed += CloseEnded;
        // Expiry raises no change: look twice a minute.
        _timer = clock.CreateTimer(_ => CloseEnded(_access.Current), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        Meter.CreateObservableGauge("agentconsole.live.connections", () => _open.Count);
        Meter.CreateObservableGauge("agentconsole.live.subscribers", () => feed.Subscribers);
    }

    public Outcome<LiveConnection> Open(HubCallerContext context, HttpContext http, IClientProxy client)
    {
        var caller = _credentials.ReadForConnection(http);
        if (caller.Problem is { } problem)
            return problem;
        var connection = new LiveConnection(context, caller.Value, client, _feed, _bodies, _log);
        _open[context.ConnectionId] = connection;
        return connection;
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
    }

    private void CloseEnded(AccessSnapshot now)
    {
        foreach (var (id, connection) in _open)
        {
            if (connection.Actor().Problem is null)
                continue;
            connection.Context.Abort();
            Close(id);
        }
    }
}

/// <summary>One program that listens.</summary>
internal sealed class LiveConnection : IDisposable
{
    // A listener that is slower than the fleet loses the oldest; a gap in seq tells it to read again.
    private readonly Channel<LiveEvent> _waiting = Channel.CreateBounded<LiveEvent>(
        new BoundedChannelOptions(500) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );
    private readonly Func<Outcome<Actor>> _actor;
    private readonly IDisposable _subscription;
    private readonly Task _pump;
    private volatile Func<LiveEvent, bool>[] _topics = [];

    public LiveConnection(
        HubCallerContext context,
        Func<Outcome<Actor>> actor,
        IClientProxy client,
        ChangeFeed feed,
        LiveBodies bodies,
        ILogger log
    )
    {
        (Context, _actor) = (context, actor);
        var organization = actor().Value.OrganizationId;
        _subscription = feed.Subscribe(
            organization,
            change =>
            {
                if (LiveBodies.Has(change) && _topics.Any(topic => topic(change)))
                    _waiting.Writer.TryWrite(change);
            }
        );
        _pump = PumpAsync(client, bodies, log, context.ConnectionAborted);
    }

    public HubCallerContext Context { get; }

    /// <summary>Who listens, with the rights of this moment; a refusal when the credential has ended.</summary>
    public Outcome<Actor> Actor() => _actor();

    public void Add(Func<LiveEvent, bool> topic)
    {
        lock (_waiting)
        {
            if (_topics.Length >= 200)
                throw new HubException("too_many_topics");
            _topics = [.. _topics, topic];
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _waiting.Writer.TryComplete();
        _ = _pump; // ends with the channel
    }

    private async Task PumpAsync(IClientProxy client, LiveBodies bodies, ILogger log, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                if (Actor() is { Problem: null } actor && MayHear(actor.Value, change) && await bodies.OfAsync(change) is { } body)
                    await client.SendAsync(change.Noun, body, change.Seq, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The listener went away.
        }
        catch (Exception e)
        {
            log.LogError(e, "Live events could not be read; the connection is closed, so that its program reads again");
            Context.Abort();
        }
    }

    private static bool MayHear(Actor actor, LiveEvent change) =>
        actor.HasScope(change.Noun == "run" ? TokenScopes.RunsRead : TokenScopes.AgentsRead)
        && (
            actor.AgentId is { } own ? change.AgentId == own
            : change.TeamId is { } team ? actor.TeamsWith(Permission.ReadFleet).Has(team)
            : actor.MayEverywhere(Permission.ReadFleet)
        );
}
