using AgentConsole.Web.Api;

namespace AgentConsole.Web.Account;

/// <summary>Sign-in of people: a cookie that names user and session, and the static pages around it.</summary>
internal static class AccountRegistration
{
    public const string Cookie = "agentconsole";

    public static void AddConsoleAccount(this IServiceCollection services)
    {
        services
            .AddAuthentication(SessionPrincipal.Scheme)
            .AddCookie(
                SessionPrincipal.Scheme,
                cookie =>
                {
                    cookie.Cookie.Name = Cookie;
                    cookie.Cookie.HttpOnly = true;
                    cookie.Cookie.SameSite = SameSiteMode.Lax;
                    cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                    cookie.LoginPath = "/account/sign-in";
                    cookie.ReturnUrlParameter = "returnUrl";
                    cookie.AccessDeniedPath = "/account/sign-in";
                    // The session in the store decides; the cookie only names it.
                    cookie.ExpireTimeSpan = TimeSpan.FromDays(7);
                    cookie.SlidingExpiration = true;
                }
            );
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddHttpContextAccessor();
    }

    public static void MapConsoleAccount(this WebApplication app) => _ = app;

    /// <summary>What must happen to accounts before the doors open.</summary>
    public static Task OpenAccountAsync(this WebApplication app)
    {
        _ = app;
        return Task.CompletedTask;
    }
}
