using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Spend;

/// <summary>Pricing a period anew, over REST.</summary>
internal static class RerateApi
{
    public static RouteGroupBuilder MapRerateApi(this RouteGroupBuilder api)
    {
        var reratings = api.MapGroup("/reratings").WithTags("Prices");
        reratings
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.Admin)
            .ListsBy()
            .WithName("ListReratings")
            .WithSummary("Plans and re-ratings, newest first; for org-admins");
        reratings
            .MapPost("", PlanAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("PlanRerating")
            .WithSummary("The dry run: what today's prices make of the runs of a period; changes nothing")
            .WithDescription(
                "Takes runs whose cost was computed or that are unpriced, and with `include_reported` those that reported one. The plan can be applied within an hour. At most 200,000 runs may change."
            );
        reratings
            .MapGet("/{rerating}", GetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetRerating")
            .WithSummary("A plan, or how far its application is");
        reratings
            .MapPost("/{rerating}/apply", ApplyAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ApplyRerating")
            .WithSummary("Apply exactly what the plan showed, in the background")
            .WithDescription(
                "409 `plan_changed` when runs or prices changed since, with the difference; `plan_over` when it was applied or has expired."
            );
        return api;
    }

    private static async Task<Answer<Page<RerateBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        ReratingService reratings,
        CancellationToken cancellationToken
    )
    {
        var page = query.Page;
        return query.Errors.ToProblem() is { } problem
            ? new Answer<Page<RerateBody>>(problem)
            : (await reratings.ListAsync(actor, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<RerateBody>> PlanAsync(
        Body<PlanRerating> body,
        CurrentActor actor,
        ReratingService reratings,
        CancellationToken cancellationToken
    ) => (await reratings.PlanAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RerateBody>> GetAsync(
        string rerating,
        CurrentActor actor,
        ReratingService reratings,
        CancellationToken cancellationToken
    ) => (await reratings.GetAsync(actor, rerating, cancellationToken)).ToAnswer();

    private static async Task<Answer<RerateBody>> ApplyAsync(
        string rerating,
        Body<ApplyRerating> body,
        CurrentActor actor,
        ReratingService reratings,
        CancellationToken cancellationToken
    ) => (await reratings.ApplyAsync(actor, rerating, body.Input, cancellationToken)).ToAnswer();
}
