using System.Net;

namespace AgentConsole.Core.Outgoing;

/// <summary>Turns a host's name into its addresses.</summary>
public interface INameResolver
{
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}

/// <summary>Asks what the machine asks.</summary>
internal sealed class SystemNames : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, cancellationToken);
}
