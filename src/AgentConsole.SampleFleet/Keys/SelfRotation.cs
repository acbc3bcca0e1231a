using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Keys;

/// <summary>
/// An agent gives its own key a new version, on a schedule of its own. What it is about to ask for is written down before it asks, and the answer before it is
/// used: killed at any line, the next start asks again with the same <c>Idempotency-Key</c>, and gets the same secret.
/// </summary>
/// <param name="console">The console under <paramref name="key"/>.</param>
public sealed class SelfRotation(string slug, FleetClient console, KeyHolder key, FleetState state, FleetLog log, TimeProvider clock)
{
    public static readonly TimeSpan Cadence = TimeSpan.FromHours(1);
    private static readonly TimeSpan WhenRefused = TimeSpan.FromSeconds(60);

    // As long as the console can repeat a lost answer: the old version must be good for asking.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    /// <param name="first">Pause before the first time; what an earlier process left unfinished does not wait.</param>
    public async Task RunAsync(TimeSpan first, CancellationToken stopping)
    {
        var begun = clock.GetUtcNow();
        while (true)
        {
            var papers = Papers;
            var due = papers.RotatedAt + Cadence;
            var pause = papers.Turn is not null ? TimeSpan.Zero : Later(begun + first, due) - clock.GetUtcNow();
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, clock, stopping);
            if (!await TryAsync(stopping))
                await Task.Delay(WhenRefused, clock, stopping);
        }
    }

    /// <summary>Asks for a new version, or goes on where an earlier attempt ended.</summary>
    internal async Task RotateAsync(CancellationToken cancellationToken)
    {
        if (Papers.Turn is null)
            state.Keep(slug, Papers with { Turn = new KeyTurn(Guid.NewGuid().ToString("n")) });
        var turn = Papers.Turn!;
        if (turn.Rotation is null)
        {
            var answer = await console.SendAsync<RotationBody>(
                HttpMethod.Post,
                "/api/v1/rotations",
                new RotateOwnKey { GraceSeconds = (int)Grace.TotalSeconds, Reason = "This agent changes its key every hour." },
                turn.Attempt,
                cancellationToken
            );
            var secret =
                answer.ApiKey
                ?? throw new ConsoleRefusal(
                    System.Net.HttpStatusCode.OK,
                    "key_not_shown",
                    $"The rotation {answer.Id} does not show its secret again."
                );
            turn = turn with { Rotation = answer.Id };
            state.Keep(slug, Papers with { Key = secret, Turn = turn });
            key.Swap(secret);
        }
        await AcknowledgeAsync(turn.Rotation!, cancellationToken);
        state.Keep(slug, Papers with { Turn = null, RotatedAt = clock.GetUtcNow() });
        log.Info($"{slug} changed its own key and goes on with the new one ({turn.Rotation}).");
    }

    private AgentPapers Papers =>
        state.Of(slug)
        ?? throw new InvalidDataException($"The fleet's memory knows nothing of {slug}: it is written before its first call.");

    // The first call under the new key.
    private async Task AcknowledgeAsync(string rotation, CancellationToken cancellationToken)
    {
        try
        {
            await console.SendAsync<RotationBody>(
                HttpMethod.Post,
                $"/api/v1/rotations/{rotation}/acknowledge",
                new AcknowledgeRotation { LastFour = key.Current[^4..] },
                null,
                cancellationToken
            );
        }
        catch (ConsoleRefusal refusal) when (refusal.Status == System.Net.HttpStatusCode.Conflict)
        {
            // Said before an earlier end of this process, and the rotation is over by now.
        }
    }

    private async Task<bool> TryAsync(CancellationToken stopping)
    {
        try
        {
            await RotateAsync(stopping);
            return true;
        }
        catch (ConsoleRefusal refusal)
        {
            // Somebody else's rotation of the key is open, or a key-admin took the permission back. Nothing was made, so the next turn is a new one.
            if (Papers.Turn is { Rotation: null } && refusal.Code is "rotation_open" or "self_rotation_off")
                state.Keep(slug, Papers with { Turn = null });
            log.Warn($"{slug} keeps its key: {refusal.Message}");
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            log.Warn($"{slug} cannot change its key, since the console is away: {e.Message}");
        }
        return false;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;
}
