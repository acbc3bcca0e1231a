using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Authentication;

namespace AgentConsole.Web.Account;

/// <summary>What a browser keeps of a sign-in: the session's name, and between the two steps a sealed ticket.</summary>
internal static class SignInCookies
{
    private const string Step = "agentconsole-step";
    private const string Passkey = "agentconsole-passkey";

    /// <summary>Takes up a new session; one that the browser had before ends, so that nobody goes on with a session planted there.</summary>
    public static async Task EnterAsync(HttpContext context, SignInResult result)
    {
        await LeaveAsync(context);
        context.Response.Cookies.Delete(Step, StepOptions(context));
        var principal = SessionPrincipal.Create(result.UserId, result.SessionId!.Value);
        await context.SignInAsync(SessionPrincipal.Scheme, principal, new AuthenticationProperties { IsPersistent = true });
    }

    /// <summary>Ends the session that the cookie names, and the cookie with it.</summary>
    public static async Task LeaveAsync(HttpContext context)
    {
        if (SessionPrincipal.TryRead(context.User, out var user, out var session))
        {
            var services = context.RequestServices;
            var found = services.GetRequiredService<ActorSource>().ForSession(user, session, Credentials.OriginOf(context));
            if (found.Problem is null)
                await services.GetRequiredService<SessionService>().SignOutAsync(found.Value, context.RequestAborted);
        }
        await context.SignOutAsync(SessionPrincipal.Scheme);
    }

    public static void KeepTicket(HttpContext context, string ticket) =>
        context.Response.Cookies.Append(Step, ticket, StepOptions(context));

    public static string? Ticket(HttpContext context) => context.Request.Cookies[Step];

    public static void KeepPasskeyTicket(HttpContext context, string ticket) =>
        context.Response.Cookies.Append(Passkey, ticket, StepOptions(context));

    /// <summary>The ticket of the passkey that is asked for; the browser forgets it with this answer.</summary>
    public static string? TakePasskeyTicket(HttpContext context)
    {
        var ticket = context.Request.Cookies[Passkey];
        if (ticket is not null)
            context.Response.Cookies.Delete(Passkey, StepOptions(context));
        return ticket;
    }

    private static CookieOptions StepOptions(HttpContext context) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/account",
            MaxAge = TimeSpan.FromMinutes(5),
            IsEssential = true,
        };
}
