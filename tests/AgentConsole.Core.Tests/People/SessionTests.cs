using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class SessionTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_session_that_is_used_goes_on_for_seven_days_and_an_idle_one_ends_after_twelve_hours(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var idle = (await house.SignInAsync(house.Cast.Otto)).Value;
        var used = (await house.SignInAsync(house.Cast.Ines)).Value;
        var uses = house.Get<SessionUse>();
        var start = house.Clock.GetUtcNow();

        while (house.Clock.GetUtcNow() - start < TimeSpan.FromDays(7) - TimeSpan.FromHours(6))
        {
            house.Clock.Advance(TimeSpan.FromHours(6));
            uses.Note(used.SessionId!.Value);
            await uses.StepAsync(Stop);
            Assert.Null(house.InSession(used).Problem);
        }
        Assert.Equal("session_ended", house.InSession(idle).Problem!.Code);
        Assert.False(house.Get<AccessDirectory>().Current.Sessions.ContainsKey(idle.SessionId!.Value));

        house.Clock.Advance(TimeSpan.FromHours(6));
        uses.Note(used.SessionId!.Value);
        await uses.StepAsync(Stop);
        Assert.Equal("session_ended", house.InSession(used).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_person_sees_and_ends_only_the_own_sessions(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var sessions = house.Get<SessionService>();
        var laptop = (await house.SignInAsync(house.Cast.Ines)).Value;
        var otto = (await house.SignInAsync(house.Cast.Otto)).Value;
        var ines = house.As(house.Cast.Ines);

        var list = (await sessions.ListAsync(ines, Stop)).Value;
        var others = await sessions.RevokeAsync(ines, IdText.Format("ses", otto.SessionId!.Value), Stop);
        var nonsense = await sessions.RevokeAsync(ines, "ses_?", Stop);
        var own = await sessions.RevokeAsync(ines, IdText.Format("ses", laptop.SessionId!.Value), Stop);

        Assert.Equal(2, list.Count);
        Assert.Single(list, s => s.Current);
        Assert.Same(PeopleProblems.SessionNotFound, others.Problem);
        Assert.Same(PeopleProblems.SessionNotFound, nonsense.Problem);
        Assert.Null(own.Problem);
        Assert.Equal("session_ended", house.InSession(laptop).Problem!.Code);
        Assert.Null(house.InSession(otto).Problem);
        Assert.Contains(await house.TrailAsync(), r => r.Action == "session.revoked");
    }

    [Theory, BothDatabases]
    public async Task Signing_out_ends_the_session_itself_so_that_a_kept_cookie_is_worthless(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var session = (await house.SignInAsync(house.Cast.Ines)).Value;

        await house.Get<SessionService>().SignOutAsync(house.InSession(session).Value, Stop);

        Assert.Equal("session_ended", house.InSession(session).Problem!.Code);
        Assert.Null(house.Get<ActorSource>().ForSession(house.Cast.Ines.Id, house.Cast.Ines.SessionId, Browser).Problem);
    }

    [Theory, BothDatabases]
    public async Task Another_password_ends_every_other_session(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var elsewhere = (await house.SignInAsync(house.Cast.Ines)).Value;
        var account = house.Get<AccountService>();

        var weak = await account.ChangePasswordAsync(house.As(house.Cast.Ines), Person.Password, "ines12345678", Stop);
        var wrong = await account.ChangePasswordAsync(house.As(house.Cast.Ines), "not it", "another good sentence", Stop);
        var done = await account.ChangePasswordAsync(house.As(house.Cast.Ines), Person.Password, "another good sentence", Stop);

        Assert.Contains("new_password", weak.Problem!.Errors!.Keys);
        Assert.Same(PeopleProblems.PasswordWrong, wrong.Problem);
        Assert.Null(done.Problem);
        Assert.NotNull(house.InSession(elsewhere).Problem);
        Assert.NotNull(house.As(house.Cast.Ines));
        Assert.NotNull((await house.SignInAsync(house.Cast.Ines)).Problem);
        Assert.Null((await house.SignInAsync(house.Cast.Ines, "another good sentence")).Problem);
    }

    [Theory, BothDatabases]
    public async Task A_session_that_ended_while_its_use_was_being_written_stays_ended(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var session = (await house.SignInAsync(house.Cast.Ines)).Value;
        var uses = house.Get<SessionUse>();
        uses.Note(session.SessionId!.Value);
        await house.Get<SessionService>().RevokeOthersAsync(house.As(house.Cast.Ines), Stop);

        await uses.StepAsync(Stop);

        Assert.Equal("session_ended", house.InSession(session).Problem!.Code);
        await house.Get<AccessDirectory>().ReloadAsync();
        Assert.Equal("session_ended", house.InSession(session).Problem!.Code);
    }
}
