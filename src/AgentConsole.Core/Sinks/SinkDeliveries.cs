using System.Security.Cryptography;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Sinks;

/// <summary>
/// Puts secrets into sinks. A try is bounded to 10 seconds and is not repeated here: the caller decides whether and when to try again, and once more with the
/// same rotation does no harm. How it ended stands at the sink and in the trail, without the secret.
/// </summary>
public sealed class SinkDeliveries
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    internal const int MostProblem = 500;

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly SinkSeal _seal;
    private readonly TimeProvider _clock;
    private readonly Dictionary<SinkKind, ISinkSender> _senders;

    internal SinkDeliveries(ConsoleStore store, AccessDirectory access, SinkSeal seal, IEnumerable<ISinkSender> senders, TimeProvider clock)
    {
        (_store, _access, _seal, _clock) = (store, access, seal, clock);
        _senders = senders.ToDictionary(s => s.Kind);
    }

    /// <summary>
    /// Writes the new secret of an agent's key, reads it back and compares. The key must be one of an agent that the sink serves, whoever asks. A refusal
    /// means that nobody may count on the new secret being there: leave the old version valid.
    /// </summary>
    public async Task<Outcome<SinkReceipt>> DeliverAsync(Guid sinkId, SinkSecret secret, CancellationToken cancellationToken)
    {
        var sent = (await SendAsync(sinkId, [secret], 1, cancellationToken))[0];
        if (sent.Sink is not { } sink)
            return sent.Receipt;
        var by = Actor.ForSystem(sink.OrganizationId, "secret sinks");
        await RecordAsync(sink, by, sent.Parcel!, sent.Place, cancellationToken);
        return sent.Receipt;
    }

    /// <summary>
    /// As <see cref="DeliverAsync"/> for many at once; how it went is noted with <see cref="RecordAsync(Write, IReadOnlyList{SentSecret}, CancellationToken)"/>,
    /// in the transaction in which the caller draws its conclusions.
    /// </summary>
    /// <returns>In the order given.</returns>
    internal async Task<SentSecret[]> SendAsync(
        Guid sinkId,
        IReadOnlyList<SinkSecret> secrets,
        int atOnce,
        CancellationToken cancellationToken
    )
    {
        SecretSink? sink;
        Dictionary<Guid, (string Slug, Guid TeamId)> agents;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            sink = await db.SecretSinks.SingleOrDefaultAsync(s => s.Id == sinkId, cancellationToken);
            if (sink is null)
                return [.. secrets.Select(_ => new SentSecret(null, null, SinkProblems.NotFound, _clock.Now()))];
            var (organization, keys) = (sink.OrganizationId, secrets.Select(s => s.KeyId).ToArray());
            agents = await db
                .AgentKeys.Where(k => k.OrganizationId == organization && keys.Contains(k.Id))
                .Join(
                    db.Agents,
                    k => new { k.OrganizationId, Id = k.AgentId },
                    a => new { a.OrganizationId, a.Id },
                    (k, a) =>
                        new
                        {
                            k.Id,
                            a.Slug,
                            a.TeamId,
                        }
                )
                .ToDictionaryAsync(k => k.Id, k => (k.Slug, k.TeamId), cancellationToken);
        }
        var sent = new SentSecret[secrets.Count];
        await Parallel.ForAsync(
            0,
            secrets.Count,
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken },
            async (i, stop) =>
            {
                var secret = secrets[i];
                if (
                    !agents.TryGetValue(secret.KeyId, out var agent)
                    || agent.Slug != secret.AgentSlug
                    || (sink.TeamId is { } team && team != agent.TeamId)
                )
                {
                    sent[i] = new SentSecret(null, null, SinkProblems.NotFor, _clock.Now());
                    return;
                }
                var names = new SinkNames(agent.Slug, SlugOf(agent.TeamId), IdText.Format(IdText.Key, secret.KeyId));
                var parcel = new Parcel(names, secret, Probe: false);
                sent[i] = new SentSecret(sink, parcel, await TryAsync(sink, parcel, stop), _clock.Now());
            }
        );
        return sent;
    }

    /// <summary>Notes at the sinks and on the trail how deliveries went.</summary>
    internal async Task RecordAsync(Write write, IReadOnlyList<SentSecret> sent, CancellationToken cancellationToken)
    {
        foreach (var ofSink in sent.Where(s => s.Sink is not null).GroupBy(s => s.Sink!.Id))
        {
            // One that failed tells more than those that came after it.
            var last = ofSink.LastOrDefault(s => s.Place.Problem is not null) ?? ofSink.Last();
            await MarkAsync(write, last.Sink!, last.Place, cancellationToken);
            var by = Actor.ForSystem(last.Sink!.OrganizationId, "secret sinks");
            foreach (var one in ofSink)
                Note(write, last.Sink, by, one.Parcel!, one.Place);
        }
    }

    /// <summary>Sends a harmless value the same way and says how it went.</summary>
    internal async Task<SinkTestResult> TestAsync(SecretSink sink, Actor by, CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var parcel = new Parcel(
            new SinkNames("agentconsole-probe", sink.TeamId is { } team ? SlugOf(team) : Team.DefaultSlug, "key_probe"),
            new SinkSecret
            {
                AgentSlug = "agentconsole-probe",
                KeyId = Guid.Empty,
                KeyVersion = 0,
                RotationId = _store.NewId(),
                Secret = "probe-" + RandomNumberGenerator.GetHexString(24, lowercase: true),
                IssuedAt = now,
            },
            Probe: true
        );
        var sent = await TryAsync(sink, parcel, cancellationToken);
        var at = await RecordAsync(sink, by, parcel, sent, cancellationToken);
        var place = sent.Problem is null ? sent.Value : _senders[sink.Kind].PlaceOf(sink.Settings, parcel) ?? sink.Target;
        return new SinkTestResult(sent.Problem is null, place, sent.Problem?.Code, sent.Problem?.Detail, at);
    }

    private async Task<Outcome<string>> TryAsync(SecretSink sink, Parcel parcel, CancellationToken cancellationToken)
    {
        var sender = _senders[sink.Kind];
        if (sender.PlaceOf(sink.Settings, parcel) is null)
            return SinkProblems.Failed("sink_place_unknown", "The names of this agent do not fit the path of the sink.");
        if (!_seal.Open(sink, _clock.GetUtcNow()).Try(out var credentials, out var problem))
            return problem;
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var sent = await sender.SendAsync(sink.Settings, credentials, parcel, both.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return sent;
    }

    // What was sent is sent: that it is noted does not end with the caller's patience.
    private async Task<DateTimeOffset> RecordAsync(
        SecretSink sink,
        Actor by,
        Parcel parcel,
        Outcome<string> sent,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var write = await _store.WriteAsync(CancellationToken.None);
        await MarkAsync(write, sink, sent, CancellationToken.None);
        Note(write, sink, by, parcel, sent);
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The outcome of a delivery could not be written.");
        return write.Now;
    }

    private static async Task MarkAsync(Write write, SecretSink sink, Outcome<string> sent, CancellationToken cancellationToken)
    {
        var (organization, id, now) = (sink.OrganizationId, sink.Id, (DateTimeOffset?)write.Now);
        var (code, detail) = (sent.Problem?.Code, Texts.Clip(sent.Problem?.Detail, MostProblem));
        await write
            .Db.SecretSinks.Where(s => s.OrganizationId == organization && s.Id == id)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(s => s.LastDeliveryAt, now).SetProperty(s => s.LastCode, code).SetProperty(s => s.LastProblem, detail),
                cancellationToken
            );
        write.Tell(new LiveEvent("sinks", sink.OrganizationId, sink.TeamId, null, sink.Id));
    }

    private void Note(Write write, SecretSink sink, Actor by, Parcel parcel, Outcome<string> sent)
    {
        var (code, detail) = (sent.Problem?.Code, Texts.Clip(sent.Problem?.Detail, MostProblem));
        write.Trail(
            by,
            (parcel.Probe, sent.Problem is null) switch
            {
                (true, true) => "sink.tested",
                (true, false) => "sink.test-failed",
                (false, true) => "sink.delivered",
                _ => "sink.failed",
            },
            SinkService.Target(sink),
            after: new
            {
                agent = parcel.Probe ? null : parcel.Secret.AgentSlug,
                key = parcel.Probe ? null : parcel.Names.Key,
                key_version = parcel.Probe ? (int?)null : parcel.Secret.KeyVersion,
                rotation = parcel.Probe ? null : IdText.Format(IdText.Rotation, parcel.Secret.RotationId),
                place = sent.Problem is null ? sent.Value : _senders[sink.Kind].PlaceOf(sink.Settings, parcel),
                code,
                problem = detail,
            }
        );
    }

    private string SlugOf(Guid teamId) => _access.Current.Teams.GetValueOrDefault(teamId)?.Slug ?? "";
}

/// <summary>One delivery of many, before anybody drew a conclusion from it.</summary>
/// <param name="Sink">Null where nothing was sent.</param>
/// <param name="Place">Where it lies, or why it does not.</param>
internal sealed record SentSecret(SecretSink? Sink, Parcel? Parcel, Outcome<string> Place, DateTimeOffset At)
{
    public Outcome<SinkReceipt> Receipt => Place.Map(place => new SinkReceipt(Sink!.Id, Sink.Name, Sink.Kind, place, At));
}
