using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Teams and who has which roles in them.</summary>
public sealed class TeamService(ConsoleStore store, AccessDirectory access, IAgentCounts agents)
{
    private const int MostTeams = 1000;
    private const int MostMembers = 5000;

    /// <summary>The teams one may read, by slug.</summary>
    public async Task<Outcome<Paged<TeamBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        string? after = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var key))
                return Cursor.Bad();
            after = key[0];
        }
        var scope = by.Kind == ActorKind.Agent ? TeamScope.Nothing : by.TeamsWith(Permission.ReadFleet);
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .Teams.Where(t => t.OrganizationId == by.OrganizationId && (scope.All || scope.Ids.Contains(t.Id)))
            .Where(t => after == null || string.Compare(t.Slug, after) > 0)
            .OrderBy(t => t.Slug)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var cut = Paged<Team>.Of(rows, page.Limit, t => [t.Slug]);
        var bodies = await BodiesAsync(db, by.OrganizationId, cut.Items, cancellationToken);
        return new Paged<TeamBody>(bodies, cut.NextCursor);
    }

    public async Task<Outcome<TeamBody>> GetAsync(Actor by, string slugOrId, CancellationToken cancellationToken)
    {
        if (Visible(by, slugOrId) is not { } card)
            return PeopleProblems.TeamNotFound;
        await using var db = await store.ReadAsync(cancellationToken);
        var team = await db.Teams.SingleOrDefaultAsync(t => t.OrganizationId == by.OrganizationId && t.Id == card.Id, cancellationToken);
        return team is null ? PeopleProblems.TeamNotFound : (await BodiesAsync(db, by.OrganizationId, [team], cancellationToken))[0];
    }

    public async Task<Outcome<TeamBody>> CreateAsync(Actor by, Outcome<CreateTeam> input, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        if (Texts.SlugFault(body.Slug) is { } fault)
            errors.Add("slug", fault);
        var name = Texts.Line(body.Name, "name", 200, errors) ?? body.Slug;
        var zone = Zones.Read(body.TimeZone, "time_zone", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        await using var write = await store.WriteAsync(cancellationToken);
        var slugs = await write.Db.Teams.CountAsync(t => t.OrganizationId == by.OrganizationId, cancellationToken);
        if (slugs >= MostTeams)
            return PeopleProblems.TooMany("teams", MostTeams);
        if (await write.Db.Teams.AnyAsync(t => t.OrganizationId == by.OrganizationId && t.Slug == body.Slug, cancellationToken))
            return PeopleProblems.Taken("slug", body.Slug!);
        var team = new Team
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            Slug = body.Slug!,
            Name = name!,
            TimeZone = zone,
            CreatedAt = write.Now,
            Revision = 1,
        };
        write.Db.Add(team);
        write.Trail(
            by,
            "team.created",
            Target(team),
            after: new
            {
                team.Slug,
                team.Name,
                team.TimeZone,
            }
        );
        write.TellPeople(by.OrganizationId, team.Id, team.Id);
        write.AfterCommit(access.ReloadAsync);
        var done = await write.CommitAsync(by, Body(team, 0, 0, access.Current.ZoneOf(by.OrganizationId)), cancellationToken);
        return done.Problem is not null && by.Retry is null ? PeopleProblems.Taken("slug", team.Slug) : done;
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<TeamBody>> ChangeAsync(
        Actor by,
        string slugOrId,
        long? ifMatch,
        Outcome<ChangeTeam> input,
        CancellationToken cancellationToken
    )
    {
        if (Managed(by, slugOrId) is { Problem: { } refused })
            return refused;
        var card = Visible(by, slugOrId)!;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", 200, errors, required: body.TimeZone is null);
        var zone = Zones.Read(body.TimeZone, "time_zone", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        await using var write = await store.WriteAsync(cancellationToken);
        var team = await write
            .Db.Teams.AsTracking()
            .SingleAsync(t => t.OrganizationId == by.OrganizationId && t.Id == card.Id, cancellationToken);
        if (team.Revision != ifMatch)
            return await write.ChangedAsync(by, "team", team.Id, cancellationToken, "team.changed");
        var counts = (await BodiesAsync(write.Db, by.OrganizationId, [team], cancellationToken))[0];
        name ??= team.Name;
        zone = body.TimeZone is null ? team.TimeZone : zone;
        if (team.Name == name && team.TimeZone == zone)
            return counts;
        write.Trail(by, "team.changed", Target(team), before: new { team.Name, team.TimeZone }, after: new { name, time_zone = zone });
        (team.Name, team.TimeZone) = (name, zone);
        write.TellPeople(by.OrganizationId, team.Id, team.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(
            by,
            Body(team, counts.Members, counts.Agents, access.Current.ZoneOf(by.OrganizationId)) with
            {
                Revision = team.Revision + 1,
            },
            cancellationToken
        );
    }

    /// <summary>Members of a team one may read, by label.</summary>
    public Outcome<IReadOnlyList<MemberBody>> Members(Actor by, string slugOrId)
    {
        if (Visible(by, slugOrId) is not { } team)
            return PeopleProblems.TeamNotFound;
        return Outcomes.Of<MemberBody>([
            .. access
                .Current.Principals.Values.Where(p => p.OrganizationId == by.OrganizationId && RolesIn(p, team.Id) != TeamRoles.None)
                .OrderBy(p => p.Label, StringComparer.OrdinalIgnoreCase)
                .Select(p => MemberOf(p, RolesIn(p, team.Id))),
        ]);
    }

    /// <summary>People and service accounts who could be given a role in the team: those whose label or name holds the text, at most 20.</summary>
    public Outcome<IReadOnlyList<MemberBody>> Candidates(Actor by, string slugOrId, string? text)
    {
        if (Managed(by, slugOrId) is { Problem: { } refused })
            return refused;
        var team = Visible(by, slugOrId)!;
        var wanted = text?.Trim() ?? "";
        return Outcomes.Of<MemberBody>([
            .. access
                .Current.Principals.Values.Where(p =>
                    p.OrganizationId == by.OrganizationId
                    && p.Enabled
                    && RolesIn(p, team.Id) == TeamRoles.None
                    && (
                        p.Label.Contains(wanted, StringComparison.OrdinalIgnoreCase)
                        || p.DisplayName.Contains(wanted, StringComparison.OrdinalIgnoreCase)
                    )
                )
                .OrderBy(p => p.Label, StringComparer.OrdinalIgnoreCase)
                .Take(20)
                .Select(p => MemberOf(p, TeamRoles.None)),
        ]);
    }

    /// <summary>Sets all roles that a principal has in the team; none removes it.</summary>
    /// <param name="principal">Id of a user or service account, or a user's e-mail address.</param>
    public async Task<Outcome<MemberBody>> SetMemberAsync(
        Actor by,
        string slugOrId,
        string principal,
        Outcome<SetMember> input,
        CancellationToken cancellationToken
    )
    {
        if (Managed(by, slugOrId) is { Problem: { } refused })
            return refused;
        var team = Visible(by, slugOrId)!;
        if (FindPrincipal(access.Current, by.OrganizationId, principal) is not { } member)
            return PeopleProblems.PrincipalNotFound;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        if (body.Roles is null)
            errors.Add("roles", "This is required; an empty list removes the member.");
        var roles = RoleInput.ReadTeam(body.Roles, "roles", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;

        await using var write = await store.WriteAsync(cancellationToken);
        var members = write.Db.Memberships.Where(m => m.OrganizationId == by.OrganizationId && m.TeamId == team.Id);
        var row = await members.AsTracking().SingleOrDefaultAsync(m => m.PrincipalId == member.Id, cancellationToken);
        var before = row?.Roles ?? TeamRoles.None;
        var answer = MemberOf(member, roles);
        if (before == roles)
            return answer;
        if (row is null)
        {
            if (await members.CountAsync(cancellationToken) >= MostMembers)
                return PeopleProblems.TooMany("members of this team", MostMembers);
            write.Db.Add(
                new Membership
                {
                    OrganizationId = by.OrganizationId,
                    TeamId = team.Id,
                    PrincipalId = member.Id,
                    Roles = roles,
                }
            );
        }
        else if (roles == TeamRoles.None)
        {
            write.Db.Remove(row);
        }
        else
        {
            row.Roles = roles;
        }
        write.Trail(
            by,
            roles == TeamRoles.None ? "team.member-removed" : "team.member-set",
            new TrailTarget("team", team.Id, team.Slug, team.Id),
            before: new { member = member.Label, roles = RoleNames.Of(before) },
            after: new { member = member.Label, roles = RoleNames.Of(roles) }
        );
        write.TellPeople(by.OrganizationId, member.Id, team.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>Takes all roles in the team away; nothing changes where there are none.</summary>
    public async Task<Outcome<Done>> RemoveMemberAsync(Actor by, string slugOrId, string principal, CancellationToken cancellationToken)
    {
        if (Managed(by, slugOrId) is { Problem: { } refused })
            return refused;
        var team = Visible(by, slugOrId)!;
        if (FindPrincipal(access.Current, by.OrganizationId, principal) is not { } member)
            return PeopleProblems.PrincipalNotFound;
        await using var write = await store.WriteAsync(cancellationToken);
        var row = await write
            .Db.Memberships.AsTracking()
            .SingleOrDefaultAsync(
                m => m.OrganizationId == by.OrganizationId && m.TeamId == team.Id && m.PrincipalId == member.Id,
                cancellationToken
            );
        if (row is null)
            return new Done();
        write.Db.Remove(row);
        write.Trail(
            by,
            "team.member-removed",
            new TrailTarget("team", team.Id, team.Slug, team.Id),
            before: new { member = member.Label, roles = RoleNames.Of(row.Roles) }
        );
        write.TellPeople(by.OrganizationId, member.Id, team.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>A user or service account of this organization, by id or e-mail address.</summary>
    internal static Principal? FindPrincipal(AccessSnapshot now, Guid organizationId, string text)
    {
        if (
            (IdText.TryParse(IdText.User, text, out var id) || IdText.TryParse(IdText.ServiceAccount, text, out id))
            && now.Principals.TryGetValue(id, out var found)
        )
            return found.OrganizationId == organizationId && text.StartsWith(PeopleBodies.PrefixOf(found.Kind), StringComparison.Ordinal)
                ? found
                : null;
        return text.Contains('@', StringComparison.Ordinal)
            ? now.Principals.Values.FirstOrDefault(p =>
                p.Kind == ActorKind.User && p.OrganizationId == organizationId && p.Label.Equals(text, StringComparison.OrdinalIgnoreCase)
            )
            : null;
    }

    private TeamCard? Visible(Actor by, string slugOrId) =>
        access.Current.FindTeam(by.OrganizationId, slugOrId) is { } team && by.May(Permission.ReadFleet, team.Id) ? team : null;

    private Outcome<Done> Managed(Actor by, string slugOrId) =>
        Visible(by, slugOrId) is not { } team ? PeopleProblems.TeamNotFound
        : by.May(Permission.ManageTeam, team.Id) ? new Done()
        : Actor.MissingRole(Permission.ManageTeam, team.Name);

    private async Task<List<TeamBody>> BodiesAsync(
        ConsoleDbContext db,
        Guid organizationId,
        IReadOnlyList<Team> teams,
        CancellationToken cancellationToken
    )
    {
        var ids = teams.Select(t => t.Id).ToList();
        var members = await db
            .Memberships.Where(m => m.OrganizationId == organizationId && ids.Contains(m.TeamId))
            .GroupBy(m => m.TeamId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var counted = await agents.ByTeamAsync(db, organizationId, ids, cancellationToken);
        var zone = access.Current.ZoneOf(organizationId);
        return [.. teams.Select(t => Body(t, members.GetValueOrDefault(t.Id), counted.GetValueOrDefault(t.Id), zone))];
    }

    private static TeamRoles RolesIn(Principal principal, Guid teamId) => principal.Grants.Teams.GetValueOrDefault(teamId);

    private static MemberBody MemberOf(Principal principal, TeamRoles roles) =>
        new(
            IdText.Format(PeopleBodies.PrefixOf(principal.Kind), principal.Id),
            KebabCase.Of(principal.Kind),
            principal.Label,
            [.. RoleNames.Of(roles)]
        );

    private static TeamBody Body(Team team, int members, int agentCount, string organizationZone) =>
        new(
            IdText.Format(IdText.Team, team.Id),
            team.Slug,
            team.Name,
            members,
            agentCount,
            team.CreatedAt,
            team.Revision,
            team.TimeZone,
            team.TimeZone ?? organizationZone
        );

    private static TrailTarget Target(Team team) => new("team", team.Id, team.Slug, team.Id);
}
