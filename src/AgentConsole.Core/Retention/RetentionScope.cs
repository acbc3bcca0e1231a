using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retention;

/// <summary>
/// What may go under given limits at a given moment: the same queries for looking and for removing. Never the trail, never decisions nor the runs that
/// hold them, never anything of an agent that is retired or deleted: its history outlives it.
/// </summary>
internal sealed class RetentionScope(ConsoleDbContext db, Guid organization, RetentionLimits limits, DateTimeOffset now)
{
    private const int RunsAtOnce = 200;
    private const int RowsAtOnce = 1000;

    private IQueryable<Agent> Living =>
        db.Agents.Where(a => a.OrganizationId == organization && a.Lifecycle != Lifecycle.Retired && a.Lifecycle != Lifecycle.Deleted);

    /// <summary>Ended before the limit. A run that itself started one which is open or young, or whose agent's history stays, is not over either.</summary>
    private IQueryable<Run>? Over
    {
        get
        {
            if (limits.Runs is not { } days)
                return null;
            var cutoff = now.AddDays(-days);
            // Its id tells when a run was received: most of the table is passed over, and what ends on the edge goes a day later.
            var below = RunSearch.FirstIdAt(cutoff);
            var living = Living;
            var runs = db.Runs;
            return db.Runs.Where(r =>
                r.OrganizationId == organization
                && r.Id.CompareTo(below) < 0
                && r.FinishedAt != null
                && r.FinishedAt < cutoff
                && living.Any(a => a.Id == r.AgentId)
                && !runs.Any(c =>
                    c.OrganizationId == organization
                    && c.ParentRunId == r.Id
                    && (c.FinishedAt == null || c.FinishedAt >= cutoff || !living.Any(a => a.Id == c.AgentId))
                )
            );
        }
    }

    /// <summary>Those that are over and hold no decision: a decision is read in its run. The direct parent of one that holds some stays with it; what is further up goes.</summary>
    public IQueryable<Run>? Runs
    {
        get
        {
            var decisions = db.RunEvents.Where(e => e.OrganizationId == organization && e.Decision != null);
            var runs = db.Runs;
            return Over?.Where(r =>
                !decisions.Any(e => e.RunId == r.Id)
                && !runs.Any(c => c.OrganizationId == organization && c.ParentRunId == r.Id && decisions.Any(e => e.RunId == c.Id))
            );
        }
    }

    /// <summary>Steps that are no decisions: of runs that are over, and those that are older than their own limit, of runs that are not open.</summary>
    public IQueryable<RunEvent>? Steps
    {
        get
        {
            if (Over is not { } over)
                return limits.Steps is { } alone ? Received(alone) : null;
            var below = RunSearch.FirstIdAt(now.AddDays(-limits.Runs!.Value));
            var ofRuns = Removable.Where(e => e.RunId.CompareTo(below) < 0 && over.Any(r => r.Id == e.RunId));
            if (limits.Steps is not { } days)
                return ofRuns;
            // Not longer than runs: what is received before the later cutoff is in reach of both.
            var cutoff = now.AddDays(-days);
            var reach = RunSearch.FirstIdAt(cutoff);
            var runs = db.Runs;
            return Removable.Where(e =>
                e.RunId.CompareTo(reach) < 0
                && (
                    (e.ReceivedAt < cutoff && !runs.Any(r => r.OrganizationId == organization && r.Id == e.RunId && r.FinishedAt == null))
                    || over.Any(r => r.Id == e.RunId)
                )
            );
        }
    }

    /// <summary>Steps whose content goes.</summary>
    public IQueryable<RunEvent>? Contents => limits.Content is { } days ? Received(days).Where(e => e.Payload != null) : null;

    public IQueryable<LivenessChange>? Liveness
    {
        get
        {
            if (limits.Liveness is not { } days)
                return null;
            var cutoff = now.AddDays(-days);
            var living = Living;
            return db.LivenessChanges.Where(c => c.OrganizationId == organization && c.At < cutoff && living.Any(a => a.Id == c.AgentId));
        }
    }

    public IQueryable<UserSession>? Sessions
    {
        get
        {
            if (limits.Sessions is not { } days)
                return null;
            var cutoff = now.AddDays(-days);
            return db.UserSessions.Where(s => s.OrganizationId == organization && (s.ExpiresAt < cutoff || s.RevokedAt < cutoff));
        }
    }

    /// <summary>The next rows that may go, in the order of their keys: of the phase after the position, or of the first later one that has any.</summary>
    public async Task<(PurgePhase Phase, List<PurgeKey> Keys)> NextAsync(
        PurgePhase phase,
        PurgeKey after,
        CancellationToken cancellationToken
    )
    {
        for (; phase != PurgePhase.Over; phase++, after = default)
        {
            if (Keys(phase, after) is { } keys && await keys.ToListAsync(cancellationToken) is { Count: > 0 } found)
                return (phase, found);
        }
        return (PurgePhase.Over, []);
    }

    internal IQueryable<PurgeKey>? Keys(PurgePhase phase, PurgeKey after)
    {
        var id = after.Id;
        return phase switch
        {
            PurgePhase.Steps => Keys(Steps, after),
            PurgePhase.Runs => Runs
                ?.Where(r => r.Id.CompareTo(id) > 0)
                .OrderBy(r => r.Id)
                .Select(r => new PurgeKey(Guid.Empty, r.Id))
                .Take(RunsAtOnce),
            PurgePhase.Contents => Keys(Contents, after),
            PurgePhase.Liveness => Liveness
                ?.Where(c => c.Id.CompareTo(id) > 0)
                .OrderBy(c => c.Id)
                .Select(c => new PurgeKey(Guid.Empty, c.Id))
                .Take(RowsAtOnce),
            PurgePhase.Sessions => Sessions
                ?.Where(s => s.Id.CompareTo(id) > 0)
                .OrderBy(s => s.Id)
                .Select(s => new PurgeKey(Guid.Empty, s.Id))
                .Take(RowsAtOnce),
            _ => null,
        };
    }

    private static IQueryable<PurgeKey>? Keys(IQueryable<RunEvent>? steps, PurgeKey after)
    {
        var (run, id) = (after.RunId, after.Id);
        return steps
            ?.Where(e => e.RunId.CompareTo(run) >= 0 && (e.RunId.CompareTo(run) > 0 || e.Id.CompareTo(id) > 0))
            .OrderBy(e => e.RunId)
            .ThenBy(e => e.Id)
            .Select(e => new PurgeKey(e.RunId, e.Id))
            .Take(RowsAtOnce);
    }

    private IQueryable<RunEvent> Removable
    {
        get
        {
            var living = Living;
            return db.RunEvents.Where(e => e.OrganizationId == organization && e.Decision == null && living.Any(a => a.Id == e.AgentId));
        }
    }

    private IQueryable<RunEvent> Received(int days)
    {
        var cutoff = now.AddDays(-days);
        var below = RunSearch.FirstIdAt(cutoff);
        var runs = db.Runs;
        return Removable.Where(e =>
            e.RunId.CompareTo(below) < 0
            && e.ReceivedAt < cutoff
            && !runs.Any(r => r.OrganizationId == organization && r.Id == e.RunId && r.FinishedAt == null)
        );
    }
}
