using System.Security.Claims;

namespace AgentConsole.Web.Api;

/// <summary>What a sign-in cookie carries: who, and which session. Roles are never in it.</summary>
internal static class SessionPrincipal
{
    public const string Scheme = "session";
    private const string UserClaim = "sub";
    private const string SessionClaim = "sid";

    public static ClaimsPrincipal Create(Guid userId, Guid sessionId) =>
        new(
            new ClaimsIdentity(
                [new Claim(UserClaim, userId.ToString("n")), new Claim(SessionClaim, sessionId.ToString("n"))],
                Scheme,
                UserClaim,
                roleType: null
            )
        );

    public static bool TryRead(ClaimsPrincipal? principal, out Guid userId, out Guid sessionId)
    {
        sessionId = default;
        return Guid.TryParse(principal?.FindFirst(UserClaim)?.Value, out userId)
            && Guid.TryParse(principal?.FindFirst(SessionClaim)?.Value, out sessionId);
    }
}
