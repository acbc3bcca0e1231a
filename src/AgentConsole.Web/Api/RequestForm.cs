using Microsoft.AspNetCore.Antiforgery;

namespace AgentConsole.Web.Api;

/// <summary>Reads plain forms. What is no form, or one beyond every limit, is a bad request and no fault of ours.</summary>
internal static class RequestForm
{
    private const string NoForm = "This is not a form of ours. Go back, reload the page and try again.";

    /// <returns>Null when the body is no form that can be read; then answer <see cref="Refused"/>.</returns>
    public static async Task<IFormCollection?> TryReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return null;
        try
        {
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or BadHttpRequestException)
        {
            return null;
        }
    }

    /// <returns>As <see cref="TryReadAsync"/>, and null also for what another site sent.</returns>
    public static async Task<IFormCollection?> TryReadOwnAsync(HttpContext context, IAntiforgery antiforgery) =>
        await TryReadAsync(context) is { } form && await antiforgery.IsRequestValidAsync(context) ? form : null;

    public static IResult Refused() => TypedResults.BadRequest(NoForm);
}
