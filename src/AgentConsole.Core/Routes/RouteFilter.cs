using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Routes;

/// <summary>Which routes are wanted. A name of which there is nothing to see gets none.</summary>
/// <param name="Gateway">Name or id: routes of agents that are linked to it.</param>
/// <param name="Agent">Slug or id.</param>
public sealed record RouteFilter(string? Gateway = null, string? Agent = null, string? Environment = null)
{
    public static RouteFilter None { get; } = new();

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    public static RouteFilter Parse(Func<string, string?> value, FieldErrors errors) =>
        new(
            Texts.Line(value("gateway"), "gateway", Gateways.Gateway.MostName, errors),
            Texts.Line(value("agent"), "agent", 100, errors),
            Texts.Line(value("environment"), "environment", Gateways.Gateway.MostPlace, errors)
        );

    internal IEnumerable<Route> Apply(RouteTable table, Actor by)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        var own = by.AgentId;
        var routes =
            own is { } self ? table.OfAgent(self)
            : Gateway is not null ? table.OfGateway(Gateway)
            : table.All;
        var agent = IdText.TryParse(IdText.Agent, Agent, out var id) ? id : (Guid?)null;
        foreach (var route in routes)
        {
            if (own is null && !scope.Has(route.TeamId))
                continue;
            if (Agent is not null && (agent is { } wanted ? route.AgentId != wanted : route.Agent != Agent))
                continue;
            if (Environment is not null && route.Environment != Environment)
                continue;
            // A gateway of a team that the actor does not see is not there for it.
            var gateways = Array.FindAll(route.Gateways, g => g.TeamId is not { } team || scope.Has(team));
            if (Gateway is not null && !Array.Exists(gateways, g => g.Name == Gateway || IdText.Format(IdText.Gateway, g.Id) == Gateway))
                continue;
            yield return gateways.Length == route.Gateways.Length ? route : route with { Gateways = gateways };
        }
    }
}
