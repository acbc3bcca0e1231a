using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Views;

/// <summary>What a page opens with.</summary>
/// <param name="View">The person's default, else their role's; null for none.</param>
/// <param name="Columns">As they like them where no view says otherwise.</param>
public sealed record Landing(ViewBody? View, string? Columns, string? Density);

/// <summary>Saved views of lists. Personal ones are the person's own affair; those of a team or role are put on the trail.</summary>
public sealed partial class ViewService(ConsoleStore store, AccessDirectory access)
{
    public const int LongestName = 60;
    public const int LongestQuery = 2000;
    public const int LongestColumns = 400;

    /// <summary>Of one person; of one team as many.</summary>
    public const int MostViews = 100;
    public const int MostPinned = 12;

    private static readonly Problem NotFound = Problem.NotFound("view");
    private static readonly string[] Densities = ["comfortable", "compact"];

    // Who has several roles opens the page with the view of the first of these.
    private static readonly string[] RoleOrder = ["org-admin", "auditor", "team-admin", "key-admin", "approver", "operator", "viewer"];

    [GeneratedRegex("^[a-z][a-z-]{0,30}(,[a-z][a-z-]{0,30}){0,39}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex ColumnNames { get; }

    /// <summary>Roles of the actor, in any team or in the organization.</summary>
    internal static IEnumerable<string> RolesOf(Actor by)
    {
        var inTeams = by.Grants.Teams.Where(t => by.TeamLimit is null || by.TeamLimit.Contains(t.Key)).Select(t => t.Value);
        return RoleNames.Of(by.Grants.Organization).Concat(RoleNames.Of(inTeams.Aggregate(TeamRoles.None, (all, more) => all | more)));
    }

    /// <summary>The views that the actor sees, oldest first.</summary>
    public async Task<Outcome<Paged<ViewBody>>> ListAsync(Actor by, ViewPage? of, PageRequest page, CancellationToken cancellationToken)
    {
        Guid? after = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var key) || !IdText.TryParse(IdText.View, key[0], out var id))
                return Cursor.Bad();
            after = id;
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var views = db.SavedViews.VisibleTo(by);
        if (of is { } only)
            views = views.Where(v => v.Page == only);
        var rows = await views
            .Where(v => after == null || v.Id.CompareTo(after.Value) > 0)
            .OrderBy(v => v.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var marks = await MarksAsync(db, by, [.. rows.Select(v => v.Id)], cancellationToken);
        var now = access.Current;
        return Paged<SavedView>
            .Of(rows, page.Limit, last => [IdText.Format(IdText.View, last.Id)])
            .Map(view => ViewBodies.Of(view, marks.GetValueOrDefault(view.Id), now));
    }

    /// <summary>The pinned ones, in the order in which they were pinned.</summary>
    public async Task<IReadOnlyList<ViewBody>> PinnedAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var (organization, me) = (by.OrganizationId, by.Id);
        var marks = await db
            .ViewMarks.Where(m => m.OrganizationId == organization && m.UserId == me && m.Pinned)
            .ToDictionaryAsync(m => m.ViewId, cancellationToken);
        if (marks.Count == 0)
            return [];
        var ids = marks.Keys.ToArray();
        var views = await db.SavedViews.VisibleTo(by).Where(v => ids.Contains(v.Id)).ToListAsync(cancellationToken);
        var now = access.Current;
        return [.. views.OrderBy(v => marks[v.Id].At).ThenBy(v => v.Id).Select(v => ViewBodies.Of(v, marks[v.Id], now))];
    }

    public async Task<Outcome<ViewBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db.SavedViews, by, id, cancellationToken) is not { } view)
            return NotFound;
        var marks = await MarksAsync(db, by, [view.Id], cancellationToken);
        return ViewBodies.Of(view, marks.GetValueOrDefault(view.Id), access.Current);
    }

    /// <summary>What the page opens with when its address says nothing.</summary>
    public async Task<Landing> LandingAsync(Actor by, ViewPage page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var (organization, me) = (by.OrganizationId, by.Id);
        var habit = await db.PageHabits.FirstOrDefaultAsync(
            h => h.OrganizationId == organization && h.UserId == me && h.Page == page,
            cancellationToken
        );
        var mine = db.ViewMarks.Where(m => m.OrganizationId == organization && m.UserId == me && m.Page == page && m.Default);
        var found = await db
            .SavedViews.VisibleTo(by)
            .Where(v => v.Page == page && (v.Role != null || mine.Any(m => m.ViewId == v.Id)))
            .Select(v => new { View = v, Mine = mine.Any(m => m.ViewId == v.Id) })
            .ToListAsync(cancellationToken);
        var roles = RolesOf(by).ToHashSet(StringComparer.Ordinal);
        var view =
            found.Find(f => f.Mine)
            ?? found
                .Where(f => f.View.Role is { } role && roles.Contains(role))
                .OrderBy(f => Array.IndexOf(RoleOrder, f.View.Role))
                .FirstOrDefault();
        return new Landing(
            view is null ? null : ViewBodies.Of(view.View, new ViewMark { Default = view.Mine }, access.Current),
            habit?.Columns,
            habit?.Density
        );
    }

    /// <summary>Saves a view: of oneself, of a team in which one may edit agents, or, as org-admin, as the default of a role.</summary>
    public async Task<Outcome<ViewBody>> CreateAsync(Actor by, Outcome<SaveView> input, CancellationToken cancellationToken)
    {
        if (by.Id is null || by.AgentId is not null)
            return PeopleProblems.SessionNeeded;
        var now = access.Current;
        var body = input.Problem is null ? input.Value : new SaveView();
        TeamCard? team = null;
        if (!string.IsNullOrEmpty(body.Team))
        {
            team = now.FindTeam(by.OrganizationId, body.Team);
            if (team is null || !by.TeamsWith(Permission.ReadFleet).Has(team.Id))
                return Problem.NotFound("team");
            if (!by.May(Permission.EditAgents, team.Id))
                return Actor.MissingRole(Permission.EditAgents, team.Name);
        }
        if (!string.IsNullOrEmpty(body.Role) && !by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (input.Problem is { } unreadable)
            return unreadable;

        var errors = new FieldErrors();
        var page = KebabCase.Read<ViewPage>(string.IsNullOrEmpty(body.Page) ? null : body.Page, "page", errors);
        if (string.IsNullOrEmpty(body.Page))
            errors.Add("page", "This is required.");
        var name = Texts.Line(body.Name, "name", LongestName, errors, required: true);
        var role = string.IsNullOrEmpty(body.Role) ? null : body.Role;
        if (role is not null && !RoleOrder.Contains(role))
            errors.Add("role", $"Must be one of {string.Join(", ", RoleOrder)}.");
        if (role is not null && team is not null)
            errors.Add("role", "A view is of a team or of a role, not of both.");
        var (query, columns, density) = Read(page ?? default, body.Query, body.Columns, body.Density, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;

        await using var write = await store.WriteAsync(cancellationToken);
        var organization = by.OrganizationId;
        Guid? owner = team is null && role is null ? by.Id : null;
        var (teamId, of) = (team?.Id, page!.Value);
        if (role is null)
        {
            var count = await write.Db.SavedViews.CountAsync(
                v => v.OrganizationId == organization && (owner != null ? v.OwnerId == owner : v.TeamId == teamId),
                cancellationToken
            );
            if (count >= MostViews)
                return PeopleProblems.TooMany(owner is null ? "views of this team" : "views of yours", MostViews);
        }
        else if (
            await write.Db.SavedViews.AnyAsync(v => v.OrganizationId == organization && v.Page == of && v.Role == role, cancellationToken)
        )
            return new Problem(
                ProblemKind.Conflict,
                "role_has_view",
                $"The role {role} has a default view of this page already. Change that one, or delete it first."
            );
        var view = new SavedView
        {
            Id = write.NewId(),
            OrganizationId = organization,
            Page = of,
            Name = name!,
            OwnerId = owner,
            TeamId = teamId,
            Role = role,
            Query = query,
            Columns = columns,
            Density = density,
            CreatedAt = write.Now,
            CreatedBy = by.Label,
            UpdatedAt = write.Now,
        };
        write.Db.Add(view);
        ViewMark? mark = null;
        if (body.Pinned == true || body.Default == true)
        {
            var marked = await MarkAsync(write, by, view, body.Pinned, body.Default, cancellationToken);
            if (!marked.Try(out mark, out var refusal))
                return refusal;
        }
        if (owner is null)
            write.Trail(by, "view.created", Target(view), after: Shown(view));
        write.Tell(News(view));
        return await write.CommitAsync(by, ViewBodies.Of(view, mark, now), cancellationToken);
    }

    /// <summary>Changes the members that are given; an empty text of columns or density goes back to the usual.</summary>
    /// <param name="ifMatch">Revision the caller read; null is 428, another than the present one 412.</param>
    public async Task<Outcome<ViewBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<ChangeView> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db.SavedViews, by, id, cancellationToken) is not { } view)
            return NotFound;
        if (MayNotChange(by, view) is { } refusal)
            return refusal;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = body.Name is null ? view.Name : Texts.Line(body.Name, "name", LongestName, errors, required: true);
        var (query, columns, density) = Read(
            view.Page,
            body.Query ?? view.Query,
            body.Columns ?? view.Columns,
            body.Density ?? view.Density,
            errors
        );
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != view.Revision)
            return await write.ChangedAsync(by, "view", view.Id, cancellationToken);
        var marks = await MarksAsync(write.Db, by, [view.Id], cancellationToken);
        var before = Shown(view);
        (view.Name, view.Query, view.Columns, view.Density, view.UpdatedAt) = (name!, query, columns, density, write.Now);
        if (view.OwnerId is null)
            write.Trail(by, "view.changed", Target(view), before, Shown(view));
        write.Tell(News(view));
        var answer = ViewBodies.Of(view, marks.GetValueOrDefault(view.Id), access.Current) with { Revision = view.Revision + 1 };
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>Deletes a view, for everybody who saw it.</summary>
    /// <returns>The view as it was, so that it can be saved again.</returns>
    public async Task<Outcome<ViewBody>> DeleteAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db.SavedViews, by, id, cancellationToken) is not { } view)
            return NotFound;
        if (MayNotChange(by, view) is { } refusal)
            return refusal;
        var marks = await MarksAsync(write.Db, by, [view.Id], cancellationToken);
        write.Db.Remove(view);
        if (view.OwnerId is null)
            write.Trail(by, "view.deleted", Target(view), before: Shown(view));
        write.Tell(News(view));
        return await write.CommitAsync(by, ViewBodies.Of(view, marks.GetValueOrDefault(view.Id), access.Current), cancellationToken);
    }

    /// <summary>Pins or unpins a view for oneself, or makes it what the page opens with; what is not given stays.</summary>
    public async Task<Outcome<ViewBody>> MarkAsync(Actor by, string id, Outcome<MarkView> input, CancellationToken cancellationToken)
    {
        if (by.Id is null || by.AgentId is not null)
            return PeopleProblems.SessionNeeded;
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db.SavedViews, by, id, cancellationToken) is not { } view)
            return NotFound;
        if (!input.Try(out var body, out var problem))
            return problem;
        var marked = await MarkAsync(write, by, view, body.Pinned, body.Default, cancellationToken);
        if (!marked.Try(out var mark, out var refusal))
            return refusal;
        write.Tell(News(view));
        return await write.CommitAsync(by, ViewBodies.Of(view, mark, access.Current), cancellationToken);
    }

    /// <summary>Remembers how the person likes the page's columns and density.</summary>
    public async Task KeepHabitAsync(Actor by, ViewPage page, string? columns, string? density, CancellationToken cancellationToken)
    {
        if (by.Id is not { } me || by.AgentId is not null)
            return;
        (_, columns, density) = Read(page, "", columns, density, new FieldErrors());
        await using var write = await store.WriteAsync(cancellationToken);
        var organization = by.OrganizationId;
        var habit = await write.Db.PageHabits.FirstOrDefaultAsync(
            h => h.OrganizationId == organization && h.UserId == me && h.Page == page,
            cancellationToken
        );
        if (habit is null)
            write.Db.Add(
                habit = new PageHabit
                {
                    OrganizationId = organization,
                    UserId = me,
                    Page = page,
                }
            );
        (habit.Columns, habit.Density) = (columns, density);
        await write.TryCommitAsync(cancellationToken); // of two at once one is kept
    }

    /// <summary>Why the actor may not change this view; null when they may.</summary>
    public static Problem? MayNotChange(Actor by, ViewBody view, AccessSnapshot access) =>
        view.Of switch
        {
            "team" when access.FindTeam(by.OrganizationId, view.Team?.Id ?? "") is { } team => by.May(Permission.EditAgents, team.Id)
                ? null
                : Actor.MissingRole(Permission.EditAgents, team.Name),
            "role" when !by.MayEverywhere(Permission.ManageOrganization) => Actor.MissingRole(Permission.ManageOrganization, null),
            _ => null,
        };

    private Problem? MayNotChange(Actor by, SavedView view)
    {
        if (view.TeamId is { } team)
            return by.May(Permission.EditAgents, team)
                ? null
                : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(team)?.Name);
        return view.Role is null || by.MayEverywhere(Permission.ManageOrganization)
            ? null
            : Actor.MissingRole(Permission.ManageOrganization, null);
    }

    private static async Task<Outcome<ViewMark>> MarkAsync(
        Write write,
        Actor by,
        SavedView view,
        bool? pinned,
        bool? isDefault,
        CancellationToken cancellationToken
    )
    {
        var (organization, me) = (by.OrganizationId, by.Id!.Value);
        var marks = await write
            .Db.ViewMarks.Where(m => m.OrganizationId == organization && m.UserId == me && (m.ViewId == view.Id || m.Pinned || m.Default))
            .ToListAsync(cancellationToken);
        var mark = marks.Find(m => m.ViewId == view.Id);
        if (mark is null)
            write.Db.Add(
                mark = new ViewMark
                {
                    OrganizationId = organization,
                    UserId = me,
                    ViewId = view.Id,
                    Page = view.Page,
                }
            );
        if (pinned == true && !mark.Pinned)
        {
            // Those that are out of sight since one left their team do not count.
            var others = marks.Where(m => m.Pinned).Select(m => m.ViewId).ToArray();
            if (await write.Db.SavedViews.VisibleTo(by).CountAsync(v => others.Contains(v.Id), cancellationToken) >= MostPinned)
                return PeopleProblems.TooMany("pinned views", MostPinned);
            mark.At = write.Now;
        }
        mark.Pinned = pinned ?? mark.Pinned;
        if (isDefault == true)
        {
            foreach (var other in marks.Where(m => m.Page == view.Page))
                other.Default = false;
        }
        mark.Default = isDefault ?? mark.Default;
        return mark;
    }

    private static async Task<Dictionary<Guid, ViewMark>> MarksAsync(
        ConsoleDbContext db,
        Actor by,
        Guid[] views,
        CancellationToken cancellationToken
    )
    {
        var (organization, me) = (by.OrganizationId, by.Id);
        return await db
            .ViewMarks.AsNoTracking()
            .Where(m => m.OrganizationId == organization && m.UserId == me && views.Contains(m.ViewId))
            .ToDictionaryAsync(m => m.ViewId, cancellationToken);
    }

    private static async Task<SavedView?> FindAsync(
        IQueryable<SavedView> views,
        Actor by,
        string id,
        CancellationToken cancellationToken
    ) =>
        IdText.TryParse(IdText.View, id, out var viewId)
            ? await views.VisibleTo(by).FirstOrDefaultAsync(v => v.Id == viewId, cancellationToken)
            : null;

    private static (string Query, string? Columns, string? Density) Read(
        ViewPage page,
        string? query,
        string? columns,
        string? density,
        FieldErrors errors
    )
    {
        columns = string.IsNullOrEmpty(columns) ? null : columns;
        if (columns is not null && (columns.Length > LongestColumns || !ColumnNames.IsMatch(columns) || columns.EndsWith('\n')))
        {
            errors.Add("columns", "Must be names of columns with commas between, as health,liveness,team.");
            columns = null;
        }
        density = string.IsNullOrEmpty(density) ? null : density;
        if (density is not null && !Densities.Contains(density))
        {
            errors.Add("density", $"Must be one of {string.Join(", ", Densities)}.");
            density = null;
        }
        return (ViewQuery.Canonical(page, query, errors), columns, density);
    }

    private static TrailTarget Target(SavedView view) => new("view", view.Id, view.Name, view.TeamId);

    private static LiveEvent News(SavedView view) => new("view", view.OrganizationId, view.TeamId, null, view.Id);

    private static object Shown(SavedView view) =>
        new
        {
            page = KebabCase.Of(view.Page),
            name = view.Name,
            role = view.Role,
            query = view.Query,
            columns = view.Columns,
            density = view.Density,
        };
}
