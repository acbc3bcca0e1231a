using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Freezes;

internal static class FreezesRegistration
{
    public static IServiceCollection AddFreezes(this IServiceCollection services) => services.AddSingleton<FreezeService>();
}
