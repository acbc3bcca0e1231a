using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class StepUpTests
{
    private static readonly BrowserPlace Here = new("console.example");

    private static CancellationToken Stop => TestHouse.Stop;

    private static string IdOf(Person person) => IdText.Format(IdText.User, person.Id);

    private static Task<Outcome<UserBody>> DisableVictorAsync(TestHouse house, Actor by) =>
        house.Get<UserService>().DisableAsync(by, IdOf(house.Cast.Victor), Stop);

    [Theory, BothDatabases]
    public async Task A_session_that_is_older_than_ten_minutes_confirms_before_it_disables_somebody(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        var refused = (await DisableVictorAsync(house, house.As(house.Cast.Olga))).Problem!;
        Assert.Equal((ProblemKind.Forbidden, "step_up_required"), (refused.Kind, refused.Code));

        Assert.Null((await house.Get<StepUpService>().PasswordAsync(house.As(house.Cast.Olga), Person.Password, null, Stop)).Problem);

        Assert.Null((await DisableVictorAsync(house, house.As(house.Cast.Olga))).Problem);
        Assert.Single(await house.TrailAsync(), r => r.Action == "user.stepped-up" && r.ActorId == house.Cast.Olga.Id);
        house.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(
            "step_up_required",
            (await house.Get<UserService>().RemoveTwoFactorAsync(house.As(house.Cast.Olga), IdOf(house.Cast.Ines), Stop)).Problem?.Code
        );
    }

    [Theory, BothDatabases]
    public async Task A_thief_of_the_cookie_gets_no_further_without_password_and_second_factor(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (secret, _) = await house.EnrolAsync(house.Cast.Olga);
        var stepUp = house.Get<StepUpService>();
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        Actor Thief() => house.As(house.Cast.Olga);

        Assert.NotNull((await stepUp.PasswordAsync(Thief(), "guessed", house.Code(secret), Stop)).Problem);
        Assert.NotNull((await stepUp.PasswordAsync(Thief(), Person.Password, null, Stop)).Problem);
        Assert.NotNull((await stepUp.PasswordAsync(Thief(), Person.Password, "000000", Stop)).Problem);
        Assert.Equal("step_up_required", (await DisableVictorAsync(house, Thief())).Problem?.Code);
        Assert.Equal(
            "step_up_required",
            (await house.Get<AccountService>().DisableTotpAsync(Thief(), Person.Password, Stop)).Problem?.Code
        );
        Assert.Equal("step_up_required", (await house.Get<PasskeyService>().OfferNewAsync(Thief(), Here, Stop)).Problem?.Code);
        for (var i = 0; i < 10; i++)
            await stepUp.PasswordAsync(Thief(), "guessed", null, Stop);

        Assert.Equal("locked_out", (await stepUp.PasswordAsync(Thief(), Person.Password, house.Code(secret), Stop)).Problem?.Code);
        Assert.Equal(10, (await house.TrailAsync()).Count(r => r.Action == "user.sign-in-refused"));
    }

    [Theory, BothDatabases]
    public async Task One_session_lifts_itself_and_no_other(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var stolen = house.As(house.Cast.Olga);
        var own = (await house.SignInAsync(house.Cast.Olga)).Value;
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Null((await house.Get<StepUpService>().PasswordAsync(house.InSession(own).Value, Person.Password, null, Stop)).Problem);

        Assert.Equal("step_up_required", StepUp.Require(house.As(house.Cast.Olga))?.Code);
        Assert.Null(StepUp.Require(house.InSession(own).Value));
        // Not in the cookie alone: after a start it is read from the store.
        await house.Get<AccessDirectory>().ReloadAsync();
        Assert.Null(StepUp.Require(house.InSession(own).Value));
        Assert.NotNull(StepUp.Require(house.As(house.Cast.Olga)));
        // A use of the session in the same minute moves its end, and nothing else.
        house.Get<SessionUse>().Note(own.SessionId!.Value);
        await house.Get<SessionUse>().StepAsync(Stop);
        Assert.Null(StepUp.Require(house.InSession(own).Value));
        Assert.Equal(stolen.AuthenticatedAt, house.As(house.Cast.Olga).AuthenticatedAt);
    }

    [Fact]
    public async Task A_passkey_confirms_for_its_owner_only()
    {
        await using var house = await TestHouse.OpenAsync();
        var passkeys = house.Get<PasskeyService>();
        async Task<SoftPasskey> DeviceOfAsync(Person person)
        {
            var device = new SoftPasskey();
            var made = (await passkeys.OfferNewAsync(house.As(person), Here, Stop)).Value;
            Assert.Null(
                (await passkeys.RegisterAsync(house.As(person), made.Ticket, device.Make(made.Options), "Key", Here, Stop)).Problem
            );
            return device;
        }
        using var olgas = await DeviceOfAsync(house.Cast.Olga);
        using var ottos = await DeviceOfAsync(house.Cast.Otto);
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        var stepUp = house.Get<StepUpService>();
        var offer = (await passkeys.OfferStepUpAsync(house.As(house.Cast.Olga), Here, Stop)).Value;
        var signIn = await passkeys.OfferSignInAsync(Here);

        Assert.NotNull(
            (await stepUp.PasskeyAsync(house.As(house.Cast.Olga), offer.Ticket, ottos.Use(offer.Options), Here, Browser, Stop)).Problem
        );
        Assert.NotNull(
            (await stepUp.PasskeyAsync(house.As(house.Cast.Otto), offer.Ticket, ottos.Use(offer.Options), Here, Browser, Stop)).Problem
        );
        Assert.NotNull(
            (await stepUp.PasskeyAsync(house.As(house.Cast.Olga), signIn.Ticket, olgas.Use(signIn.Options), Here, Browser, Stop)).Problem
        );
        Assert.NotNull(StepUp.Require(house.As(house.Cast.Olga)));
        Assert.Null(
            (await stepUp.PasskeyAsync(house.As(house.Cast.Olga), offer.Ticket, olgas.Use(offer.Options), Here, Browser, Stop)).Problem
        );

        Assert.Null(StepUp.Require(house.As(house.Cast.Olga)));
        Assert.NotNull(StepUp.Require(house.As(house.Cast.Otto)));
    }

    [Fact]
    public async Task The_acts_that_ask_for_it()
    {
        await using var house = await TestHouse.OpenAsync();
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        var (users, olga, ines) = (house.Get<UserService>(), house.As(house.Cast.Olga), IdOf(house.Cast.Ines));
        var admin = new CreateToken { Name = "t", Scopes = [TokenScopes.Admin] };
        var reader = new CreateToken { Name = "t", Scopes = [TokenScopes.AgentsRead] };

        var refused = new[]
        {
            (await users.DisableAsync(olga, ines, Stop)).Problem,
            (await users.ResetAsync(olga, ines, Stop)).Problem,
            (await users.RemoveTwoFactorAsync(olga, ines, Stop)).Problem,
            (await users.ChangeAsync(olga, ines, 0, new ChangeUser { Roles = ["org-admin"] }, Stop)).Problem,
            (await users.InviteAsync(olga, new InviteUser { Email = "new@acme.example", Roles = ["org-admin"] }, Stop)).Problem,
            (await house.Get<TokenService>().CreateAsync(olga, admin, Stop)).Problem,
            (await house.Get<BreakGlassService>().SealAsync(olga, "Safe", Stop)).Problem,
        };
        Assert.All(refused, problem => Assert.Equal("step_up_required", problem?.Code));

        // Calm acts do not ask, and neither does a token, whose scopes speak for it.
        Assert.Null((await house.Get<TokenService>().CreateAsync(olga, reader, Stop)).Problem);
        Assert.Null((await users.InviteAsync(olga, new InviteUser { Email = "new@acme.example" }, Stop)).Problem);
        Assert.Null(StepUp.Require(olga with { Method = AuthMethod.Token }));
        Assert.Null(StepUp.Require(Actor.ForSystem(house.Cast.Acme, "watch")));
    }
}
