using AgentConsole.Contracts;

namespace AgentConsole.Core.Agents;

/// <summary>What an agent is to hear with the answer to its heartbeat; known by the floor above.</summary>
public interface IOpenCancels
{
    /// <summary>Its runs that somebody asked to cancel; null when there is none.</summary>
    IReadOnlyList<CancelNotice>? Of(Guid agentId);
}
