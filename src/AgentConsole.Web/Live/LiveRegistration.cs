using AgentConsole.Contracts;

namespace AgentConsole.Web.Live;

internal static class LiveRegistration
{
    public static void AddConsoleLive(this IServiceCollection services)
    {
        services.AddSignalR().AddJsonProtocol(json => ConsoleJson.Apply(json.PayloadSerializerOptions));
        services.AddSingleton<LiveBodies>();
        services.AddSingleton<LiveTopics>();
        services.AddSingleton<LiveConnections>();
    }

    public static void MapConsoleLive(this WebApplication app)
    {
        app.Services.GetRequiredService<LiveConnections>(); // its figures are there before the first connection
        app.MapHub<LiveHub>("/hubs/live");
    }
}
