using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>
/// Computes when keys are due, in the transaction that changed what it depends on. Of two transactions of an organization the later one waits for the
/// head of the trail and so counts with what the earlier one wrote.
/// </summary>
internal sealed class ScheduleBook(RotationPolicyDirectory policies) : IBeforeCommit
{
    private const int AtOnce = 200;

    /// <summary>An automatic rotation that a person took back is not begun again for so long.</summary>
    public static readonly TimeSpan RestAfterAbort = TimeSpan.FromDays(1);

    public async Task FollowAsync(Write write, IReadOnlyCollection<FollowedRow> changed, CancellationToken cancellationToken)
    {
        foreach (var rows in changed.GroupBy(r => r.OrganizationId))
        {
            var keys = rows.Where(r => r.Noun == FollowedRow.Key).Select(r => r.Id).ToHashSet();
            foreach (var agents in rows.Where(r => r.Noun == FollowedRow.Agent).Select(r => r.Id).Chunk(AtOnce))
                keys.UnionWith(
                    await write
                        .Db.AgentKeys.Where(k => k.OrganizationId == rows.Key && agents.Contains(k.AgentId))
                        .Select(k => k.Id)
                        .ToListAsync(cancellationToken)
                );
            foreach (var some in keys.Chunk(AtOnce))
                await RefreshAsync(write, rows.Key, some, cancellationToken);
        }
    }

    /// <summary>Writes what holds of these keys now.</summary>
    /// <returns>The schedules, tracked; a key without an accepted version has none.</returns>
    public async Task<List<KeySchedule>> RefreshAsync(Write write, Guid organization, Guid[] keyIds, CancellationToken cancellationToken)
    {
        var (db, now) = (write.Db, write.Now);
        await db.Engine.LockTrailHeadAsync(db, organization, cancellationToken);
        var known = await db
            .KeySchedules.Where(s => s.OrganizationId == organization && keyIds.Contains(s.KeyId))
            .ToDictionaryAsync(s => s.KeyId, cancellationToken);
        var versions = (
            await db
                .KeyVersions.AsNoTracking()
                .Where(v => v.OrganizationId == organization && keyIds.Contains(v.KeyId))
                .Select(v => new VersionFacts(
                    v.KeyId,
                    v.AgentId,
                    v.Number,
                    v.State,
                    v.CreatedAt,
                    v.ExpiresAt,
                    v.RetiresAt,
                    v.LeakReportedAt != null,
                    v.FirstUsedAt != null
                ))
                .ToListAsync(cancellationToken)
        ).ToLookup(v => v.KeyId);
        var agentIds = versions.SelectMany(v => v).Select(v => v.AgentId).Distinct().ToArray();
        var agents = await db
            .Agents.AsNoTracking()
            .Where(a => a.OrganizationId == organization && agentIds.Contains(a.Id))
            .Select(a => new AgentFacts(a.Id, a.TeamId, a.Environment, a.Lifecycle))
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var rested = now - RestAfterAbort;
        var rotations = (
            await db
                .Rotations.AsNoTracking()
                .Where(r =>
                    r.OrganizationId == organization
                    && keyIds.Contains(r.KeyId)
                    && (
                        r.ClosedAt == null
                        || (
                            r.Trigger == RotationTrigger.Schedule
                            && r.State == RotationState.Aborted
                            && r.SupersededBy == null
                            && r.ClosedAt > rested
                        )
                    )
                )
                .ToListAsync(cancellationToken)
        ).ToLookup(r => r.KeyId);
        var rules = policies.Of(organization);
        var result = new List<KeySchedule>(keyIds.Length);
        foreach (var keyId in keyIds)
        {
            var schedule = known.GetValueOrDefault(keyId);
            var newest = InUse([.. versions[keyId]], rotations[keyId].FirstOrDefault(r => r.IsOpen), now);
            if (newest is null || !agents.TryGetValue(newest.AgentId, out var agent))
            {
                if (schedule is not null)
                    db.Remove(schedule);
                continue;
            }
            if (schedule is null)
                db.Add(
                    schedule = new KeySchedule
                    {
                        OrganizationId = organization,
                        KeyId = keyId,
                        AgentId = agent.Id,
                    }
                );
            var policy = rules.For(agent.Id, agent.TeamId, agent.Environment);
            Fill(schedule, [.. versions[keyId]], newest, agent, policy, [.. rotations[keyId]], now);
            result.Add(schedule);
        }
        return result;
    }

    // A version that nobody can have yet makes no key fresh: what counts is the one in use.
    private static VersionFacts? InUse(IReadOnlyList<VersionFacts> versions, Rotation? open, DateTimeOffset now)
    {
        var accepted = versions.Where(v => v.IsAccepted(now)).ToList();
        var held = open is not null && IsUndelivered(open, versions) ? accepted.Where(v => v.Number != open.ToVersion) : [];
        return held.MaxBy(v => v.Number) ?? accepted.MaxBy(v => v.Number);
    }

    internal static void Fill(
        KeySchedule schedule,
        IReadOnlyList<VersionFacts> versions,
        VersionFacts newest,
        AgentFacts agent,
        EffectivePolicy policy,
        IReadOnlyList<Rotation> rotations,
        DateTimeOffset now
    )
    {
        var byCadence = policy.CadenceDays.Value is { } days ? newest.CreatedAt.AddDays(days) : (DateTimeOffset?)null;
        var (due, by) =
            byCadence is null ? (newest.ExpiresAt, DueReason.Expiry)
            : newest.ExpiresAt <= byCadence ? (newest.ExpiresAt, DueReason.Expiry)
            : (byCadence, DueReason.Cadence);
        var before = (schedule.DueAt, schedule.Outlook, schedule.SinkId, schedule.Version);
        if (schedule.DueAt != due)
            (schedule.NotedDays, schedule.NoticeDays, schedule.NoticeAt) = (null, null, null);
        (schedule.Version, schedule.MadeAt) = (newest.Number, newest.CreatedAt);
        (schedule.DueAt, schedule.DueBy) = (due, due is null ? null : by);
        if (schedule.SinkId != policy.SinkId.Value)
            (schedule.SinkId, schedule.Tries, schedule.TryAt, schedule.Problem) = (policy.SinkId.Value, 0, null, null);
        var open = rotations.FirstOrDefault(r => r.IsOpen);
        schedule.Outlook =
            due is null || !policy.Automatic.Value ? ScheduleOutlook.ByHand
            : agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted ? ScheduleOutlook.AgentRetired
            : agent.Lifecycle == Lifecycle.Paused ? ScheduleOutlook.AgentPaused
            // What leaked is followed by a person's rotation; a version made after that one is as good as any.
            : versions.Any(v => v.Number >= newest.Number && v.Leaked) ? ScheduleOutlook.Leaked
            : open is not null ? ScheduleOutlook.RotationOpen
            : policy.SinkId.Value is null ? ScheduleOutlook.NoSink
            : ScheduleOutlook.Automatic;
        if (before != (schedule.DueAt, schedule.Outlook, schedule.SinkId, schedule.Version))
            schedule.ChangedAt = now;
        schedule.BeginsAt = null;
        if (schedule.Outlook == ScheduleOutlook.Automatic)
        {
            // Never sooner than halfway, however short the time is: else one rotation would call for the next.
            var halfway = newest.CreatedAt + ((due!.Value - newest.CreatedAt) / 2);
            var begins = due.Value.AddDays(-policy.LeadDays.Value);
            begins = begins < halfway ? halfway : begins;
            if (
                rotations.Where(r => !r.IsOpen).Max(r => r.ClosedAt) is { } takenBack
                && takenBack + RestAfterAbort is var rest
                && rest > begins
            )
                begins = rest;
            schedule.BeginsAt = begins;
        }
        // One that is issued and did not arrive is tried again; in every other case tries are counted from the next rotation on.
        var undelivered = open is not null && IsUndelivered(open, versions);
        if (!undelivered && schedule.Outlook != ScheduleOutlook.Automatic)
            (schedule.Tries, schedule.TryAt, schedule.Problem) = (0, null, null);
        var acts =
            undelivered ? schedule.TryAt ?? now
            : schedule.BeginsAt is { } at
                ? schedule.TryAt > at ? schedule.TryAt
                    : at
            : null;
        var tells = agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted ? null : NextNotice(schedule);
        schedule.WatchAt = acts is null || tells < acts ? tells : acts;
    }

    /// <summary>Begun by itself, and its secret lies nowhere and was never used: nobody can have it.</summary>
    internal static bool IsUndelivered(Rotation rotation, IReadOnlyList<VersionFacts> versions) =>
        rotation is { IsOpen: true, Trigger: RotationTrigger.Schedule, State: RotationState.Issued, DeliveredAt: null, Sink: not null }
        && rotation.IssuerId is null
        && versions.FirstOrDefault(v => v.Number == rotation.ToVersion) is { Used: false, State: KeyState.Active };

    /// <summary>The step that counts now, however many passed unseen; null before the first, and after the last was told.</summary>
    internal static int? StepNow(KeySchedule schedule, DateTimeOffset now)
    {
        int? reached = null;
        foreach (var step in Steps(schedule))
        {
            if (schedule.DueAt!.Value.AddDays(-step) <= now)
                reached = step;
        }
        return reached is { } days && !(schedule.NotedDays <= days) ? days : null;
    }

    private static DateTimeOffset? NextNotice(KeySchedule schedule)
    {
        foreach (var step in Steps(schedule))
        {
            if (!(schedule.NotedDays <= step))
                return schedule.DueAt!.Value.AddDays(-step);
        }
        return null;
    }

    // A step that lies before the version was made tells nobody anything.
    private static IEnumerable<int> Steps(KeySchedule schedule) =>
        schedule.DueAt is { } due ? KeyNotice.Steps.Where(step => due.AddDays(-step) > schedule.MadeAt) : [];
}

internal sealed record VersionFacts(
    Guid KeyId,
    Guid AgentId,
    int Number,
    KeyState State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RetiresAt,
    bool Leaked,
    bool Used
)
{
    public bool IsAccepted(DateTimeOffset now) =>
        State switch
        {
            KeyState.Active => true,
            KeyState.Retiring => !(RetiresAt <= now),
            _ => false,
        } && !(ExpiresAt <= now);
}

internal sealed record AgentFacts(Guid Id, Guid TeamId, string? Environment, Lifecycle Lifecycle);
