using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;

namespace AgentConsole.Web.Api;

/// <summary>Finds out who calls: an API token or agent key in the Authorization header, or, for reading only, a browser session. Never asks the database.</summary>
internal sealed class Credentials(
    MasterKey master,
    ActorSource actors,
    KeyIndex keys,
    KeyActor keyActor,
    KeyUse keyUse,
    TokenUse tokenUse,
    KeyRefusals refusals
)
{
    /// <summary>By which a caller tells its instances apart; see <see cref="KeyUse.ReadInstance"/>.</summary>
    public const string InstanceHeader = "X-AgentConsole-Instance";

    private const string Bearer = "Bearer ";
    private static readonly Problem CookieForWrites = new(
        ProblemKind.Unauthenticated,
        "token_required",
        "A browser session may read here. To change something, use the console's pages, or send a token in the Authorization header."
    );

    public static CallOrigin OriginOf(HttpContext context) =>
        new(
            context.Connection.RemoteIpAddress?.ToString(),
            Texts.Clip(context.Request.Headers.UserAgent.ToString(), 256),
            context.TraceIdentifier
        );

    /// <summary>Who the caller says it is, among those with the same credential.</summary>
    public static string? InstanceOf(HttpContext context) =>
        context.Request.Headers.TryGetValue(InstanceHeader, out var names) && names.Count == 1 ? KeyUse.ReadInstance(names[0]) : null;

    public Outcome<CurrentActor> Read(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count == 0)
            return FromSession(context);
        var text = header[0];
        if (header.Count > 1 || text is null || !text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || text.Length > 600)
            return ActorSource.SignInRequired;
        var secret = text.AsSpan(Bearer.Length).Trim();
        var origin = OriginOf(context);
        Span<byte> hash = stackalloc byte[MasterKey.HashBytes];
        master.HashTo(secret, hash);
        var check = keys.CheckHash(hash);
        if (check.Card is { } card)
        {
            if (check.Code == KeyCheck.Ok)
            {
                var instance = InstanceOf(context);
                keyUse.Note(card, origin.Address, origin.UserAgent, RouteOf(context), instance);
                var named = instance is null ? origin : origin with { Instance = instance };
                return new CurrentActor(keyActor.Of(card, named)) { Key = card };
            }
            refusals.Note(check.Code, card.OrganizationId, card.VersionId, origin.Address);
            return KeyProblems.Refused(check.Code);
        }
        var actor = actors.ForTokenHash(hash, origin);
        if (actor.Problem is { } problem)
        {
            refusals.Note(problem.Code, null, null, origin.Address);
            return problem == ActorSource.TokenUnknown ? KeyProblems.Refused(check.Code) : problem;
        }
        tokenUse.Note(actor.Value.CredentialId!.Value, origin.Address, origin.UserAgent);
        return new CurrentActor(actor.Value);
    }

    /// <summary>
    /// For a connection that stays open: answers, at any later moment, who it is then. The secret itself is not kept.
    /// </summary>
    public Outcome<Func<Outcome<Actor>>> ReadForConnection(HttpContext context)
    {
        var first = Read(context);
        if (first.Problem is { } problem)
            return problem;
        var actor = first.Value.Value;
        var origin = OriginOf(context);
        if (actor.Kind == ActorKind.Agent)
        {
            var version = first.Value.Key!.VersionId;
            return (Func<Outcome<Actor>>)(
                () =>
                    keys.CheckVersion(version) is { Code: KeyCheck.Ok, Card: { } card }
                        ? keyActor.Of(card, origin)
                        : KeyProblems.Refused("key_disabled")
            );
        }
        var credential = actor.CredentialId!.Value;
        return actor.SessionId is not null
            ? (Func<Outcome<Actor>>)(() => actors.ForSession(actor.Id!.Value, credential, origin))
            : () => actors.ForTokenId(credential, origin);
    }

    private Outcome<CurrentActor> FromSession(HttpContext context)
    {
        if (!SessionPrincipal.TryRead(context.User, out var user, out var session))
            return ActorSource.SignInRequired;
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return CookieForWrites;
        return actors.ForSession(user, session, OriginOf(context)).Map(actor => new CurrentActor(actor));
    }

    private static string? RouteOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<RouteFigures>()?.Route;
}
