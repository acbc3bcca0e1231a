using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Definitions;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Freezes;
using AgentConsole.Web.Gateways;
using AgentConsole.Web.Hosting;
using AgentConsole.Web.Keys;
using AgentConsole.Web.Live;
using AgentConsole.Web.Prices;
using AgentConsole.Web.Retention;
using AgentConsole.Web.Retirements;
using AgentConsole.Web.Rotations;
using AgentConsole.Web.Runs;
using AgentConsole.Web.Search;
using AgentConsole.Web.Sinks;
using AgentConsole.Web.Spend;
using AgentConsole.Web.Trail;
using AgentConsole.Web.Views;

namespace AgentConsole.Web.Api;

/// <summary>The REST API as a list of its features.</summary>
internal static class ApiRegistration
{
    public static void AddConsoleApi(this IServiceCollection services)
    {
        services.AddSingleton<RequestFigures>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<Retries>();
        services.AddSingleton<AgentListAnswers>();
        services.AddAnonymousLimit();
        services.ConfigureHttpJsonOptions(json => ConsoleJson.Apply(json.SerializerOptions));
        services.AddConsoleOpenApi();
    }

    public static void MapConsoleApi(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1");
        // Every feature of the API, in the order of the reference.
        api.MapAgentApi();
        api.MapPlanApi();
        api.MapUnclaimedApi();
        api.MapInactivityApi();
        api.MapKeyApi();
        api.MapRotationApi();
        api.MapKeyBulkApi();
        api.MapScheduleApi();
        api.MapSinkApi();
        api.MapFreezeApi();
        api.MapDefinitionApi();
        api.MapSnapshotApi();
        api.MapRolloutApi();
        api.MapRouteApi();
        api.MapDriftApi();
        api.MapTimelineApi();
        api.MapRollbackApi();
        api.MapRetirementApi();
        api.MapGatewayApi();
        api.MapViewApi();
        api.MapRunApi();
        api.MapTeamApi();
        api.MapOrganizationApi();
        api.MapUserApi();
        api.MapServiceAccountApi();
        api.MapTokenApi();
        api.MapWhoAmIApi();
        api.MapRunReadApi();
        api.MapRunCancelApi();
        api.MapLiveApi();
        api.MapTrailApi();
        api.MapSampleDataApi();
        api.MapSearchApi();
        api.MapPriceApi();
        api.MapSpendApi();
        api.MapRerateApi();
        api.MapRetentionApi();

        var figures = app.Services.GetRequiredService<RequestFigures>();
        ((IEndpointConventionBuilder)api).Finally(endpoint =>
        {
            var route = endpoint as RouteEndpointBuilder;
            var method = endpoint.Metadata.OfType<HttpMethodMetadata>().FirstOrDefault()?.HttpMethods.FirstOrDefault() ?? "GET";
            endpoint.Metadata.Add(figures.Of(method, route?.RoutePattern.RawText?.TrimEnd('/') ?? ""));
        });
        ConsoleErrors.MapUnknownRoutes(app);
        app.MapConsoleOpenApi();
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase),
            part =>
                part.Use(
                    async (context, next) =>
                    {
                        await next(context);
                        if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
                        {
                            await ProblemHttp.WriteAsync(
                                context,
                                new Problem(
                                    ProblemKind.NotFound,
                                    "method_not_allowed",
                                    "This address does not take that method. The reference is at /docs."
                                )
                            );
                            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                        }
                    }
                )
        );
    }
}

/// <summary>What every endpoint must say of itself; checked at the start and by a test.</summary>
internal static class ApiRules
{
    /// <exception cref="InvalidOperationException">Names an endpoint below /api that does not say who may call it.</exception>
    public static void Check(WebApplication app)
    {
        foreach (var endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText ?? "";
            if (path.TrimStart('/').StartsWith("api/", StringComparison.Ordinal) && endpoint.Metadata.GetMetadata<ApiAccess>() is null)
                throw new InvalidOperationException(
                    $"The endpoint {path} does not say who may call it: add Needs(scope), ForEverybodyKnown() or ForAnyone()."
                );
        }
    }
}
