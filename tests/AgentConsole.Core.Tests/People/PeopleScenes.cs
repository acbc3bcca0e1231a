using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.People;

/// <summary>Short words for what these tests do often.</summary>
internal static class PeopleScenes
{
    public static readonly CallOrigin Browser = new("192.0.2.9", "a browser", "c-1");

    public static Task<Outcome<SignInResult>> SignInAsync(this TestHouse house, Person person, string password = Person.Password) =>
        house.Get<SignInService>().PasswordAsync(person.Email, password, Browser, TestHouse.Stop);

    public static Outcome<Actor> InSession(this TestHouse house, SignInResult result) =>
        house.Get<ActorSource>().ForSession(result.UserId, result.SessionId!.Value, Browser);

    /// <summary>Turns two-factor sign-in on. Answers with the app's secret and the recovery codes.</summary>
    public static async Task<(byte[] Secret, IReadOnlyList<string> Codes)> EnrolAsync(this TestHouse house, Person person)
    {
        var account = house.Get<AccountService>();
        var offer = (await account.OfferTotpAsync(house.As(person), Person.Password, TestHouse.Stop)).Value;
        var secret = FromBase32(offer.Secret);
        var codes = (await account.ConfirmTotpAsync(house.As(person), offer.Ticket, house.Code(secret), TestHouse.Stop)).Value;
        house.Clock.Advance(TimeSpan.FromSeconds(30));
        return (secret, codes);
    }

    public static string Code(this TestHouse house, byte[] secret) => Totp.CodeAt(secret, Totp.StepAt(house.Clock.GetUtcNow()));

    public static async Task<List<TrailRecord>> TrailAsync(this TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.TrailRecords.OrderBy(r => r.OrganizationId).ThenBy(r => r.Seq).ToListAsync(TestHouse.Stop);
    }

    public static async Task<User> UserAsync(this TestHouse house, Guid id)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.Users.SingleAsync(u => u.Id == id, TestHouse.Stop);
    }

    /// <summary>The secret at the end of a one-time link's path.</summary>
    public static string SecretOf(string? path) => path![(path!.LastIndexOf('/') + 1)..];

    public static byte[] FromBase32(string text)
    {
        var bytes = new List<byte>();
        var (held, bits) = (0, 0);
        foreach (var c in text)
        {
            held = ((held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal)) & 0xFFFF;
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            bytes.Add((byte)(held >> bits));
        }
        return [.. bytes];
    }
}
