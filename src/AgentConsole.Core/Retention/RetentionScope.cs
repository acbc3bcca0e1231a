using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Retention;

/// <summary>
/// What may go under given limits at a given moment: the same queries for looking and for removing. Never the trail, never decisions, never anything
/// of an agent that is retired or deleted: its history outlives it.
/// </summary>
internal sealed class RetentionScope(ConsoleDbContext db, Guid organization, RetentionLimits limits, DateTimeOffset now)
{
    private IQueryable<Agent> Living =>
        db.Agents.Where(a => a.OrganizationId == organization && a.Lifecycle != Lifecycle.Retired && a.Lifecycle != Lifecycle.Deleted);

    /// <summary>Ended before the limit. A run that itself started one which is open or stays, stays.</summary>
    public IQueryable<Run>? Runs
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

    /// <summary>Steps that are no decisions, of runs that are not open.</summary>
    public IQueryable<RunEvent>? Steps => limits.Steps is { } days ? Received(days) : null;

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

    private IQueryable<RunEvent> Received(int days)
    {
        var cutoff = now.AddDays(-days);
        var below = RunSearch.FirstIdAt(cutoff);
        var living = Living;
        var runs = db.Runs;
        return db.RunEvents.Where(e =>
            e.OrganizationId == organization
            && e.RunId.CompareTo(below) < 0
            && e.Decision == null
            && e.ReceivedAt < cutoff
            && living.Any(a => a.Id == e.AgentId)
            && !runs.Any(r => r.OrganizationId == organization && r.Id == e.RunId && r.FinishedAt == null)
        );
    }
}
