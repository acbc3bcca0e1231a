using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Api;

/// <summary>The one mapping from a refusal to HTTP: RFC 9457 problem details.</summary>
internal static class ProblemHttp
{
    public const string ContentType = "application/problem+json";

    public static int StatusOf(ProblemKind kind) =>
        kind switch
        {
            ProblemKind.Invalid => 400,
            ProblemKind.Unauthenticated => 401,
            ProblemKind.Forbidden => 403,
            ProblemKind.NotFound => 404,
            ProblemKind.Conflict => 409,
            ProblemKind.Changed => 412,
            ProblemKind.TooLarge => 413,
            ProblemKind.MatchRequired => 428,
            ProblemKind.TooMany => 429,
            ProblemKind.Unavailable => 503,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    public static ProblemBody BodyOf(Problem problem, string traceId)
    {
        var status = StatusOf(problem.Kind);
        return new ProblemBody(
            $"urn:agentconsole:problem:{problem.Code}",
            TitleOf(status),
            status,
            problem.Code,
            problem.Detail,
            problem.Errors,
            traceId
        );
    }

    public static async Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        var body = BodyOf(problem, context.TraceIdentifier);
        response.StatusCode = body.Status;
        if (problem.Kind == ProblemKind.Unauthenticated)
            response.Headers.WWWAuthenticate = "Bearer";
        if (problem.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await JsonSerializer.SerializeAsync(response.Body, body, ConsoleJson.Options, context.RequestAborted);
    }

    private static string TitleOf(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}

/// <summary>A refusal as an endpoint's result.</summary>
internal sealed class ProblemResult(Problem problem) : IResult
{
    public Problem Problem => problem;

    public Task ExecuteAsync(HttpContext httpContext) => ProblemHttp.WriteAsync(httpContext, problem);
}
