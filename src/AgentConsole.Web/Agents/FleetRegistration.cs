namespace AgentConsole.Web.Agents;

/// <summary>What the pages of the fleet share.</summary>
internal static class FleetRegistration
{
    public static void AddConsoleFleet(this IServiceCollection services) => services.AddSingleton<FleetCells>();
}
