using AgentConsole.Web.Api;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;

namespace AgentConsole.Web.Components;

/// <summary>What the pages share.</summary>
internal static class UiRegistration
{
    public static void AddConsoleUi(this IServiceCollection services)
    {
        services.AddSingleton<PageContext>();
        services.AddSingleton<Onlookers>();
        services.AddScoped<Visitor>();
        services.AddScoped<LiveState>();
        services.AddScoped<Toasts>();
        services.AddScoped(scope => new SubmitOnce(scope.GetRequiredService<Retries>()));
        services.AddScoped<Confirmation>();
    }

    public static void MapConsoleUi(this WebApplication app) =>
        // The look without a script: the form of the account menu. It changes nothing but a cookie of the sender, hence no antiforgery token.
        app.MapPost(
                ConsoleUrls.Look,
                async (HttpContext context) =>
                {
                    if (await RequestForm.TryReadAsync(context) is not { } form)
                        return RequestForm.Refused();
                    var look = Look.Parse(context.Request.Cookies[Look.Cookie]);
                    foreach (var part in form.Keys)
                        look = look.With(part, form[part]);
                    context.Response.Cookies.Append(
                        Look.Cookie,
                        look.ToString(),
                        new CookieOptions
                        {
                            Path = "/",
                            MaxAge = TimeSpan.FromDays(365),
                            SameSite = SameSiteMode.Lax,
                            Secure = context.Request.IsHttps,
                        }
                    );
                    return Results.LocalRedirect(ConsoleUrls.Local(form["return"]));
                }
            )
            .DisableAntiforgery()
            .ExcludeFromDescription();

    /// <summary>An unknown address that a person opened shows the page that says so; programs get the bare status.</summary>
    public static void UseConsoleNotFound(this WebApplication app) =>
        app.UseWhen(
            context =>
                HttpMethods.IsGet(context.Request.Method)
                && !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
                && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal),
            people => people.UseStatusCodePagesWithReExecute("/not-found")
        );
}
