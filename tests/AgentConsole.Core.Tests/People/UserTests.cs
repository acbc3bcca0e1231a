using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class UserTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    private static string IdOf(Person person) => IdText.Format("usr", person.Id);

    [Theory, BothDatabases]
    public async Task Somebody_is_invited_comes_in_once_and_has_the_roles_that_were_given(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var links = house.Get<LinkService>();
        var olga = house.As(house.Cast.Olga);

        var invited = (
            await users.InviteAsync(
                olga,
                new InviteUser
                {
                    Email = "nina@acme.example",
                    DisplayName = "Nina",
                    Roles = ["auditor"],
                    Teams = new Dictionary<string, IReadOnlyList<string>> { ["payments"] = ["operator"] },
                },
                Stop
            )
        ).Value;
        Assert.Equal("invited", invited.State);
        var secret = SecretOf(invited.Link);
        Assert.Equal("nina@acme.example", (await links.FindAsync(LinkPurpose.Invite, secret, Stop)).Value.Email);
        Assert.NotNull((await links.FindAsync(LinkPurpose.ResetPassword, secret, Stop)).Problem);
        Assert.NotNull((await house.Get<SignInService>().PasswordAsync("nina@acme.example", "", Browser, Stop)).Problem);

        var weak = await links.AcceptInviteAsync(secret, null, "short", Browser, Stop);
        var entered = (await links.AcceptInviteAsync(secret, "Nina N.", "several good words", Browser, Stop)).Value;
        var again = await links.AcceptInviteAsync(secret, null, "another good sentence", Browser, Stop);

        Assert.Contains("password", weak.Problem!.Errors!.Keys);
        Assert.Same(PeopleProblems.LinkInvalid, again.Problem);
        var nina = house.InSession(entered).Value;
        Assert.True(nina.May(Permission.EditAgents, house.Cast.Payments));
        Assert.True(nina.MayEverywhere(Permission.ReadTrail));
        var read = (await users.GetAsync(olga, invited.Id, Stop)).Value;
        Assert.Equal(("active", "Nina N.", null, 0), (read.State, read.DisplayName, read.Link, read.OwnedAgents));
        Assert.DoesNotContain(await house.TrailAsync(), r => (r.After ?? "").Contains(secret, StringComparison.Ordinal));
        Assert.Same(
            PeopleProblems.EmailTaken,
            (await users.InviteAsync(olga, new InviteUser { Email = "NINA@acme.example" }, Stop)).Problem
        );
    }

    [Theory, BothDatabases]
    public async Task An_invitation_ends_after_three_days_and_a_new_one_replaces_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var links = house.Get<LinkService>();
        var invited = (await users.InviteAsync(house.As(house.Cast.Olga), new InviteUser { Email = "nina@acme.example" }, Stop)).Value;
        var again = (await users.InviteAgainAsync(house.As(house.Cast.Olga), invited.Id, Stop)).Value;

        Assert.NotNull((await links.FindAsync(LinkPurpose.Invite, SecretOf(invited.Link), Stop)).Problem);
        Assert.Null((await links.FindAsync(LinkPurpose.Invite, SecretOf(again.Link), Stop)).Problem);
        house.Clock.Advance(TimeSpan.FromHours(72));
        Assert.NotNull((await links.FindAsync(LinkPurpose.Invite, SecretOf(again.Link), Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Users_are_the_org_admins_affair(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        foreach (var person in house.Cast.All.Where(p => p != house.Cast.Olga && p != house.Cast.Gus))
        {
            var actor = house.As(person);
            Assert.Equal("role_missing", (await users.ListAsync(actor, new UserFilter(), new PageRequest(), Stop)).Problem!.Code);
            Assert.Equal("role_missing", (await users.GetAsync(actor, IdOf(house.Cast.Olga), Stop)).Problem!.Code);
            Assert.Equal("role_missing", (await users.InviteAsync(actor, Problem.Invalid("body", "malformed"), Stop)).Problem!.Code);
            Assert.Equal("role_missing", (await users.ResetAsync(actor, IdOf(house.Cast.Olga), Stop)).Problem!.Code);
        }
        var gus = house.As(house.Cast.Gus);
        Assert.Same(PeopleProblems.UserNotFound, (await users.DisableAsync(gus, IdOf(house.Cast.Ines), Stop)).Problem);
        Assert.Single((await users.ListAsync(gus, new UserFilter(), new PageRequest(), Stop)).Value.Items);
    }

    [Theory, BothDatabases]
    public async Task Users_are_found_by_part_of_name_or_address_and_by_state(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var olga = house.As(house.Cast.Olga);
        await users.DisableAsync(olga, IdOf(house.Cast.Victor), Stop);

        async Task<string> Find(UserFilter filter) =>
            string.Join(' ', (await users.ListAsync(olga, filter, new PageRequest(), Stop)).Value.Items.Select(u => u.DisplayName));

        Assert.Equal("Tara", await Find(new UserFilter("tar")));
        Assert.Equal("Victor", await Find(new UserFilter(null, "disabled")));
        Assert.Equal("", await Find(new UserFilter("%")));
        var first = (await users.ListAsync(olga, new UserFilter(), new PageRequest(4), Stop)).Value;
        var second = (await users.ListAsync(olga, new UserFilter(), new PageRequest(40, first.NextCursor), Stop)).Value;
        Assert.Equal(10, first.Items.Concat(second.Items).Select(u => u.Id).Distinct().Count());
        Assert.Equal("invalid", (await users.ListAsync(olga, new UserFilter(null, "nonsense"), new PageRequest(), Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Disabling_ends_sessions_tokens_and_links_at_once(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var olga = house.As(house.Cast.Olga);
        var token = (
            await house
                .Get<TokenService>()
                .CreateAsync(house.As(house.Cast.Ines), new CreateToken { Name = "t", Scopes = ["agents:read"] }, Stop)
        )
            .Value
            .Token!;
        var reset = (await users.ResetAsync(olga, IdOf(house.Cast.Ines), Stop)).Value;
        var ended = new List<Guid>();
        house.Get<AccessDirectory>().Changed += now =>
            ended.AddRange(now.Sessions.Values.Where(s => s.UserId == house.Cast.Ines.Id).Select(s => s.Id));

        var disabled = await users.DisableAsync(olga, IdOf(house.Cast.Ines), Stop);

        Assert.Equal("disabled", disabled.Value.State);
        Assert.NotNull(house.Get<ActorSource>().ForSession(house.Cast.Ines.Id, house.Cast.Ines.SessionId, Browser).Problem);
        Assert.Equal("owner_disabled", house.Get<ActorSource>().ForToken(token, Browser).Problem!.Code);
        Assert.NotNull((await house.Get<LinkService>().FindAsync(LinkPurpose.ResetPassword, SecretOf(reset.Link), Stop)).Problem);
        Assert.NotNull((await house.SignInAsync(house.Cast.Ines)).Problem);

        await users.EnableAsync(olga, IdOf(house.Cast.Ines), Stop);
        Assert.NotNull(house.Get<ActorSource>().ForSession(house.Cast.Ines.Id, house.Cast.Ines.SessionId, Browser).Problem);
        Assert.Null((await house.SignInAsync(house.Cast.Ines)).Problem);
    }

    [Theory, BothDatabases]
    public async Task A_reset_link_sets_the_password_once_ends_sessions_and_leaves_the_second_factor_in_the_way(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.EnrolAsync(house.Cast.Ines);
        var links = house.Get<LinkService>();
        for (var i = 0; i < 10; i++)
            await house.SignInAsync(house.Cast.Ines, "wrong");
        var secret = SecretOf(
            (await house.Get<UserService>().ResetAsync(house.As(house.Cast.Olga), IdOf(house.Cast.Ines), Stop)).Value.Link
        );

        var done = await links.ResetPasswordAsync(secret, "several good words", Browser, Stop);
        var again = await links.ResetPasswordAsync(secret, "another good sentence", Browser, Stop);

        Assert.Null(done.Problem);
        Assert.Same(PeopleProblems.LinkInvalid, again.Problem);
        Assert.NotNull(house.Get<ActorSource>().ForSession(house.Cast.Ines.Id, house.Cast.Ines.SessionId, Browser).Problem);
        Assert.True((await house.SignInAsync(house.Cast.Ines, "several good words")).Value.NeedsSecondStep);
    }

    [Theory, BothDatabases]
    public async Task The_last_org_admin_can_neither_be_disabled_nor_demoted(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var olga = house.As(house.Cast.Olga);
        var me = (await users.GetAsync(olga, IdOf(house.Cast.Olga), Stop)).Value;

        Assert.Same(PeopleProblems.LastAdmin, (await users.DisableAsync(olga, me.Id, Stop)).Problem);
        Assert.Same(
            PeopleProblems.LastAdmin,
            (await users.ChangeAsync(olga, me.Id, me.Revision, new ChangeUser { Roles = [] }, Stop)).Problem
        );
        Assert.Same(
            PeopleProblems.LastAdmin,
            (await users.ChangeAsync(olga, me.Id, me.Revision, new ChangeUser { Roles = ["auditor"] }, Stop)).Problem
        );

        // An invited org-admin who never came in is nobody who could help.
        await users.InviteAsync(olga, new InviteUser { Email = "nina@acme.example", Roles = ["org-admin"] }, Stop);
        Assert.Same(PeopleProblems.LastAdmin, (await users.DisableAsync(olga, me.Id, Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Of_two_org_admins_who_demote_each_other_at_the_same_moment_one_stays(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var olga = house.As(house.Cast.Olga);
        var tara = (await users.GetAsync(olga, IdOf(house.Cast.Tara), Stop)).Value;
        await users.ChangeAsync(olga, tara.Id, tara.Revision, new ChangeUser { Roles = ["org-admin"] }, Stop);

        var actors = (Olga: house.As(house.Cast.Olga), Tara: house.As(house.Cast.Tara));
        await Task.WhenAll(
            users.DisableAsync(actors.Olga, IdOf(house.Cast.Tara), Stop),
            users.DisableAsync(actors.Tara, IdOf(house.Cast.Olga), Stop)
        );

        var now = house.Get<AccessDirectory>().Current;
        Assert.Single(
            now.Principals.Values,
            p => p.OrganizationId == house.Cast.Acme && p.Enabled && p.Grants.Organization.HasFlag(OrganizationRoles.OrgAdmin)
        );
    }

    [Theory, BothDatabases]
    public async Task A_change_of_roles_needs_the_revision_and_takes_effect_at_once(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var users = house.Get<UserService>();
        var olga = house.As(house.Cast.Olga);
        var victor = (await users.GetAsync(olga, IdOf(house.Cast.Victor), Stop)).Value;

        Assert.Equal(ProblemKind.MatchRequired, (await users.ChangeAsync(olga, victor.Id, null, new ChangeUser(), Stop)).Problem!.Kind);
        var changed = (await users.ChangeAsync(olga, victor.Id, victor.Revision, new ChangeUser { Roles = ["auditor"] }, Stop)).Value;
        Assert.Equal(
            ProblemKind.Changed,
            (await users.ChangeAsync(olga, victor.Id, victor.Revision, new ChangeUser(), Stop)).Problem!.Kind
        );

        Assert.Equal(["auditor"], changed.Roles);
        Assert.Equal(changed.Revision, (await users.GetAsync(olga, victor.Id, Stop)).Value.Revision);
        Assert.True(house.As(house.Cast.Victor).MayEverywhere(Permission.ReadTrail));
    }

    [Theory, BothDatabases]
    public async Task An_org_admin_turns_a_lost_second_factor_off_and_the_sessions_end(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.EnrolAsync(house.Cast.Ines);

        var body = (await house.Get<UserService>().RemoveTwoFactorAsync(house.As(house.Cast.Olga), IdOf(house.Cast.Ines), Stop)).Value;

        Assert.False(body.TwoFactor);
        Assert.False((await house.SignInAsync(house.Cast.Ines)).Value.NeedsSecondStep);
        Assert.NotNull(house.Get<ActorSource>().ForSession(house.Cast.Ines.Id, house.Cast.Ines.SessionId, Browser).Problem);
    }
}
