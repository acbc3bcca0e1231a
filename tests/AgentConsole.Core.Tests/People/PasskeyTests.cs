using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class PasskeyTests
{
    private static readonly BrowserPlace Here = new("console.example");

    private static CancellationToken Stop => TestHouse.Stop;

    private static async Task<PasskeyBody> RegisterAsync(TestHouse house, Person person, SoftPasskey device, string name = "Laptop")
    {
        var passkeys = house.Get<PasskeyService>();
        var offer = (await passkeys.OfferNewAsync(house.As(person), Here, Stop)).Value;
        var made = await passkeys.RegisterAsync(house.As(person), offer.Ticket, device.Make(offer.Options), name, Here, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    private static async Task<Outcome<SignInResult>> SignInAsync(TestHouse house, SoftPasskey device, BrowserPlace? place = null)
    {
        var offer = await house.Get<PasskeyService>().OfferSignInAsync(place ?? Here);
        return await house.Get<SignInService>().PasskeyAsync(offer.Ticket, device.Use(offer.Options), place ?? Here, Browser, Stop);
    }

    [Theory, BothDatabases]
    public async Task Ines_signs_in_with_a_passkey_and_without_a_second_step(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.EnrolAsync(house.Cast.Ines);
        using var device = new SoftPasskey();
        var made = await RegisterAsync(house, house.Cast.Ines, device);
        house.Clock.Advance(TimeSpan.FromMinutes(3));

        var entered = (await SignInAsync(house, device)).Value;

        Assert.False(entered.NeedsSecondStep);
        Assert.Equal(house.Cast.Ines.Email, house.InSession(entered).Value.Label);
        var listed = Assert.Single((await house.Get<PasskeyService>().ListAsync(house.As(house.Cast.Ines), Stop)).Value);
        Assert.Equal((made.Id, "Laptop", (DateTimeOffset?)house.Clock.GetUtcNow()), (listed.Id, listed.Name, listed.LastUsedAt));
        var trail = await house.TrailAsync();
        Assert.Single(trail, r => r.Action == "passkey.registered" && r.AuthMethod == AuthMethod.Session);
        var record = Assert.Single(trail, r => r.Action == "user.signed-in" && r.CredentialId == entered.SessionId);
        Assert.Contains("\"by\":\"passkey\"", record.After, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task A_removed_passkey_is_refused_and_the_second_device_goes_on(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        using var laptop = new SoftPasskey();
        using var phone = new SoftPasskey();
        var first = await RegisterAsync(house, house.Cast.Ines, laptop);
        await RegisterAsync(house, house.Cast.Ines, phone, "Phone");
        var passkeys = house.Get<PasskeyService>();
        Assert.Equal("passkey_not_found", (await passkeys.RemoveAsync(house.As(house.Cast.Otto), first.Id, Stop)).Problem?.Code);

        Assert.Null((await passkeys.RemoveAsync(house.As(house.Cast.Ines), first.Id, Stop)).Problem);

        Assert.Equal("passkey_refused", (await SignInAsync(house, laptop)).Problem?.Code);
        Assert.Null((await SignInAsync(house, phone)).Problem);
        Assert.Contains(
            await house.TrailAsync(),
            r => r.Action == "passkey.removed" && r.Before!.Contains("Laptop", StringComparison.Ordinal)
        );
    }

    [Theory, BothDatabases]
    public async Task A_challenge_is_answered_once_and_only_in_its_session(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        using var device = new SoftPasskey();
        var passkeys = house.Get<PasskeyService>();
        var offer = (await passkeys.OfferNewAsync(house.As(house.Cast.Ines), Here, Stop)).Value;
        var answer = device.Make(offer.Options);
        Task<Outcome<PasskeyBody>> SendAsync(Actor by) => passkeys.RegisterAsync(by, offer.Ticket, answer, "Laptop", Here, Stop);
        Assert.Equal("passkey_expired", (await SendAsync(house.As(house.Cast.Otto))).Problem?.Code);
        var another = house.InSession((await house.SignInAsync(house.Cast.Ines)).Value).Value;
        Assert.Equal("passkey_expired", (await SendAsync(another)).Problem?.Code);
        Assert.Null((await SendAsync(house.As(house.Cast.Ines))).Problem);
        Assert.Equal("passkey_expired", (await SendAsync(house.As(house.Cast.Ines))).Problem?.Code);

        var asked = await passkeys.OfferSignInAsync(Here);
        var signed = device.Use(asked.Options);
        var signIn = house.Get<SignInService>();
        Assert.Null((await signIn.PasskeyAsync(asked.Ticket, signed, Here, Browser, Stop)).Problem);
        Assert.Equal("passkey_expired", (await signIn.PasskeyAsync(asked.Ticket, signed, Here, Browser, Stop)).Problem?.Code);
        var fresh = await passkeys.OfferSignInAsync(Here); // the old answer to a new challenge
        Assert.Equal("passkey_refused", (await signIn.PasskeyAsync(fresh.Ticket, signed, Here, Browser, Stop)).Problem?.Code);
        house.Clock.Advance(TimeSpan.FromMinutes(6));
        var late = device.Use(fresh.Options);
        Assert.Equal("passkey_expired", (await signIn.PasskeyAsync(fresh.Ticket, late, Here, Browser, Stop)).Problem?.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.NotEqual(0, await db.SpentTickets.CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task A_counter_that_goes_back_is_refused_and_recorded(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        using var device = new SoftPasskey();
        await RegisterAsync(house, house.Cast.Ines, device);
        Assert.Null((await SignInAsync(house, device)).Problem);
        Assert.Null((await SignInAsync(house, device)).Problem);

        device.Counter = 1; // a copy that was made before
        Assert.Equal("passkey_counter", (await SignInAsync(house, device)).Problem?.Code);

        var record = Assert.Single(await house.TrailAsync(), r => r.Action == "user.sign-in-refused");
        Assert.Equal((TrailOutcome.Refused, AuthMethod.None), (record.Outcome, record.AuthMethod));
        Assert.Contains("counter-went-back", record.After, StringComparison.Ordinal);

        device.Counter = 40; // a copy that tries until it is ahead looks like the device itself
        Assert.Equal("passkey_counter", (await SignInAsync(house, device)).Problem?.Code);
        Assert.Contains(await house.TrailAsync(), r => r.After?.Contains("copy-suspected", StringComparison.Ordinal) == true);
        var listed = Assert.Single((await house.Get<PasskeyService>().ListAsync(house.As(house.Cast.Ines), Stop)).Value);
        Assert.NotNull(listed.CopySuspectedAt);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://console.example.evil.example")]
    [InlineData("http://console.example")]
    [InlineData("https://console.example:8443")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Another_origin_is_refused(string origin)
    {
        await using var house = await TestHouse.OpenAsync();
        using var device = new SoftPasskey();
        await RegisterAsync(house, house.Cast.Ines, device);

        device.Origin = origin;

        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
        using var another = new SoftPasskey { Origin = origin };
        var offer = (await house.Get<PasskeyService>().OfferNewAsync(house.As(house.Cast.Ines), Here, Stop)).Value;
        var made = await house
            .Get<PasskeyService>()
            .RegisterAsync(house.As(house.Cast.Ines), offer.Ticket, another.Make(offer.Options), "x", Here, Stop);
        Assert.Equal("invalid", made.Problem?.Code);
    }

    [Fact]
    public async Task Who_is_not_verified_another_key_another_domain_and_another_person_are_refused()
    {
        await using var house = await TestHouse.OpenAsync();
        using var device = new SoftPasskey();
        await RegisterAsync(house, house.Cast.Ines, device);
        using var ottos = new SoftPasskey();
        await RegisterAsync(house, house.Cast.Otto, ottos);

        device.VerifiesUser = false;
        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
        device.VerifiesUser = true;
        device.Domain = "evil.example";
        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
        device.Domain = "console.example";
        (device.UserHandle, var mine) = (ottos.UserHandle, device.UserHandle);
        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
        device.UserHandle = mine;
        Assert.Null((await SignInAsync(house, device)).Problem);
        using var nobodys = new SoftPasskey();
        Assert.Equal("passkey_refused", (await SignInAsync(house, nobodys)).Problem?.Code);
        var offer = await house.Get<PasskeyService>().OfferSignInAsync(Here);
        foreach (var answer in (string?[])[null, "", "{", "[]", "{\"id\":\"AAAA\"}", "{\"id\":7,\"response\":{}}", new string('x', 50_000)])
            Assert.Equal(
                "passkey_refused",
                (await house.Get<SignInService>().PasskeyAsync(offer.Ticket, answer, Here, Browser, Stop)).Problem?.Code
            );

        await house.Get<UserService>().DisableAsync(house.As(house.Cast.Olga), IdOf(house.Cast.Ines), Stop);
        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
    }

    [Fact]
    public async Task A_lock_after_wrong_passwords_does_not_stop_a_passkey()
    {
        await using var house = await TestHouse.OpenAsync();
        using var device = new SoftPasskey();
        await RegisterAsync(house, house.Cast.Ines, device);
        for (var i = 0; i < 10; i++)
            await house.SignInAsync(house.Cast.Ines, "wrong");
        Assert.NotNull((await house.SignInAsync(house.Cast.Ines)).Problem);

        Assert.Null((await SignInAsync(house, device)).Problem);
    }

    [Fact]
    public async Task The_domain_of_the_configuration_holds_whatever_the_host_says()
    {
        await using var house = await TestHouse.OpenAsync(
            settings: new Dictionary<string, string?>
            {
                ["AgentConsole:Passkeys:ServerDomain"] = "example.org",
                ["AgentConsole:Passkeys:Origins:0"] = "https://ops.example.org",
            }
        );
        var inside = new BrowserPlace("10.0.0.7:5080"); // behind a proxy
        using var device = new SoftPasskey("example.org") { Origin = "https://ops.example.org" };
        var passkeys = house.Get<PasskeyService>();
        var offer = (await passkeys.OfferNewAsync(house.As(house.Cast.Ines), inside, Stop)).Value;
        var made = await passkeys.RegisterAsync(
            house.As(house.Cast.Ines),
            offer.Ticket,
            device.Make(offer.Options),
            "Laptop",
            inside,
            Stop
        );
        Assert.Null(made.Problem);

        Assert.Null((await SignInAsync(house, device, inside)).Problem);
        device.Origin = "https://other.example.org";
        Assert.Equal("passkey_refused", (await SignInAsync(house, device, inside)).Problem?.Code);
    }

    [Fact]
    public async Task The_last_way_in_stays_and_twenty_are_the_limit()
    {
        await using var house = await TestHouse.OpenAsync();
        var ines = house.Cast.Ines;
        var passkeys = house.Get<PasskeyService>();
        using var device = new SoftPasskey();
        var made = await RegisterAsync(house, ines, device);
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            var user = await write.Db.Users.AsTracking().SingleAsync(u => u.Id == ines.Id, Stop);
            user.PasswordHash = null;
            Assert.True(await write.TryCommitAsync(Stop));
        }

        Assert.Equal("last_sign_in_means", (await passkeys.RemoveAsync(house.As(ines), made.Id, Stop)).Problem?.Code);
        Assert.Equal(
            "last_sign_in_means",
            (await passkeys.RemoveOfAsync(house.As(house.Cast.Olga), IdOf(ines), made.Id, "lost", Stop)).Problem?.Code
        );
        for (var i = 1; i < Passkey.MostPerUser; i++)
        {
            using var next = new SoftPasskey();
            await RegisterAsync(house, ines, next, $"Key {i}");
        }
        Assert.Equal("limit_reached", (await passkeys.OfferNewAsync(house.As(ines), Here, Stop)).Problem?.Code);
        Assert.Null((await passkeys.RemoveAsync(house.As(ines), made.Id, Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task An_org_admin_removes_a_lost_one_with_a_reason_and_others_may_not(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ines = house.Cast.Ines;
        var passkeys = house.Get<PasskeyService>();
        using var device = new SoftPasskey();
        var made = await RegisterAsync(house, ines, device);
        var olga = house.As(house.Cast.Olga);
        Assert.Equal(1, (await house.Get<UserService>().GetAsync(olga, IdOf(ines), Stop)).Value.Passkeys);
        Assert.Equal(
            "role_missing",
            (await passkeys.RemoveOfAsync(house.As(house.Cast.Tara), IdOf(ines), made.Id, "x", Stop)).Problem?.Code
        );
        Assert.Equal(
            "user_not_found",
            (await passkeys.RemoveOfAsync(house.As(house.Cast.Gus), IdOf(ines), made.Id, "x", Stop)).Problem?.Code
        );
        Assert.Equal("user_not_found", (await passkeys.ListOfAsync(house.As(house.Cast.Gus), IdOf(ines), Stop)).Problem?.Code);
        Assert.Equal("invalid", (await passkeys.RemoveOfAsync(olga, IdOf(ines), made.Id, " ", Stop)).Problem?.Code);

        Assert.Null((await passkeys.RemoveOfAsync(olga, IdOf(ines), made.Id, "The laptop was stolen", Stop)).Problem);

        Assert.Equal("passkey_refused", (await SignInAsync(house, device)).Problem?.Code);
        Assert.NotNull(house.Get<ActorSource>().ForSession(ines.Id, ines.SessionId, Browser).Problem); // whoever has the laptop is out
        var record = Assert.Single(await house.TrailAsync(), r => r.Action == "passkey.removed");
        Assert.Equal((house.Cast.Olga.Id, "The laptop was stolen"), (record.ActorId!.Value, record.Reason));
    }

    [Fact]
    public async Task A_token_registers_no_passkey()
    {
        await using var house = await TestHouse.OpenAsync();
        var token = house.As(house.Cast.Ines) with { Method = AuthMethod.Token };

        Assert.Equal("session_needed", (await house.Get<PasskeyService>().OfferNewAsync(token, Here, Stop)).Problem?.Code);
    }

    private static string IdOf(Person person) => IdText.Format(IdText.User, person.Id);
}
