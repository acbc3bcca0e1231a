using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>Sweeps over the keys of organizations whose policies changed, a bounded part in each transaction.</summary>
internal sealed class SchedulePasses(ConsoleStore store, ScheduleBook book, TimeProvider clock)
{
    internal const int AtOnce = 200;

    // Longer than another node may go without hearing of a change.
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(1);

    /// <summary>Begins a sweep from the start, with the change that calls for it.</summary>
    public static async Task BeginAsync(Write write, Guid organization, CancellationToken cancellationToken)
    {
        // Of two changes at once the later one's sweep sees both.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, organization, cancellationToken);
        var pass = await write.Db.SchedulePasses.FirstOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
        if (pass is null)
            write.Db.Add(pass = new SchedulePass { OrganizationId = organization });
        (pass.After, pass.Again, pass.NotBefore) = (Guid.Empty, true, write.Now);
    }

    /// <summary>One part for each organization that waits.</summary>
    /// <returns>Whether more is to be done at once.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        List<Guid> waiting;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            var now = clock.GetUtcNow();
            waiting = await db
                .SchedulePasses.Where(p => p.NotBefore <= now)
                .Select(p => p.OrganizationId)
                .Take(50)
                .ToListAsync(cancellationToken);
        }
        var more = false;
        foreach (var organization in waiting)
            more |= await StepAsync(organization, cancellationToken);
        return more;
    }

    /// <summary>One part of an organization's sweep, and the mark of how far it came in the same transaction.</summary>
    public async Task<bool> StepAsync(Guid organization, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, organization, cancellationToken);
        var pass = await write.Db.SchedulePasses.FirstOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
        if (pass is null || pass.NotBefore > write.Now)
            return false;
        var after = pass.After;
        var keys = await write
            .Db.AgentKeys.Where(k => k.OrganizationId == organization && k.Id > after)
            .OrderBy(k => k.Id)
            .Select(k => k.Id)
            .Take(AtOnce)
            .ToArrayAsync(cancellationToken);
        await book.RefreshAsync(write, organization, keys, cancellationToken);
        var over = keys.Length < AtOnce;
        if (!over)
            pass.After = keys[^1];
        else if (pass.Again)
            (pass.After, pass.Again, pass.NotBefore) = (Guid.Empty, false, write.Now + Later);
        else
            write.Db.Remove(pass);
        return await write.TryCommitAsync(cancellationToken) && !over;
    }
}
