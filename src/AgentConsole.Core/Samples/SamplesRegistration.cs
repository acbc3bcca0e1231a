using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Samples;

internal static class SamplesRegistration
{
    public static IServiceCollection AddSamples(this IServiceCollection services) => services.AddSingleton<SampleDataService>();
}
