using AgentConsole.Web.Components;
using Microsoft.Extensions.Configuration.Json;
using Radzen;

var builder = WebApplication.CreateBuilder(args);

// The content root is the project's folder, the linked file lies beside the assembly. It stands right after the last appsettings source,
// so that the environment and the command line still come last.
var sources = builder.Configuration.Sources;
if (builder.Environment.IsDevelopment() && sources.OfType<JsonConfigurationSource>().LastOrDefault() is { } last)
{
    var development = new JsonConfigurationSource
    {
        Path = Path.Combine(AppContext.BaseDirectory, "appsettings.Development.json"),
        Optional = true,
    };
    development.ResolveFileProvider();
    sources.Insert(sources.IndexOf(last) + 1, development);
}

builder.WebHost.UseStaticWebAssets(); // also outside Development: a build that is run has no published web root
builder.Services.AddRazorComponents().AddInteractiveServerComponents();
builder.Services.AddRadzenComponents();

var app = builder.Build();
app.UseAntiforgery();
app.MapStaticAssets();
app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
app.Run();
