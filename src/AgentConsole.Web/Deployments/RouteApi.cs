using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Routes;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Deployments;

/// <summary>What gateways and balancers follow.</summary>
internal static class RouteApi
{
    private static readonly (RouteFilter Filter, int Wait) All = (RouteFilter.None, 0);

    public static RouteGroupBuilder MapRouteApi(this RouteGroupBuilder api)
    {
        api.MapGet("/routes", AnswerAsync)
            .NeedsOrOwnKey(TokenScopes.DeploymentsRead)
            .WithTags("Deployments")
            .Takes("gateway", "Name or id: routes of agents that are linked to it.")
            .Takes("agent", "Agent slug or id.")
            .Takes("environment", "Name of an environment.")
            .Takes("wait", "With `If-None-Match`: hold the call until the answer is another, 1 to 60 seconds.")
            .Produces<RoutesBody>()
            .WithName("GetRoutes")
            .WithSummary("Read how traffic should be split among versions, and follow it")
            .WithDescription(
                "The answer carries an ETag. Sent in If-None-Match it gets 304 for as long as nothing of it changed, and with `wait` the call is held until something does, so that a gateway knows within a moment. "
                    + "An agent's own key gets the routes of its agent. A name of which there is nothing to see gets none. 429 `too_many_polls` when too many calls wait."
            );
        return api;
    }

    private static async Task AnswerAsync(
        HttpContext context,
        RouteService routes,
        Credentials credentials,
        IHostApplicationLifetime lifetime
    )
    {
        var actor = CurrentActor.Of(context).Value;
        if (!Read(context).Try(out var asked, out var problem))
        {
            await ProblemHttp.WriteAsync(context, problem);
            return;
        }
        var known = context.Request.Headers.IfNoneMatch.Count == 0 ? null : context.Request.Headers.IfNoneMatch.ToString();
        RouteAnswer? answer;
        if (known is null || asked.Wait == 0)
            answer = await routes.AnswerAsync(actor, asked.Filter, context.RequestAborted);
        else if (
            !(await WaitAsync(context, actor, asked.Filter, known, asked.Wait, routes, credentials, lifetime)).Try(out answer, out problem)
        )
        {
            await ProblemHttp.WriteAsync(context, problem);
            return;
        }
        var response = context.Response;
        response.Headers.ETag = answer.ETag;
        response.Headers.CacheControl = "private, no-cache";
        if (answer.IsKnownBy(known))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static async Task<Outcome<RouteAnswer>> WaitAsync(
        HttpContext context,
        Actor actor,
        RouteFilter filter,
        string known,
        int seconds,
        RouteService routes,
        Credentials credentials,
        IHostApplicationLifetime lifetime
    )
    {
        var who = credentials.ReadForConnection(context);
        return who.Problem is { } problem
            ? problem
            : await routes.WaitAsync(actor, filter, known, seconds, who.Value, lifetime.ApplicationStopping, context.RequestAborted);
    }

    private static Outcome<(RouteFilter Filter, int Wait)> Read(HttpContext context)
    {
        if (!context.Request.QueryString.HasValue)
            return All;
        var query = new ListQuery(context);
        var filter = RouteFilter.Parse(name => query[name], query.Errors);
        var wait = 0;
        if (
            query["wait"] is { } text
            && (
                !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out wait)
                || wait is < 1 or > RouteService.LongestSeconds
            )
        )
            query.Errors.Add(
                "wait",
                string.Create(CultureInfo.InvariantCulture, $"Must be a number of seconds from 1 to {RouteService.LongestSeconds}.")
            );
        return query.Errors.ToProblem() is { } invalid ? invalid : (filter, wait);
    }
}
