using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>Users over REST, for org-admins.</summary>
internal static class UserApi
{
    public static RouteGroupBuilder MapUserApi(this RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Users");
        users
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.Admin)
            .ListsBy(("q", "Part of e-mail address or name."), ("state", "One of active, disabled, invited."))
            .WithName("ListUsers")
            .WithSummary("List users by e-mail address");
        users
            .MapPost("", InviteAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("InviteUser")
            .WithSummary("Invite a user; the answer holds the one-time link, good for 72 hours")
            .WithDescription("409 `email_taken` when there is such a user, `limit_reached` at 20000 users.");
        users
            .MapGet("/{user}", GetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetUser")
            .WithSummary("Read one user, with the number of agents that the user owns");
        users
            .MapPatch("/{user}", ChangeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ChangeUser")
            .WithSummary("Change name and organization roles; needs If-Match")
            .WithDescription("409 `last_org_admin` when nobody else could administer the organization.");
        users
            .MapPost("/{user}/invite", InviteAgainAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("InviteUserAgain")
            .WithSummary("Make a new invite link; earlier ones stop working")
            .WithDescription("409 `not_invited` when the user has come in already, or is disabled.");
        users
            .MapPost("/{user}/reset", ResetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ResetUser")
            .WithSummary("Make a one-time link by which the user sets a new password, good for 24 hours")
            .WithDescription("409 `not_active` when the user never came in, or is disabled.");
        users
            .MapPost("/{user}/disable", DisableAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("DisableUser")
            .WithSummary("Disable a user: sessions end at once, tokens are refused, owned agents show as ownerless")
            .WithDescription("409 `last_org_admin` when nobody else could administer the organization.");
        users
            .MapPost("/{user}/enable", EnableAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("EnableUser")
            .WithSummary("Let a disabled user sign in again");
        users
            .MapDelete("/{user}/two-factor", RemoveTwoFactorAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RemoveTwoFactor")
            .WithSummary("Turn two-factor sign-in off for a user who lost app and recovery codes; all sessions end")
            .WithDescription("409 `two_factor_off` when it is not set up.");
        users
            .MapGet("/{user}/passkeys", ListPasskeysAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ListPasskeys")
            .WithSummary("List the passkeys of a user, oldest first; at most 20");
        users
            .MapDelete("/{user}/passkeys/{passkey}", RemovePasskeyAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Takes("reason", "Why, at most 500 characters; required.")
            .WithName("RemovePasskey")
            .WithSummary("Remove a passkey that a user lost; all of the user's sessions end")
            .WithDescription("409 `last_sign_in_means` when the user has no other way to sign in.");
        return api;
    }

    private static async Task<Answer<Page<PasskeyBody>>> ListPasskeysAsync(
        string user,
        CurrentActor actor,
        PasskeyService passkeys,
        CancellationToken cancellationToken
    ) => (await passkeys.ListOfAsync(actor, user, cancellationToken)).Map(all => new Paged<PasskeyBody>(all, null)).ToAnswer();

    private static async Task<Answer<Done>> RemovePasskeyAsync(
        string user,
        string passkey,
        ListQuery query,
        CurrentActor actor,
        PasskeyService passkeys,
        CancellationToken cancellationToken
    ) => (await passkeys.RemoveOfAsync(actor, user, passkey, query["reason"], cancellationToken)).ToAnswer();

    private static Task<Answer<Page<UserBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync(
            (value, _) => new UserFilter(value("q"), value("state")),
            (filter, page) => users.ListAsync(actor, filter, page, cancellationToken)
        );

    private static async Task<Answer<UserBody>> InviteAsync(
        Body<InviteUser> body,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.InviteAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> GetAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.GetAsync(actor, user, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> ChangeAsync(
        string user,
        IfMatch ifMatch,
        Body<ChangeUser> body,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.ChangeAsync(actor, user, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> InviteAgainAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.InviteAgainAsync(actor, user, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> ResetAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.ResetAsync(actor, user, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> DisableAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.DisableAsync(actor, user, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> EnableAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.EnableAsync(actor, user, cancellationToken)).ToAnswer();

    private static async Task<Answer<UserBody>> RemoveTwoFactorAsync(
        string user,
        CurrentActor actor,
        UserService users,
        CancellationToken cancellationToken
    ) => (await users.RemoveTwoFactorAsync(actor, user, cancellationToken)).ToAnswer();
}
