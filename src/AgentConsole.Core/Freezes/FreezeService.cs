using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Freezes;

/// <summary>Freeze windows of teams and of the organization: when they are made, when they bite, and whom they let through.</summary>
public sealed class FreezeService(ConsoleStore store, AccessDirectory access, TimeProvider clock)
{
    public const int MostFreezes = 200;
    public const int MostWindows = 2_000;

    /// <summary>How long a time <see cref="WindowsAsync"/> answers.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromDays(400);

    /// <summary>What a form shows of its recurrence.</summary>
    public const int Previewed = 5;

    /// <summary>Those that concern the actor's teams, by name.</summary>
    public async Task<Outcome<Paged<FreezeBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var freezes = db.Freezes.AsNoTracking().VisibleTo(by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 2, out var after) || !IdText.TryParse(IdText.Freeze, after[1], out var last))
                return Cursor.Bad();
            var name = after[0];
            freezes = freezes.Where(f => string.Compare(f.Name, name) > 0 || (f.Name == name && f.Id > last));
        }
        var rows = await freezes.OrderBy(f => f.Name).ThenBy(f => f.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var now = clock.Now();
        return Paged<Freeze>.Of(rows, page.Limit, f => [f.Name, IdText.Format(IdText.Freeze, f.Id)]).Map(f => Body(f, now));
    }

    public async Task<Outcome<FreezeBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } freeze ? Body(freeze, clock.Now()) : FreezeProblems.NotFound;
    }

    /// <summary>Every window of which some part lies in the time asked for, whatever freeze it is of.</summary>
    public async Task<Outcome<FreezeWindows>> WindowsAsync(
        Actor by,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        if (to <= from || to - from > LongestTime)
            return Problem.Invalid("to", "Must be after from, by 400 days at most.");
        await using var db = await store.ReadAsync(cancellationToken);
        var freezes = await db.Freezes.AsNoTracking().VisibleTo(by).Take(MostFreezes).ToListAsync(cancellationToken);
        var windows = freezes
            .SelectMany(f => f.Between(from, to).Take(MostWindows + 1).Select(span => (Freeze: f, Span: span)))
            .OrderBy(w => w.Span.From)
            .ThenBy(w => w.Freeze.Name, StringComparer.Ordinal)
            .Take(MostWindows + 1)
            .ToList();
        return new FreezeWindows(
            from,
            to,
            [.. windows.Take(MostWindows).Select(w => Window(w.Freeze, w.Span))],
            windows.Count <= MostWindows
        );
    }

    /// <summary>The first windows of a freeze that is not saved yet.</summary>
    public Outcome<List<FreezeWindow>> Preview(SetFreeze body)
    {
        var (errors, now) = (new FieldErrors(), clock.Now());
        if (FreezeInput.Read(body with { Name = "preview", Reason = "preview" }, null, now, errors) is not { } input)
            return errors.ToProblem()!;
        var freeze = New(Guid.Empty, Guid.Empty, null, input, now, "");
        return freeze
            .Between(now, now + Freeze.Horizon)
            .Take(Previewed)
            .Select(span => Window(freeze, span) with { FreezeId = null })
            .ToList();
    }

    public async Task<Outcome<FreezeBody>> CreateAsync(Actor by, Outcome<SetFreeze> input, CancellationToken cancellationToken)
    {
        if (!input.Try(out var body, out var unreadable))
            return by.MayNowhere(Permission.ManageTeam) ?? unreadable;
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(access.Current, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, team?.Id) is { } missing)
            return missing;
        await using var write = await store.WriteAsync(cancellationToken);
        var errors = new FieldErrors();
        if (FreezeInput.Read(body, null, write.Now, errors) is not { } read)
            return errors.ToProblem()!;
        var organization = by.OrganizationId;
        if (await write.Db.Freezes.CountAsync(f => f.OrganizationId == organization, cancellationToken) >= MostFreezes)
            return PeopleProblems.TooMany("freezes", MostFreezes);
        var freeze = New(write.NewId(), organization, team?.Id, read, write.Now, Texts.Clip(by.Label, 256)!);
        if (await IsTakenAsync(write.Db, freeze, cancellationToken))
            return FreezeProblems.NameTaken;
        write.Db.Add(freeze);
        write.Trail(by, "freeze.created", Target(freeze), after: Facts(freeze), reason: freeze.Reason);
        Tell(write, freeze);
        return await write.CommitAsync(by, Body(freeze, write.Now), cancellationToken);
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<FreezeBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<SetFreeze> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } freeze)
            return FreezeProblems.NotFound;
        if (MayNot(by, freeze.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        if (body.Team is not null && AgentService.ResolveTeam(access.Current, by, body.Team)?.Id != freeze.TeamId)
            errors.Add("team", "Never changes: make another freeze.");
        var read = FreezeInput.Read(body, freeze, write.Now, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != freeze.Revision)
            return await write.ChangedAsync(by, "freeze", freeze.Id, cancellationToken, "freeze.changed");
        var before = Facts(freeze);
        read!.Put(freeze);
        if (await IsTakenAsync(write.Db, freeze, cancellationToken))
            return FreezeProblems.NameTaken;
        (freeze.UpdatedAt, freeze.UpdatedBy) = (write.Now, Texts.Clip(by.Label, 256)!);
        write.Trail(by, "freeze.changed", Target(freeze), before, Facts(freeze), freeze.Reason);
        Tell(write, freeze);
        return await write.CommitAsync(by, Body(freeze, write.Now) with { Revision = freeze.Revision + 1 }, cancellationToken);
    }

    public async Task<Outcome<Done>> DeleteAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } freeze)
            return FreezeProblems.NotFound;
        if (MayNot(by, freeze.TeamId) is { } missing)
            return missing;
        write.Db.Remove(freeze);
        write.Trail(by, "freeze.deleted", Target(freeze), before: Facts(freeze));
        Tell(write, freeze);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>Why the actor does not deploy to this agent now; null where no freeze bites, or each that does lets the actor through.</summary>
    /// <param name="rollback">A rollback needs a reason, whoever does it.</param>
    internal static async Task<Problem?> RefusalAsync(
        ConsoleDbContext db,
        Actor by,
        Guid teamId,
        string? environment,
        string? reason,
        bool rollback,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        foreach (var (freeze, window) in await BitingAsync(db, by.OrganizationId, teamId, environment, now, cancellationToken))
        {
            if (!rollback && !freeze.MayOverride(by, teamId))
                return FreezeProblems.Frozen(freeze, window);
            if (string.IsNullOrWhiteSpace(reason))
                return FreezeProblems.ReasonNeeded(freeze, window);
        }
        return null;
    }

    /// <summary>What holds deployments to an agent now, the strictest first.</summary>
    /// <param name="environment">Of the deployment; null where the agent has none.</param>
    public async Task<Outcome<List<FreezeWindow>>> HoldingAsync(
        Actor by,
        string agentIdOrSlug,
        string? environment,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agents = db.Agents.VisibleTo(by).Named(agentIdOrSlug).Select(a => new { a.OrganizationId, a.TeamId });
        return await agents.FirstOrDefaultAsync(cancellationToken) is { } agent
            ? await BitingAsync(db, agent.OrganizationId, agent.TeamId, environment, cancellationToken)
            : AgentProblems.NotFound;
    }

    /// <summary>The freezes that hold deployments to such an agent at this instant, the strictest first.</summary>
    internal static async Task<List<(Freeze Freeze, FreezeSpan Window)>> BitingAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid teamId,
        string? environment,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var freezes = await db
            .Freezes.AsNoTracking()
            .Where(f => f.OrganizationId == organizationId && (f.TeamId == null || f.TeamId == teamId))
            .ToListAsync(cancellationToken);
        return
        [
            .. freezes
                .Where(f => f.Covers(teamId, environment))
                .OrderByDescending(f => f.OverrideRole)
                .ThenBy(f => f.Name, StringComparer.Ordinal)
                .Select(f => (Freeze: f, Window: f.At(now)))
                .Where(f => f.Window is not null)
                .Select(f => (f.Freeze, f.Window!.Value)),
        ];
    }

    /// <summary>The same, as they are shown.</summary>
    internal async Task<List<FreezeWindow>> BitingAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid teamId,
        string? environment,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await BitingAsync(db, organizationId, teamId, environment, clock.Now(), cancellationToken)).Select(f =>
                Window(f.Freeze, f.Window)
            ),
        ];

    private static async Task<Freeze?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Freeze, id, out var freezeId)
            ? await db.Freezes.VisibleTo(by).FirstOrDefaultAsync(f => f.Id == freezeId, cancellationToken)
            : null;

    private Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.ManageTeam, team)
                ? null
                : Actor.MissingRole(Permission.ManageTeam, access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private static Task<bool> IsTakenAsync(ConsoleDbContext db, Freeze freeze, CancellationToken cancellationToken)
    {
        var (organization, team, name, id) = (freeze.OrganizationId, freeze.TeamId, freeze.Name, freeze.Id);
        return db.Freezes.AnyAsync(
            f => f.OrganizationId == organization && f.TeamId == team && f.Name == name && f.Id != id,
            cancellationToken
        );
    }

    private static Freeze New(Guid id, Guid organization, Guid? team, FreezeInput input, DateTimeOffset now, string by)
    {
        var freeze = new Freeze
        {
            Id = id,
            OrganizationId = organization,
            TeamId = team,
            Name = input.Name,
            Zone = input.Zone,
            Reason = input.Reason,
            CreatedAt = now,
            CreatedBy = by,
            UpdatedAt = now,
            UpdatedBy = by,
        };
        input.Put(freeze);
        return freeze;
    }

    private static void Tell(Write write, Freeze freeze) =>
        write.Tell(new LiveEvent("freezes", freeze.OrganizationId, freeze.TeamId, null, freeze.Id));

    private static TrailTarget Target(Freeze freeze) => new("freeze", freeze.Id, freeze.Name, freeze.TeamId);

    private string? Slug(Guid? team) => team is { } id ? access.Current.Teams.GetValueOrDefault(id)?.Slug : null;

    private FreezeWindow Window(Freeze freeze, FreezeSpan span) =>
        new(
            IdText.Format(IdText.Freeze, freeze.Id),
            freeze.Name,
            Slug(freeze.TeamId),
            freeze.Environment,
            KebabCase.Of(freeze.OverrideRole),
            freeze.Reason,
            span.From,
            span.To
        );

    private FreezeBody Body(Freeze freeze, DateTimeOffset now)
    {
        var next = freeze.NextAt(now);
        return new FreezeBody
        {
            Id = IdText.Format(IdText.Freeze, freeze.Id),
            Name = freeze.Name,
            Team = Slug(freeze.TeamId),
            Environment = freeze.Environment,
            Cron = freeze.Cron,
            DurationMinutes = freeze.DurationMinutes,
            Zone = freeze.Zone,
            StartsAt = freeze.StartsAt,
            EndsAt = freeze.EndsAt,
            OverrideRole = KebabCase.Of(freeze.OverrideRole),
            Reason = freeze.Reason,
            Active = next?.From <= now,
            Next = next is { } span ? Window(freeze, span) : null,
            CreatedAt = freeze.CreatedAt,
            CreatedBy = freeze.CreatedBy,
            UpdatedAt = freeze.UpdatedAt,
            UpdatedBy = freeze.UpdatedBy,
            Revision = freeze.Revision,
        };
    }

    private static object Facts(Freeze freeze) =>
        new
        {
            name = freeze.Name,
            environment = freeze.Environment,
            cron = freeze.Cron,
            duration_minutes = freeze.DurationMinutes,
            zone = freeze.Zone,
            starts_at = freeze.StartsAt,
            ends_at = freeze.EndsAt,
            override_role = KebabCase.Of(freeze.OverrideRole),
            reason = freeze.Reason,
        };
}
