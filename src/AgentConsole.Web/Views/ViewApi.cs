using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Views;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Views;

/// <summary>Saved views over REST.</summary>
internal static class ViewApi
{
    public static RouteGroupBuilder MapViewApi(this RouteGroupBuilder api)
    {
        var views = api.MapGroup("/views").WithTags("Views");
        views
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy(("page", "fleet, runs or keys; all when absent."))
            .WithName("ListViews")
            .WithSummary("Saved views: your own, those of your teams, and the defaults of your roles");
        views
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("CreateView")
            .WithSummary("Save a view of a list")
            .WithDescription(
                "Of a team (`team`) for whoever may edit its agents; as the default of a role (`role`, one for each page) for org-admins; else your own, at most 100. "
                    + "409 `limit_reached`, `role_has_view`."
            );
        views
            .MapGet("/{view}", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetView")
            .WithSummary("Read one view, with its ETag");
        views
            .MapPatch("/{view}", ChangeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ChangeView")
            .WithSummary("Change a view; needs If-Match");
        views
            .MapDelete("/{view}", DeleteAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("DeleteView")
            .WithSummary("Delete a view for everybody who sees it; the answer is what it was");
        views
            .MapPost("/{view}/mark", MarkAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("MarkView")
            .WithSummary("Pin a view to your navigation, or make it what the page opens with for you");
        return api;
    }

    private static async Task<Answer<Page<ViewBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    )
    {
        var of = KebabCase.Read<ViewPage>(query["page"], "page", query.Errors);
        var page = query.Page;
        return query.Errors.ToProblem() is { } problem
            ? new Answer<Page<ViewBody>>(problem)
            : (await views.ListAsync(actor, of, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<ViewBody>> CreateAsync(
        Body<SaveView> body,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    ) => (await views.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<ViewBody>> GetAsync(
        string view,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    ) => (await views.GetAsync(actor, view, cancellationToken)).ToAnswer();

    private static async Task<Answer<ViewBody>> ChangeAsync(
        string view,
        IfMatch ifMatch,
        Body<ChangeView> body,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    ) => (await views.ChangeAsync(actor, view, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<ViewBody>> DeleteAsync(
        string view,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    ) => (await views.DeleteAsync(actor, view, cancellationToken)).ToAnswer();

    private static async Task<Answer<ViewBody>> MarkAsync(
        string view,
        Body<MarkView> body,
        CurrentActor actor,
        ViewService views,
        CancellationToken cancellationToken
    ) => (await views.MarkAsync(actor, view, body.Input, cancellationToken)).ToAnswer();
}
