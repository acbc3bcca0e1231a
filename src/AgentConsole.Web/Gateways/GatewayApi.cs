using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Gateways;

/// <summary>Gateways over REST.</summary>
internal static class GatewayApi
{
    public static RouteGroupBuilder MapGatewayApi(this RouteGroupBuilder api)
    {
        var gateways = api.MapGroup("/gateways").WithTags("Gateways");
        gateways
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy(
                ("q", "Part of the name."),
                ("region", "The region, exactly."),
                ("environment", "The environment, exactly."),
                ("in_routing", "`true` or `false`."),
                ("health", "`unknown`, `up` or `down`.")
            )
            .WithName("ListGateways")
            .WithSummary("List the gateways of your teams and of the organization, by name");
        gateways
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("CreateGateway")
            .WithSummary("Make a gateway of a team, or of the organization when none is named; it is in routing from the start")
            .WithDescription("409 `name_taken` when the organization has one of this name: runs name their gateway by it.");
        gateways
            .MapGet("/{gateway}", GetAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetGateway")
            .WithSummary("Read one gateway by id or name, with its ETag");
        gateways
            .MapPatch("/{gateway}", ChangeAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("ChangeGateway")
            .WithSummary("Change the members that are given; needs If-Match");
        gateways
            .MapDelete("/{gateway}", DeleteAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("DeleteGateway")
            .WithSummary("Delete a gateway to which no agent is linked; its figures stay");
        gateways
            .MapPost("/{gateway}/take-out", TakeOutAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("TakeGatewayOut")
            .WithSummary("Say that the gateway should get no traffic")
            .WithDescription("One act, one trail record. A gateway that is out already stays as it is. The body may be empty.");
        gateways
            .MapPost("/{gateway}/put-in", PutInAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("PutGatewayIn")
            .WithSummary("Say that the gateway should get traffic again");
        gateways
            .MapGet("/{gateway}/agents", AgentsAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy()
            .WithName("ListGatewayAgents")
            .WithSummary("List the agents that are linked to the gateway, by slug");
        gateways
            .MapGet("/{gateway}/traffic", TrafficAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetGatewayTraffic")
            .WithSummary("Read what came through the gateway in the last 24 hours, by agent, linked or not");

        var links = api.MapGroup("/agents/{agent}/gateways").WithTags("Gateways");
        links
            .MapGet("", OfAgentAsync)
            .Needs(TokenScopes.AgentsRead)
            .ListsBy()
            .WithName("ListAgentGateways")
            .WithSummary("List the gateways of an agent, by name");
        links
            .MapPut("/{gateway}", LinkAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("LinkGateway")
            .WithSummary("Link the agent to a gateway of its team or of the organization; one that is linked stays linked");
        links
            .MapDelete("/{gateway}", UnlinkAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("UnlinkGateway")
            .WithSummary("End the link; 204 also where there is none");
        return api;
    }

    private static Task<Answer<Page<GatewayBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(GatewayFilter.Parse, (filter, page) => gateways.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<GatewayBody>> CreateAsync(
        Body<SetGateway> body,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<GatewayBody>> GetAsync(
        string gateway,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.GetAsync(actor, gateway, cancellationToken)).ToAnswer();

    private static async Task<Answer<GatewayBody>> ChangeAsync(
        string gateway,
        IfMatch ifMatch,
        Body<SetGateway> body,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.ChangeAsync(actor, gateway, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeleteAsync(
        string gateway,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.DeleteAsync(actor, gateway, cancellationToken)).ToAnswer();

    private static async Task<Answer<GatewayBody>> TakeOutAsync(
        string gateway,
        Body<RouteGateway> body,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.RouteAsync(actor, gateway, false, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<GatewayBody>> PutInAsync(
        string gateway,
        Body<RouteGateway> body,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.RouteAsync(actor, gateway, true, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<GatewayLinkBody>>> AgentsAsync(
        string gateway,
        ListQuery query,
        CurrentActor actor,
        GatewayLinks links,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => links.OfGatewayAsync(actor, gateway, page, cancellationToken));

    private static async Task<Answer<GatewayTrafficBody>> TrafficAsync(
        string gateway,
        CurrentActor actor,
        GatewayService gateways,
        CancellationToken cancellationToken
    ) => (await gateways.TrafficAsync(actor, gateway, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<GatewayLinkBody>>> OfAgentAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        GatewayLinks links,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => links.OfAgentAsync(actor, agent, page, cancellationToken));

    private static async Task<Answer<GatewayLinkBody>> LinkAsync(
        string agent,
        string gateway,
        CurrentActor actor,
        GatewayLinks links,
        CancellationToken cancellationToken
    ) => (await links.LinkAsync(actor, agent, gateway, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> UnlinkAsync(
        string agent,
        string gateway,
        CurrentActor actor,
        GatewayLinks links,
        CancellationToken cancellationToken
    ) => (await links.UnlinkAsync(actor, agent, gateway, cancellationToken)).ToAnswer();
}
