using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Tests.People;

public sealed class TeamTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task Everybody_sees_the_own_teams_and_org_admins_and_auditors_all(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        async Task<string> SeenBy(Person person) =>
            string.Join(' ', (await teams.ListAsync(house.As(person), new PageRequest(), Stop)).Value.Items.Select(t => t.Slug));

        Assert.Equal("default payments research", await SeenBy(house.Cast.Olga));
        Assert.Equal("default payments research", await SeenBy(house.Cast.Aude));
        Assert.Equal("payments", await SeenBy(house.Cast.Victor));
        Assert.Equal("research", await SeenBy(house.Cast.Sara));
        Assert.Equal("", await SeenBy(house.Cast.Nobody));
        Assert.Equal("default", await SeenBy(house.Cast.Gus));
        Assert.Equal("team_not_found", (await teams.GetAsync(house.As(house.Cast.Sara), "payments", Stop)).Problem!.Code);
        Assert.Equal(6, (await teams.GetAsync(house.As(house.Cast.Victor), "payments", Stop)).Value.Members);
    }

    [Theory, BothDatabases]
    public async Task Lists_are_paged_by_key(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        var olga = house.As(house.Cast.Olga);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await teams.ListAsync(olga, new PageRequest(2, cursor), Stop)).Value;
            seen.AddRange(page.Items.Select(t => t.Slug));
            cursor = page.NextCursor;
        } while (cursor is not null);

        Assert.Equal(["default", "payments", "research"], seen);
        Assert.Equal("invalid", (await teams.ListAsync(olga, new PageRequest(2, "nonsense"), Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Only_an_org_admin_makes_teams_and_a_slug_is_taken_once(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        var olga = house.As(house.Cast.Olga);

        var made = await teams.CreateAsync(olga, new CreateTeam { Slug = "claims", Name = "Claims" }, Stop);
        var twice = await teams.CreateAsync(olga, new CreateTeam { Slug = "claims" }, Stop);
        var byTara = await teams.CreateAsync(house.As(house.Cast.Tara), new CreateTeam { Slug = "mine" }, Stop);
        var odd = await teams.CreateAsync(olga, new CreateTeam { Slug = "team_x", Name = "Ev\u202Eil" }, Stop);

        Assert.Equal("Claims", made.Value.Name);
        Assert.Equal("slug_taken", twice.Problem!.Code);
        Assert.Equal("role_missing", byTara.Problem!.Code);
        Assert.Equal(["name", "slug"], odd.Problem!.Errors!.Keys.Order());
        Assert.NotNull(house.Get<AccessDirectory>().Current.FindTeam(house.Cast.Acme, "claims"));
    }

    [Theory, BothDatabases]
    public async Task A_name_is_changed_by_who_read_it_last(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        var tara = house.As(house.Cast.Tara);
        var read = (await teams.GetAsync(tara, "payments", Stop)).Value;

        var changed = await teams.ChangeAsync(tara, "payments", read.Revision, new ChangeTeam { Name = "Pay" }, Stop);
        var stale = await teams.ChangeAsync(tara, "payments", read.Revision, new ChangeTeam { Name = "Other" }, Stop);
        var blind = await teams.ChangeAsync(tara, "payments", null, new ChangeTeam { Name = "Other" }, Stop);
        var victor = await teams.ChangeAsync(house.As(house.Cast.Victor), "payments", null, Problem.Invalid("body", "malformed"), Stop);
        var sara = await teams.ChangeAsync(house.As(house.Cast.Sara), "payments", null, Problem.Invalid("body", "malformed"), Stop);

        Assert.Equal(("Pay", read.Revision + 1), (changed.Value.Name, changed.Value.Revision));
        Assert.Equal(changed.Value.Revision, (await teams.GetAsync(tara, "payments", Stop)).Value.Revision);
        Assert.Equal(ProblemKind.Changed, stale.Problem!.Kind);
        Assert.Equal(ProblemKind.MatchRequired, blind.Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, victor.Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, sara.Problem!.Kind);
    }

    [Theory, BothDatabases]
    public async Task A_team_has_the_organizations_time_zone_until_it_names_its_own(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        var organizations = house.Get<OrganizationService>();
        var (olga, tara) = (house.As(house.Cast.Olga), house.As(house.Cast.Tara));
        string ZoneOf(Guid team) => house.Get<AccessDirectory>().Current.ZoneOf(house.Cast.Acme, team);
        Assert.Equal("UTC", ZoneOf(house.Cast.Payments));

        var acme = (await organizations.GetAsync(tara, Stop)).Value;
        var change = new ChangeOrganization { TimeZone = "America/New_York" };
        var byTara = await organizations.ChangeAsync(tara, acme.Revision, change, Stop);
        var moved = await organizations.ChangeAsync(olga, acme.Revision, change, Stop);
        Assert.Equal(ProblemKind.Forbidden, byTara.Problem!.Kind);
        Assert.Equal(("Acme", "America/New_York"), (moved.Value.Name, moved.Value.TimeZone));
        Assert.Equal("America/New_York", ZoneOf(house.Cast.Payments));

        var read = (await teams.GetAsync(tara, "payments", Stop)).Value;
        var set = await teams.ChangeAsync(tara, "payments", read.Revision, new ChangeTeam { TimeZone = "Asia/Kathmandu" }, Stop);
        Assert.Equal(("Payments", "Asia/Kathmandu", "Asia/Kathmandu"), (set.Value.Name, set.Value.TimeZone, set.Value.Zone));
        Assert.Equal("Asia/Kathmandu", ZoneOf(house.Cast.Payments));
        Assert.Equal("America/New_York", ZoneOf(house.Cast.Research));

        var cleared = await teams.ChangeAsync(tara, "payments", set.Value.Revision, new ChangeTeam { TimeZone = "" }, Stop);
        Assert.Equal((null, "America/New_York"), (cleared.Value.TimeZone, cleared.Value.Zone));
        foreach (var odd in (string[])["Mars/Olympus", "../../etc/passwd", "right/UTC", "posixrules", "+02:00", "europe"])
        {
            var refused = await teams.ChangeAsync(tara, "payments", cleared.Value.Revision, new ChangeTeam { TimeZone = odd }, Stop);
            Assert.Contains("time_zone", refused.Problem!.Errors!.Keys);
        }
    }

    [Theory, BothDatabases]
    public async Task A_team_admin_manages_the_own_team_and_no_other(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();
        var tara = house.As(house.Cast.Tara);
        var nobody = IdText.Format("usr", house.Cast.Nobody.Id);

        var set = await teams.SetMemberAsync(tara, "payments", nobody, new SetMember { Roles = ["viewer", "approver"] }, Stop);
        Assert.Equal(["viewer", "approver"], set.Value.Roles);
        Assert.True(house.As(house.Cast.Nobody).May(Permission.DecideApprovals, house.Cast.Payments));

        var more = await teams.SetMemberAsync(tara, "payments", "nobody@ACME.example", new SetMember { Roles = ["org-admin"] }, Stop);
        var elsewhere = await teams.SetMemberAsync(tara, "research", nobody, new SetMember { Roles = ["viewer"] }, Stop);
        var stranger = await teams.SetMemberAsync(
            tara,
            "payments",
            IdText.Format("usr", house.Cast.Gus.Id),
            new SetMember { Roles = ["viewer"] },
            Stop
        );
        var byInes = await teams.SetMemberAsync(
            house.As(house.Cast.Ines),
            "payments",
            nobody,
            new SetMember { Roles = ["team-admin"] },
            Stop
        );
        var byAude = await teams.SetMemberAsync(house.As(house.Cast.Aude), "payments", nobody, new SetMember { Roles = ["viewer"] }, Stop);
        Assert.Contains("roles", more.Problem!.Errors!.Keys);
        Assert.Equal(ProblemKind.NotFound, elsewhere.Problem!.Kind);
        Assert.Same(PeopleProblems.PrincipalNotFound, stranger.Problem);
        Assert.Equal(ProblemKind.Forbidden, byInes.Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, byAude.Problem!.Kind);

        Assert.Null((await teams.RemoveMemberAsync(tara, "payments", nobody, Stop)).Problem);
        Assert.Null((await teams.RemoveMemberAsync(tara, "payments", nobody, Stop)).Problem); // again: nothing to change, no second record
        Assert.False(house.As(house.Cast.Nobody).May(Permission.ReadFleet, house.Cast.Payments));
        Assert.Equal(
            ["team.member-set", "team.member-removed"],
            (await house.TrailAsync()).Where(r => r.Action.StartsWith("team.", StringComparison.Ordinal)).Select(r => r.Action)
        );
    }

    [Theory, BothDatabases]
    public async Task Members_are_read_by_members_and_candidates_by_who_may_add_them(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var teams = house.Get<TeamService>();

        Assert.Contains(teams.Members(house.As(house.Cast.Victor), "payments").Value, m => m.Label == "tara@acme.example");
        Assert.NotNull(teams.Members(house.As(house.Cast.Sara), "payments").Problem);
        Assert.Equal(["nobody@acme.example"], teams.Candidates(house.As(house.Cast.Tara), "payments", "nobo").Value.Select(m => m.Label));
        Assert.Equal(ProblemKind.Forbidden, teams.Candidates(house.As(house.Cast.Victor), "payments", "").Problem!.Kind);
    }
}
