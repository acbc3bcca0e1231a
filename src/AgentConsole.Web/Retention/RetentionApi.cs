using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Core.Retention;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Retention;

/// <summary>Retention over REST.</summary>
internal static class RetentionApi
{
    public static RouteGroupBuilder MapRetentionApi(this RouteGroupBuilder api)
    {
        var retention = api.MapGroup("/retention").WithTags("Retention");
        retention
            .MapGet("", GetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetRetention")
            .WithSummary("How long telemetry is kept, and what was removed lately, with its ETag; for org-admins");
        retention
            .MapPut("", SetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("SetRetention")
            .WithSummary("Set all limits and the legal hold; needs If-Match")
            .WithDescription(
                "An absent limit keeps its kind for ever. Takes effect within ten minutes, then once a day. 412 `changed_meanwhile` when If-Match is not the present ETag (`\"0\"` before anything was set), 428 `if_match_required` without it."
            );
        retention
            .MapGet("/preview", PreviewAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Takes("run_days", "Days that ended runs are kept.")
            .Takes("step_days", "Days that steps are kept.")
            .Takes("content_days", "Days that the content of steps is kept.")
            .Takes("liveness_days", "Days that changes of liveness are kept.")
            .Takes("session_days", "Days that ended sessions of people are kept.")
            .WithName("PreviewRetention")
            .WithSummary("What would go now under these limits, or under those that are set when none are given; removes nothing");
        return api;
    }

    private static async Task<Answer<RetentionBody>> GetAsync(
        CurrentActor actor,
        RetentionService retention,
        CancellationToken cancellationToken
    ) => (await retention.GetAsync(actor, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetentionBody>> SetAsync(
        IfMatch ifMatch,
        Body<SetRetention> body,
        CurrentActor actor,
        RetentionService retention,
        CancellationToken cancellationToken
    ) => (await retention.SetAsync(actor, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetentionPreview>> PreviewAsync(
        ListQuery query,
        CurrentActor actor,
        RetentionService retention,
        CancellationToken cancellationToken
    ) => (await retention.PreviewAsync(actor, name => query[name], cancellationToken)).ToAnswer();
}
