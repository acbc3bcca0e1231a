using System.Collections.Concurrent;
using AgentConsole.Core.Common;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>Two nodes for every test about several; each test leaves both running.</summary>
public sealed class NodesFixture : IAsyncLifetime
{
    private readonly ConcurrentQueue<NodeAgent> _agents = new();
    private TwoNodes? _nodes;

    public TwoNodes Nodes => _nodes!;
    public Cast Cast => Nodes.Cast;

    /// <summary>Tokens of people with every scope.</summary>
    public string Olga { get; private set; } = "";
    public string Victor { get; private set; } = "";

    /// <summary>An agent of the payments team that no other test has.</summary>
    public NodeAgent NextAgent() => _agents.TryDequeue(out var agent) ? agent : throw new InvalidOperationException("Make more agents.");

    public async ValueTask InitializeAsync()
    {
        _nodes = await TwoNodes.StartAsync(
            async (folder, services) =>
            {
                Olga = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
                Victor = await ConsoleFolder.TokenAsync(services, folder.Cast.Victor);
                var agents = await folder.AgentsAsync(services, 150, "node");
                foreach (var (agent, i) in agents.Select((agent, i) => (agent, i)))
                    _agents.Enqueue(new NodeAgent(IdText.Format(IdText.Agent, agent.Id), $"node-{i:00000}", agent.Secret));
            },
            new Dictionary<string, string?> { ["AgentConsole__Shutdown__DrainSeconds"] = "1" }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_nodes is not null)
            await _nodes.DisposeAsync();
    }
}

/// <param name="Id">As the API writes it.</param>
public sealed record NodeAgent(string Id, string Slug, string Secret);

/// <summary>They measure what happens within a second: nothing else of this project runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NodesCollection : ICollectionFixture<NodesFixture>
{
    public const string Name = "nodes";
}
