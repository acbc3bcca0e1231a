using AgentConsole.Core.Common;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Diagnostics;

namespace AgentConsole.Web.Hosting;

/// <summary>The one handler for faults and for answers without a body.</summary>
internal static class ConsoleErrors
{
    private static readonly Problem NoSuchRoute = new(
        ProblemKind.NotFound,
        "route_not_found",
        "There is no such address in this API. The reference is at /docs."
    );

    /// <summary>A fault: it is logged by the framework; the caller gets the correlation id and nothing of the exception.</summary>
    public static void Handle(IApplicationBuilder app) =>
        app.Run(async context =>
        {
            var fault = context.Features.Get<IExceptionHandlerFeature>()?.Error;
            if (fault is BadHttpRequestException bad)
            {
                await ProblemHttp.WriteAsync(
                    context,
                    bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                        ? new Problem(ProblemKind.TooLarge, "body_too_large", "The body is larger than this call allows.")
                        : Problem.Invalid("request", "The request cannot be read.")
                );
                return;
            }
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            context.Response.ContentType = ProblemHttp.ContentType;
            var body = new Contracts.ProblemBody(
                "urn:agentconsole:problem:internal",
                "Internal Server Error",
                500,
                "internal",
                "Something failed in the console itself. Nothing of this call was kept. The log has the details under this trace_id.",
                null,
                context.TraceIdentifier
            );
            await context.Response.WriteAsJsonAsync(body, Contracts.ConsoleJson.Options, ProblemHttp.ContentType, context.RequestAborted);
        });

    /// <summary>Unknown addresses and wrong methods below /api answer as problems too.</summary>
    public static void MapUnknownRoutes(IEndpointRouteBuilder app) =>
        app.MapFallback("/api/{**rest}", (HttpContext context) => ProblemHttp.WriteAsync(context, NoSuchRoute))
            .WithMetadata(new ApiAccess(null, Anonymous: true))
            .ExcludeFromDescription();
}
