using System.Reflection;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.AspNetCore.Http.Metadata;

namespace AgentConsole.Web.Api;

/// <summary>The result of every handler: what the service said, as HTTP. A refusal for a missing role is put on the trail here, for every endpoint.</summary>
internal sealed class Answer<T>(Outcome<T> outcome) : IResult, IEndpointMetadataProvider
    where T : notnull
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (outcome.Problem is { } problem)
        {
            await RefuseAsync(httpContext, problem);
            return;
        }
        await AnswerWriter.WriteAsync(
            httpContext,
            AnswerShape.Of(outcome.Value, httpContext.GetEndpoint()?.Metadata.GetMetadata<DoneStatus>())
        );
    }

    private static async Task RefuseAsync(HttpContext context, Problem problem)
    {
        var caller = context.Features.Get<CurrentActor>();
        if (caller?.Retry is { } retry && problem.Kind == ProblemKind.Conflict)
        {
            // Perhaps the twin of this very request was faster: then its answer is ours.
            var replay = await context.RequestServices.GetRequiredService<Retries>().FindAsync(caller.Value, retry, context.RequestAborted);
            if (replay is { Problem: null } found)
            {
                await AnswerWriter.WriteAsync(context, found.Value, replayed: true);
                return;
            }
        }
        if (caller is not null && problem.Kind == ProblemKind.Forbidden)
            context
                .RequestServices.GetRequiredService<RefusalRecorder>()
                .Note(caller.Value, context.Request.Method + " " + RouteOf(context), problem);
        await ProblemHttp.WriteAsync(context, problem);
    }

    private static string RouteOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<RouteFigures>()?.Route ?? "";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(
            typeof(T) == typeof(Done)
                ? new ProducesResponseTypeMetadata(StatusCodes.Status204NoContent, typeof(void))
                : new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"])
        );
}

internal static class AnswerWriter
{
    public static async Task WriteAsync(HttpContext context, StoredAnswer answer, bool replayed = false)
    {
        var response = context.Response;
        // The tag counts edits, for If-Match. It is no promise that nothing else changed: there is no 304 for it.
        if (answer.ETag is { } tag)
            response.Headers.ETag = tag;
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = "no-store";
        if (answer.Location is { } location)
            response.Headers.Location = location;
        if (replayed)
            response.Headers["Idempotency-Replayed"] = "true";
        if (answer.Status == StatusCodes.Status204NoContent)
            return;
        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}

internal static class AnswerExtensions
{
    public static Answer<T> ToAnswer<T>(this Outcome<T> outcome)
        where T : notnull => new(outcome);

    /// <summary>One page of a list in the API's envelope.</summary>
    public static Answer<Contracts.Page<T>> ToAnswer<T>(this Outcome<Paged<T>> outcome) =>
        new(outcome.Map(page => new Contracts.Page<T>(page.Items, page.NextCursor is not null, page.NextCursor)));
}
