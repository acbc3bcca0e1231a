using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Keys;

/// <summary>Tells gateways whether a key they were shown is good. Never asks the database.</summary>
public sealed class KeyVerifier(KeyIndex index, AgentDirectory agents, KeyUse use, KeyRefusals refusals)
{
    public const string Route = "/api/v1/keys/verify";
    private static readonly KeyVerdict Unknown = new(false, KeyCheck.Unknown, null, null, null, null);

    /// <summary>A caller sees verdicts for agents it may see; any other key is <c>key_unknown</c>.</summary>
    /// <param name="instance">From <see cref="KeyUse.ReadInstance"/>: on whose behalf the gateway asks, where it says so.</param>
    public KeyVerdict Verify(Actor by, ReadOnlySpan<char> secret, string? instance = null)
    {
        var check = index.Check(secret);
        var card = check.Card;
        if (card is null || card.OrganizationId != by.OrganizationId || !MaySee(by, card.AgentId))
        {
            if (card is null)
                refusals.Note(KeyCheck.Unknown, null, null, by.Address);
            return Unknown;
        }
        if (check.Code == KeyCheck.Ok)
            use.Note(card, by.Address, by.UserAgent, Route, instance);
        else
            refusals.Note(check.Code, card.OrganizationId, card.VersionId, by.Address);
        return new KeyVerdict(
            check.Code == KeyCheck.Ok,
            check.Code,
            IdText.Format(IdText.Agent, card.AgentId),
            IdText.Format(IdText.Key, card.KeyId),
            card.Number,
            card.ExpiresAt
        );
    }

    private bool MaySee(Actor by, Guid agentId) =>
        by.AgentId is { } own ? own == agentId : agents.Find(agentId) is { } agent && by.May(Permission.ReadFleet, agent.TeamId);
}
