using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollbacks;

/// <summary>What is taken back and what comes back, as things stand.</summary>
/// <param name="Active">What is active now, if anything is.</param>
/// <param name="Canary">What runs beside it, if anything does.</param>
/// <param name="From">The one of the two that is taken back.</param>
internal sealed record RollbackPlan(Snapshot? Active, Snapshot? Canary, Snapshot From, Snapshot To)
{
    /// <summary>How far back a good version is looked for.</summary>
    private const int Farthest = 200;

    /// <summary>The same as long as the same is current and the same is chosen.</summary>
    public string Preview { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Active?.Id}|{Canary?.Id}|{To.Id}")))[..32];

    /// <summary>What else ends.</summary>
    public IEnumerable<Snapshot> AlsoEnds => new[] { Active, Canary }.OfType<Snapshot>().Where(s => s.Id != From.Id);

    /// <param name="environment">As it was given; null where none was, and an empty text for none.</param>
    /// <param name="to">Id of a snapshot; the last good one when null.</param>
    public static async Task<Outcome<RollbackPlan>> MakeAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        string? environment,
        string? to,
        CancellationToken cancellationToken
    )
    {
        var errors = new FieldErrors();
        var named = Texts.Line(environment, "environment", 60, errors);
        var snapshots = db.Snapshots.VisibleTo(by).Where(s => s.AgentId == agent.Id);
        Snapshot? chosen = null;
        if (!string.IsNullOrEmpty(to))
        {
            if (IdText.TryParse(IdText.Snapshot, to, out var id))
                chosen = await snapshots.FirstOrDefaultAsync(s => s.Id == id && s.Status == SnapshotStatus.Active, cancellationToken);
            if (chosen is null || (environment is not null && chosen.Environment != (named ?? "")))
                errors.Add("to", "Must be the id of an active snapshot of this agent and environment that you see.");
        }
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var place = environment is not null ? named ?? "" : chosen?.Environment ?? agent.Environment ?? "";
        var current = await snapshots
            .Where(s => s.Environment == place && s.Outcome == SnapshotOutcome.Current)
            .ToListAsync(cancellationToken);
        var active = current.Find(s => s.Status == SnapshotStatus.Active);
        var canary = current.Find(s => s.Status == SnapshotStatus.Canary);
        if ((active ?? canary) is not { } newest)
            return DeploymentProblems.NothingToRollBack;
        chosen ??= await LastGoodAsync(snapshots, newest, cancellationToken);
        if (chosen is null)
            return DeploymentProblems.NoRollbackTarget;
        var stays = active is not null && active.Version == chosen.Version && active.Digest == chosen.Digest;
        return (stays ? canary : newest) is { } from ? new RollbackPlan(active, canary, from, chosen) : DeploymentProblems.AlreadyDeployed;
    }

    // A version that was taken back once is not good again because it had been deployed before that, too.
    private static async Task<Snapshot?> LastGoodAsync(
        IQueryable<Snapshot> snapshots,
        Snapshot current,
        CancellationToken cancellationToken
    )
    {
        var before = await snapshots
            .Where(s => s.Environment == current.Environment && s.Status == SnapshotStatus.Active && s.Id < current.Id)
            .OrderByDescending(s => s.Id)
            .Take(Farthest)
            .Select(s => new
            {
                s.Id,
                s.Version,
                s.Outcome,
            })
            .ToListAsync(cancellationToken);
        var bad = new HashSet<string>(StringComparer.Ordinal) { current.Version };
        foreach (var one in before)
        {
            if (one.Outcome is SnapshotOutcome.Failed or SnapshotOutcome.RolledBack)
                bad.Add(one.Version);
            else if (!bad.Contains(one.Version))
                return await snapshots.FirstAsync(s => s.Id == one.Id, cancellationToken);
        }
        return null;
    }
}
