using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>An agent with the key it acts under.</summary>
/// <param name="Care">Brings the next versions of its key for as long as the fleet runs; null where it keeps the one it has.</param>
public sealed record Member(FleetAgent Agent, FleetClient Console, Func<CancellationToken, Task>? Care = null)
{
    internal RouteFollower Split { get; } = new(Agent, Console);
}

/// <summary>Lets every agent work at its own cadence and show that it is alive in between, until the fleet is stopped.</summary>
public sealed class FleetRunner(IReadOnlyList<Member> members, RunLedger ledger, FleetLog log, TimeProvider clock, TimeSpan pace)
{
    private static readonly TimeSpan FirstRunsWithin = TimeSpan.FromSeconds(12);
    private const int WhileCompared = 6;
    private static readonly TimeSpan WhenRefused = TimeSpan.FromSeconds(60);
    private readonly string _instance = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Works until stopped. What goes wrong with one agent stays with it.</summary>
    public Task RunAsync(CancellationToken stopping) =>
        Task.WhenAll(
            members.SelectMany(
                (member, index) =>
                    new[]
                    {
                        UntilStoppedAsync(() => WorkAsync(member, FirstRunsWithin * index / members.Count, stopping), stopping),
                        UntilStoppedAsync(() => BeatAsync(member, stopping), stopping),
                        UntilStoppedAsync(() => member.Care?.Invoke(stopping) ?? Task.CompletedTask, stopping),
                    }
            )
        );

    /// <summary>Lets every agent work once, one after the other.</summary>
    /// <returns>Whether the console took every report; how the runs ended is not asked.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken stopping)
    {
        var all = true;
        foreach (var member in members)
        {
            try
            {
                await member.Console.HeartbeatAsync(Beat(), stopping);
                Tell(await new RunReporter(member.Console, ledger, clock, pace).RunAsync(member.Agent, stopping));
            }
            catch (Exception e) when (IsTrouble(e, stopping))
            {
                log.Warn($"{member.Agent.Passport.Slug} could not report: {e.Message}");
                all = false;
            }
        }
        return all;
    }

    private async Task WorkAsync(Member member, TimeSpan first, CancellationToken stopping)
    {
        var reporter = new RunReporter(member.Console, ledger, clock, pace);
        var passport = member.Agent.Passport;
        await Task.Delay(first, clock, stopping);
        while (true)
        {
            var pause = Spread(passport.Cadence);
            try
            {
                var split = await member.Split.ReadAsync(stopping);
                if (split.IsShared)
                    pause /= WhileCompared; // two versions are compared by their runs
                Tell(await reporter.RunAsync(member.Agent, split.Draw(), stopping));
            }
            catch (ConsoleRefusal refusal)
            {
                // Paused, or its key disabled: a person decided so and may take it back. It asks again, without hurry.
                log.Warn($"{passport.Slug} is refused: {refusal.Message}");
                pause = refusal.IsCredential || refusal.Code == "agent_paused" ? WhenRefused : pause;
            }
            catch (Exception e) when (IsTrouble(e, stopping))
            {
                log.Warn($"{passport.Slug} could not report: {e.Message}");
            }
            await Task.Delay(pause, clock, stopping);
        }
    }

    private async Task BeatAsync(Member member, CancellationToken stopping)
    {
        while (true)
        {
            var pause = TimeSpan.FromSeconds(20);
            try
            {
                var answer = await member.Console.HeartbeatAsync(Beat(), stopping);
                pause = TimeSpan.FromTicks(
                    Math.Clamp((answer.NextBefore - clock.GetUtcNow()).Ticks / 2, TimeSpan.TicksPerSecond * 5, TimeSpan.TicksPerSecond * 60)
                );
            }
            catch (ConsoleRefusal)
            {
                pause = WhenRefused; // the runs of this agent say why
            }
            catch (Exception e) when (IsTrouble(e, stopping))
            {
                log.Warn($"{member.Agent.Passport.Slug} cannot reach the console: {e.Message}");
            }
            await Task.Delay(pause, clock, stopping);
        }
    }

    /// <summary>A loop that ends with the fleet.</summary>
    internal static async Task UntilStoppedAsync(Func<Task> loop, CancellationToken stopping)
    {
        try
        {
            await loop();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return; // that is how these loops end
        }
    }

    private static bool IsTrouble(Exception e, CancellationToken stopping) =>
        e is ConsoleRefusal or HttpRequestException or IOException or UnauthorizedAccessException
        || (e is OperationCanceledException && !stopping.IsCancellationRequested);

    private static TimeSpan Spread(TimeSpan cadence) => cadence * (1 + ((Random.Shared.NextDouble() - 0.5) / 3));

    private Heartbeat Beat() => new() { Version = Roster.Version, InstanceId = _instance };

    private void Tell(RunBody run) => log.Info($"{run.Agent} {run.Status}: {run.Summary ?? run.ErrorCode ?? "no summary"}");
}
