using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>API tokens over REST.</summary>
internal static class TokenApi
{
    public static RouteGroupBuilder MapTokenApi(this RouteGroupBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Tokens");
        tokens
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.Admin)
            .ListsBy(("owner", "`all` for the tokens of everybody, for org-admins; your own when absent."))
            .WithName("ListTokens")
            .WithSummary("List tokens, newest first");
        tokens
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("CreateToken")
            .WithSummary("Make a token for yourself, or as org-admin for a service account; the secret is in this answer only")
            .WithDescription(
                "Its right is its scopes, within its teams, with the present roles of its owner. A token never makes one that reaches further or lives longer than itself."
            );
        tokens
            .MapGet("/{token}", GetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetToken")
            .WithSummary("Read one of your tokens; org-admins any");
        tokens
            .MapDelete("/{token}", RevokeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RevokeToken")
            .WithSummary("Revoke a token for good; org-admins any");
        return api;
    }

    private static Task<Answer<Page<TokenBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        TokenService tokens,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync(
            (value, errors) =>
            {
                var owner = value("owner");
                if (owner is not (null or "all"))
                    errors.Add("owner", "Must be all, or be left away.");
                return owner is not null;
            },
            (everybodys, page) => tokens.ListAsync(actor, everybodys, page, cancellationToken)
        );

    private static async Task<Answer<TokenBody>> CreateAsync(
        Body<CreateToken> body,
        CurrentActor actor,
        TokenService tokens,
        CancellationToken cancellationToken
    ) => (await tokens.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<TokenBody>> GetAsync(
        string token,
        CurrentActor actor,
        TokenService tokens,
        CancellationToken cancellationToken
    ) => (await tokens.GetAsync(actor, token, cancellationToken)).ToAnswer();

    private static async Task<Answer<TokenBody>> RevokeAsync(
        string token,
        CurrentActor actor,
        TokenService tokens,
        CancellationToken cancellationToken
    ) => (await tokens.RevokeAsync(actor, token, cancellationToken)).ToAnswer();
}
