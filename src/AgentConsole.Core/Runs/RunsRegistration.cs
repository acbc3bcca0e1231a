using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs.Arms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Runs;

internal static class RunsRegistration
{
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        services
            .AddOptions<RunOptions>()
            .BindConfiguration(RunOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<RunOptions>, RunOptionsCheck>();
        services.AddSingleton<OpenCancels>();
        services.AddSingleton<IOpenCancels>(s => s.GetRequiredService<OpenCancels>());
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<OpenCancels>());
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<OpenCancels>());
        services.AddSingleton<OpenArms>();
        services.AddSingleton<CancelBodies>();
        services.AddSingleton<CancelPolls>();
        services.AddSingleton<RunCancelService>();
        services.AddLoop<CancelWatch>();
        services.AddSingleton<RunBodies>();
        services.AddSingleton<RunIngest>();
        services.AddHostedService(s => s.GetRequiredService<RunIngest>());
        services.AddSingleton<RunService>();
        services.AddSingleton<RunExports>();
        services.AddSingleton<GatewayTraffic>();
        services.AddSingleton<StatsService>();
        services.AddSingleton<RollupRebuild>();
        services.AddLoop<LostWatch>();
        services.AddLoop<HealthWatch>();
        services.AddLoop<RollupFold>();
        return services;
    }

    private static void AddLoop<T>(this IServiceCollection services)
        where T : Periodic
    {
        services.AddSingleton<T>();
        services.AddHostedService(s => s.GetRequiredService<T>());
    }
}

internal sealed class RunOptionsCheck : IValidateOptions<RunOptions>
{
    public ValidateOptionsResult Validate(string? name, RunOptions options) =>
        options.Faults().ToList() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
}
