using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Runs;

internal static class RunsRegistration
{
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        // Ingest, reads, rollups and watches of this feature.
        return services;
    }
}
