using AgentConsole.Core.Common;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Hosting;

/// <summary>Headers of every answer, and the refusal of a credential in an address.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    // Styles: components place bars and virtual rows with style attributes; scripts come from files of ours only.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        + "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    // An answer of the API is never a page: nothing in it may run or be framed. The rest is for documents.
    private const string PolicyOfData = "default-src 'none'; frame-ancestors 'none'";

    private static readonly Problem TokenInAddress = Problem.Invalid(
        "access_token",
        "A credential in an address ends up in logs and is refused. Send it in the Authorization header."
    );

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (context.Request.Path.Value is { } path && path.StartsWith("/api/", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = PolicyOfData;
        }
        else
        {
            headers.ContentSecurityPolicy = Policy;
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        }
        return context.Request.QueryString.HasValue && context.Request.Query.ContainsKey("access_token")
            ? ProblemHttp.WriteAsync(context, TokenInAddress)
            : next(context);
    }
}
