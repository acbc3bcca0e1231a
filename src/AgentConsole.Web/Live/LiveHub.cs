using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using Microsoft.AspNetCore.SignalR;

namespace AgentConsole.Web.Live;

/// <summary>
/// <c>/hubs/live</c> for programs: <c>Subscribe(topic)</c> with <c>org</c>, <c>team:&lt;slug&gt;</c> or <c>agent:&lt;id&gt;</c>; the hub then calls
/// <c>run</c>, <c>agent</c> and <c>rotation</c>, as far as its scopes reach, with the noun's GET body and a <c>seq</c>, and <c>gap</c> when events were lost. A connection
/// ends within 60 s of its credential.
/// </summary>
internal sealed class LiveHub(LiveConnections connections, LiveTopics topics) : Hub
{
    public override Task OnConnectedAsync()
    {
        if (
            Context.GetHttpContext() is not { } http
            || connections.Open(Context.ConnectionId, http, new Listener(Context, Clients.Caller), Context.ConnectionAborted).Problem
                is not null
        )
            Context.Abort();
        return Task.CompletedTask;
    }

    /// <exception cref="HubException">The topic is none, or not the caller's to hear: the message is the problem's code.</exception>
    public void Subscribe(string topic)
    {
        var connection = connections.Find(Context.ConnectionId) ?? throw new HubException("sign_in_required");
        var actor = connection.Actor() is { Problem: null } good ? good.Value : throw new HubException("session_ended");
        if (!topics.Read(actor, topic).Try(out var concerns, out var problem))
            throw new HubException(problem.Code);
        if (!connection.Add(concerns))
            throw new HubException("too_many_topics");
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        connections.Close(Context.ConnectionId);
        return Task.CompletedTask;
    }

    private sealed class Listener(HubCallerContext context, IClientProxy client) : ILiveListener
    {
        public Task TellAsync(LiveEvent change, object body, CancellationToken cancellationToken) =>
            client.SendAsync(change.Noun, body, change.Seq, cancellationToken);

        public Task TellGapAsync(string why, long seq, CancellationToken cancellationToken) =>
            client.SendAsync("gap", new LiveGap(why), seq, cancellationToken);

        public void End() => context.Abort();
    }
}

/// <summary>Events were lost; read again what you follow.</summary>
/// <param name="Reason"><c>overflow</c> or <c>not-kept</c>.</param>
internal sealed record LiveGap(string Reason);
