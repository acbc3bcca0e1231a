using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Agents;

/// <summary>Agents over REST.</summary>
internal static class AgentApi
{
    public static RouteGroupBuilder MapAgentApi(this RouteGroupBuilder api)
    {
        var agents = api.MapGroup("/agents").WithTags("Agents");
        agents
            .MapPost("", RegisterAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("RegisterAgent")
            .WithSummary("Register an agent; with key: true its first key is in this answer only")
            .WithDescription("409 `slug_taken` when the slug is in use.");
        agents
            .MapGet("", ListAsync)
            .Needs(TokenScopes.AgentsRead)
            .ListsBy(
                ("q", "Part of slug or display name."),
                ("team", "Team slug or id."),
                ("owner", "E-mail address or user id; `none` for ownerless agents."),
                ("lifecycle", "One of registered, active, paused, retired."),
                ("liveness", "One of live, late, silent, unknown."),
                ("health", "One of ok, degraded, failing."),
                ("environment", "Exact."),
                ("tag", "Exact."),
                ("deleted", "`true` for deleted agents only."),
                ("sort", "attention (default), slug, last-seen or created.")
            )
            .WithName("ListAgents")
            .WithSummary("List agents, by default those that need attention first");
        agents
            .MapGet("/{agent}", GetAsync)
            .Needs(TokenScopes.AgentsRead)
            .WithName("GetAgent")
            .WithSummary("Read one agent by id or slug, with its ETag");
        agents
            .MapPatch("/{agent}", ChangeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ChangeAgent")
            .WithSummary("Change the members that are given; needs If-Match")
            .WithDescription(
                "412 `changed_meanwhile` when If-Match is not the present ETag, 428 `if_match_required` without it. An empty owner makes the agent ownerless."
            );
        agents
            .MapPost("/{agent}/pause", PauseAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("PauseAgent")
            .WithSummary("Pause: its keys answer 403 agent_paused from now on");
        agents
            .MapPost("/{agent}/resume", ResumeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ResumeAgent")
            .WithSummary("Let a paused agent work again");
        agents
            .MapDelete("/{agent}", DeleteAsync)
            .NeedsPerson(TokenScopes.AgentsDelete)
            .Takes("reason", "Why, at most 500 characters.")
            .WithName("DeleteAgent")
            .WithSummary("Delete softly: its keys are refused, its history stays, and it can be restored");
        agents
            .MapPost("/{agent}/restore", RestoreAsync)
            .NeedsPerson(TokenScopes.AgentsDelete)
            .WithName("RestoreAgent")
            .WithSummary("Bring a deleted agent back")
            .WithDescription("409 `slug_taken` when another agent has its slug by now.");
        return api;
    }

    private static async Task<Answer<AgentBody>> RegisterAsync(
        Body<RegisterAgent> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.RegisterAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<AgentBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        AgentLists lists,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(AgentFilter.Parse, (filter, page) => lists.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<AgentBody>> GetAsync(
        string agent,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.GetAsync(actor, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> ChangeAsync(
        string agent,
        IfMatch ifMatch,
        Body<ChangeAgent> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.ChangeAsync(actor, agent, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> PauseAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.PauseAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> ResumeAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.ResumeAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> DeleteAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.DeleteAsync(actor, agent, query["reason"] ?? "", cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> RestoreAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.RestoreAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();
}
