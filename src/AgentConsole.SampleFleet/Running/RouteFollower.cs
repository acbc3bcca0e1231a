using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>What the console says an agent should run as: versions with their parts of the traffic, of those that it has.</summary>
/// <param name="Shares">Empty where nothing is said.</param>
internal sealed record VersionSplit(IReadOnlyList<(string Version, decimal Percent)> Shares)
{
    public static readonly VersionSplit Usual = new([]);

    public bool IsShared => Shares.Count(s => s.Percent > 0) > 1;

    /// <summary>The version of one run.</summary>
    public string Draw()
    {
        var drawn = (decimal)Random.Shared.NextDouble() * Shares.Sum(s => s.Percent);
        foreach (var (version, percent) in Shares)
        {
            if (drawn < percent)
                return version;
            drawn -= percent;
        }
        return Shares.Count == 0 ? Roster.Version : Shares[0].Version;
    }
}

/// <summary>Follows the console's routes for an agent that comes in several versions, as a gateway would; the others are not asked about.</summary>
internal sealed class RouteFollower(FleetAgent agent, FleetClient console)
{
    public async Task<VersionSplit> ReadAsync(CancellationToken cancellationToken)
    {
        if (agent.OtherVersions.Count == 0)
            return VersionSplit.Usual;
        var routes = await console.SendAsync<RoutesBody>(HttpMethod.Get, "/api/v1/routes", null, null, cancellationToken);
        var route = routes.Routes.FirstOrDefault(r => r.Environment == agent.Passport.Environment);
        return route is null
            ? VersionSplit.Usual
            : new VersionSplit([
                .. route
                    .Split.Where(s => s.Version == Roster.Version || agent.OtherVersions.Contains(s.Version))
                    .Select(s => (s.Version, s.Percent)),
            ]);
    }
}
