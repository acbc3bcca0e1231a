using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>
/// Works off parts of a bulk act. A row's secret is made, sealed into the row and committed in one transaction before it goes anywhere: after a crash the same
/// secret is delivered once more, and there is never a second one. What arrived is noted in another transaction, which takes the sealed secret away.
/// </summary>
internal sealed class KeyBulkWork(
    ConsoleStore store,
    MasterKey master,
    KeyIndex index,
    KeyMint mint,
    RotationBodies bodies,
    KeyBulkReading reading,
    ISecretSinks sinks,
    TimeProvider clock
)
{
    /// <summary>Rows of one transaction: other writers wait that long and no longer.</summary>
    public const int Part = 50;

    /// <summary>Deliveries of one part under way at once: enough to hide a slow sink's answer, few enough not to be an attack on it.</summary>
    private const int AtOnce = 8;

    /// <summary>Does the next pending rows within a write that the caller commits.</summary>
    public async Task BeginPartAsync(Write write, KeyBulk bulk, Actor by, CancellationToken cancellationToken)
    {
        var (organization, id) = (bulk.OrganizationId, bulk.Id);
        var rows = await write
            .Db.KeyBulkRows.AsNoTracking()
            .Where(r => r.OrganizationId == organization && r.BulkId == id && r.Outcome == KeyBulkOutcome.Pending)
            .OrderBy(r => r.Ordinal)
            .Take(Part)
            .ToListAsync(cancellationToken);
        var told = Told(bulk, by);
        var keyIds = rows.Select(r => r.KeyId!.Value).Distinct().ToArray();
        var keys = await write
            .Db.AgentKeys.Where(k => k.OrganizationId == organization && keyIds.Contains(k.Id))
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        var versions = (
            await write
                .Db.KeyVersions.Where(v => v.OrganizationId == organization && keyIds.Contains(v.KeyId))
                .OrderBy(v => v.Number)
                .ToListAsync(cancellationToken)
        ).ToLookup(v => v.KeyId);
        var agentIds = keys.Values.Select(k => k.AgentId).Distinct().ToArray();
        var agents = await write
            .Db.Agents.VisibleTo(by)
            .AsNoTracking()
            .Where(a => agentIds.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var open = await write
            .Db.Rotations.Where(r => r.OrganizationId == organization && r.ClosedAt == null && keyIds.Contains(r.KeyId))
            .ToDictionaryAsync(r => r.KeyId, cancellationToken);
        var unserved = new Dictionary<Guid, Problem?>();
        foreach (var team in agents.Values.Select(a => a.TeamId).Distinct().Where(_ => bulk.Sink is not null))
            unserved[team] = await reading.SinkRefusalAsync(write.Db, organization, team, bulk.Sink!, cancellationToken);
        foreach (var row in rows)
        {
            var key = keys.GetValueOrDefault(row.KeyId!.Value);
            var agent = key is null ? null : agents.GetValueOrDefault(key.AgentId);
            var refusal =
                key is null || agent is null ? KeyProblems.NotFound
                : agent.DeletedAt is not null || agent.TeamId != row.TeamId || agent.Slug != row.Agent ? KeyBulkProblems.ChangedMeanwhile
                : mint.Refusal(by, agent.TeamId)
                    ?? (
                        bulk.Action == KeyBulkAction.Rotate
                            ? unserved.GetValueOrDefault(agent.TeamId)
                                ?? Rotate(write, bulk, told, row, agent, key, [.. versions[key.Id]], open.GetValueOrDefault(key.Id))
                            : Change(write, bulk, told, row, agent, key, [.. versions[key.Id]])
                    );
            if (refusal is not null)
                End(bulk, row, KeyBulkOutcome.Failed, write.Now, refusal);
        }
        await KeyBulkRows.UpdateAsync(write, rows, cancellationToken);
        bulk.FinishIfDone(write.Now);
        Tell(write, bulk);
    }

    private Problem? Rotate(
        Write write,
        KeyBulk bulk,
        Actor by,
        KeyBulkRow row,
        Agent agent,
        AgentKey key,
        List<KeyVersion> versions,
        Rotation? open
    )
    {
        RotationAct act;
        var again = row.RotationId is not null;
        if (again)
        {
            // Its secret never arrived, and is not known any more: that version ends, and another is made.
            if (open is null || open.Id != row.RotationId || open.ToVersion != row.ToVersion)
                return KeyBulkProblems.MovedOn;
            act = new RotationAct((write, index), write.Now, open, bodies.AgentOf(AgentCard.Of(agent)), key, versions);
            if (act.New?.FirstUsedAt is not null)
                return RotationProblems.NewWasUsed;
        }
        else
        {
            if (open is not null)
                return KeyBulkProblems.Open;
            if (agent.Lifecycle == Lifecycle.Retired)
                return KeyBulkProblems.Retired;
            var present = versions.Where(v => RotationAct.Accepts(v, write.Now)).MaxBy(v => v.Number);
            if (present?.Number != row.Version || present?.LeakReportedAt is not null)
                return KeyBulkProblems.ChangedMeanwhile;
            act = RotationAct.Plan(write, index, by, bodies.AgentOf(AgentCard.Of(agent)), key, versions, RotationTrigger.Bulk, bulk.Reason);
            var rotation = act.Rotation;
            (rotation.GraceSeconds, rotation.RevokeImmediately) = (bulk.GraceSeconds, bulk.RevokeImmediately);
            (rotation.AutoExtend, rotation.TtlDays, rotation.Sink) = (bulk.AutoExtend, bulk.TtlDays, bulk.Sink);
            row.RotationId = rotation.Id;
        }
        if (bulk.Sink is null)
        {
            act.Planned(by);
            End(bulk, row, KeyBulkOutcome.Done, write.Now, null);
            return null;
        }
        var secret = act.Issue(by, mint, again);
        row.ToVersion = act.Rotation.ToVersion;
        row.IssuedAt = write.Now;
        row.Sealed = MasterKey.Seal(KeyOf(row), Encoding.UTF8.GetBytes(secret));
        row.Outcome = KeyBulkOutcome.Issued;
        (row.Code, row.Detail) = (null, null);
        bulk.Issued++;
        return null;
    }

    private Problem? Change(Write write, KeyBulk bulk, Actor by, KeyBulkRow row, Agent agent, AgentKey key, List<KeyVersion> versions)
    {
        if (versions.Find(v => v.Number == row.Version) is not { } version)
            return KeyBulkProblems.ChangedMeanwhile;
        if (version.LeakReportedAt is not null && bulk.Action == KeyBulkAction.Enable)
            return KeyBulkProblems.LeakedStays;
        var (action, act) = bulk.Action switch
        {
            KeyBulkAction.Disable => ("key.disabled", KeyChanges.Disable),
            KeyBulkAction.Enable => ("key.enabled", KeyChanges.Enable),
            _ => ("key.revoked", (Func<KeyVersion, DateTimeOffset, string?, Problem?>)KeyChanges.Revoke),
        };
        var refusal = KeyService.Apply(write, index, by, agent, key, version, action, act, bulk.Reason);
        if (refusal is null)
            End(bulk, row, KeyBulkOutcome.Done, write.Now, null);
        return refusal;
    }

    /// <summary>The rows whose secret is made and has not arrived, with it, or with why it must not go there now; at most one part.</summary>
    /// <param name="by">Whoever works, with the rights of this moment.</param>
    public async Task<List<KeyBulkOutgoing>> OutgoingAsync(Actor by, Guid bulkId, string sink, CancellationToken cancellationToken)
    {
        var organization = by.OrganizationId;
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .KeyBulkRows.Where(r => r.OrganizationId == organization && r.BulkId == bulkId && r.Outcome == KeyBulkOutcome.Issued)
            .OrderBy(r => r.Ordinal)
            .Take(Part)
            .ToListAsync(cancellationToken);
        var keyIds = rows.Select(r => r.KeyId!.Value).ToArray();
        var agentIds = rows.Select(r => r.AgentId!.Value).Distinct().ToArray();
        var agents = await db
            .Agents.Where(a => a.OrganizationId == organization && agentIds.Contains(a.Id))
            .Select(a => new
            {
                a.Id,
                a.Slug,
                a.TeamId,
                a.DeletedAt,
            })
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var made = await db
            .KeyVersions.Where(v => v.OrganizationId == organization && keyIds.Contains(v.KeyId))
            .ToDictionaryAsync(v => (v.KeyId, v.Number), cancellationToken);
        var now = clock.Now();
        return [.. rows.Select(Outgoing)];

        KeyBulkOutgoing Outgoing(KeyBulkRow row)
        {
            if (Open(row) is not { } secret)
                return new KeyBulkOutgoing(row.Ordinal, null, KeyBulkProblems.SecretForgotten);
            var agent = agents.GetValueOrDefault(row.AgentId!.Value);
            var version = made.GetValueOrDefault((row.KeyId!.Value, row.ToVersion!.Value));
            // The place follows from the team and the name that stood in the plan.
            if (agent is not { DeletedAt: null } || agent.TeamId != row.TeamId || agent.Slug != row.Agent)
                return new KeyBulkOutgoing(row.Ordinal, null, KeyBulkProblems.ChangedMeanwhile);
            // The right of this moment, not of when the row began: a resume may come a day later.
            if (mint.Refusal(by, agent.TeamId) is { } missing)
                return new KeyBulkOutgoing(row.Ordinal, null, missing);
            if (version is null || !RotationAct.Accepts(version, now))
                return new KeyBulkOutgoing(row.Ordinal, null, RotationProblems.NewNotAccepted);
            return new KeyBulkOutgoing(
                row.Ordinal,
                new SecretDelivery
                {
                    OrganizationId = organization,
                    TeamId = agent.TeamId,
                    Sink = sink,
                    AgentSlug = agent.Slug,
                    KeyId = row.KeyId.Value,
                    KeyVersion = row.ToVersion.Value,
                    RotationId = row.RotationId!.Value,
                    Secret = secret,
                    ExpiresAt = version.ExpiresAt,
                    IssuedAt = row.IssuedAt!.Value,
                },
                null
            );
        }
    }

    /// <summary>Sends what can be sent; a row without a secret has no delivery, and fails by itself.</summary>
    public async Task<SentDeliveries> SendAsync(IReadOnlyList<KeyBulkOutgoing> outgoing, CancellationToken cancellationToken)
    {
        var all = outgoing.Where(o => o.Delivery is not null).Select(o => o.Delivery!).ToList();
        var ours = all.Count == 0 ? [] : await ClaimAsync(all, cancellationToken);
        var there = all.FindAll(d => ours.Contains(d.RotationId));
        var sent = there.Count == 0 ? null : await sinks.DeliverAsync(there, AtOnce, cancellationToken);
        var next = 0;
        return new SentDeliveries(
            [
                .. outgoing.Select(o =>
                    o.Delivery is not { } delivery ? o.Refusal!
                    : ours.Contains(delivery.RotationId) ? sent!.Receipts[next++]
                    : RotationProblems.Delivering
                ),
            ],
            sent?.RecordAsync ?? ((_, _) => Task.CompletedTask)
        );
    }

    // While these are on their way nobody makes another secret of theirs, which a slow delivery could overtake and leave a revoked one in the sink. A claim that
    // stands on the same version is our own, from before a crash: the same secret may go there twice.
    private async Task<HashSet<Guid>> ClaimAsync(List<SecretDelivery> deliveries, CancellationToken cancellationToken)
    {
        var organization = deliveries[0].OrganizationId;
        await using var write = await store.WriteAsync(cancellationToken);
        var rounds = (deliveries.Count + AtOnce - 1) / AtOnce;
        var until = (DateTimeOffset?)(write.Now + Rotation.LongestDelivery + (SinkDeliveries.Patience * (rounds - 1)));
        var claimed = new HashSet<Guid>();
        foreach (var same in deliveries.GroupBy(d => d.KeyVersion, d => d.RotationId))
        {
            var (version, ids) = (same.Key, same.ToArray());
            var versions = write.Db.KeyVersions;
            var ours = write.Db.Rotations.Where(r =>
                r.OrganizationId == organization
                && ids.Contains(r.Id)
                && r.ToVersion == version
                && r.ClosedAt == null
                && versions.Any(v =>
                    v.OrganizationId == organization && v.KeyId == r.KeyId && v.Number == version && v.State == KeyState.Active
                )
            );
            var count = await ours.ExecuteUpdateAsync(
                set => set.SetProperty(r => r.DeliveringUntil, until).SetProperty(r => r.Revision, r => r.Revision + 1),
                cancellationToken
            );
            claimed.UnionWith(count == ids.Length ? ids : await ours.Select(r => r.Id).ToListAsync(cancellationToken));
        }
        return await write.TryCommitAsync(cancellationToken) ? claimed : [];
    }

    /// <summary>Notes what arrived, within a write that the caller commits.</summary>
    public async Task EndPartAsync(
        Write write,
        KeyBulk bulk,
        Actor by,
        IReadOnlyList<KeyBulkOutgoing> outgoing,
        SentDeliveries sent,
        CancellationToken cancellationToken
    )
    {
        var (organization, id) = (bulk.OrganizationId, bulk.Id);
        var ordinals = outgoing.Select(o => o.Ordinal).ToArray();
        var rows = await write
            .Db.KeyBulkRows.AsNoTracking()
            .Where(r => r.OrganizationId == organization && r.BulkId == id && ordinals.Contains(r.Ordinal))
            .ToDictionaryAsync(r => r.Ordinal, cancellationToken);
        var rotationIds = rows.Values.Select(r => r.RotationId!.Value).ToArray();
        var rotations = await write
            .Db.Rotations.Where(r => r.OrganizationId == organization && rotationIds.Contains(r.Id))
            .ToListAsync(cancellationToken);
        var acts = (await bodies.LoadAsync(write.Db, rotations, write.Now, cancellationToken, (write, index))).ToDictionary(a =>
            a.Rotation.Id
        );
        var told = Told(bulk, by);
        for (var i = 0; i < outgoing.Count; i++)
        {
            var row = rows[outgoing[i].Ordinal];
            if (row.Outcome != KeyBulkOutcome.Issued)
                continue;
            bulk.Issued--;
            var act = acts[row.RotationId!.Value];
            if (!act.Rotation.IsOpen || act.Rotation.ToVersion != row.ToVersion)
            {
                row.Sealed = null;
                End(bulk, row, KeyBulkOutcome.Failed, write.Now, KeyBulkProblems.MovedOn);
            }
            else if (sent.Receipts[i].Try(out var receipt, out var problem))
            {
                // Enabled once more, the same secret is delivered again, and the old version goes then.
                var stuck = act.Delivered(told, receipt);
                row.Sealed = stuck is null ? null : row.Sealed;
                End(bulk, row, stuck is null ? KeyBulkOutcome.Done : KeyBulkOutcome.Failed, write.Now, stuck);
            }
            else if (problem == RotationProblems.Delivering)
            {
                End(bulk, row, KeyBulkOutcome.Failed, write.Now, problem);
            }
            else if (outgoing[i].Delivery is null)
            {
                // Nothing was sent: what another may be delivering stays as it is.
                act.Fail(told, Texts.Clip($"The new secret was not delivered to {bulk.Sink}: {problem.Detail}", 500)!);
                End(bulk, row, KeyBulkOutcome.Failed, write.Now, problem);
            }
            else
            {
                act.NotDelivered(told, Texts.Clip($"The new secret was not delivered to {bulk.Sink}: {problem.Detail}", 500)!);
                End(bulk, row, KeyBulkOutcome.Failed, write.Now, problem);
            }
        }
        await KeyBulkRows.UpdateAsync(write, rows.Values, cancellationToken);
        await sent.RecordAsync(write, cancellationToken);
        bulk.FinishIfDone(write.Now);
        Tell(write, bulk);
    }

    /// <summary>Lets rows that failed be tried once more, within a write that the caller commits.</summary>
    public static async Task RetryFailedAsync(Write write, KeyBulk bulk, CancellationToken cancellationToken)
    {
        var (organization, id) = (bulk.OrganizationId, bulk.Id);
        var failed = write.Db.KeyBulkRows.Where(r =>
            r.OrganizationId == organization && r.BulkId == id && r.Outcome == KeyBulkOutcome.Failed
        );
        // With its secret at hand the same one is delivered again; otherwise the row begins anew.
        var issued = await failed
            .Where(r => r.Sealed != null)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Outcome, KeyBulkOutcome.Issued), cancellationToken);
        var pending = await failed.ExecuteUpdateAsync(set => set.SetProperty(r => r.Outcome, KeyBulkOutcome.Pending), cancellationToken);
        bulk.Issued += issued;
        bulk.Failed -= issued + pending;
    }

    /// <summary>Whoever looks at it hears of each part.</summary>
    public static void Tell(Write write, KeyBulk bulk) => write.Tell(new LiveEvent("bulk", bulk.OrganizationId, null, null, bulk.Id));

    /// <summary>Each record tells which operation it belongs to.</summary>
    public static Actor Told(KeyBulk bulk, Actor by) => by with { CorrelationId = IdText.Format(IdText.Bulk, bulk.Id), Retry = null };

    public static TrailTarget Target(KeyBulk bulk) => new("bulk", bulk.Id, IdText.Format(IdText.Bulk, bulk.Id));

    private static void End(KeyBulk bulk, KeyBulkRow row, KeyBulkOutcome outcome, DateTimeOffset now, Problem? why)
    {
        row.Outcome = outcome;
        row.EndedAt = now;
        (row.Code, row.Detail) = (why?.Code, Texts.Clip(why?.Detail, 500));
        if (outcome == KeyBulkOutcome.Done)
            bulk.Done++;
        else
            bulk.Failed++;
    }

    private string? Open(KeyBulkRow row)
    {
        if (row.Sealed is null)
            return null;
        try
        {
            return Encoding.UTF8.GetString(MasterKey.Open(KeyOf(row), row.Sealed));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // A key of the row's own: its bytes open in no other row.
    private byte[] KeyOf(KeyBulkRow row)
    {
        Span<byte> salt = stackalloc byte[20];
        row.BulkId.TryWriteBytes(salt, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(salt[16..], row.Ordinal);
        return master.Derive("bulk-delivery", salt);
    }
}

/// <summary>A row whose secret is to go out.</summary>
/// <param name="Delivery">Null where it must not go now; <paramref name="Refusal"/> says why.</param>
internal sealed record KeyBulkOutgoing(int Ordinal, SecretDelivery? Delivery, Problem? Refusal);
