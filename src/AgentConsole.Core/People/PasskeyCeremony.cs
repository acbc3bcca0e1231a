using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>
/// Makes and checks what passes between console and authenticator (WebAuthn), with ASP.NET Core Identity's handler. It stores nothing: what it
/// needs to know of people is handed in.
/// </summary>
public sealed class PasskeyCeremony(IOptions<PasskeyOptions> options)
{
    private const byte UserVerified = 0x04;
    private const int FlagsAt = 32;
    private const int CounterAt = 33;
    private const int LongestAnswer = 20_000;

    /// <summary>Options for a new passkey, and the state to check the answer with.</summary>
    internal async Task<(string Options, string State)> OfferNewAsync(User user, IReadOnlyList<Passkey> known, BrowserPlace place)
    {
        var name = user.Email ?? user.DisplayName;
        var entity = new PasskeyUserEntity
        {
            Id = IdOf(user),
            Name = Common.Texts.Clip(name, 64)!,
            DisplayName = Common.Texts.Clip(user.DisplayName, 64)!,
        };
        var made = await HandlerFor(user, known, place).MakeCreationOptionsAsync(entity, NoRequest());
        return (made.CreationOptionsJson, made.AttestationState!);
    }

    /// <summary>Options to use a passkey; anybody's when no user is given.</summary>
    internal async Task<(string Options, string State)> OfferUseAsync(User? user, IReadOnlyList<Passkey> known, BrowserPlace place)
    {
        var made = await HandlerFor(user, known, place).MakeRequestOptionsAsync(user, NoRequest());
        return (made.RequestOptionsJson, made.AssertionState!);
    }

    /// <summary>The new passkey, or null when the answer is not right.</summary>
    internal async Task<UserPasskeyInfo?> CheckNewAsync(
        User user,
        IReadOnlyList<Passkey> known,
        string? answer,
        string state,
        BrowserPlace place
    )
    {
        if (answer is null or { Length: > LongestAnswer })
            return null;
        var result = await HandlerFor(user, known, place)
            .PerformAttestationAsync(
                new PasskeyAttestationContext
                {
                    HttpContext = NoRequest(),
                    CredentialJson = answer,
                    AttestationState = state,
                }
            );
        return result is { Succeeded: true, Passkey: { IsUserVerified: true } made, UserEntity: { } entity } && entity.Id == IdOf(user)
            ? made
            : null;
    }

    /// <summary>Whether this passkey of this user gave the answer.</summary>
    internal async Task<PasskeyProof> CheckUseAsync(User user, Passkey passkey, string answer, string state, BrowserPlace place)
    {
        if (ReadAnswer(answer) is not { UserVerified: true } read)
            return PasskeyProof.Wrong;
        var info = InfoOf(passkey);
        if (await ProvesAsync(info))
            return new PasskeyProof(true, false, read.Counter, info.IsBackedUp);
        // With the counter put aside the answer may be right: then somebody has a copy, and an older state of it.
        if (info.SignCount == 0 || read.Counter > info.SignCount)
            return PasskeyProof.Wrong;
        info.SignCount = 0;
        return await ProvesAsync(info) ? new PasskeyProof(false, true, read.Counter, info.IsBackedUp) : PasskeyProof.Wrong;

        async Task<bool> ProvesAsync(UserPasskeyInfo held)
        {
            var result = await HandlerFor(user, [held], place)
                .PerformAssertionAsync(
                    new PasskeyAssertionContext
                    {
                        HttpContext = NoRequest(),
                        CredentialJson = answer,
                        AssertionState = state,
                    }
                );
            if (result is not { Succeeded: true, User: { } proven } || proven.Id != user.Id)
                return false;
            info.IsBackedUp = result.Passkey.IsBackedUp;
            return true;
        }
    }

    /// <summary>Which passkey the browser says it used; null when the answer is not one.</summary>
    internal static byte[]? CredentialOf(string? answer) => ReadAnswer(answer)?.Credential;

    private static (byte[] Credential, bool UserVerified, uint Counter)? ReadAnswer(string? answer)
    {
        if (answer is null or { Length: > LongestAnswer })
            return null;
        try
        {
            using var json = JsonDocument.Parse(answer);
            var credential = Base64Url.DecodeFromChars(json.RootElement.GetProperty("id").GetString());
            var data = Base64Url.DecodeFromChars(json.RootElement.GetProperty("response").GetProperty("authenticatorData").GetString());
            return credential.Length is 0 or > 1023 || data.Length < CounterAt + 4
                ? null
                : (credential, (data[FlagsAt] & UserVerified) != 0, BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(CounterAt)));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private PasskeyHandler<User> HandlerFor(User? user, IReadOnlyList<Passkey> known, BrowserPlace place) =>
        HandlerFor(user, known.Select(InfoOf).ToList(), place);

    private PasskeyHandler<User> HandlerFor(User? user, List<UserPasskeyInfo> known, BrowserPlace place)
    {
        var set = options.Value;
        var manager = new UserManager<User>(
            new HeldPasskeys(user, known),
            null!,
            null!,
            [],
            [],
            null!,
            null!,
            null!,
            NullLogger<UserManager<User>>.Instance
        );
        return new PasskeyHandler<User>(
            manager,
            Options.Create(
                new IdentityPasskeyOptions
                {
                    ServerDomain = set.ServerDomain ?? place.Domain,
                    UserVerificationRequirement = "required",
                    ResidentKeyRequirement = "required",
                    AttestationConveyancePreference = "none",
                    AuthenticatorTimeout = PasskeyService.OfferLife,
                    ValidateOrigin = asked => ValueTask.FromResult(!asked.CrossOrigin && set.Accepts(asked.Origin, place)),
                }
            )
        );
    }

    private static UserPasskeyInfo InfoOf(Passkey passkey)
    {
        var data = passkey.Data;
        return new UserPasskeyInfo(
            passkey.CredentialId,
            data.PublicKey,
            data.CreatedAt,
            data.SignCount,
            data.Transports,
            data.IsUserVerified,
            data.IsBackupEligible,
            data.IsBackedUp,
            data.AttestationObject,
            data.ClientDataJson
        )
        {
            Name = data.Name,
        };
    }

    private static string IdOf(User user) => user.Id.ToString("n");

    // The handler's signature asks for a request. With domain and origin check set it reads nothing from it.
    private static Microsoft.AspNetCore.Http.DefaultHttpContext NoRequest() => new();

    /// <summary>What the handler may ask of its store: one person and some passkeys.</summary>
    private sealed class HeldPasskeys(User? user, List<UserPasskeyInfo> known) : IUserPasskeyStore<User>
    {
        public Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
            Task.FromResult(user is not null && userId == IdOf(user) ? user : null);

        public Task<IList<UserPasskeyInfo>> GetPasskeysAsync(User user, CancellationToken cancellationToken) =>
            Task.FromResult<IList<UserPasskeyInfo>>(known);

        public Task<User?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
            Task.FromResult(Find(credentialId) is null ? null : user);

        public Task<UserPasskeyInfo?> FindPasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) =>
            Task.FromResult(Find(credentialId));

        public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(IdOf(user));

        public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.UserName);

        public Task AddOrUpdatePasskeyAsync(User user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Reads();

        public Task RemovePasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) => throw Reads();

        public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => throw Reads();

        public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) => throw Reads();

        public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => throw Reads();

        public Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken) => throw Reads();

        public Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken) => throw Reads();

        public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) => throw Reads();

        public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw Reads();

        public void Dispose() { }

        private UserPasskeyInfo? Find(byte[] credentialId) =>
            known.FirstOrDefault(p => p.CredentialId.AsSpan().SequenceEqual(credentialId));

        private static NotSupportedException Reads() => new("Passkeys are only read here.");
    }
}

/// <summary>What the answer of an authenticator proves.</summary>
/// <param name="Copied">All is right but the counter, which went back.</param>
internal sealed record PasskeyProof(bool Right, bool Copied, uint Counter, bool BackedUp)
{
    public static readonly PasskeyProof Wrong = new(false, false, 0, false);
}
