using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>What people, programs and listeners read of rotations.</summary>
public sealed class RotationLists(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory directory,
    RotationBodies bodies,
    TimeProvider clock
)
{
    public async Task<Outcome<RotationBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await bodies.FindAsync(db, by, id, clock.Now(), cancellationToken) is { } act
            ? await bodies.FullAsync(db, by, act, clock.Now(), cancellationToken)
            : RotationProblems.NotFound;
    }

    /// <summary>What listeners of this team hear of a rotation; null when there is none, or when it is another team's by now.</summary>
    public async Task<RotationBody?> LiveAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid? teamId,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        var rotation = await db
            .Rotations.AsNoTracking()
            .FirstOrDefaultAsync(r => r.OrganizationId == organizationId && r.Id == id, cancellationToken);
        if (rotation is null)
            return null;
        var act = (await bodies.LoadAsync(db, [rotation], clock.Now(), cancellationToken))[0];
        return act.Agent.TeamId == teamId
            ? await bodies.FullAsync(db, Actor.ForSystem(organizationId, "console"), act, clock.Now(), cancellationToken)
            : null;
    }

    /// <summary>Newest first; without callers and knocks, which one rotation's own answer has.</summary>
    public async Task<Outcome<Paged<RotationBody>>> ListAsync(
        Actor by,
        RotationFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var rotations = filter.Apply(db.Rotations.VisibleTo(by, db.Agents), access.Current, directory, by.OrganizationId);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Rotation, after[0], out var last))
                return Cursor.Bad();
            rotations = rotations.Where(r => r.Id < last);
        }
        var rows = await rotations.OrderByDescending(r => r.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var waiting = await Adoption.WaitingAsync(db, [.. rows.Where(r => r.IsOpen).Select(r => r.Id)], clock.Now(), cancellationToken);
        var acts = await bodies.LoadAsync(db, rows, clock.Now(), cancellationToken);
        return Paged<RotationAct>
            .Of(acts, page.Limit, last => [IdText.Format(IdText.Rotation, last.Rotation.Id)])
            .Map(act =>
                RotationBodies.Bare(act) with
                {
                    Waiting = waiting.GetValueOrDefault(act.Rotation.Id),
                    CallersOverflowed = act.Key.CallersOverflowedAt is not null,
                }
            );
    }

    /// <summary>Every caller of the key, those that stand in the way first.</summary>
    public async Task<Outcome<Paged<RotationCaller>>> CallersAsync(
        Actor by,
        string id,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await bodies.FindAsync(db, by, id, clock.Now(), cancellationToken) is not { } act)
            return RotationProblems.NotFound;
        var from = 0;
        if (
            page.Cursor is not null
            && (
                !Cursor.TryDecode(page.Cursor, 1, out var after)
                || !int.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out from)
            )
        )
            return Cursor.Bad();
        var all = await Adoption.AllAsync(db, act.Rotation, clock.Now(), cancellationToken);
        var rows = all.Skip(from).Take(page.Limit).Select(a => a.ToBody()).ToList();
        var next = from + rows.Count < all.Count ? Cursor.Encode((from + rows.Count).ToString(CultureInfo.InvariantCulture)) : null;
        return new Paged<RotationCaller>(rows, next);
    }

    /// <summary>Calls with old versions and the new one by minute, from an hour before the issue on; at most 48 hours back.</summary>
    public async Task<Outcome<RotationMinutes>> MinutesAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await bodies.FindAsync(db, by, id, clock.Now(), cancellationToken) is not { Rotation: var rotation })
            return RotationProblems.NotFound;
        var since = (rotation.IssuedAt ?? rotation.PlannedAt).AddHours(-1);
        var minutes = await db
            .KeyMinutes.Where(m => m.OrganizationId == rotation.OrganizationId && m.KeyId == rotation.KeyId && m.Minute >= since)
            .ToListAsync(cancellationToken);
        var to = rotation.ToVersion ?? int.MaxValue;
        return new RotationMinutes(
            IdText.Format(IdText.Rotation, rotation.Id),
            [
                .. minutes
                    .GroupBy(m => m.Minute)
                    .OrderBy(same => same.Key)
                    .Select(same => new RotationMinute(
                        same.Key,
                        same.Where(m => m.Version < to).Sum(m => m.Calls),
                        same.Where(m => m.Version >= to).Sum(m => m.Calls)
                    )),
            ]
        );
    }
}
