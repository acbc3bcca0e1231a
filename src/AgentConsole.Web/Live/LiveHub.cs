using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.SignalR;

namespace AgentConsole.Web.Live;

/// <summary>
/// <c>/hubs/live</c> for programs: <c>Subscribe(topic)</c> with <c>org</c>, <c>team:&lt;slug&gt;</c> or <c>agent:&lt;id&gt;</c>; the hub then calls
/// <c>run</c> and <c>agent</c>, as far as its scopes reach, with the noun's GET body and a <c>seq</c>. A connection ends within 60 s of its credential.
/// </summary>
internal sealed class LiveHub(LiveConnections connections, AccessDirectory access, AgentDirectory agents) : Hub
{
    public override Task OnConnectedAsync()
    {
        if (
            Context.GetHttpContext() is not { } http
            || connections.Open(Context, http, Clients.Caller).Problem is { } problem && Refuse(problem)
        )
            Context.Abort();
        return Task.CompletedTask;

        static bool Refuse(Problem _) => true;
    }

    /// <exception cref="HubException">The topic is none, or not the caller's to hear: the message is the problem's code.</exception>
    public void Subscribe(string topic)
    {
        var connection = connections.Find(Context.ConnectionId) ?? throw new HubException("sign_in_required");
        var actor = connection.Actor() is { Problem: null } good ? good.Value : throw new HubException("session_ended");
        if (topic is null || topic.Length > 200)
            throw new HubException("topic_unknown");
        if (!actor.HasScope(TokenScopes.RunsRead) && !actor.HasScope(TokenScopes.AgentsRead))
            throw new HubException("scope_missing");
        if (topic == "org")
        {
            connection.Add(_ => true);
            return;
        }
        var (kind, name) = topic.IndexOf(':') is var colon and > 0 ? (topic[..colon], topic[(colon + 1)..]) : ("", "");
        switch (kind)
        {
            case "team"
                when access.Current.FindTeam(actor.OrganizationId, name) is { } team && actor.TeamsWith(Permission.ReadFleet).Has(team.Id):
                connection.Add(change => change.TeamId == team.Id);
                return;
            case "agent" when IdText.TryParse(IdText.Agent, name, out var id) && agents.Find(id) is { } agent && MaySee(actor, agent):
                connection.Add(change => change.AgentId == agent.Id);
                return;
            default:
                throw new HubException("topic_unknown");
        }
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        connections.Close(Context.ConnectionId);
        return Task.CompletedTask;
    }

    private static bool MaySee(Actor actor, AgentCard agent) =>
        agent.OrganizationId == actor.OrganizationId
        && (actor.AgentId is { } own ? own == agent.Id : actor.TeamsWith(Permission.ReadFleet).Has(agent.TeamId));
}
