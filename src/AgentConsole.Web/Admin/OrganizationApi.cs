using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>The organization's own settings over REST.</summary>
internal static class OrganizationApi
{
    public static RouteGroupBuilder MapOrganizationApi(this RouteGroupBuilder api)
    {
        var organization = api.MapGroup("/organization").WithTags("Organization");
        organization
            .MapGet("", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetOrganization")
            .WithSummary("Read your organization's name and time zone, with its ETag");
        organization
            .MapPatch("", ChangeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ChangeOrganization")
            .WithSummary("Change the organization's name or time zone; for org-admins; needs If-Match")
            .WithDescription("412 `changed_meanwhile` when If-Match is not the present ETag, 428 `if_match_required` without it.");
        return api;
    }

    private static async Task<Answer<OrganizationBody>> GetAsync(
        CurrentActor actor,
        OrganizationService organizations,
        CancellationToken cancellationToken
    ) => (await organizations.GetAsync(actor, cancellationToken)).ToAnswer();

    private static async Task<Answer<OrganizationBody>> ChangeAsync(
        IfMatch ifMatch,
        Body<ChangeOrganization> body,
        CurrentActor actor,
        OrganizationService organizations,
        CancellationToken cancellationToken
    ) => (await organizations.ChangeAsync(actor, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();
}
