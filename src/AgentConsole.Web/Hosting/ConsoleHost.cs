using AgentConsole.Core;
using AgentConsole.Core.Data;
using AgentConsole.Web.Account;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Api;
using AgentConsole.Web.Components;
using AgentConsole.Web.Live;
using AgentConsole.Web.Rotations;
using AgentConsole.Web.Search;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;

namespace AgentConsole.Web.Hosting;

/// <summary>The web application as a list of its parts. Tests build the same one, with another clock or store.</summary>
internal static class ConsoleHost
{
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? change = null)
    {
        var builder = NewBuilder(args);
        builder.WebHost.UseStaticWebAssets(); // also outside Development: a build that is run has no published web root
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimit.Bulk + 1;
        });
        // A request goes on in the thread that read it. Sound where handlers do not block, which a banned call here makes sure of.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
            builder.WebHost.UseUrls("http://localhost:5080");

        change?.Invoke(builder);
        builder.AddConsoleStore();
        Stopping.AddTo(builder);
        var services = builder.Services;
        services.AddConsoleCore();
        services.AddConsoleApi();
        services.AddConsoleAccount();
        services.AddConsoleLive();
        services.AddConsoleHealth();
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddConsoleUi();
        services.AddConsoleFleet();

        var app = builder.Build();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<Stopping>();
        app.UseExceptionHandler(ConsoleErrors.Handle);
        app.UseConsoleNotFound(); // before routing, which an address that is not there passes twice
        app.UseRouting();
        app.UseMiddleware<ApiGate>(); // answers every call that proves who it is; what follows is for people and strangers
        app.UsePageContext();
        app.UseAuthentication();
        app.UseConsoleReference();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapConsoleApi();
        app.MapCalendar();
        app.MapConsoleAccount();
        app.MapConsoleLive();
        app.MapConsoleHealth();
        app.MapConsoleUi();
        app.MapConsolePalette();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = null); // SecurityHeaders says it for every answer
        return app;
    }

    /// <summary>Every source of settings, in the order in which later ones win.</summary>
    public static WebApplicationBuilder NewBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            // Named, so that the manifest of static files is found whoever starts it: a test, too.
            new WebApplicationOptions { Args = args, ApplicationName = typeof(ConsoleHost).Assembly.GetName().Name }
        );
        // Below every other source: a busy console would write several lines for each request.
        var quiet = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
        };
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = quiet });
        AddLinkedSettings(builder);
        return builder;
    }

    /// <summary>Checks every option, opens the store and fills what lives in memory. Before it the doors are closed.</summary>
    /// <exception cref="SettingException">A setting is wrong.</exception>
    public static async Task OpenAsync(WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<FolderLock>(); // asked for once, so that the container lets go of it in the end
            app.Services.GetService<IStartupValidator>()?.Validate();
            await app.Services.GetRequiredService<ConsoleStartup>().OpenAsync(app.Lifetime.ApplicationStopping);
        }
        catch (OptionsValidationException e)
        {
            throw new SettingException(string.Join(Environment.NewLine, e.Failures), e);
        }
        catch (InvalidOperationException e) when (e.Message.StartsWith("AgentConsole:", StringComparison.Ordinal))
        {
            throw new SettingException(e.Message, e);
        }
        ApiRules.Check(app);
        await app.OpenAccountAsync();
    }

    // The content root is the project's folder, the linked file lies beside the assembly. It stands right after the last appsettings source, so
    // that the environment and the command line still come last.
    private static void AddLinkedSettings(WebApplicationBuilder builder)
    {
        var sources = builder.Configuration.Sources;
        if (!builder.Environment.IsDevelopment() || sources.OfType<JsonConfigurationSource>().LastOrDefault() is not { } last)
            return;
        var development = new JsonConfigurationSource
        {
            Path = Path.Combine(AppContext.BaseDirectory, "appsettings.Development.json"),
            Optional = true,
        };
        development.ResolveFileProvider();
        sources.Insert(sources.IndexOf(last) + 1, development);
    }
}
