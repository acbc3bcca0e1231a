using AgentConsole.Core.Outgoing;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Gateways;

/// <summary>Section <c>AgentConsole:Gateways</c>: what the console may call to see whether gateways answer.</summary>
public sealed class GatewayOptions
{
    public const string Section = "AgentConsole:Gateways";

    /// <summary>Networks beyond the public internet that may be probed, as <c>10.20.0.0/16</c>; also the only ones for plain HTTP.</summary>
    public string[] AllowedAddresses { get; set; } = [];

    /// <summary>Seconds between two probes of a gateway, 10 to 3600.</summary>
    public int ProbeSeconds { get; set; } = 60;

    internal AddressRules Rules => AddressRules.Read(AllowedAddresses).Rules!;
}

internal sealed class GatewayOptionsCheck : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        if (AddressRules.Read(options.AllowedAddresses).Fault is { } fault)
            return ValidateOptionsResult.Fail($"{GatewayOptions.Section}:AllowedAddresses: {fault}");
        return options.ProbeSeconds is >= 10 and <= 3600
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{GatewayOptions.Section}:ProbeSeconds: must be 10 to 3600.");
    }
}
