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
        SecretSink? sink;
        SinkNames names;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            sink = await db.SecretSinks.SingleOrDefaultAsync(s => s.Id == sinkId, cancellationToken);
            if (sink is null)
                return SinkProblems.NotFound;
            var (organization, key) = (sink.OrganizationId, secret.KeyId);
            var agent = await db
                .AgentKeys.Where(k => k.OrganizationId == organization && k.Id == key)
                .Join(
                    db.Agents,
                    k => new { k.OrganizationId, Id = k.AgentId },
                    a => new { a.OrganizationId, a.Id },
                    (k, a) => new { a.Slug, a.TeamId }
                )
                .SingleOrDefaultAsync(cancellationToken);
            if (agent is null || agent.Slug != secret.AgentSlug || (sink.TeamId is { } team && team != agent.TeamId))
                return SinkProblems.NotFor;
            names = new SinkNames(agent.Slug, SlugOf(agent.TeamId), IdText.Format(IdText.Key, secret.KeyId));
        }
        var parcel = new Parcel(names, secret, Probe: false);
        var by = Actor.ForSystem(sink.OrganizationId, "secret sinks");
        var sent = await TryAsync(sink, parcel, cancellationToken);
        var at = await RecordAsync(sink, by, parcel, sent, cancellationToken);
        return sent.Map(place => new SinkReceipt(sink.Id, sink.Name, sink.Kind, place, at));
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
        var (organization, id, now) = (sink.OrganizationId, sink.Id, (DateTimeOffset?)write.Now);
        var (code, detail) = (sent.Problem?.Code, Texts.Clip(sent.Problem?.Detail, MostProblem));
        await write
            .Db.SecretSinks.Where(s => s.OrganizationId == organization && s.Id == id)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(s => s.LastDeliveryAt, now).SetProperty(s => s.LastCode, code).SetProperty(s => s.LastProblem, detail),
                CancellationToken.None
            );
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
        write.Tell(new LiveEvent("sinks", sink.OrganizationId, sink.TeamId, null, sink.Id));
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The outcome of a delivery could not be written.");
        return write.Now;
    }

    private string SlugOf(Guid teamId) => _access.Current.Teams.GetValueOrDefault(teamId)?.Slug ?? "";
}
