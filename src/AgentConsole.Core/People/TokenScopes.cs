using System.Collections.Frozen;

namespace AgentConsole.Core.People;

/// <summary>The closed list of token scopes.</summary>
public static class TokenScopes
{
    public const string AgentsRead = "agents:read",
        AgentsWrite = "agents:write",
        AgentsDelete = "agents:delete",
        KeysRead = "keys:read",
        KeysWrite = "keys:write",
        KeysVerify = "keys:verify",
        RunsRead = "runs:read",
        RunsWrite = "runs:write",
        DeploymentsRead = "deployments:read",
        DeploymentsWrite = "deployments:write",
        TrailRead = "trail:read",
        Admin = "admin";

    public static readonly FrozenSet<string> All = new[]
    {
        AgentsRead,
        AgentsWrite,
        AgentsDelete,
        KeysRead,
        KeysWrite,
        KeysVerify,
        RunsRead,
        RunsWrite,
        DeploymentsRead,
        DeploymentsWrite,
        "alerts:read",
        "alerts:write",
        "approvals:read",
        "approvals:request",
        "approvals:decide",
        "signals:read",
        "signals:write",
        "stops:write",
        "wallets:read",
        "wallets:write",
        TrailRead,
        "evidence:read",
        "evidence:write",
        Admin,
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What an agent key may do: report and read its own work.</summary>
    public static readonly FrozenSet<string> AgentKey = new[] { RunsRead, RunsWrite, AgentsRead }.ToFrozenSet(StringComparer.Ordinal);
}
