using System.Globalization;
using System.Reflection;

namespace AgentConsole.Web.Api;

/// <summary>The <c>If-Match</c> header of an edit.</summary>
/// <param name="Revision">The revision the caller read; null when the header is absent (answer 428); -1, which never matches, when it is no ETag of ours.</param>
internal sealed record IfMatch(long? Revision) : IBindableFromHttpContext<IfMatch>
{
    public static ValueTask<IfMatch?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var header = context.Request.Headers.IfMatch.ToString();
        if (header.Length == 0)
            return ValueTask.FromResult<IfMatch?>(new IfMatch((long?)null));
        var text = header.AsSpan().Trim();
        if (text.StartsWith("W/", StringComparison.Ordinal))
            text = text[2..];
        return ValueTask.FromResult<IfMatch?>(
            new IfMatch(long.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : -1)
        );
    }
}
