using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>Service accounts over REST, for org-admins.</summary>
internal static class ServiceAccountApi
{
    public static RouteGroupBuilder MapServiceAccountApi(this RouteGroupBuilder api)
    {
        var accounts = api.MapGroup("/service-accounts").WithTags("Service accounts");
        accounts
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.Admin)
            .ListsBy()
            .WithName("ListServiceAccounts")
            .WithSummary("List service accounts by name");
        accounts
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("CreateServiceAccount")
            .WithSummary("Make an account for a program; give it a token with CreateToken")
            .WithDescription("409 `name_taken` when the name is in use.");
        accounts
            .MapGet("/{account}", GetAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetServiceAccount")
            .WithSummary("Read one service account, with its ETag");
        accounts
            .MapPatch("/{account}", ChangeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ChangeServiceAccount")
            .WithSummary("Change name and organization roles; needs If-Match")
            .WithDescription("409 `name_taken`, or `last_org_admin` when nobody else could administer the organization.");
        accounts
            .MapPost("/{account}/disable", DisableAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("DisableServiceAccount")
            .WithSummary("Disable a service account: its tokens are refused from now on")
            .WithDescription("409 `last_org_admin` when nobody else could administer the organization.");
        accounts
            .MapPost("/{account}/enable", EnableAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("EnableServiceAccount")
            .WithSummary("Let the tokens of a disabled service account work again");
        return api;
    }

    private static async Task<Answer<Page<ServiceAccountBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    )
    {
        var page = query.Page;
        return query.Errors.ToProblem() is { } problem
            ? new Answer<Page<ServiceAccountBody>>(problem)
            : (await accounts.ListAsync(actor, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<ServiceAccountBody>> CreateAsync(
        Body<CreateServiceAccount> body,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    ) => (await accounts.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<ServiceAccountBody>> GetAsync(
        string account,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    ) => (await accounts.GetAsync(actor, account, cancellationToken)).ToAnswer();

    private static async Task<Answer<ServiceAccountBody>> ChangeAsync(
        string account,
        IfMatch ifMatch,
        Body<ChangeServiceAccount> body,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    ) => (await accounts.ChangeAsync(actor, account, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<ServiceAccountBody>> DisableAsync(
        string account,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    ) => (await accounts.DisableAsync(actor, account, cancellationToken)).ToAnswer();

    private static async Task<Answer<ServiceAccountBody>> EnableAsync(
        string account,
        CurrentActor actor,
        ServiceAccountService accounts,
        CancellationToken cancellationToken
    ) => (await accounts.EnableAsync(actor, account, cancellationToken)).ToAnswer();
}
