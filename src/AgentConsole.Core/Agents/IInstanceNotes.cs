using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>Hears which instance of an agent reports which version; known by the floor above. Returns at once and writes nothing by itself.</summary>
public interface IInstanceNotes
{
    /// <param name="by">With the address, user agent and name of the instance.</param>
    /// <param name="runs">New runs of this version in the report.</param>
    /// <param name="instance">What the report itself names; the name of the call when null.</param>
    void Note(Actor by, AgentCard agent, string version, int runs, string? instance = null);
}
