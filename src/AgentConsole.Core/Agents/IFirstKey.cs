using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>Mints an agent's first key in the transaction that registers it. The keys feature, a floor above, implements it.</summary>
public interface IFirstKey
{
    /// <summary>The refusal when this actor may not mint keys in the team, or null.</summary>
    Problem? Refusal(Actor by, Guid teamId);

    FirstKey Mint(Write write, Agent agent, Actor by);
}

/// <param name="Secret">Handed out in this answer and never again.</param>
public sealed record FirstKey(Guid KeyId, string Secret, string Prefix);
