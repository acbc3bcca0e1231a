using AgentConsole.Testing.Processes;

namespace AgentConsole.Testing.Crash;

/// <summary>What many kills left behind.</summary>
/// <param name="Faults">What was acknowledged and lost, doubled or half-applied; none when all is well.</param>
public sealed record CrashResult(int Kills, long Acknowledged, int Runs, int Agents, TimeSpan SlowestStart, IReadOnlyList<string> Faults);

/// <summary>
/// Kills the console again and again under concurrent load, at moments that a seed chooses, and compares after every kill what was acknowledged with
/// what is on disk. Runs, batches, steps, changes and registrations are under way each time.
/// </summary>
public static class CrashTest
{
    /// <param name="progress">Told after each kill.</param>
    public static async Task<CrashResult> RunAsync(
        int kills,
        int seed,
        Action<int, CrashResult>? progress,
        CancellationToken cancellationToken
    )
    {
        var random = new Random(seed);
        await using var folder = await ConsoleFolder.CreateAsync();
        IReadOnlyList<CrashWorker> workers;
        await using (var services = folder.Open())
            workers = await WorkersAsync(folder, services);
        ConsoleFolder.LetGo();

        var faults = new List<string>();
        var (acknowledged, slowest) = (0L, TimeSpan.Zero);
        CrashResult result = new(0, 0, 0, 0, TimeSpan.Zero, faults);
        for (var kill = 1; kill <= kills && faults.Count == 0; kill++)
        {
            await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
            slowest = console.ReadyAfter > slowest ? console.ReadyAfter : slowest;
            using var calls = new CrashCalls(console.Address);
            var work = workers.Select(w => WorkAsync(w, calls, () => true, faults)).ToList();
            var enough = random.Next(40, 400);
            while (calls.Acknowledged < enough && work.TrueForAll(w => !w.IsCompleted))
                await Task.Delay(TimeSpan.FromMilliseconds(1 + random.Next(4)), TimeProvider.System, cancellationToken);
            await console.KillAsync();
            await Task.WhenAll(work);
            acknowledged += calls.Acknowledged;
            result = await CompareAsync(folder, workers, faults, cancellationToken) with
            {
                Kills = kill,
                Acknowledged = acknowledged,
                SlowestStart = slowest,
            };
            progress?.Invoke(kill, result);
        }
        return faults.Count > 0 ? result : await EndAsync(folder, workers, faults, result, cancellationToken);
    }

    // What is still in doubt is repeated once more, and the process ends in order.
    private static async Task<CrashResult> EndAsync(
        ConsoleFolder folder,
        IReadOnlyList<CrashWorker> workers,
        List<string> faults,
        CrashResult before,
        CancellationToken cancellationToken
    )
    {
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var calls = new CrashCalls(console.Address);
        await Task.WhenAll(workers.Select(w => WorkAsync(w, calls, () => false, faults)));
        await console.StopAsync(cancellationToken);
        var after = await CompareAsync(folder, workers, faults, cancellationToken);
        return after with
        {
            Kills = before.Kills,
            Acknowledged = before.Acknowledged + calls.Acknowledged,
            SlowestStart = before.SlowestStart,
        };
    }

    private static async Task<IReadOnlyList<CrashWorker>> WorkersAsync(ConsoleFolder folder, IServiceProvider services)
    {
        var token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
        var agents = await folder.AgentsAsync(services, 4);
        var workers = new List<CrashWorker>();
        foreach (var (agent, i) in agents.Select((a, i) => (a, i)))
        {
            workers.Add(new ReportWorker($"report{i}", agent.Id, agent.Secret));
            workers.Add(new StoryWorker($"story{i}", agent.Id, agent.Secret));
            workers.Add(new BatchWorker($"batch{i}", agent.Id, agent.Secret));
            workers.Add(new KeyedWorker($"keyed{i}", agent.Secret));
        }
        workers.Add(new RegistrationWorker("one", token));
        workers.Add(new RegistrationWorker("two", token));
        workers.Add(new BulkWorker("many", token));
        return workers;
    }

    private static async Task WorkAsync(CrashWorker worker, CrashCalls calls, Func<bool> more, List<string> faults)
    {
        try
        {
            await worker.RunAsync(calls, more);
        }
        catch (CrashFaultException e)
        {
            lock (faults)
                faults.Add(e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The process is gone; the call is in doubt.
        }
    }

    private static async Task<CrashResult> CompareAsync(
        ConsoleFolder folder,
        IReadOnlyList<CrashWorker> workers,
        List<string> faults,
        CancellationToken cancellationToken
    )
    {
        var disk = await CrashSnapshot.TakeAsync(folder.Path, cancellationToken);
        faults.AddRange(disk.Faults);
        faults.AddRange(workers.SelectMany(w => w.Check(disk)));
        return new CrashResult(0, 0, disk.Runs.Sum(r => r.Count()), disk.Agents.Count, TimeSpan.Zero, faults);
    }
}
