using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

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
                    cookie.Events.OnValidatePrincipal = ValidateAsync;
                }
            );
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddSignInLimit();
        services.AddScoped<CircuitHandler, SessionCircuit>();
        // Addresses of setup, invite and reset links hold a secret: the framework's line for each request would write it down. It would also make an
        // activity and a log scope for each request, which nobody reads.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None));
    }

    public static void MapConsoleAccount(this WebApplication app)
    {
        app.MapAccountActs();
        app.MapPasskeyActs();
    }

    /// <summary>What must happen to accounts before the doors open: settings make the first administrator, or a link is made by which a person becomes it.</summary>
    public static async Task OpenAccountAsync(this WebApplication app)
    {
        var path = await app.Services.GetRequiredService<SetupService>().PrepareAsync(app.Lifetime.ApplicationStopping);
        if (path is null)
            return;
        // On standard output, not in the log, once it is known where the console listens.
        app.Lifetime.ApplicationStarted.Register(() =>
            SetupLine.Write(
                Console.Out,
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [],
                path
            )
        );
    }

    /// <summary>A cookie whose session has ended is nobody's; one that is used keeps its session alive.</summary>
    private static Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (!SessionPrincipal.TryRead(context.Principal, out var user, out var session))
        {
            context.RejectPrincipal();
            return Task.CompletedTask;
        }
        var found = services.GetRequiredService<ActorSource>().ForSession(user, session, CallOrigin.Unknown());
        if (found.Problem is null)
            services.GetRequiredService<SessionUse>().Note(session);
        // Programs at the API are told why by the door itself.
        else if (
            found.Problem.Kind == ProblemKind.Unauthenticated
            && !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        )
            context.RejectPrincipal();
        return Task.CompletedTask;
    }
}
