using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Agents;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Demo;

/// <summary>
/// Does what a developer would do: says what is deployed of the agents, and once begins a rollout of the next version of the ledger reconciler, which is worse.
/// What comes of that is the console's to decide.
/// </summary>
public sealed class DemoDeployer(FleetClient console, IReadOnlyList<FleetAgent> agents, FleetLog log, TimeProvider clock)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(60);

    public async Task RunAsync(TimeSpan first, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                foreach (var agent in agents)
                    await DeployAsync(agent.Passport, stopping);
                if (agents.FirstOrDefault(a => a is LedgerReconciler) is { } reconciler)
                {
                    await Task.Delay(first, clock, stopping);
                    await RollOutAsync(reconciler.Passport.Slug, stopping);
                }
                return;
            }
            catch (ConsoleRefusal refusal)
            {
                log.Warn($"The demo's deployments wait: {refusal.Message}");
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stopping.IsCancellationRequested))
            {
                log.Warn($"The demo's deployments wait, since the console is away: {e.Message}");
            }
            await Task.Delay(Again, clock, stopping);
        }
    }

    private async Task DeployAsync(Passport passport, CancellationToken cancellationToken)
    {
        var snapshots = await console.SendAsync<Page<SnapshotBody>>(
            HttpMethod.Get,
            $"/api/v1/agents/{passport.Slug}/snapshots?limit=1",
            null,
            null,
            cancellationToken
        );
        if (snapshots.Data.Count > 0)
            return;
        var set = new SetSnapshot
        {
            Version = Roster.Version,
            Status = "active",
            Reason = "What the sample fleet runs.",
        };
        await console.SendAsync<SnapshotBody>(
            HttpMethod.Post,
            $"/api/v1/agents/{passport.Slug}/snapshots",
            set,
            $"demo-deploy-{passport.Slug}",
            cancellationToken
        );
    }

    private async Task RollOutAsync(string agent, CancellationToken cancellationToken)
    {
        var before = await console.SendAsync<Page<RolloutBody>>(
            HttpMethod.Get,
            $"/api/v1/agents/{agent}/rollouts?limit=1",
            null,
            null,
            cancellationToken
        );
        if (before.Data.Count > 0)
            return;
        var start = new StartRollout
        {
            Snapshot = new SetSnapshot
            {
                Version = Roster.NextLedgerReconciler,
                Reason = "Matches statement and books side by side, which is faster.",
            },
            Plan = new RolloutPlanBody
            {
                Steps =
                [
                    new RolloutStepBody
                    {
                        Percent = 50,
                        HoldMinutes = 5,
                        MinimumRuns = 10,
                        PlannedRuns = 40,
                    },
                ],
                Metrics =
                [
                    new RolloutMetricBody { Metric = "error-rate", Margin = 0.1m },
                    new RolloutMetricBody
                    {
                        Metric = "duration-p50",
                        Margin = 0.5m,
                        Relative = true,
                        DryRun = true,
                    },
                ],
                Looks = 4,
            },
        };
        var begun = await console.SendAsync<RolloutBody>(
            HttpMethod.Post,
            $"/api/v1/agents/{agent}/rollouts",
            start,
            $"demo-rollout-{agent}",
            cancellationToken
        );
        log.Info($"{agent} {begun.CanaryVersion} gets half of the traffic ({begun.Id}).");
    }
}
