using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>Who calls, and in which browsers a person is signed in.</summary>
internal static class WhoAmIApi
{
    public static RouteGroupBuilder MapWhoAmIApi(this RouteGroupBuilder api)
    {
        api.MapGet("/whoami", (CurrentActor actor, AccessDirectory access) => WhoAmI(actor, access))
            .ForEverybodyKnown()
            .WithTags("Whoami")
            .WithName("WhoAmI")
            .WithSummary("Say who calls, with the scopes of the credential and the roles of this moment");
        var sessions = api.MapGroup("/sessions").WithTags("Sessions");
        sessions
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ListSessions")
            .WithSummary("List the browsers in which you are signed in");
        sessions
            .MapDelete("", RevokeOthersAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RevokeOtherSessions")
            .WithSummary("Sign out of every browser but the one that asks");
        sessions
            .MapDelete("/{session}", RevokeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RevokeSession")
            .WithSummary("Sign out of one browser");
        return api;
    }

    private static Answer<WhoAmI> WhoAmI(Actor actor, AccessDirectory access) =>
        ((Outcome<WhoAmI>)PeopleBodies.WhoAmI(actor, access.Current)).ToAnswer();

    private static async Task<Answer<Page<SessionBody>>> ListAsync(
        CurrentActor actor,
        SessionService sessions,
        CancellationToken cancellationToken
    ) => (await sessions.ListAsync(actor, cancellationToken)).Map(list => new Paged<SessionBody>(list, null)).ToAnswer();

    private static async Task<Answer<Done>> RevokeOthersAsync(
        CurrentActor actor,
        SessionService sessions,
        CancellationToken cancellationToken
    ) => (await sessions.RevokeOthersAsync(actor, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> RevokeAsync(
        string session,
        CurrentActor actor,
        SessionService sessions,
        CancellationToken cancellationToken
    ) => (await sessions.RevokeAsync(actor, session, cancellationToken)).ToAnswer();
}
