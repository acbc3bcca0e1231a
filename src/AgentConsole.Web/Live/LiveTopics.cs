using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;

namespace AgentConsole.Web.Live;

/// <summary>What one may listen to: <c>org</c>, <c>team:&lt;slug&gt;</c>, <c>agent:&lt;id&gt;</c>.</summary>
internal sealed class LiveTopics(AccessDirectory access, AgentDirectory agents)
{
    private static readonly Problem Unknown = new(
        ProblemKind.NotFound,
        "topic_unknown",
        "There is no such topic, or you may not hear it. Topics are org, team:<slug> and agent:<id>."
    );
    private static readonly Problem ScopeMissing = new(
        ProblemKind.Forbidden,
        "scope_missing",
        $"This needs the scope {TokenScopes.RunsRead}, {TokenScopes.AgentsRead} or {TokenScopes.KeysRead}, which the credential does not have."
    );

    /// <summary>Which events belong to the topic. What of them the listener may hear is asked anew for each.</summary>
    public Outcome<Func<LiveEvent, bool>> Read(Actor actor, string? topic)
    {
        if (!actor.HasScope(TokenScopes.RunsRead) && !actor.HasScope(TokenScopes.AgentsRead) && !actor.HasScope(TokenScopes.KeysRead))
            return ScopeMissing;
        if (topic is null || topic.Length > 200)
            return Unknown;
        if (topic == "org")
            return (Func<LiveEvent, bool>)(static _ => true);
        var (kind, name) = topic.IndexOf(':') is var colon and > 0 ? (topic[..colon], topic[(colon + 1)..]) : ("", "");
        switch (kind)
        {
            case "team"
                when access.Current.FindTeam(actor.OrganizationId, name) is { } team && actor.TeamsWith(Permission.ReadFleet).Has(team.Id):
                return (Func<LiveEvent, bool>)(change => change.TeamId == team.Id);
            case "agent" when IdText.TryParse(IdText.Agent, name, out var id) && agents.Find(id) is { } agent && MaySee(actor, agent):
                return (Func<LiveEvent, bool>)(change => change.AgentId == agent.Id);
            default:
                return Unknown;
        }
    }

    private static bool MaySee(Actor actor, AgentCard agent) =>
        agent.OrganizationId == actor.OrganizationId
        && (actor.AgentId is { } own ? own == agent.Id : actor.TeamsWith(Permission.ReadFleet).Has(agent.TeamId));
}
