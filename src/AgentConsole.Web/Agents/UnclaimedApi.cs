using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Agents;

/// <summary>Agents that report and are not registered, over REST.</summary>
internal static class UnclaimedApi
{
    public static RouteGroupBuilder MapUnclaimedApi(this RouteGroupBuilder api)
    {
        var unclaimed = api.MapGroup("/unclaimed").WithTags("Unclaimed");
        unclaimed
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy(("q", "Part of the name."), ("state", "open (default) or blocked."))
            .WithName("ListUnclaimed")
            .WithSummary("List agents that report with an API token and are not registered, newest first")
            .WithDescription("You see those whose token is good for a team in which you may edit agents.");
        unclaimed
            .MapPost("/{unclaimed}/claim", ClaimAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("ClaimAgent")
            .WithSummary("Register it under its name; its first key is in this answer only")
            .WithDescription("409 `slug_taken` when somebody registered the name meanwhile.");
        unclaimed
            .MapPost("/{unclaimed}/block", BlockAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("BlockUnclaimed")
            .WithSummary("Refuse its reports with 403 agent_blocked from now on");
        unclaimed
            .MapPost("/{unclaimed}/unblock", UnblockAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("UnblockUnclaimed")
            .WithSummary("Take note of its reports again");
        return api;
    }

    private static Task<Answer<Page<UnclaimedBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        UnclaimedService unclaimed,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(UnclaimedFilter.Parse, (filter, page) => unclaimed.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<AgentBody>> ClaimAsync(
        string unclaimed,
        Body<ClaimAgent> body,
        CurrentActor actor,
        UnclaimedService service,
        CancellationToken cancellationToken
    ) => (await service.ClaimAsync(actor, unclaimed, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<UnclaimedBody>> BlockAsync(
        string unclaimed,
        Body<Reason> body,
        CurrentActor actor,
        UnclaimedService service,
        CancellationToken cancellationToken
    ) => (await service.BlockAsync(actor, unclaimed, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<UnclaimedBody>> UnblockAsync(
        string unclaimed,
        Body<Reason> body,
        CurrentActor actor,
        UnclaimedService service,
        CancellationToken cancellationToken
    ) => (await service.UnblockAsync(actor, unclaimed, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();
}
