using System.Net;
using System.Net.Sockets;

namespace AgentConsole.Core.Outgoing;

/// <summary>
/// Which addresses the console may call because a user of it named them. Whatever is not the public internet is refused, as the registries of
/// special-purpose addresses list it (RFC 6890 and later), unless the operator's settings allow it: the console stands where its users do not.
/// </summary>
public sealed class AddressRules(IReadOnlyList<IPNetwork> allowed)
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", // this network
            "10.0.0.0/8", // private
            "100.64.0.0/10", // shared by carriers, and metadata of one cloud
            "127.0.0.0/8", // loopback
            "168.63.129.16/32", // the host agent of one cloud, which answers to every machine in it
            "169.254.0.0/16", // link-local, and metadata of most clouds
            "172.16.0.0/12", // private
            "192.0.0.0/24", // protocol assignments, and metadata of one cloud
            "192.0.2.0/24", // documentation
            "192.88.99.0/24", // 6to4 relays
            "192.168.0.0/16", // private
            "198.18.0.0/15", // benchmarks
            "198.51.100.0/24", // documentation
            "203.0.113.0/24", // documentation
            "224.0.0.0/4", // multicast
            "240.0.0.0/4", // reserved, and broadcast
            "2001::/23", // protocol assignments, Teredo among them
            "2001:db8::/32", // documentation
            "2002::/16", // 6to4, which carries any IPv4 address
            "3fff::/20", // documentation
        }.Select(n => IPNetwork.Parse(n)),
    ];

    // Of IPv6 only this is handed out to the public; loopback, unique-local, link-local, multicast and NAT64 lie outside of it.
    private static readonly IPNetwork PublicV6 = IPNetwork.Parse("2000::/3");

    /// <summary>Whether the operator's settings name this address.</summary>
    public bool Allows(IPAddress address)
    {
        var plain = Plain(address);
        return allowed.Any(n => n.Contains(plain));
    }

    /// <summary>Whether anything is allowed beyond the public internet.</summary>
    public bool AllowsSome => allowed.Count > 0;

    /// <summary>Whether the console may connect there.</summary>
    public bool MayReach(IPAddress address) => Allows(address) || IsPublic(address);

    /// <summary>Whether the address belongs to the public internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = Plain(address);
        return (plain.AddressFamily == AddressFamily.InterNetwork || PublicV6.Contains(plain)) && !NotPublic.Any(n => n.Contains(plain));
    }

    /// <summary>Reads a list of networks such as <c>10.20.0.0/16</c>; a single address stands for itself.</summary>
    /// <returns>The rules, or what is wrong with which entry.</returns>
    public static (AddressRules? Rules, string? Fault) Read(IEnumerable<string> networks)
    {
        var read = new List<IPNetwork>();
        foreach (var text in networks)
        {
            if (IPNetwork.TryParse(text, out var network))
                read.Add(network);
            else if (!text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address))
                read.Add(new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            else
                return (null, $"must be networks such as 10.20.0.0/16 or fd00:1::/64; one is '{text}'.");
        }
        return (new AddressRules(read), null);
    }

    // An IPv4 address in the clothes of IPv6 is that IPv4 address; a scope says nothing of what is reached.
    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPAddress(address.GetAddressBytes())
            : address;
    }
}
