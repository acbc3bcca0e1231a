using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Batches of 500 runs through the API against the same rows written straight into the same table.</summary>
internal sealed class Batches(Database database) : ILine
{
    private const int Connections = 4;

    public string Name => database == Database.Sqlite ? "batch" : "batch-postgres";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync(database);
        await using var rawFolder = await ConsoleFolder.CreateAsync(database);
        IReadOnlyList<(Guid Id, string Secret)> agents;
        await using (var services = folder.Open())
            agents = await folder.AgentsAsync(services, 1);
        ConsoleFolder.LetGo();
        var request = RawConnection.Request(
            "POST",
            "/api/v1/runs/batch",
            agents[0].Secret,
            Reports.Body(Enumerable.Range(0, RawRows.Batch).Select(i => Reports.Run(i)))
        );
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var load = await HttpLoad.OpenAsync(console.Address, Connections, _ => request, 200, cancellationToken);
        await load.RunAsync(pace.WarmUp);
        async Task<double> OursAsync() => (await load.RunAsync(pace.Turn)).PerSecond * RawRows.Batch;
        return database == Database.Sqlite
            ? await AgainstSqliteAsync(pace, rawFolder, agents[0].Id, OursAsync)
            : await AgainstPostgreSqlAsync(pace, rawFolder, agents[0].Id, OursAsync, cancellationToken);
    }

    private static async Task<IReadOnlyList<Figure>> AgainstSqliteAsync(
        Pace pace,
        ConsoleFolder folder,
        Guid agent,
        Func<Task<double>> ours
    )
    {
        using var raw = new RawSqlite(folder, agent);
        raw.Run(pace.WarmUp);
        var (first, second, ratio) = await pace.PairsAsync(ours, () => Task.Run(() => raw.Run(pace.Turn)), (a, b) => a / b);
        return
        [
            new Figure(
                "batch ingest ÷ raw prepared SQLite inserts, batches of 500",
                ratio,
                "",
                0.75,
                AtLeast: true,
                Detail: $"{first:N0} rows/s of {second:N0} rows/s"
            ),
        ];
    }

    private static async Task<IReadOnlyList<Figure>> AgainstPostgreSqlAsync(
        Pace pace,
        ConsoleFolder folder,
        Guid agent,
        Func<Task<double>> ours,
        CancellationToken cancellationToken
    )
    {
        await using var raw = await RawPostgreSql.OpenAsync(folder, agent, cancellationToken);
        await raw.CopyAsync(pace.WarmUp / 2);
        await raw.UnnestAsync(pace.WarmUp / 2);
        var copy = await pace.PairsAsync(ours, () => raw.CopyAsync(pace.Turn), (a, b) => a / b);
        var unnest = await pace.PairsAsync(ours, () => raw.UnnestAsync(pace.Turn), (a, b) => a / b);
        return [Against("COPY", copy), Against("unnest", unnest)];

        static Figure Against(string what, (double First, double Second, double Ratio) pair) =>
            new(
                $"PostgreSQL batch ÷ raw {what}, batches of 500",
                pair.Ratio,
                "",
                0.60,
                AtLeast: true,
                Detail: $"{pair.First:N0} rows/s of {pair.Second:N0} rows/s"
            );
    }
}
