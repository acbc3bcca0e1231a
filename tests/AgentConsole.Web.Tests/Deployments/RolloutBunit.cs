using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Deployments;

/// <summary>An agent with 2.1.0 active, and a rollout of 2.2.0 where a test starts one; runs and turns of the watch by hand.</summary>
public abstract class RolloutBunit : ConsoleBunitContext
{
    protected const string Slug = "mailroom-1";
    private bool _ingests;

    protected NavigationManager Browser => Services.GetRequiredService<NavigationManager>();

    protected AgentBody Agent { get; private set; } = null!;

    protected async Task AgentAsync()
    {
        await Get<RunIngest>().StartAsync(Stop);
        _ingests = true;
        Agent = await RegisterAsync(Slug);
        var set = await Get<DeploymentService>()
            .SetAsync(House.As(Cast.Olga), Slug, new SetSnapshot { Version = "2.1.0", Status = "active" }, Stop);
        Assert.Null(set.Problem);
    }

    protected static RolloutPlanBody Plan(params RolloutStepBody[] steps) =>
        new()
        {
            Steps = steps,
            Metrics =
            [
                new RolloutMetricBody { Metric = "error-rate", Margin = 0.05m },
                new RolloutMetricBody
                {
                    Metric = "duration-p95",
                    Margin = 0.2m,
                    Relative = true,
                    DryRun = true,
                },
            ],
        };

    protected static RolloutStepBody Step(decimal percent, int hold = 30, long minimum = 100, long planned = 300) =>
        new()
        {
            Percent = percent,
            HoldMinutes = hold,
            MinimumRuns = minimum,
            PlannedRuns = planned,
        };

    protected async Task<RolloutBody> StartAsync(RolloutPlanBody plan)
    {
        await AgentAsync();
        var body = new StartRollout
        {
            Snapshot = new SetSnapshot { Version = "2.2.0", Reason = "New tax rates" },
            Plan = plan,
        };
        var started = await Get<RolloutService>().StartAsync(House.As(Cast.Olga), Slug, body, Stop);
        Assert.Null(started.Problem);
        return started.Value;
    }

    /// <summary>Runs that begin now, of which each so-manieth fails.</summary>
    protected async Task RunAsync(string version, int count, int failEvery = 0)
    {
        var rows = Enumerable
            .Range(1, count)
            .Select(i =>
                (Outcome<ReportRun>)
                    new ReportRun
                    {
                        Status = failEvery > 0 && i % failEvery == 0 ? "failed" : "completed",
                        Version = version,
                        StartedAt = Clock.GetUtcNow(),
                        DurationMs = 900 + (i % 50),
                    }
            )
            .ToArray();
        var answer = await Get<RunIngest>().ReportBatchAsync(As(Agent), null, rows, 1000);
        Assert.Equal(count, answer.Value.Created);
    }

    protected Task WatchAsync() => Get<RolloutWatch>().StepAsync(Stop);

    protected async Task<RolloutBody> ReadAsync(string id) => (await Get<RolloutLists>().GetAsync(House.As(Cast.Olga), id, Stop)).Value;

    protected override async ValueTask DisposeAsyncCore()
    {
        if (_ingests)
            await Get<RunIngest>().StopAsync(CancellationToken.None);
        await base.DisposeAsyncCore();
    }
}
