using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Testing.Crash;

/// <summary>What is on disk after a kill, read from a copy of the folder, so that the console's own recovery is left to the console.</summary>
internal sealed class CrashSnapshot
{
    public required ILookup<(Guid Agent, string ExternalId), Run> Runs { get; init; }

    /// <summary>By what a run without an external id was marked with.</summary>
    public required ILookup<string, Run> BySummary { get; init; }
    public required ILookup<Guid, RunEvent> Events { get; init; }
    public required ILookup<string, Agent> Agents { get; init; }

    /// <summary>How often an agent stands in the trail as registered.</summary>
    public required IReadOnlyDictionary<Guid, int> Registrations { get; init; }

    /// <summary>Key versions by agent.</summary>
    public required IReadOnlyDictionary<Guid, int> Keys { get; init; }

    /// <summary>Faults of the store as a whole: figures that are not those of the rows, a broken trail, a damaged file.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What is missing of a registration or there twice; null when it is whole.</summary>
    public string? FaultOf(Agent agent) =>
        Registrations.GetValueOrDefault(agent.Id) is var trail and not 1 ? $"{agent.Slug}: {trail} records in the trail"
        : Keys.GetValueOrDefault(agent.Id) is var keys and not 1 ? $"{agent.Slug}: {keys} keys"
        : null;

    public static async Task<CrashSnapshot> TakeAsync(string folder, CancellationToken cancellationToken)
    {
        var copy = Directory.CreateTempSubdirectory("agentconsole-crash-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                // The index of the log is rebuilt by whoever opens it first.
                if (file.EndsWith("-shm", StringComparison.Ordinal))
                    continue;
                var target = Path.Combine(copy, Path.GetRelativePath(folder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
            await using var services = ConsoleFolder.OpenCopy(copy);
            return await ReadAsync(services, cancellationToken);
        }
        finally
        {
            ConsoleFolder.LetGo();
            Directory.Delete(copy, recursive: true);
        }
    }

    private static async Task<CrashSnapshot> ReadAsync(ServiceProvider services, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        await using var db = await services.GetRequiredService<ConsoleStore>().ReadAsync(cancellationToken);
        var check = await db
            .Database.SqlQueryRaw<string>("SELECT quick_check AS Value FROM pragma_quick_check")
            .ToListAsync(cancellationToken);
        if (check is not ["ok"])
            faults.Add("The file is damaged: " + string.Join("; ", check));
        var runs = await db.Runs.ToListAsync(cancellationToken);
        var events = await db.RunEvents.ToListAsync(cancellationToken);
        var agents = await db.Agents.ToListAsync(cancellationToken);
        var keys = await db.KeyVersions.Select(v => v.AgentId).ToListAsync(cancellationToken);
        var registered = await db
            .TrailRecords.Where(t => t.Action == "agent.registered")
            .Select(t => t.TargetId)
            .ToListAsync(cancellationToken);
        var rollups = await services.GetRequiredService<RollupRebuild>().RunAsync(write: false, cancellationToken);
        faults.AddRange(rollups.Differences.Select(d => $"Figures of agent {d.AgentId} at {d.Bucket:O}: {d.Members}"));
        var trail = await services.GetRequiredService<TrailVerifier>().VerifyAsync(null, cancellationToken);
        faults.AddRange(trail.Faults);
        faults.AddRange(trail.Chains.Where(c => c.Fault is not null).Select(c => $"Trail: {c.Fault}"));
        return new CrashSnapshot
        {
            Runs = runs.Where(r => r.ExternalId is not null).ToLookup(r => (r.AgentId, r.ExternalId!)),
            BySummary = runs.Where(r => r.Summary is not null).ToLookup(r => r.Summary!),
            Events = events.ToLookup(e => e.RunId),
            Agents = agents.ToLookup(a => a.Slug),
            Registrations = registered.OfType<Guid>().CountBy(id => id).ToDictionary(),
            Keys = keys.CountBy(id => id).ToDictionary(),
            Faults = faults,
        };
    }
}
