using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Sinks;

public enum SecretState
{
    Exists,
    Missing,
    Unchecked,
}

/// <summary>Whether a secret lies where somebody says.</summary>
/// <param name="Why">What keeps it from being checked, or how it is missing.</param>
public sealed record SecretPresence(SecretState State, string? Why)
{
    public static SecretPresence Exists { get; } = new(SecretState.Exists, null);

    public static SecretPresence Missing(string why) => new(SecretState.Missing, why);

    public static SecretPresence Unchecked(string why) => new(SecretState.Unchecked, why);
}

/// <summary>
/// Asks sinks whether there is something at a path. A reference is <c>name:path</c>; the name is a sink's of the team or else of the organization. What lies
/// there is not read, and all answers together are waited for no longer than <see cref="Patience"/>.
/// </summary>
public sealed class SecretLookup
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private const int AtOnce = 8;

    private readonly ConsoleStore _store;
    private readonly SinkSeal _seal;
    private readonly TimeProvider _clock;
    private readonly Dictionary<SinkKind, ISinkSender> _senders;

    internal SecretLookup(ConsoleStore store, SinkSeal seal, IEnumerable<ISinkSender> senders, TimeProvider clock)
    {
        (_store, _seal, _clock) = (store, seal, clock);
        _senders = senders.ToDictionary(s => s.Kind);
    }

    /// <returns>In the order given.</returns>
    public async Task<IReadOnlyList<SecretPresence>> LookAsync(
        Guid organizationId,
        Guid teamId,
        IReadOnlyList<string> references,
        CancellationToken cancellationToken
    )
    {
        var found = new SecretPresence[references.Count];
        if (found.Length == 0)
            return found;
        var names = references.Select(NameOf).OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
        List<SecretSink> sinks;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            sinks = await db
                .SecretSinks.Where(s =>
                    s.OrganizationId == organizationId && (s.TeamId == null || s.TeamId == teamId) && names.Contains(s.Name)
                )
                .ToListAsync(cancellationToken);
        }
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        await Parallel.ForAsync(
            0,
            found.Length,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, _) => found[i] = await LookAsync(sinks, references[i], both.Token)
        );
        cancellationToken.ThrowIfCancellationRequested();
        return found;
    }

    private async Task<SecretPresence> LookAsync(List<SecretSink> sinks, string reference, CancellationToken cancellationToken)
    {
        if (NameOf(reference) is not { } name)
            return SecretPresence.Unchecked("It does not name a sink: write sink:path to have it checked.");
        // A team's own sink goes before one of the organization with the same name, as for rotations.
        if (sinks.Where(s => s.Name == name).MaxBy(s => s.TeamId is not null) is not { } sink)
            return SecretPresence.Unchecked($"There is no sink {name} that serves this team.");
        var path = reference[(name.Length + 1)..];
        if (!SinkTemplate.IsPlain(path))
            return SecretPresence.Unchecked("Its path has other characters than letters, digits, dot, dash, underscore and slash.");
        if (!_seal.Open(sink, _clock.GetUtcNow()).Try(out var credentials, out var problem))
            return SecretPresence.Unchecked(problem.Detail);
        if (cancellationToken.IsCancellationRequested)
            return Late;
        try
        {
            return await _senders[sink.Kind].LookAsync(sink.Settings, credentials, path, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return Late;
        }
    }

    private static SecretPresence Late => SecretPresence.Unchecked("Its sink did not answer within 4 seconds.");

    private static string? NameOf(string reference) =>
        reference.IndexOf(':', StringComparison.Ordinal) is > 0 and var at ? reference[..at] : null;
}
