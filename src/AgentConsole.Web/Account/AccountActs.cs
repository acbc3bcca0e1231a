using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Antiforgery;

namespace AgentConsole.Web.Account;

/// <summary>Buttons of the account that need no answer of their own: plain forms, guarded against other sites.</summary>
internal static class AccountActs
{
    public static void MapAccountActs(this WebApplication app)
    {
        app.MapPost(ConsoleUrls.SignOut, SignOutAsync).ExcludeFromDescription();
        app.MapPost("/account/sessions/revoke", RevokeAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is null)
            return RequestForm.Refused();
        await SignInCookies.LeaveAsync(context);
        return TypedResults.LocalRedirect(ConsoleUrls.SignIn() + "?said=signed-out");
    }

    /// <summary>Ends one session, or with <c>session=others</c> all but this one.</summary>
    private static async Task<IResult> RevokeAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        SessionService sessions,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (
            !SessionPrincipal.TryRead(context.User, out var user, out var session)
            || actors.ForSession(user, session, Credentials.OriginOf(context)) is not { Problem: null } found
        )
            return TypedResults.LocalRedirect(ConsoleUrls.SignIn(ConsoleUrls.Account));
        var id = form["session"].ToString();
        var done =
            id == "others"
                ? await sessions.RevokeOthersAsync(found.Value, context.RequestAborted)
                : await sessions.RevokeAsync(found.Value, id, context.RequestAborted);
        var said =
            done.Problem is { Kind: not ProblemKind.NotFound } ? null // ended meanwhile is ended
            : id == "others" ? "others"
            : "session";
        return TypedResults.LocalRedirect(ConsoleUrls.With(ConsoleUrls.Account, ("said", said)));
    }
}
