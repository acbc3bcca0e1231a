using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>A snapshot that deployed a definition.</summary>
/// <param name="Id">With its prefix.</param>
public sealed record DefinitionUse(
    int Number,
    string Id,
    string Version,
    string? Environment,
    SnapshotStatus Status,
    SnapshotOutcome Outcome,
    DateTimeOffset DeployedAt
);

/// <summary>Where versions of definitions were deployed.</summary>
public sealed class DefinitionUses(ConsoleStore store)
{
    /// <summary>Snapshots that are looked at; the newest count.</summary>
    public const int Most = 500;

    /// <summary>Of one agent, as far as the actor may see, by number, the newest first.</summary>
    /// <param name="agentId">As <see cref="IdText"/> writes it.</param>
    public async Task<ILookup<int, DefinitionUse>> OfAsync(
        Actor by,
        string agentId,
        IReadOnlyCollection<int> numbers,
        CancellationToken cancellationToken
    )
    {
        if (!IdText.TryParse(IdText.Agent, agentId, out var agent) || numbers.Count == 0)
            return Array.Empty<DefinitionUse>().ToLookup(use => use.Number);
        await using var db = await store.ReadAsync(cancellationToken);
        int?[] wanted = [.. numbers.Take(PageRequest.MaxLimit)];
        var rows = await db
            .Snapshots.VisibleTo(by)
            .Where(s => s.AgentId == agent && wanted.Contains(s.DefinitionNumber))
            .OrderByDescending(s => s.Id)
            .Take(Most)
            .Select(s => new
            {
                s.Id,
                s.DefinitionNumber,
                s.Version,
                s.Environment,
                s.Status,
                s.Outcome,
                s.DeployedAt,
            })
            .ToListAsync(cancellationToken);
        return rows.Select(s => new DefinitionUse(
                s.DefinitionNumber!.Value,
                IdText.Format(IdText.Snapshot, s.Id),
                s.Version,
                s.Environment.Length == 0 ? null : s.Environment,
                s.Status,
                s.Outcome,
                s.DeployedAt
            ))
            .ToLookup(use => use.Number);
    }
}
