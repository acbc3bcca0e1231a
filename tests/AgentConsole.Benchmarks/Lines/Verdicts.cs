using System.Diagnostics;
using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs.Arms;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>One verdict over a window of a million runs beside one over ten thousand: from the last run that makes a look due to the decision on disk.</summary>
internal sealed class Verdicts : ILine
{
    private const int Few = 10_000;
    private const int Many = 1_000_000;
    private const int OneIn = 10; // is a canary's
    private const int AtOnce = 20_000;

    public string Name => "verdict";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        await using var services = folder.Open();
        var agents = await folder.AgentsAsync(services, (2 * pace.Pairs) + 2, "canary");
        var watch = services.GetRequiredService<RolloutWatch>();
        var foldedIn = TimeSpan.Zero;
        var models = new Dictionary<int, Guid>();
        for (var i = 0; i < 2; i++)
        {
            var runs = i == 0 ? Few : Many;
            var model = models[runs] = await StartAsync(folder, services, agents[i].Id, runs, cancellationToken);
            for (var from = 0; from < runs - OneIn; from += AtOnce)
            {
                await EnterAsync(folder, services, model, from, Math.Min(AtOnce, runs - OneIn - from), cancellationToken);
                var startedAt = Stopwatch.GetTimestamp();
                await watch.StepAsync(cancellationToken);
                foldedIn += Stopwatch.GetElapsedTime(startedAt);
            }
        }
        var next = 2;
        async Task<double> TimeAsync(int runs)
        {
            var id = await StartAsync(folder, services, agents[next++].Id, runs, cancellationToken);
            await CopyAsync(folder, services, models[runs], id, cancellationToken);
            await EnterAsync(folder, services, id, 0, OneIn, cancellationToken);
            var startedAt = Stopwatch.GetTimestamp();
            await watch.StepAsync(cancellationToken);
            var took = Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
            await using var db = await services.GetRequiredService<ConsoleStore>().ReadAsync(cancellationToken);
            if (await db.RolloutDecisions.CountAsync(d => d.RolloutId == id, cancellationToken) != 1)
                throw new InvalidOperationException("There was no verdict.");
            return took;
        }
        var (many, few, ratio) = await pace.PairsAsync(() => TimeAsync(Many), () => TimeAsync(Few), (a, b) => a / b);
        return
        [
            new Figure(
                "one verdict over 1,000,000 runs ÷ over 10,000",
                ratio,
                "",
                1.3,
                AtLeast: false,
                Detail: string.Create(
                    CultureInfo.InvariantCulture,
                    $"{many:0.0} against {few:0.0} ms, the fold of the last runs and the commit included"
                )
            ),
            new Figure(
                "  runs folded into their arms a second",
                (Few + Many) / foldedIn.TotalSeconds,
                "",
                null,
                AtLeast: true,
                Detail: "in portions of 2,000, each a transaction"
            ),
        ];
    }

    // It is due with the last tenth part of the last ten runs, and its look is the last.
    private static async Task<Guid> StartAsync(
        ConsoleFolder folder,
        ServiceProvider services,
        Guid agent,
        int runs,
        CancellationToken cancellationToken
    )
    {
        var by = Actor.ForSystem(folder.Cast.Acme, "benchmark");
        var name = IdText.Format(IdText.Agent, agent);
        var set = new SetSnapshot { Version = "2.1.0", Status = "active" };
        await services.GetRequiredService<DeploymentService>().SetAsync(by, name, set, cancellationToken);
        var planned = runs / OneIn;
        var started = await services
            .GetRequiredService<RolloutService>()
            .StartAsync(
                by,
                name,
                new StartRollout
                {
                    Snapshot = new SetSnapshot { Version = "2.2.0" },
                    Plan = new RolloutPlanBody
                    {
                        Steps =
                        [
                            new RolloutStepBody
                            {
                                Percent = 10,
                                HoldMinutes = 60, // so that both pass and neither is promoted: the verdict is measured, not what comes of it
                                MinimumRuns = planned,
                                PlannedRuns = planned,
                            },
                        ],
                        Metrics =
                        [
                            new RolloutMetricBody { Metric = "error-rate", Margin = 0.2m },
                            new RolloutMetricBody
                            {
                                Metric = "duration-p95",
                                Margin = 2,
                                Relative = true,
                            },
                            new RolloutMetricBody
                            {
                                Metric = "cost",
                                Margin = 2,
                                Relative = true,
                            },
                        ],
                        OnFail = "pause",
                    },
                },
                cancellationToken
            );
        return IdText.Parse(IdText.Rollout, started.Value.Id);
    }

    private static async Task EnterAsync(
        ConsoleFolder folder,
        ServiceProvider services,
        Guid rollout,
        int from,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(cancellationToken);
        for (var i = from; i < from + count; i++)
        {
            write.Db.Add(
                new ArmEntry
                {
                    OrganizationId = folder.Cast.Acme,
                    RolloutId = rollout,
                    Id = write.NewId(),
                    RunId = Guid.NewGuid(),
                    IsCanary = i % OneIn == 0,
                    Sign = 1,
                    StartedAt = write.Now,
                    Failed = i % 23 == 0,
                    DurationMs = 800 + (i * 7919L % 4000),
                    CostMicros = 900 + (i * 104_729L % 3000),
                }
            );
        }
        await write.TryCommitAsync(cancellationToken);
    }

    private static async Task CopyAsync(
        ConsoleFolder folder,
        ServiceProvider services,
        Guid from,
        Guid to,
        CancellationToken cancellationToken
    )
    {
        await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(cancellationToken);
        var organization = folder.Cast.Acme;
        var arms = await write
            .Db.RolloutArms.Where(a => a.OrganizationId == organization && (a.RolloutId == from || a.RolloutId == to))
            .ToListAsync(cancellationToken);
        foreach (var arm in arms.Where(a => a.RolloutId == to))
        {
            var folded = arms.Single(a => a.RolloutId == from && a.IsCanary == arm.IsCanary);
            (arm.Runs, arm.Failed, arm.Samples) = (folded.Runs, folded.Failed, folded.Samples);
        }
        await write.TryCommitAsync(cancellationToken);
    }
}
