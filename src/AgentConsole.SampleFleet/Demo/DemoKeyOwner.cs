using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Demo;

/// <summary>
/// Does what a key owner would do at the console: rotates the keys that lie in files, each hour, and ends every rotation of the fleet once all callers have
/// moved. A rotation that somebody else has taken in hand is left to them.
/// </summary>
public sealed class DemoKeyOwner(FleetClient console, DemoKeys keys, FleetLog log, TimeProvider clock)
{
    private static readonly TimeSpan Cadence = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WhileOpen = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhenRefused = TimeSpan.FromSeconds(60);

    // A delivery takes seconds; one that says nothing for longer was cut off.
    private static readonly TimeSpan DeliveredWithin = TimeSpan.FromSeconds(45);

    // The console repeats the answer of a self-rotation for as long.
    private static readonly TimeSpan AnswerKept = TimeSpan.FromHours(24);
    private string? _me;

    /// <param name="linger">Between the cut-over and its end, in which somebody may still knock.</param>
    public async Task RunAsync(TimeSpan first, TimeSpan linger, CancellationToken stopping)
    {
        await Task.Delay(first, clock, stopping);
        while (true)
        {
            var pause = LookEvery;
            try
            {
                foreach (var agent in keys.InFiles)
                    await BeginAsync(agent, stopping);
                foreach (var agent in keys.InFiles.Concat(keys.SelfRotating))
                {
                    if (await GoOnAsync(agent, linger, stopping))
                        pause = WhileOpen;
                }
            }
            catch (ConsoleRefusal refusal)
            {
                log.Warn($"The rotations of the demo's keys wait: {refusal.Message}");
                pause = WhenRefused;
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stopping.IsCancellationRequested))
            {
                log.Warn($"The rotations of the demo's keys wait, since the console is away: {e.Message}");
            }
            await Task.Delay(pause, clock, stopping);
        }
    }

    private async Task BeginAsync(string agent, CancellationToken cancellationToken)
    {
        var latest = (await ListAsync($"agent={agent}&limit=1", cancellationToken)).FirstOrDefault();
        if (latest is not null && (IsOpen(latest) || latest.PlannedAt + Cadence > clock.GetUtcNow()))
            return;
        var begun = await console.SendAsync<RotationBody>(
            HttpMethod.Post,
            $"/api/v1/agents/{agent}/rotations",
            new CreateRotation { Sink = DemoCast.SinkName, Reason = "The demo changes this key every hour." },
            // Of two answers that got lost the second is the first one's.
            $"demo-{agent}-{latest?.Id ?? "first"}",
            cancellationToken
        );
        _me = begun.HeldBy;
        log.Info($"{agent} gets a new key, through the sink {DemoCast.SinkName} ({begun.Id}).");
    }

    /// <returns>Whether a rotation of its key is open.</returns>
    private async Task<bool> GoOnAsync(string agent, TimeSpan linger, CancellationToken cancellationToken)
    {
        var open = (await ListAsync($"agent={agent}&open=true&limit=1", cancellationToken)).FirstOrDefault();
        if (open is null || !await IsOursAsync(open, agent, cancellationToken))
            return false;
        var now = clock.GetUtcNow();
        var (act, body) = open.State switch
        {
            "issued" when open is { Failure: not null, DeliveredAt: null, Sink: not null } && open.IssuedAt + DeliveredWithin < now => (
                "reissue",
                (object)new IssueRotation()
            ),
            "issued" or "old-disabled" when open is { Trigger: "agent", AcknowledgedAt: null } && open.IssuedAt + AnswerKept < now => (
                "abort",
                new Reason { Text = "The answer with the new secret got lost." }
            ),
            "ready" => ("disable-old", new DisableOld { Reason = "Every caller has moved." }),
            "old-disabled" when open.OldDisabledAt + linger < now && open is { ReadyAt: not null } => (
                "complete",
                new Reason { Text = "Nobody missed the old version." }
            ),
            _ => ("", ""),
        };
        if (act.Length == 0 || (act == "complete" && await IsMissedAsync(open, cancellationToken)))
            return true;
        var after = await console.SendAsync<RotationBody>(
            HttpMethod.Post,
            $"/api/v1/rotations/{open.Id}/{act}",
            body,
            null,
            cancellationToken
        );
        _me = after.HeldBy;
        log.Info($"{agent}: the rotation {open.Id} is {after.State}.");
        return true;
    }

    private async Task<bool> IsMissedAsync(RotationBody open, CancellationToken cancellationToken) =>
        (await console.SendAsync<RotationBody>(HttpMethod.Get, $"/api/v1/rotations/{open.Id}", null, null, cancellationToken)).Knocks.Count
        > 0;

    private async Task<bool> IsOursAsync(RotationBody open, string agent, CancellationToken cancellationToken)
    {
        _me ??= (await console.WhoAmIAsync(cancellationToken)).Label;
        return open.HeldBy == agent || open.HeldBy == _me;
    }

    private async Task<IReadOnlyList<RotationBody>> ListAsync(string query, CancellationToken cancellationToken) =>
        (await console.SendAsync<Page<RotationBody>>(HttpMethod.Get, "/api/v1/rotations?" + query, null, null, cancellationToken)).Data;

    private static bool IsOpen(RotationBody rotation) => rotation is { CompletedAt: null, AbortedAt: null };
}

/// <summary>Agents whose keys change, by slug.</summary>
public sealed record DemoKeys(IReadOnlyList<string> InFiles, IReadOnlyList<string> SelfRotating);
