using AgentConsole.Contracts;

namespace AgentConsole.Web.Gateways;

/// <summary>What stands in the fields of one gateway.</summary>
internal sealed class GatewayForm
{
    public string Team { get; set; } = "";
    public string Name { get; set; } = "";
    public string Region { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Url { get; set; } = "";
    public string Description { get; set; } = "";
    public bool Probe { get; set; }

    public static GatewayForm Of(GatewayBody gateway) =>
        new()
        {
            Team = gateway.Team ?? "",
            Name = gateway.Name,
            Region = gateway.Region ?? "",
            Environment = gateway.Environment ?? "",
            Url = gateway.Url ?? "",
            Description = gateway.Description ?? "",
            Probe = gateway.Probe,
        };

    public SetGateway ToBody(bool change) =>
        new()
        {
            Team = change ? null : Team,
            Name = change ? null : Name,
            Region = Region,
            Environment = Environment,
            Url = Url,
            Description = Description,
            Probe = Probe,
        };
}
