using AgentConsole.Core.Agents;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Keys;

/// <summary>Turns a checked key into the acting agent.</summary>
public sealed class KeyActor(AgentDirectory agents)
{
    /// <param name="card">A card whose check said <c>ok</c>.</param>
    public Actor Of(KeyCard card, CallOrigin origin) =>
        new()
        {
            OrganizationId = card.OrganizationId,
            Kind = ActorKind.Agent,
            Id = card.AgentId,
            Label = agents.Find(card.AgentId)?.Slug ?? "agent",
            Method = AuthMethod.AgentKey,
            CredentialId = card.VersionId,
            Address = origin.Address,
            UserAgent = origin.UserAgent,
            Instance = origin.Instance,
            CorrelationId = origin.CorrelationId,
            Scopes = TokenScopes.AgentKey,
        };
}
