using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Rotations;

/// <summary>The calendar of due keys, for programs that can send nothing but an address. The secret in it is the whole proof.</summary>
internal static class CalendarDoor
{
    public static void MapCalendar(this WebApplication app) =>
        app.MapMethods("/calendar/{secret}.ics", [HttpMethods.Get, HttpMethods.Head], ReadAsync)
            .ExcludeFromDescription()
            .RequireRateLimiting(AnonymousLimit.Policy);

    public static string OriginOf(HttpRequest request) => $"{request.Scheme}://{request.Host}";

    private static async Task ReadAsync(string secret, HttpContext context, CalendarService calendar)
    {
        var read = await calendar.ReadAsync(secret, OriginOf(context.Request), Credentials.OriginOf(context), context.RequestAborted);
        var headers = context.Response.Headers;
        // What stands in it is somebody's own: no cache on the way may give it to others.
        headers.CacheControl = "private, no-cache";
        if (!read.Try(out var feed, out var problem))
        {
            await ProblemHttp.WriteAsync(context, problem);
            return;
        }
        headers.ETag = feed.ETag;
        if (
            context.Request.Headers.IfNoneMatch.Any(tags =>
                tags is not null && (tags == "*" || tags.Contains(feed.ETag, StringComparison.Ordinal))
            )
        )
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = "text/calendar; charset=utf-8";
        headers.ContentDisposition = "inline; filename=\"rotations.ics\"";
        context.Response.ContentLength = feed.Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(feed.Bytes, context.RequestAborted);
    }
}
