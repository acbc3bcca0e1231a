using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>What a snapshot is called in a list to choose from.</summary>
/// <param name="Id">With its prefix.</param>
public sealed record SnapshotName(
    string Id,
    string Version,
    string? Environment,
    SnapshotStatus Status,
    bool IsCurrent,
    DateTimeOffset DeployedAt
);

/// <summary>What people and programs read of snapshots.</summary>
public sealed class SnapshotLists(ConsoleStore store, AccessDirectory access, AgentDirectory directory, SnapshotBodies bodies)
{
    /// <summary>Newest first.</summary>
    public async Task<Outcome<Paged<SnapshotBody>>> ListAsync(
        Actor by,
        SnapshotFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await ListAsync(db, by, filter, page, cancellationToken);
    }

    /// <summary>Of one agent, which the actor must see; newest first.</summary>
    public async Task<Outcome<Paged<SnapshotBody>>> OfAgentAsync(
        Actor by,
        string agentIdOrSlug,
        SnapshotFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agent = await db
            .Agents.AsNoTracking()
            .VisibleTo(by)
            .Named(agentIdOrSlug)
            .Select(a => a.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return agent == default
            ? AgentProblems.NotFound
            : await ListAsync(db, by, filter with { Agent = IdText.Format(IdText.Agent, agent) }, page, cancellationToken);
    }

    public async Task<Outcome<SnapshotBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } snapshot ? bodies.Of(snapshot) : DeploymentProblems.NotFound;
    }

    /// <summary>The other snapshots of its agent, the newest 50, to choose from: what they are called, without what they hold.</summary>
    public async Task<IReadOnlyList<SnapshotName>> OthersAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!IdText.TryParse(IdText.Snapshot, id, out var snapshot))
            return [];
        var visible = db.Snapshots.VisibleTo(by);
        var rows = await visible
            .Where(s => s.Id != snapshot && visible.Any(own => own.Id == snapshot && own.AgentId == s.AgentId))
            .OrderByDescending(s => s.Id)
            .Take(50)
            .Select(s => new
            {
                s.Id,
                s.Version,
                s.Environment,
                s.Status,
                s.Outcome,
                s.DeployedAt,
            })
            .ToListAsync(cancellationToken);
        return
        [
            .. rows.Select(s => new SnapshotName(
                IdText.Format(IdText.Snapshot, s.Id),
                s.Version,
                s.Environment.Length == 0 ? null : s.Environment,
                s.Status,
                s.Outcome == SnapshotOutcome.Current,
                s.DeployedAt
            )),
        ];
    }

    /// <summary>Instead of an id: the one before it, of the same agent in the same environment.</summary>
    public const string Previous = "previous";

    /// <summary>How the second differs from the first, which may be <see cref="Previous"/>.</summary>
    public async Task<Outcome<SnapshotDiff>> DiffAsync(Actor by, string from, string to, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, to, cancellationToken) is not { } after)
            return DeploymentProblems.NotFound;
        var before =
            from == Previous ? await BeforeAsync(db, by, after, cancellationToken) : await FindAsync(db, by, from, cancellationToken);
        if (before is null)
            return from == Previous ? DeploymentProblems.NonePrevious : DeploymentProblems.NotFound;
        var found = await DeployedDefinition.ExpandAsync(
            db,
            before,
            after,
            SnapshotContent.Differences(before.Content, after.Content),
            cancellationToken
        );
        return new SnapshotDiff(bodies.Of(before), bodies.Of(after), before.Digest == after.Digest, found.Changes, found.Complete);
    }

    /// <summary>What listeners of this team hear of a snapshot; null when there is none, or it is another team's.</summary>
    public async Task<SnapshotBody?> LiveAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid? teamId,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        var snapshot = await db
            .Snapshots.AsNoTracking()
            .FirstOrDefaultAsync(s => s.OrganizationId == organizationId && s.Id == id && s.TeamId == teamId, cancellationToken);
        return snapshot is null ? null : bodies.Of(snapshot);
    }

    private async Task<Outcome<Paged<SnapshotBody>>> ListAsync(
        ConsoleDbContext db,
        Actor by,
        SnapshotFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var snapshots = filter.Apply(db.Snapshots.AsNoTracking().VisibleTo(by), access.Current, directory, by.OrganizationId);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Snapshot, after[0], out var last))
                return Cursor.Bad();
            snapshots = snapshots.Where(s => s.Id < last);
        }
        var rows = await snapshots.OrderByDescending(s => s.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        return Paged<Snapshot>.Of(rows, page.Limit, s => [IdText.Format(IdText.Snapshot, s.Id)]).Map(bodies.Of);
    }

    private static Task<Snapshot?> BeforeAsync(ConsoleDbContext db, Actor by, Snapshot after, CancellationToken cancellationToken) =>
        db
            .Snapshots.AsNoTracking()
            .VisibleTo(by)
            .Where(s => s.AgentId == after.AgentId && s.Environment == after.Environment && s.Id < after.Id)
            .OrderByDescending(s => s.Id)
            .FirstOrDefaultAsync(cancellationToken);

    private static async Task<Snapshot?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Snapshot, id, out var snapshot)
            ? await db.Snapshots.AsNoTracking().VisibleTo(by).FirstOrDefaultAsync(s => s.Id == snapshot, cancellationToken)
            : null;
}
