using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Keys;

/// <summary>A key just made, with the only copy of its secret there will ever be.</summary>
public sealed record MintedKey(AgentKey Key, KeyVersion Version, string Secret);

/// <summary>Makes keys inside somebody's transaction; the index learns of them with the commit.</summary>
public sealed class KeyMint(MasterKey master, KeyIndex index, AccessDirectory access, AgentDirectory agents, IKeyLifetimes lifetimes)
    : IFirstKey
{
    public const string FirstName = "first key";

    public Problem? Refusal(Actor by, Guid teamId) =>
        by.May(Permission.ManageKeys, teamId)
            ? null
            : Actor.MissingRole(Permission.ManageKeys, access.Current.Teams.GetValueOrDefault(teamId)?.Name);

    public FirstKey Mint(Write write, Agent agent, Actor by)
    {
        var minted = Mint(write, agent, by, FirstName, null, null);
        return new FirstKey(minted.Key.Id, minted.Secret, minted.Version.Prefix);
    }

    public MintedKey Mint(Write write, Agent agent, Actor by, string name, DateTimeOffset? expiresAt, string? reason)
    {
        var key = new AgentKey
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            Name = name,
            CreatedAt = write.Now,
            CreatedBy = Texts.Clip(by.Label, 256)!,
        };
        write.Db.Add(key);
        var (version, secret) = NewVersion(write, key, 1, expiresAt, LongestDays(agent));
        write.Trail(
            by,
            "key.minted",
            KeyService.Target(agent, key, version),
            after: new
            {
                name = key.Name,
                version = version.Number,
                prefix = version.Prefix,
                last4 = version.Last4,
                expires_at = version.ExpiresAt,
            },
            reason: reason
        );
        KeyService.Announce(write, index, agent.TeamId, version);
        return new MintedKey(key, version, secret);
    }

    /// <summary>Why a version may not live for so many days, or null; an absent wish takes what is allowed.</summary>
    internal static Problem? TooLong(int? ttlDays, int? longest, string field = "ttl_days") =>
        ttlDays > longest ? KeyProblems.LifetimeTooLong(longest.Value, field) : null;

    internal int? LongestDays(Agent agent) => lifetimes.LongestDays(agent.OrganizationId, agent.Id, agent.TeamId, agent.Environment);

    internal int? LongestDays(Guid agentId) =>
        agents.Find(agentId) is { } card ? lifetimes.LongestDays(card.OrganizationId, card.Id, card.TeamId, card.Environment) : null;

    /// <summary>Adds a version with a new secret; the caller writes the trail and announces it. It never lives longer than its policy allows.</summary>
    internal (KeyVersion Version, string Secret) NewVersion(Write write, AgentKey key, int number, DateTimeOffset? expiresAt) =>
        NewVersion(write, key, number, expiresAt, LongestDays(key.AgentId));

    private (KeyVersion Version, string Secret) NewVersion(
        Write write,
        AgentKey key,
        int number,
        DateTimeOffset? expiresAt,
        int? longestDays
    )
    {
        if (longestDays is { } days && (expiresAt is null || expiresAt > write.Now.AddDays(days)))
            expiresAt = write.Now.AddDays(days);
        var secret = SecretText.Create(SecretText.KeyPrefix);
        var version = new KeyVersion
        {
            Id = write.NewId(),
            OrganizationId = key.OrganizationId,
            KeyId = key.Id,
            AgentId = key.AgentId,
            Number = number,
            Hash = master.Hash(secret),
            PepperId = master.PepperId,
            Prefix = SecretText.DisplayPrefix(SecretText.KeyPrefix, secret),
            Last4 = SecretText.Last4(secret),
            CreatedAt = write.Now,
            ExpiresAt = expiresAt,
        };
        write.Db.Add(version);
        return (version, secret);
    }
}
