using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace AgentConsole.Core.Jobs;

/// <summary>
/// Work that of all nodes one does at a time, by Quartz: with one writer its schedule lives in memory, with a shared store in that store, and another node takes
/// over when the one at work dies. What every node does for itself is a <see cref="Common.Periodic"/>.
/// </summary>
public static class JobsRegistration
{
    internal static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddQuartz(_ => { });
        services.AddQuartzHostedService(options =>
        {
            options.AwaitApplicationStarted = true;
            options.WaitForJobsToComplete = true;
        });
        return services;
    }

    /// <summary>Runs a job over and over. What it missed while nobody could run it is not made up for.</summary>
    internal static IServiceCollection AddJob<T>(this IServiceCollection services, string name, TimeSpan every)
        where T : class, IJob =>
        services.AddQuartz(quartz =>
            quartz.ScheduleJob<T>(trigger => trigger.WithIdentity(name).WithSimpleSchedule(every, null), job => job.WithIdentity(name))
        );
}
