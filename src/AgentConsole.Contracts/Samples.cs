namespace AgentConsole.Contracts;

/// <summary>What the sample fleet set up in the organization and is still there.</summary>
/// <param name="Agents">Agents that are not deleted.</param>
/// <param name="Keys">Their key versions that may be accepted again: active, retiring or disabled.</param>
/// <param name="People">Invented people under <c>demo.example</c> who are not disabled.</param>
/// <param name="ServiceAccounts">Enabled ones.</param>
/// <param name="Sinks">Secret sinks that bring keys to its agents.</param>
/// <param name="Running">The fleet runs as a program beside this node.</param>
public sealed record SampleDataBody(int Agents, int Keys, int People, int ServiceAccounts, int Sinks, bool Running);
