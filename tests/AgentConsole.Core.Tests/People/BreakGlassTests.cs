using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Search;
using AgentConsole.Core.Trail;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class BreakGlassTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    private static async Task<BreakGlassBody> SealAsync(TestHouse house) =>
        (await house.Get<BreakGlassService>().SealAsync(house.As(house.Cast.Olga), "Safe in Oslo", Stop)).Value;

    private static Task<Outcome<SignInResult>> UseAsync(TestHouse house, string? code, string reason = "Both admins are ill") =>
        house.Get<BreakGlassService>().UseAsync(code, reason, Browser, Stop);

    [Fact]
    public void A_code_is_read_back_as_people_type_it_and_a_typing_error_is_told()
    {
        for (var i = 0; i < 200; i++)
        {
            var code = BreakGlassCode.Create();
            Assert.Matches("^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$", code);
            var plain = BreakGlassCode.Read(code);
            Assert.NotNull(plain);
            Assert.Equal(plain, BreakGlassCode.Read(code.ToLowerInvariant().Replace('-', ' ')));
            Assert.Equal(plain, BreakGlassCode.Read(code.Replace('0', 'O').Replace('1', 'l').Replace("-", "", StringComparison.Ordinal)));
            var wrong = code.ToCharArray();
            var at = i % 5 + 6 * (i % 8);
            wrong[at] = wrong[at] == 'A' ? 'B' : 'A';
            Assert.Null(BreakGlassCode.Read(new string(wrong)));
        }
        foreach (var nonsense in (string?[])[null, "", "-", "AAAAA", new string('0', 41), new string('Ω', 40), new string('A', 300)])
            Assert.Null(BreakGlassCode.Read(nonsense));
    }

    [Theory, BothDatabases]
    public async Task A_sealed_code_opens_one_hour_with_an_org_admins_rights_and_is_used_up(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var account = await SealAsync(house);
        Assert.Equal("sealed", account.State);

        var entered = (await UseAsync(house, account.Code)).Value;

        var actor = house.InSession(entered).Value;
        Assert.Equal(
            (AuthMethod.BreakGlass, "Break-glass: Safe in Oslo", house.Cast.Acme),
            (actor.Method, actor.Label, actor.OrganizationId)
        );
        Assert.True(actor.MayEverywhere(Permission.ManageOrganization));
        Assert.Null((await house.Get<UserService>().DisableAsync(actor, IdText.Format(IdText.User, house.Cast.Victor.Id), Stop)).Problem);
        Assert.Equal("break_glass_refused", (await UseAsync(house, account.Code)).Problem?.Code);
        var trail = await house.TrailAsync();
        Assert.Equal("Both admins are ill", Assert.Single(trail, r => r.Action == "break-glass.used").Reason);
        Assert.All(
            trail.Where(r => r.Action is "break-glass.used" or "user.disabled"),
            r => Assert.Equal(AuthMethod.BreakGlass, r.AuthMethod)
        );
        Assert.DoesNotContain(trail, r => (r.After + r.Before + r.Reason).Contains(account.Code![..11], StringComparison.Ordinal));

        // Used or not, the hour is not prolonged.
        for (var i = 0; i < 6; i++)
        {
            house.Get<SessionUse>().Note(entered.SessionId!.Value);
            await house.Get<SessionUse>().StepAsync(Stop);
            Assert.Null(house.InSession(entered).Problem);
            house.Clock.Advance(TimeSpan.FromMinutes(10));
        }
        Assert.Equal("session_ended", house.InSession(entered).Problem?.Code);
    }

    [Fact]
    public async Task A_break_glass_account_owns_no_agent_and_is_nobody_to_search_for()
    {
        await using var house = await TestHouse.OpenAsync();
        var account = await SealAsync(house);
        var actor = house.InSession((await UseAsync(house, account.Code)).Value).Value;

        var made = await house.Get<AgentService>().RegisterAsync(actor, new RegisterAgent { Slug = "mailroom-1" }, Stop);

        Assert.Null(made.Value.Owner);
        foreach (var text in (string[])["oslo", IdText.Format(IdText.User, actor.Id!.Value)])
            Assert.Empty((await house.Get<SearchService>().FindAsync(house.As(house.Cast.Olga), text, 8, Stop)).Value.Hits);
    }

    [Theory, BothDatabases]
    public async Task Of_two_who_come_with_one_code_one_gets_in(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var account = await SealAsync(house);

        var both = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => UseAsync(house, account.Code)));

        Assert.Single(both, outcome => outcome.Problem is null);
        Assert.Single((await house.Get<BreakGlassService>().UsesAsync(house.As(house.Cast.Olga), Stop)).Value);
    }

    [Theory, BothDatabases]
    public async Task Every_org_admin_is_told_until_somebody_else_reviews_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var service = house.Get<BreakGlassService>();
        var account = await SealAsync(house);
        var entered = (await UseAsync(house, account.Code)).Value;
        var access = house.Get<AccessDirectory>();
        var card = Assert.Single(access.Current.Unreviewed[house.Cast.Acme]);
        Assert.False(access.Current.Unreviewed.ContainsKey(house.Cast.Globex));
        var use = IdText.Format(IdText.BreakGlassUse, card.Id);

        Assert.Equal("break_glass_may_not", (await service.ReviewAsync(house.InSession(entered).Value, use, "fine", Stop)).Problem?.Code);
        Assert.Equal("role_missing", (await service.ReviewAsync(house.As(house.Cast.Aude), use, "fine", Stop)).Problem?.Code);
        Assert.Equal("break_glass_use_not_found", (await service.ReviewAsync(house.As(house.Cast.Gus), use, "fine", Stop)).Problem?.Code);
        Assert.Equal("invalid", (await service.ReviewAsync(house.As(house.Cast.Olga), use, " ", Stop)).Problem?.Code);
        var reviewed = (
            await service.ReviewAsync(house.As(house.Cast.Olga), use, "Unlocked two people. A new code lies in the safe.", Stop)
        ).Value;

        Assert.Equal(house.Cast.Olga.Email, reviewed.ReviewedBy);
        Assert.False(access.Current.Unreviewed.ContainsKey(house.Cast.Acme));
        Assert.Equal("already_reviewed", (await service.ReviewAsync(house.As(house.Cast.Olga), use, "again", Stop)).Problem?.Code);
        Assert.Single(
            await house.TrailAsync(),
            r => r.Action == "break-glass.reviewed" && r.Reason!.StartsWith("Unlocked", StringComparison.Ordinal)
        );
        Assert.Equal(reviewed.Review, Assert.Single((await service.UsesAsync(house.As(house.Cast.Aude), Stop)).Value).Review);
    }

    [Theory, BothDatabases]
    public async Task A_new_code_replaces_the_old_one_a_test_uses_nothing_up_and_a_removed_account_opens_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var service = house.Get<BreakGlassService>();
        Actor Olga() => house.As(house.Cast.Olga);
        var first = await SealAsync(house);
        var second = (await service.SealAgainAsync(Olga(), first.Id, Stop)).Value;
        Assert.Equal("break_glass_refused", (await UseAsync(house, first.Code)).Problem?.Code);
        Assert.Equal("invalid", (await service.TestAsync(Olga(), first.Id, first.Code, Stop)).Problem?.Code);
        Assert.NotNull((await service.TestAsync(Olga(), first.Id, second.Code, Stop)).Value.TestedAt);

        var entered = (await UseAsync(house, second.Code)).Value;
        Assert.Null((await service.RemoveAsync(Olga(), first.Id, Stop)).Problem);

        Assert.NotNull(house.InSession(entered).Problem); // whoever is in is out
        Assert.Empty((await service.ListAsync(Olga(), Stop)).Value);
        Assert.Single((await service.UsesAsync(Olga(), Stop)).Value); // history outlives it
        Assert.Equal(
            [
                "break-glass.sealed",
                "break-glass.sealed",
                "break-glass.tested",
                "break-glass.tested",
                "break-glass.used",
                "break-glass.removed",
            ],
            (await house.TrailAsync()).Where(r => r.Action.StartsWith("break-glass", StringComparison.Ordinal)).Select(r => r.Action)
        );
    }

    [Fact]
    public async Task It_is_nobodys_user_and_leaves_nothing_behind_that_lasts()
    {
        await using var house = await TestHouse.OpenAsync();
        var account = await SealAsync(house);
        var entered = (await UseAsync(house, account.Code)).Value;
        var inside = house.InSession(entered).Value;
        var users = house.Get<UserService>();

        Assert.DoesNotContain(
            (await users.ListAsync(inside, new UserFilter(), new PageRequest(500), Stop)).Value.Items,
            u => u.DisplayName.Contains("Break-glass", StringComparison.Ordinal)
        );
        var itself = IdText.Format(IdText.User, entered.UserId);
        Assert.Equal("user_not_found", (await users.ResetAsync(inside, itself, Stop)).Problem?.Code);
        var token = new CreateToken { Name = "t", Scopes = [TokenScopes.Admin] };
        Assert.Equal("break_glass_may_not", (await house.Get<TokenService>().CreateAsync(inside, token, Stop)).Problem?.Code);
        Assert.Equal("break_glass_may_not", (await house.Get<BreakGlassService>().SealAsync(inside, "Mine", Stop)).Problem?.Code);
        Assert.Equal(
            "session_needed",
            (await house.Get<PasskeyService>().OfferNewAsync(inside, new BrowserPlace("x.example"), Stop)).Problem?.Code
        );
        Assert.Equal(
            "session_needed",
            (await house.Get<AccountService>().ChangePasswordAsync(inside, "x", "a long new password", Stop)).Problem?.Code
        );
        // It does not stand in for the last person who can administer.
        Assert.Equal(
            "last_org_admin",
            (await users.DisableAsync(inside, IdText.Format(IdText.User, house.Cast.Olga.Id), Stop)).Problem?.Code
        );
        Assert.Equal("sign_in_refused", (await house.Get<SignInService>().PasswordAsync(inside.Label, "", Browser, Stop)).Problem?.Code);
    }

    [Fact]
    public async Task Only_an_org_admin_of_the_organization_seals_and_three_are_the_limit()
    {
        await using var house = await TestHouse.OpenAsync();
        var service = house.Get<BreakGlassService>();
        var account = await SealAsync(house);
        foreach (var person in new[] { house.Cast.Aude, house.Cast.Tara, house.Cast.Ines })
            Assert.Equal("role_missing", (await service.SealAsync(house.As(person), "Mine", Stop)).Problem?.Code);
        foreach (var person in new[] { house.Cast.Tara, house.Cast.Nobody })
            Assert.Equal("role_missing", (await service.ListAsync(house.As(person), Stop)).Problem?.Code);
        Assert.Empty((await service.ListAsync(house.As(house.Cast.Gus), Stop)).Value);
        Assert.Equal(
            "break_glass_account_not_found",
            (await service.SealAgainAsync(house.As(house.Cast.Gus), account.Id, Stop)).Problem?.Code
        );
        Assert.Equal(
            "break_glass_account_not_found",
            (await service.RemoveAsync(house.As(house.Cast.Gus), account.Id, Stop)).Problem?.Code
        );
        var token = house.As(house.Cast.Olga) with { Method = AuthMethod.Token };
        Assert.Equal("break_glass_may_not", (await service.SealAsync(token, "Mine", Stop)).Problem?.Code);
        await SealAsync(house);
        await SealAsync(house);
        Assert.Equal("limit_reached", (await service.SealAsync(house.As(house.Cast.Olga), "Fourth", Stop)).Problem?.Code);
    }

    [Fact]
    public async Task A_wrong_code_is_noted_where_there_is_something_to_open()
    {
        await using var house = await TestHouse.OpenAsync();
        await SealAsync(house);

        Assert.Equal("break_glass_refused", (await UseAsync(house, BreakGlassCode.Create())).Problem?.Code);
        Assert.Equal("invalid", (await UseAsync(house, "mistyped")).Problem?.Code);
        Assert.Equal("invalid", (await UseAsync(house, BreakGlassCode.Create(), " ")).Problem?.Code);

        await house.Get<RefusalRecorder>().StepAsync(Stop);
        var noted = Assert.Single(await house.TrailAsync(), r => r.Action == "access.refused");
        Assert.Contains("break_glass_refused", noted.After, StringComparison.Ordinal);
    }
}
