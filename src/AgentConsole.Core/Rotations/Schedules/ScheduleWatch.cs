using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>
/// Tells that keys are due, and rotates those that are to be rotated by themselves. Every node looks at the one deadline that each key has; what is to be
/// done is computed again inside the write, so that of two nodes one does it and the other finds nothing to do.
/// </summary>
public sealed class ScheduleWatch : Periodic
{
    private const int AtOnce = 200;
    private const int DeliveriesAtOnce = 4;

    /// <summary>How long after a try the next one may be; longer than a delivery can take. The last counts for all that follow.</summary>
    public static readonly IReadOnlyList<TimeSpan> Backoff =
    [
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(6),
        TimeSpan.FromHours(24),
    ];

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly ScheduleBook _book;
    private readonly SchedulePasses _passes;
    private readonly RotationPolicyDirectory _policies;
    private readonly AgentDirectory _agents;
    private readonly RotationIssuer _issuer;
    private readonly RotationBodies _bodies;
    private readonly ISecretSinks _sinks;
    private readonly KeyIndex _index;
    private readonly KeyMint _mint;
    private readonly TimeProvider _clock;
    private readonly ILogger<ScheduleWatch> _log;

    internal ScheduleWatch(
        ConsoleStore store,
        AccessDirectory access,
        ScheduleBook book,
        SchedulePasses passes,
        RotationPolicyDirectory policies,
        AgentDirectory agents,
        RotationIssuer issuer,
        RotationBodies bodies,
        ISecretSinks sinks,
        KeyIndex index,
        KeyMint mint,
        TimeProvider clock,
        ILogger<ScheduleWatch> log
    )
        : base(TimeSpan.FromSeconds(2), clock, log)
    {
        _access = access;
        (_store, _book, _passes, _policies, _agents) = (store, book, passes, policies, agents);
        (_issuer, _bodies, _sinks, _index, _mint, _clock, _log) = (issuer, bodies, sinks, index, mint, clock, log);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        while (await _passes.StepAsync(cancellationToken)) { }
        var now = _clock.Now();
        // What is due in an organization that is suspended waits until it is not.
        Guid[] suspended = [.. _access.Current.SuspendedOrganizations];
        List<(Guid Organization, Guid Key)> due;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            due =
            [
                .. (
                    await db
                        .KeySchedules.Where(s => s.WatchAt <= now && !suspended.Contains(s.OrganizationId))
                        .OrderBy(s => s.WatchAt)
                        .Take(AtOnce)
                        .Select(s => new { s.OrganizationId, s.KeyId })
                        .ToListAsync(cancellationToken)
                ).Select(s => (s.OrganizationId, s.KeyId)),
            ];
        }
        if (due.Count > 0)
            await Parallel.ForEachAsync(
                due,
                new ParallelOptions { MaxDegreeOfParallelism = DeliveriesAtOnce, CancellationToken = cancellationToken },
                async (key, stop) => await TryActAsync(key.Organization, key.Key, stop)
            );
    }

    // One key's fault is no reason to leave the others.
    private async Task TryActAsync(Guid organization, Guid keyId, CancellationToken cancellationToken)
    {
        try
        {
            await ActAsync(organization, keyId, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _log.LogError(e, "The schedule of key {Key} failed and is tried again", IdText.Format(IdText.Key, keyId));
        }
    }

    private async Task ActAsync(Guid organization, Guid keyId, CancellationToken cancellationToken)
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        var schedules = await _book.RefreshAsync(write, organization, [keyId], cancellationToken);
        if (schedules is not [var schedule] || !(schedule.WatchAt <= write.Now) || _agents.Find(schedule.AgentId) is not { } agent)
        {
            await write.TryCommitAsync(cancellationToken);
            return;
        }
        await NoticeAsync(write, schedule, agent, cancellationToken);
        var key = await write.Db.AgentKeys.FirstAsync(k => k.OrganizationId == organization && k.Id == keyId, cancellationToken);
        var by = Actor.ForSystem(organization, "schedule");
        var open = await RotationTables.OpenOf(write.Db, key).FirstOrDefaultAsync(cancellationToken);
        RotationAct? act = null;
        if (schedule.BeginsAt <= write.Now && !(schedule.TryAt > write.Now) && open is null)
            act = await BeginAsync(write, by, schedule, agent, key, cancellationToken);
        else if (open is not null && !(schedule.TryAt > write.Now))
            act = await AgainAsync(write, open, schedule, cancellationToken);
        if (act is null)
        {
            // The deadline once more, now that it was told or tried.
            if (await write.TryFlushAsync(cancellationToken))
            {
                await _book.RefreshAsync(write, organization, [keyId], cancellationToken);
                await write.TryCommitAsync(cancellationToken);
            }
            return;
        }
        var again = act.Rotation.ToVersion is not null;
        if (again)
            await act.ForgetSecretAsync(cancellationToken);
        // Whoever dies between the commit and the delivery leaves a version that nobody knows: the next try takes it back.
        Tried(schedule, write.Now);
        var handed = await _issuer.HandOutAsync(write, by, act, act.Issue(by, _mint, again), cancellationToken);
        if (handed.Problem is { } lost)
            _log.LogInformation("A scheduled rotation of {Agent} was left to somebody else: {Problem}", agent.Slug, lost.Detail);
    }

    private static async Task NoticeAsync(Write write, KeySchedule schedule, AgentCard agent, CancellationToken cancellationToken)
    {
        if (agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted || ScheduleBook.StepNow(schedule, write.Now) is not { } days)
            return;
        var due = schedule.DueAt!.Value;
        schedule.NotedDays = days;
        var told = await write.Db.KeyNotices.FirstOrDefaultAsync(
            n => n.OrganizationId == schedule.OrganizationId && n.KeyId == schedule.KeyId && n.DueAt == due && n.Days == days,
            cancellationToken
        );
        if (told is null)
            write.Db.Add(
                told = new KeyNotice
                {
                    OrganizationId = schedule.OrganizationId,
                    KeyId = schedule.KeyId,
                    DueAt = due,
                    Days = days,
                    DueBy = schedule.DueBy!.Value,
                    Automatic = schedule.Outlook == ScheduleOutlook.Automatic,
                    At = write.Now,
                }
            );
        // The date may have been another one meanwhile; who dismissed this step is not asked again.
        schedule.NoticeDays = told.DismissedAt is null ? days : null;
        schedule.NoticeAt = told.DismissedAt is null ? told.At : null;
        write.Tell(new LiveEvent("key-notice", schedule.OrganizationId, agent.TeamId, agent.Id, schedule.KeyId));
    }

    private async Task<RotationAct?> BeginAsync(
        Write write,
        Actor by,
        KeySchedule schedule,
        AgentCard agent,
        AgentKey key,
        CancellationToken cancellationToken
    )
    {
        var organization = schedule.OrganizationId;
        var sinkId = schedule.SinkId!.Value;
        var sink = await write
            .Db.SecretSinks.Where(s => s.OrganizationId == organization && s.Id == sinkId)
            .Select(s => new { s.Name, s.TeamId })
            .FirstOrDefaultAsync(cancellationToken);
        if (sink is null || (sink.TeamId is { } team && team != agent.TeamId))
        {
            var sentence = sink is null
                ? "The sink that the rotation policy names was deleted. Name another one; the key stays as it is."
                : $"The sink {sink.Name} of the rotation policy serves another team than the agent's. Name another one; the key stays as it is.";
            if (schedule.Problem != sentence)
                write.Tell(new LiveEvent("key-notice", organization, agent.TeamId, agent.Id, key.Id));
            schedule.Problem = sentence;
            Tried(schedule, write.Now);
            return null;
        }
        var policy = _policies.Of(organization).For(agent.Id, agent.TeamId, agent.Environment);
        var begun = await _issuer.BeginAsync(
            write,
            by,
            _bodies.AgentOf(agent),
            key,
            RotationTrigger.Schedule,
            Reason(schedule),
            cancellationToken
        );
        if (!begun.Try(out var act, out _))
            return null;
        (schedule.Tries, schedule.Problem) = (0, null);
        var rotation = act.Rotation;
        rotation.GraceSeconds = policy.GraceSeconds.Value;
        rotation.AutoExtend = policy.AutoExtend.Value;
        // By name, as people read it, where that means one sink.
        rotation.Sink = await _sinks.RefusalAsync(write.Db, organization, agent.TeamId, sink.Name, cancellationToken) is null
            ? sink.Name
            : IdText.Format(IdText.Sink, sinkId);
        var newest = act.Versions.Find(v => v.Number == schedule.Version);
        // As long as the one before; what the policy allows at most is seen to where it is made.
        rotation.TtlDays = newest?.ExpiresAt is { } end ? Math.Max(1, (int)Math.Floor((end - newest.CreatedAt).TotalDays)) : null;
        return act;
    }

    // One that was begun here and whose secret did not arrive gets another; the one that nobody knows is revoked with that.
    private async Task<RotationAct?> AgainAsync(Write write, Rotation open, KeySchedule schedule, CancellationToken cancellationToken)
    {
        var act = (await _bodies.LoadAsync(write.Db, [open], write.Now, cancellationToken, (write, _index)))[0];
        var facts = act.New is { } made
            ? new VersionFacts(
                made.KeyId,
                made.AgentId,
                made.Number,
                made.State,
                made.CreatedAt,
                made.ExpiresAt,
                made.RetiresAt,
                made.LeakReportedAt is not null,
                made.FirstUsedAt is not null
            )
            : null;
        if (facts is null || !ScheduleBook.IsUndelivered(open, [facts]))
            return null;
        if (_agents.Find(schedule.AgentId) is not { Lifecycle: Lifecycle.Registered or Lifecycle.Active })
        {
            Tried(schedule, write.Now); // it waits for the agent
            return null;
        }
        return act;
    }

    private static void Tried(KeySchedule schedule, DateTimeOffset now)
    {
        schedule.TryAt = now + Backoff[Math.Min(schedule.Tries, Backoff.Count - 1)];
        schedule.Tries++;
    }

    private static string Reason(KeySchedule schedule) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(schedule.DueBy == DueReason.Expiry ? "Expires" : "Due by its rotation policy")} on {schedule.DueAt:yyyy-MM-dd}"
        );
}
