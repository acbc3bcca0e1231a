using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Deployments.Rollouts;

/// <summary>An agent with 2.1.0 active in production, and its runs by hand.</summary>
internal sealed class RolloutHouse(TestHouse house, Actor agent) : IAsyncDisposable
{
    public const string Slug = "mailroom-1";

    public static readonly RolloutMetricBody Errors = new() { Metric = "error-rate", Margin = 0.05m };

    public TestHouse House => house;
    public Actor Agent => agent;
    public Actor Otto => house.As(house.Cast.Otto);
    public RolloutService Service => house.Get<RolloutService>();

    public static async Task<RolloutHouse> OpenAsync(Database database)
    {
        var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        var agent = await house.AgentAsync(Slug, a => a.Environment = "production");
        var opened = new RolloutHouse(house, agent);
        await opened.SetAsync("2.1.0", "active");
        return opened;
    }

    public static RolloutPlanBody Plan(params RolloutStepBody[] steps) => new() { Steps = steps, Metrics = [Errors] };

    public static RolloutStepBody Step(decimal percent, int hold = 30, long minimum = 100, long planned = 300) =>
        new()
        {
            Percent = percent,
            HoldMinutes = hold,
            MinimumRuns = minimum,
            PlannedRuns = planned,
        };

    public async Task<SnapshotBody> SetAsync(string version, string status, Func<SetSnapshot, SetSnapshot>? more = null)
    {
        var body = new SetSnapshot { Version = version, Status = status };
        var made = await house.Get<DeploymentService>().SetAsync(Otto, Slug, more?.Invoke(body) ?? body, TestHouse.Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    public async Task<RolloutBody> StartAsync(RolloutPlanBody plan, string version = "2.2.0")
    {
        var started = await Service.StartAsync(
            Otto,
            Slug,
            new StartRollout
            {
                Snapshot = new SetSnapshot
                {
                    Version = version,
                    Model = "small-4",
                    Reason = "New tax rates",
                },
                Plan = plan,
            },
            TestHouse.Stop
        );
        Assert.Null(started.Problem);
        return started.Value;
    }

    /// <summary>Runs that begin now, of which each so-manieth fails.</summary>
    public async Task RunAsync(string version, int count, int failEvery = 0, Func<ReportRun, ReportRun>? more = null)
    {
        house.Clock.Advance(TimeSpan.FromSeconds(2)); // until every node knows of the step
        var rows = Enumerable
            .Range(1, count)
            .Select(i =>
            {
                var run = new ReportRun
                {
                    Status = failEvery > 0 && i % failEvery == 0 ? "failed" : "completed",
                    Version = version,
                    StartedAt = house.Clock.GetUtcNow(),
                };
                return (Outcome<ReportRun>)(more?.Invoke(run) ?? run);
            })
            .ToArray();
        var answer = await house.Get<RunIngest>().ReportBatchAsync(agent, null, rows, 1000);
        Assert.Equal(count, answer.Value.Created);
    }

    /// <summary>Both versions alike, at a tenth of the traffic.</summary>
    public async Task HealthyAsync(int canary = 300, string version = "2.2.0")
    {
        await RunAsync(version, canary, failEvery: 50);
        await RunAsync("2.1.0", canary * 9, failEvery: 50);
    }

    public Task WatchAsync() => house.Get<RolloutWatch>().StepAsync(TestHouse.Stop);

    public async Task<RolloutBody> GetAsync(string id)
    {
        var found = await house.Get<RolloutLists>().GetAsync(house.As(house.Cast.Victor), id, TestHouse.Stop);
        Assert.Null(found.Problem);
        return found.Value;
    }

    public async Task<IReadOnlyList<RolloutDecisionBody>> DecisionsAsync(string id) =>
        (await house.Get<RolloutLists>().DecisionsAsync(house.As(house.Cast.Victor), id, TestHouse.Stop)).Value.Data;

    /// <summary>Version, status and outcome, oldest first.</summary>
    public async Task<string[]> SnapshotsAsync()
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return
        [
            .. (await db.Snapshots.OrderBy(s => s.Id).ToListAsync(TestHouse.Stop)).Select(s =>
                $"{s.Version} {KebabCase.Of(s.Status)} {KebabCase.Of(s.Outcome)} {KebabCase.Of(s.Trigger)}"
            ),
        ];
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();
}
