using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>Where a call comes from; stands in trail records and last-used marks.</summary>
public sealed record CallOrigin(string? Address, string? UserAgent, string CorrelationId)
{
    /// <summary>What an agent's instance calls itself.</summary>
    public string? Instance { get; init; }

    public static CallOrigin Unknown() => new(null, null, Guid.NewGuid().ToString("n"));
}

/// <summary>
/// Turns a proven credential into an <see cref="Actor"/> with the rights its owner has at this moment. Doors ask anew for each operation, so that
/// a lost role or a revoked session takes effect at once.
/// </summary>
public sealed class ActorSource(AccessDirectory access, MasterKey master, IOptions<SignInOptions> options, TimeProvider clock)
{
    public static readonly Problem SignInRequired = new(
        ProblemKind.Unauthenticated,
        "sign_in_required",
        "Sign in, or send a token in the Authorization header."
    );
    public static readonly Problem SessionEnded = new(
        ProblemKind.Unauthenticated,
        "session_ended",
        "This session has ended. Sign in again."
    );
    public static readonly Problem TokenUnknown = new(ProblemKind.Unauthenticated, "token_unknown", "This token is not known here.");
    public static readonly Problem TokenRevoked = new(ProblemKind.Unauthenticated, "token_revoked", "This token was revoked.");
    public static readonly Problem TokenExpired = new(ProblemKind.Unauthenticated, "token_expired", "This token has expired.");
    public static readonly Problem OwnerDisabled = new(
        ProblemKind.Unauthenticated,
        "owner_disabled",
        "The owner of this credential was disabled."
    );
    public static readonly Problem OrganizationSuspended = new(
        ProblemKind.Forbidden,
        "organization_suspended",
        "This organization is suspended."
    );

    /// <summary>The user of a browser session, if session and user are still good.</summary>
    public Outcome<Actor> ForSession(Guid userId, Guid sessionId, CallOrigin origin)
    {
        var now = access.Current;
        if (!now.Sessions.TryGetValue(sessionId, out var session) || session.UserId != userId || session.ExpiresAt <= clock.GetUtcNow())
            return SessionEnded;
        if (!now.Principals.TryGetValue(userId, out var user) || !user.Enabled)
            return OwnerDisabled;
        return Of(now, user, session.BreakGlass ? AuthMethod.BreakGlass : AuthMethod.Session, sessionId, origin)
            .Map(actor =>
                actor with
                {
                    AuthenticatedAt = session.AuthenticatedAt,
                    ConfirmedLately = session.AuthenticatedAt.AddMinutes(options.Value.StepUpMinutes) > clock.GetUtcNow(),
                }
            );
    }

    /// <summary>The owner of an API token, narrowed to the token's scopes and teams.</summary>
    /// <param name="secret">The token as sent; any text that is not a known token is <c>token_unknown</c>.</param>
    public Outcome<Actor> ForToken(ReadOnlySpan<char> secret, CallOrigin origin)
    {
        if (secret.Length is < 20 or > 500)
            return TokenUnknown;
        Span<byte> hash = stackalloc byte[MasterKey.HashBytes];
        master.HashTo(secret, hash);
        return ForTokenHash(hash, origin);
    }

    /// <summary>As <see cref="ForToken"/>, for a secret that the caller hashed already (<see cref="MasterKey.HashTo"/>).</summary>
    public Outcome<Actor> ForTokenHash(ReadOnlySpan<byte> hash, CallOrigin origin)
    {
        Span<char> hex = stackalloc char[64];
        Convert.TryToHexStringLower(hash, hex, out _);
        var now = access.Current;
        if (!now.Tokens.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(hex, out var token))
            return TokenUnknown;
        return OfToken(now, token, origin);
    }

    /// <summary>As <see cref="ForToken"/>, for a connection that proved its token when it was opened.</summary>
    public Outcome<Actor> ForTokenId(Guid tokenId, CallOrigin origin)
    {
        var now = access.Current;
        return now.Tokens.Values.FirstOrDefault(t => t.Id == tokenId) is { } token ? OfToken(now, token, origin) : TokenUnknown;
    }

    /// <summary>A user whose link somebody opened, with the user's rights of this moment; a link of a disabled one opens nothing.</summary>
    public Outcome<Actor> ForLink(Guid userId, Guid linkId, CallOrigin origin)
    {
        var now = access.Current;
        return now.Principals.TryGetValue(userId, out var user) && user.Enabled
            ? Of(now, user, AuthMethod.Link, linkId, origin)
            : OwnerDisabled;
    }

    /// <summary>The same actor with the rights of this moment, for work that outlives its call.</summary>
    public Outcome<Actor> Again(Actor by)
    {
        var origin = new CallOrigin(by.Address, by.UserAgent, by.CorrelationId);
        return by.Method switch
        {
            AuthMethod.Session or AuthMethod.BreakGlass => ForSession(by.Id!.Value, by.CredentialId!.Value, origin),
            AuthMethod.Token => ForTokenId(by.CredentialId!.Value, origin),
            _ => by,
        };
    }

    private Outcome<Actor> OfToken(AccessSnapshot now, TokenCard token, CallOrigin origin)
    {
        if (token.Revoked)
            return TokenRevoked;
        if (token.ExpiresAt is { } end && end <= clock.GetUtcNow())
            return TokenExpired;
        if (!now.Principals.TryGetValue(token.OwnerId, out var owner) || !owner.Enabled)
            return OwnerDisabled;
        return Of(now, owner, AuthMethod.Token, token.Id, origin, token);
    }

    private static Outcome<Actor> Of(
        AccessSnapshot now,
        Principal principal,
        AuthMethod method,
        Guid credentialId,
        CallOrigin origin,
        TokenCard? token = null
    ) =>
        now.SuspendedOrganizations.Contains(principal.OrganizationId)
            ? OrganizationSuspended
            : new Actor
            {
                OrganizationId = principal.OrganizationId,
                Kind = principal.Kind,
                Id = principal.Id,
                Label = principal.Label,
                Method = method,
                CredentialId = credentialId,
                Address = origin.Address,
                UserAgent = origin.UserAgent,
                CorrelationId = origin.CorrelationId,
                Grants = principal.Grants,
                Scopes = token?.Scopes,
                TeamLimit = token?.TeamLimit,
            };
}
