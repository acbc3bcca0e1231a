using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>Rotations as the API and the pages show them.</summary>
public sealed class RotationBodies(AccessDirectory access, AgentDirectory agents, KeyIndex index)
{
    private const int MostCallers = 100;
    private const int MostKnocks = 50;

    /// <summary>Without callers and knocks, and without the secret.</summary>
    internal static RotationBody Bare(RotationAct act) =>
        Of(act.Rotation, act.Agent, act.Key, act.Versions) with
        {
            OldAccepted = act.OldIsAccepted,
        };

    /// <summary>When the old version is or was refused; null while nothing ends it.</summary>
    internal static DateTimeOffset? OldEndsAt(KeyVersion? old) =>
        old?.State switch
        {
            null => null,
            KeyState.Active => old.ExpiresAt,
            KeyState.Retiring => old.ExpiresAt < old.RetiresAt ? old.ExpiresAt : old.RetiresAt,
            KeyState.Disabled => old.DisabledAt,
            KeyState.Revoked => old.RevokedAt,
            _ => old.ExpiresAt,
        };

    /// <param name="by">Who reads; an agent sees nothing of other callers of its key.</param>
    internal async Task<RotationBody> FullAsync(
        ConsoleDbContext db,
        Actor by,
        RotationAct act,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var body = Bare(act) with { CallersOverflowed = act.Key.CallersOverflowedAt is not null };
        if (by.Kind == ActorKind.Agent)
            return body;
        var adopters = await Adoption.AllAsync(db, act.Rotation, now, cancellationToken);
        return body with
        {
            Waiting = act.Rotation.IsOpen ? adopters.Count(a => a.State == CallerState.Waiting) : 0,
            Callers = [.. adopters.Take(MostCallers).Select(a => a.ToBody())],
            Knocks = await KnocksAsync(db, act, cancellationToken),
        };
    }

    /// <summary>Reads what belongs to the rotations, a few queries for all of them.</summary>
    /// <param name="hand">Null for reading only: then nothing is to be moved.</param>
    internal async Task<List<RotationAct>> LoadAsync(
        ConsoleDbContext db,
        IReadOnlyCollection<Rotation> rotations,
        DateTimeOffset now,
        CancellationToken cancellationToken,
        (Write Write, KeyIndex Index)? hand = null
    )
    {
        var keyIds = rotations.Select(r => r.KeyId).Distinct().ToArray();
        // Keys and versions are found by organization first.
        var organizations = rotations.Select(r => r.OrganizationId).Distinct().ToArray();
        var keys = await db
            .AgentKeys.Where(k => organizations.Contains(k.OrganizationId) && keyIds.Contains(k.Id))
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        var versions = (
            await db
                .KeyVersions.Where(v => organizations.Contains(v.OrganizationId) && keyIds.Contains(v.KeyId))
                .OrderBy(v => v.Number)
                .ToListAsync(cancellationToken)
        ).ToLookup(v => v.KeyId);
        return [.. rotations.Select(r => new RotationAct(hand, now, r, AgentOf(r), keys[r.KeyId], [.. versions[r.KeyId]]))];
    }

    /// <summary>For reading; null where the actor sees none of this id.</summary>
    internal Task<RotationAct?> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => FindAsync(db, by, id, now, hand: null, cancellationToken);

    /// <summary>To be moved.</summary>
    internal Task<RotationAct?> FindAsync(Write write, Actor by, string id, CancellationToken cancellationToken) =>
        FindAsync(write.Db, by, id, write.Now, (write, index), cancellationToken);

    internal RotatedAgent AgentOf(AgentCard card) => new(card.Id, card.Slug, card.TeamId, SlugOf(card.TeamId));

    private async Task<RotationAct?> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string id,
        DateTimeOffset now,
        (Write Write, KeyIndex Index)? hand,
        CancellationToken cancellationToken
    )
    {
        if (!IdText.TryParse(IdText.Rotation, id, out var rotationId))
            return null;
        var rotation = await db.Rotations.VisibleTo(by, db.Agents).FirstOrDefaultAsync(r => r.Id == rotationId, cancellationToken);
        return rotation is null ? null : (await LoadAsync(db, [rotation], now, cancellationToken, hand))[0];
    }

    private RotatedAgent AgentOf(Rotation rotation)
    {
        var card = agents.Find(rotation.AgentId);
        var team = rotation.IsOpen && card is not null ? card.TeamId : rotation.TeamId;
        return new RotatedAgent(rotation.AgentId, card?.Slug ?? "", team, SlugOf(team), card is not { Lifecycle: not Lifecycle.Deleted });
    }

    private string SlugOf(Guid teamId) => access.Current.Teams.GetValueOrDefault(teamId)?.Slug ?? "";

    private static RotationBody Of(Rotation rotation, RotatedAgent agent, AgentKey key, List<KeyVersion> versions)
    {
        var old = versions.Find(v => v.Number == rotation.FromVersion);
        var made = versions.Find(v => v.Number == rotation.ToVersion);
        return new RotationBody
        {
            Id = IdText.Format(IdText.Rotation, rotation.Id),
            State = KebabCase.Of(rotation.State),
            Agent = agent.Slug,
            AgentId = IdText.Format(IdText.Agent, rotation.AgentId),
            Team = agent.TeamSlug,
            KeyId = IdText.Format(IdText.Key, key.Id),
            KeyName = key.Name,
            FromVersion = rotation.FromVersion,
            ToVersion = rotation.ToVersion,
            ApiKeyPrefix = made?.Prefix,
            ApiKeyLast4 = made?.Last4,
            Trigger = KebabCase.Of(rotation.Trigger),
            Reason = rotation.Reason,
            GraceSeconds = rotation.GraceSeconds,
            RevokeImmediately = rotation.RevokeImmediately,
            AutoExtend = rotation.AutoExtend,
            AutoExtendedAt = rotation.AutoExtendedAt,
            AutoExtensions = rotation.AutoExtensions,
            OldAccepted = false,
            OldKeyExpiresAt = made is null ? null : OldEndsAt(old),
            ExpiresAt = made?.ExpiresAt,
            PlannedAt = rotation.PlannedAt,
            CreatedBy = rotation.CreatedBy,
            Sink = rotation.Sink,
            DeliveredAt = rotation.DeliveredAt,
            IssuedAt = rotation.IssuedAt,
            IssuedBy = rotation.IssuedBy,
            HeldBy = rotation.HeldBy,
            AcknowledgedAt = rotation.AcknowledgedAt,
            ReadyAt = rotation.ReadyAt,
            OverriddenAt = rotation.OverriddenAt,
            OverriddenBy = rotation.OverriddenBy,
            OverrideReason = rotation.OverrideReason,
            OldDisabledAt = rotation.OldDisabledAt,
            OldDisabledUntil = rotation.OldDisabledUntil,
            CompletedAt = rotation.State == RotationState.Completed ? rotation.ClosedAt : null,
            AbortedAt = rotation.State == RotationState.Aborted ? rotation.ClosedAt : null,
            SupersededBy = IdText.Format(IdText.Rotation, rotation.SupersededBy),
            Failure = rotation.Failure,
            Waiting = 0,
            CallersOverflowed = false,
            Callers = [],
            Knocks = [],
        };
    }

    private static async Task<List<RotationKnock>> KnocksAsync(ConsoleDbContext db, RotationAct act, CancellationToken cancellationToken)
    {
        var rotation = act.Rotation;
        var ended = act.Versions.Where(v => v.Number < (rotation.ToVersion ?? int.MaxValue)).ToDictionary(v => v.Id, v => v.Number);
        var ids = ended.Keys.Select(id => (Guid?)id).ToArray();
        var since = rotation.OldDisabledAt ?? rotation.IssuedAt ?? rotation.PlannedAt;
        var knocks = await db
            .KeyRefusals.AsNoTracking()
            .Where(r => r.OrganizationId == rotation.OrganizationId && ids.Contains(r.KeyVersionId) && r.LastAt >= since)
            .GroupBy(r => new
            {
                r.Address,
                r.KeyVersionId,
                r.Code,
            })
            .Select(same => new
            {
                same.Key.Address,
                same.Key.KeyVersionId,
                same.Key.Code,
                Count = same.Sum(r => r.Count),
                LastAt = same.Max(r => r.LastAt),
            })
            .OrderByDescending(k => k.LastAt)
            .Take(MostKnocks)
            .ToListAsync(cancellationToken);
        return knocks.ConvertAll(k => new RotationKnock(k.Address, ended[k.KeyVersionId!.Value], k.Code, k.Count, k.LastAt));
    }
}
