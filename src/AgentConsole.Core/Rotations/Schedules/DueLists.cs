using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>What of schedules and rotations wants a person.</summary>
/// <param name="Noticed">How many keys are due with a notice that nobody dismissed and are not rotated by themselves.</param>
/// <param name="First">The one of them that is due first.</param>
/// <param name="Failed">Automatic rotations that cannot begin or go on, the longest due first; at most a few.</param>
/// <param name="Extended">Open rotations whose grace was lengthened by itself and that wait for callers still; at most a few.</param>
public sealed record ScheduleNeeds(int Noticed, DueKey? First, IReadOnlyList<DueKey> Failed, IReadOnlyList<ExtendedGrace> Extended)
{
    public static readonly ScheduleNeeds Nothing = new(0, null, [], []);
}

/// <param name="Until">When the old version will be refused.</param>
public sealed record ExtendedGrace(
    Guid RotationId,
    string AgentSlug,
    string AgentName,
    string KeyName,
    DateTimeOffset At,
    DateTimeOffset? Until
);

/// <summary>How many keys stand in each state.</summary>
public sealed record DueCounts(int Overdue, int DueSoon, int NoPolicy, int Noticed);

/// <summary>Keys by the date at which they are due, team scope inside the query. Keys of deleted and retired agents are left out: nobody rotates them.</summary>
public sealed class DueLists(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory directory,
    RotationPolicyDirectory policies,
    TimeProvider clock
)
{
    private const int MostNeeds = 3;

    public async Task<Outcome<Paged<DueKey>>> ListAsync(Actor by, DueFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var schedules = Filtered(db, by, filter);
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 2, out var after)
                || !long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out var order)
                || !IdText.TryParse(IdText.Key, after[1], out var last)
            )
                return Cursor.Bad();
            schedules = schedules.Where(s => s.DueOrder >= order && (s.DueOrder > order || s.KeyId > last));
        }
        var rows = await RowsAsync(db, Ordered(schedules).Take(page.Limit + 1), cancellationToken);
        return Paged<DueKey>.Of(
            rows,
            page.Limit,
            row => [(row.DueAt is { } at ? Utc.ToMicros(at) : long.MaxValue).ToString(CultureInfo.InvariantCulture), row.KeyId]
        );
    }

    public async Task<DueCounts> CountsAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        Task<int> CountAsync(DueFilter filter) => Filtered(db, by, filter).CountAsync(cancellationToken);
        return new DueCounts(
            await CountAsync(new DueFilter { State = DueState.Overdue }),
            await CountAsync(new DueFilter { State = DueState.DueSoon }),
            await CountAsync(new DueFilter { State = DueState.NoPolicy }),
            await CountAsync(new DueFilter { Noticed = true })
        );
    }

    /// <summary>What holds for a key, and which level says it.</summary>
    public async Task<Outcome<EffectivePolicyBody>> PolicyOfAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agent = await db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        if (
            !IdText.TryParse(IdText.Key, keyId, out var id)
            || !await db.AgentKeys.AnyAsync(
                k => k.OrganizationId == agent.OrganizationId && k.AgentId == agent.Id && k.Id == id,
                cancellationToken
            )
        )
            return KeyProblems.NotFound;
        var policy = policies.Of(agent.OrganizationId).For(agent.Id, agent.TeamId, agent.Environment);
        var due = await RowsAsync(
            db,
            db.KeySchedules.Where(s => s.OrganizationId == agent.OrganizationId && s.KeyId == id),
            cancellationToken
        );
        RuledNumber Number(Ruled<int?> field) => new(field.Value, KebabCase.Of(field.From));
        return new EffectivePolicyBody
        {
            KeyId = IdText.Format(IdText.Key, id),
            Agent = agent.Slug,
            CadenceDays = Number(policy.CadenceDays),
            MaxLifetimeDays = Number(policy.MaxLifetimeDays),
            Sink = new RuledText(IdText.Format(IdText.Sink, policy.SinkId.Value), KebabCase.Of(policy.SinkId.From)),
            Automatic = new RuledFlag(policy.Automatic.Value, KebabCase.Of(policy.Automatic.From)),
            LeadDays = new RuledNumber(policy.LeadDays.Value, KebabCase.Of(policy.LeadDays.From)),
            GraceSeconds = new RuledNumber(policy.GraceSeconds.Value, KebabCase.Of(policy.GraceSeconds.From)),
            AutoExtend = new RuledFlag(policy.AutoExtend.Value, KebabCase.Of(policy.AutoExtend.From)),
            Due = due.FirstOrDefault(),
        };
    }

    /// <summary>Takes a key's notice away until the next step before its date.</summary>
    public async Task<Outcome<Done>> DismissAsync(Actor by, string agentIdOrSlug, string keyId, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var agent = await write.Db.Agents.AsNoTracking().VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        var organization = agent.OrganizationId;
        if (
            !IdText.TryParse(IdText.Key, keyId, out var id)
            || !await write.Db.AgentKeys.AnyAsync(
                k => k.OrganizationId == organization && k.AgentId == agent.Id && k.Id == id,
                cancellationToken
            )
        )
            return KeyProblems.NotFound;
        if (!by.May(Permission.ManageKeys, agent.TeamId))
            return Actor.MissingRole(Permission.ManageKeys, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, organization, cancellationToken);
        var schedule = await write.Db.KeySchedules.FirstOrDefaultAsync(
            s => s.OrganizationId == organization && s.KeyId == id,
            cancellationToken
        );
        if (schedule is not { NoticeDays: { } days, DueAt: { } due })
            return ScheduleProblems.NoNotice;
        (schedule.NoticeDays, schedule.NoticeAt) = (null, null);
        if (
            await write.Db.KeyNotices.FirstOrDefaultAsync(
                n => n.OrganizationId == organization && n.KeyId == id && n.DueAt == due && n.Days == days,
                cancellationToken
            ) is
            { } notice
        )
            (notice.DismissedAt, notice.DismissedBy) = (write.Now, Texts.Clip(by.Label, 256));
        write.Tell(new LiveEvent("key-notice", organization, agent.TeamId, agent.Id, id));
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>What the overview shows to whoever may do something about it.</summary>
    public async Task<ScheduleNeeds> NeedsAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.TeamsWith(Permission.ManageKeys) is { All: false, Ids.Length: 0 })
            return ScheduleNeeds.Nothing;
        await using var db = await store.ReadAsync(cancellationToken);
        var mine = Filtered(db, by, new DueFilter(), Permission.ManageKeys);
        var rotations = db.Rotations;
        var noticed = mine.Where(s =>
                s.NoticeDays != null && s.Outlook != ScheduleOutlook.Automatic && s.Outlook != ScheduleOutlook.RotationOpen
            )
            .Where(s => !rotations.Any(r => r.OrganizationId == s.OrganizationId && r.KeyId == s.KeyId && r.ClosedAt == null));
        var count = await noticed.CountAsync(cancellationToken);
        var first = count == 0 ? null : (await RowsAsync(db, Ordered(noticed).Take(1), cancellationToken)).FirstOrDefault();
        var failed = mine.Where(s =>
            s.Problem != null
            || rotations.Any(r =>
                r.OrganizationId == s.OrganizationId
                && r.KeyId == s.KeyId
                && r.ClosedAt == null
                && r.Trigger == RotationTrigger.Schedule
                && r.Failure != null
            )
        );
        var organization = by.OrganizationId;
        var agents = db.Agents.VisibleTo(by, Permission.ManageKeys).Where(a => a.DeletedAt == null);
        var extended = await (
            from r in db.Rotations
            join a in agents on new { r.OrganizationId, Id = r.AgentId } equals new { a.OrganizationId, a.Id }
            join k in db.AgentKeys on new { r.OrganizationId, Id = r.KeyId } equals new { k.OrganizationId, k.Id }
            join v in db.KeyVersions
                on new
                {
                    r.OrganizationId,
                    r.KeyId,
                    Number = r.FromVersion,
                } equals new
                {
                    v.OrganizationId,
                    v.KeyId,
                    Number = (int?)v.Number,
                }
            where
                r.OrganizationId == organization
                && r.ClosedAt == null
                && r.AutoExtendedAt != null
                && (r.State == RotationState.Issued || r.State == RotationState.Observing)
            orderby r.AutoExtendedAt
            select new ExtendedGrace(r.Id, a.Slug, a.DisplayName, k.Name, r.AutoExtendedAt!.Value, v.RetiresAt)
        )
            .Take(MostNeeds)
            .ToListAsync(cancellationToken);
        return new ScheduleNeeds(count, first, await RowsAsync(db, Ordered(failed).Take(MostNeeds), cancellationToken), extended);
    }

    /// <summary>The query of a page, for a test that looks at how the database finds it.</summary>
    internal IQueryable<KeySchedule> Page(ConsoleDbContext db, Actor by, DueFilter filter, int limit) =>
        Ordered(Filtered(db, by, filter)).Take(limit);

    private static IQueryable<KeySchedule> Ordered(IQueryable<KeySchedule> schedules) =>
        schedules.OrderBy(s => s.DueOrder).ThenBy(s => s.KeyId);

    private IQueryable<KeySchedule> Filtered(ConsoleDbContext db, Actor by, DueFilter filter, Permission permission = Permission.ReadFleet)
    {
        var organization = by.OrganizationId;
        return filter.Apply(
            db.KeySchedules.Where(s => s.OrganizationId == organization),
            db.Agents.VisibleTo(by, permission).Where(a => a.DeletedAt == null && a.Lifecycle != Lifecycle.Retired),
            access.Current,
            directory,
            organization,
            clock.Now()
        );
    }

    private async Task<List<DueKey>> RowsAsync(ConsoleDbContext db, IQueryable<KeySchedule> schedules, CancellationToken cancellationToken)
    {
        var (sinks, rotations) = (db.SecretSinks, db.Rotations);
        var rows = await (
            from s in schedules
            join k in db.AgentKeys on new { s.OrganizationId, Id = s.KeyId } equals new { k.OrganizationId, k.Id }
            join a in db.Agents on new { s.OrganizationId, Id = s.AgentId } equals new { a.OrganizationId, a.Id }
            join v in db.KeyVersions
                on new
                {
                    s.OrganizationId,
                    s.KeyId,
                    Number = s.Version,
                } equals new
                {
                    v.OrganizationId,
                    v.KeyId,
                    v.Number,
                }
            select new
            {
                Schedule = s,
                KeyName = k.Name,
                a.Slug,
                a.TeamId,
                a.OwnerId,
                a.Environment,
                v.LastUsedAt,
                Sink = sinks.Where(x => x.OrganizationId == s.OrganizationId && x.Id == s.SinkId).Select(x => x.Name).FirstOrDefault(),
                Open = rotations
                    .Where(r => r.OrganizationId == s.OrganizationId && r.KeyId == s.KeyId && r.ClosedAt == null)
                    .Select(r => new
                    {
                        r.Id,
                        r.State,
                        r.Failure,
                    })
                    .FirstOrDefault(),
            }
        ).ToListAsync(cancellationToken);
        var now = clock.Now();
        var current = access.Current;
        // A join need not keep the order of the part that was cut before it.
        return
        [
            .. rows.OrderBy(r => r.Schedule.DueOrder)
                .ThenBy(r => r.Schedule.KeyId)
                .Select(r => new DueKey
                {
                    KeyId = IdText.Format(IdText.Key, r.Schedule.KeyId),
                    KeyName = r.KeyName,
                    KeyVersion = r.Schedule.Version,
                    Agent = r.Slug,
                    AgentId = IdText.Format(IdText.Agent, r.Schedule.AgentId),
                    Owner = r.OwnerId is { } owner ? current.Principals.GetValueOrDefault(owner)?.Label : null,
                    Team = current.Teams.GetValueOrDefault(r.TeamId)?.Slug ?? "",
                    Environment = r.Environment,
                    CreatedAt = r.Schedule.MadeAt,
                    LastUsedAt = r.LastUsedAt,
                    DueAt = r.Schedule.DueAt,
                    Reason = r.Schedule.DueBy is { } reason ? KebabCase.Of(reason) : null,
                    DaysLeft = r.Schedule.DueAt is { } due ? (int)Math.Floor((due - now).TotalDays) : null,
                    State = KebabCase.Of(StateOf(r.Schedule.DueAt, now)),
                    Outlook = KebabCase.Of(r.Schedule.Outlook),
                    BeginsAt = r.Schedule.BeginsAt,
                    Sink = r.Schedule.Outlook == ScheduleOutlook.ByHand ? null : r.Sink,
                    Rotation = r.Open is { } open ? IdText.Format(IdText.Rotation, open.Id) : null,
                    RotationState = r.Open is { } stands ? KebabCase.Of(stands.State) : null,
                    Failure = r.Open?.Failure ?? r.Schedule.Problem,
                    NoticeDays = r.Schedule.NoticeDays,
                    NoticeAt = r.Schedule.NoticeAt,
                    UpdatedAt = r.Schedule.ChangedAt,
                }),
        ];
    }

    public static DueState StateOf(DateTimeOffset? due, DateTimeOffset now) =>
        due is null ? DueState.NoPolicy
        : due <= now ? DueState.Overdue
        : due <= now.AddDays(KeySchedule.SoonDays) ? DueState.DueSoon
        : DueState.Scheduled;
}
