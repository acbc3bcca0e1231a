using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Mvc;

namespace AgentConsole.Web.Deployments;

/// <summary>Rollbacks over REST.</summary>
internal static class RollbackApi
{
    public static RouteGroupBuilder MapRollbackApi(this RouteGroupBuilder api)
    {
        var rollback = api.MapGroup("/agents/{agent}/rollback").WithTags("Deployments");
        rollback
            .MapGet("", PreviewAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("PreviewRollback")
            .WithSummary(
                "What a rollback would do: differences, gateways, runs in flight, secrets that are gone, and how the present version did"
            )
            .WithDescription(
                "`to` is an earlier active snapshot of the agent and environment; when absent, the newest active one before the present one whose version differs and was not taken back itself. "
                    + "Changes nothing. Whether secrets exist is asked of the sinks that the references name, for whoever may roll back."
            );
        rollback
            .MapPost("", RollBackAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("RollBack")
            .WithSummary("Take the present version back: an earlier one becomes active again, with the same content and digest")
            .WithDescription(
                "A reason is required, and is enough in a freeze. With `preview` of the preview, 409 `preview_changed` when something was deployed since. "
                    + "What is active is taken back, and a canary ends with it; to take back only the canary, name what is active as `to`."
            );
        return api;
    }

    private static async Task<Answer<RollbackPreview>> PreviewAsync(
        string agent,
        [FromQuery] string? environment,
        [FromQuery] string? to,
        CurrentActor actor,
        RollbackService rollbacks,
        CancellationToken cancellationToken
    ) => (await rollbacks.PreviewAsync(actor, agent, environment, to, cancellationToken)).ToAnswer();

    private static async Task<Answer<SnapshotBody>> RollBackAsync(
        string agent,
        Body<RollBack> body,
        CurrentActor actor,
        RollbackService rollbacks,
        CancellationToken cancellationToken
    ) => (await rollbacks.RollBackAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();
}
