using AgentConsole.Contracts;
using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

/// <summary>A folder with files that an agent is let loose on, and everything it reported of its work there.</summary>
internal sealed class AgentBench : IStepSink, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fleet-bench-").FullName;

    public AgentBench()
    {
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Fixtures);
        Directory.CreateDirectory(Logs);
        Directory.CreateDirectory(State);
        Work = new Work(this, TimeProvider.System, TimeSpan.Zero);
    }

    public string Root => Path.Combine(_folder, "root");
    public string Fixtures => Path.Combine(_folder, "fixtures");
    public string Logs => Path.Combine(_folder, "logs");
    public string State => Path.Combine(_folder, "state");
    public Work Work { get; }
    public List<ReportEvent> Steps { get; } = [];

    public Surroundings Surroundings => new(new Uri("http://127.0.0.1:9"), Root, Fixtures, Logs, State);

    public IEnumerable<ReportEvent> Decisions(string decision) => Steps.Where(step => step.Decision == decision);

    /// <summary>Writes a file below the bench; folders come with it.</summary>
    public string Put(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>One run of the agent, all its steps collected.</summary>
    public Task<Finding> LetWorkAsync(FleetAgent agent) => CollectAsync(agent.WorkAsync(Work, CancellationToken.None));

    public async Task<Finding> CollectAsync(Task<Finding> run)
    {
        var finding = await run;
        await Work.FlushAsync(CancellationToken.None);
        return finding;
    }

    public Task SendAsync(IReadOnlyList<ReportEvent> steps, CancellationToken cancellationToken)
    {
        Steps.AddRange(steps);
        return Task.CompletedTask;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
