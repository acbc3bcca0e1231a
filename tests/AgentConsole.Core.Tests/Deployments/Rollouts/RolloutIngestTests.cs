using AgentConsole.Contracts;
using AgentConsole.Core.Tests.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Rollouts;

/// <summary>Seeded rollouts whose runs go through ingest, the fold and the watch, as those of agents do: the plan of docs/deployments.md, one step of it.</summary>
public sealed class RolloutIngestTests(ITestOutputHelper output)
{
    private const int Rollouts = 20;
    private const int Looks = 3;
    private const int CanaryRuns = 600;

    private static readonly RolloutPlanBody Plan = new()
    {
        Steps = [RolloutHouse.Step(10, hold: 0, minimum: 200, planned: CanaryRuns)],
        Metrics =
        [
            new() { Metric = "error-rate", Margin = 0.005m },
            new()
            {
                Metric = "duration-p95",
                Margin = 0.2m,
                Relative = true,
            },
            new()
            {
                Metric = "cost",
                Margin = 0.2m,
                Relative = true,
            },
        ],
    };

    [Fact]
    public async Task Of_twenty_healthy_rollouts_none_or_few_are_rolled_back()
    {
        var ended = await RunAsync(canaryErrors: 0.05, seed: 310);
        output.WriteLine($"Rolled back of {Rollouts} healthy rollouts through ingest: {ended.Count(s => s == "rolled-back")}");
        Assert.InRange(ended.Count(s => s == "rolled-back"), 0, 5); // 5 % each: six or more in 3 of 10,000 tries
    }

    [Fact]
    public async Task Of_twenty_rollouts_with_twice_the_errors_nearly_all_are_rolled_back()
    {
        var ended = await RunAsync(canaryErrors: 0.10, seed: 720);
        output.WriteLine(
            $"Rolled back of {Rollouts} rollouts with 5 % against 10 % errors through ingest: {ended.Count(s => s == "rolled-back")}"
        );
        Assert.InRange(ended.Count(s => s == "rolled-back"), 14, Rollouts); // 90 % each: thirteen or fewer in 24 of 10,000
    }

    private static async Task<List<string>> RunAsync(double canaryErrors, ulong seed)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(Database.Sqlite);
        var ended = new List<string>();
        for (var i = 0; i < Rollouts; i++)
        {
            var noise = new Noise(seed + (ulong)i);
            rollouts.House.Clock.Advance(TimeSpan.FromMinutes(1));
            var started = await rollouts.StartAsync(Plan, version: $"2.2.{i}");
            for (var look = 0; look < Looks && (await rollouts.GetAsync(started.Id)).State == "running"; look++)
            {
                await ReportAsync(rollouts, noise, $"2.2.{i}", CanaryRuns / Looks, canaryErrors);
                await ReportAsync(rollouts, noise, "2.1.0", CanaryRuns / Looks * 9, 0.05);
                await rollouts.WatchAsync();
            }
            var over = await rollouts.GetAsync(started.Id);
            ended.Add(over.State);
            Assert.All(await rollouts.DecisionsAsync(started.Id), d => Assert.True(d.Replays));
            if (over.EndedAt is null)
                Assert.Null(
                    (
                        await rollouts.Service.AbortAsync(rollouts.Otto, started.Id, new RolloutAct { Reason = "Next one" }, TestHouse.Stop)
                    ).Problem
                );
            else if (over.State == "promoted")
                await rollouts.SetAsync("2.1.0", "active");
        }
        return ended;
    }

    private static Task ReportAsync(RolloutHouse rollouts, Noise noise, string version, int runs, double errors) =>
        rollouts.RunAsync(
            version,
            runs,
            more: run =>
                run with
                {
                    Status = noise.Next() < errors ? "failed" : "completed",
                    DurationMs = noise.Duration(20_000),
                    Cost = System.Text.Json.JsonSerializer.SerializeToElement(noise.Duration(20_000) / 1_000_000m),
                }
        );
}
