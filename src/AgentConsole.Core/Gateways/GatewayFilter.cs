using AgentConsole.Core.Common;

namespace AgentConsole.Core.Gateways;

/// <summary>Which gateways are wanted.</summary>
/// <param name="Text">Part of the name.</param>
/// <param name="InRouting">Null for both.</param>
public sealed record GatewayFilter(
    string? Text = null,
    string? Region = null,
    string? Environment = null,
    bool? InRouting = null,
    GatewayHealth? Health = null
)
{
    public bool IsEmpty => this == new GatewayFilter();

    /// <summary>Reads the members of an address, each as <paramref name="value"/> gives it.</summary>
    public static GatewayFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        var routing = value("in_routing");
        if (routing is not (null or "" or "true" or "false"))
            errors.Add("in_routing", "Must be true or false.");
        return new GatewayFilter(
            Texts.Line(value("q"), "q", Gateway.MostName, errors),
            Texts.Line(value("region"), "region", Gateway.MostPlace, errors),
            Texts.Line(value("environment"), "environment", Gateway.MostPlace, errors),
            routing switch
            {
                "true" => true,
                "false" => false,
                _ => null,
            },
            KebabCase.Read<GatewayHealth>(value("health") is { Length: > 0 } health ? health : null, "health", errors)
        );
    }

    internal IQueryable<Gateway> Apply(IQueryable<Gateway> gateways)
    {
        if (Text is { } text)
        {
            var folded = text.ToLowerInvariant();
            gateways = gateways.Where(g => g.Name.Contains(folded));
        }
        if (Region is { } region)
            gateways = gateways.Where(g => g.Region == region);
        if (Environment is { } environment)
            gateways = gateways.Where(g => g.Environment == environment);
        if (InRouting is { } routing)
            gateways = gateways.Where(g => g.InRouting == routing);
        return Health is { } health ? gateways.Where(g => g.Health == health) : gateways;
    }
}
