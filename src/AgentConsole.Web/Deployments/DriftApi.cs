using AgentConsole.Contracts;
using AgentConsole.Core.Drift;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Deployments;

/// <summary>What is declared against what is seen, over REST.</summary>
internal static class DriftApi
{
    public static RouteGroupBuilder MapDriftApi(this RouteGroupBuilder api)
    {
        api.MapGet("/agents/{agent}/drift", OfAgentAsync)
            .NeedsOrOwnKey(TokenScopes.DeploymentsRead)
            .WithTags("Deployments")
            .Takes("environment", "Whose declaration counts; the agent's own when absent.")
            .WithName("GetAgentDrift")
            .WithSummary("Compare what should run of an agent with the versions that its runs and heartbeats report")
            .WithDescription(
                "`verdict` is `drifting` when an instance reports a version that should not run, or when the canary gets another share of the runs than asked for, beyond chance. An instance is told by `X-AgentConsole-Instance` or the heartbeat's `instance_id`, else by user agent and address."
            );
        api.MapGet("/drift", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithTags("Deployments")
            .ListsBy()
            .WithName("ListDrift")
            .WithSummary("List the agents that drift now, the newest first");
        return api;
    }

    private static async Task<Answer<DriftBody>> OfAgentAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        DriftService drift,
        CancellationToken cancellationToken
    ) => (await drift.OfAgentAsync(actor, agent, query["environment"], cancellationToken)).ToAnswer();

    private static Task<Answer<Page<DriftingAgent>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        DriftService drift,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => drift.ListAsync(actor, page, cancellationToken));
}
