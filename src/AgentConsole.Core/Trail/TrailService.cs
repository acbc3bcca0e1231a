using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Trail;

/// <summary>Reads the trail, hands it out, and erases personal values from it without breaking the chain.</summary>
public sealed class TrailService(ConsoleStore store, AccessDirectory access, ActorSource actors)
{
    /// <summary>Newest first.</summary>
    public async Task<Outcome<Paged<TrailBody>>> ListAsync(
        Actor by,
        Outcome<TrailFilter> filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        if (MayRead(by) is { } refusal)
            return refusal;
        if (!filter.Try(out var wanted, out var unreadable))
            return unreadable;
        var before = long.MaxValue;
        if (
            page.Cursor is not null
            && (
                !Cursor.TryDecode(page.Cursor, 1, out var key)
                || !long.TryParse(key[0], NumberStyles.None, CultureInfo.InvariantCulture, out before)
            )
        )
            return Cursor.Bad();
        await using var db = await store.ReadAsync(cancellationToken);
        var now = access.Current;
        if (wanted.Apply(db, by, now) is not { } matching)
            return Paged<TrailBody>.Empty;
        var rows = await matching
            .Where(r => r.Seq < before)
            .OrderByDescending(r => r.Seq)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        return Paged<TrailRecord>
            .Of(rows, page.Limit, last => [last.Seq.ToString(CultureInfo.InvariantCulture)])
            .Map(record => TrailBodies.Of(record, now));
    }

    /// <summary>One record; what the actor may not read does not exist.</summary>
    public async Task<Outcome<TrailBody>> FindAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (MayRead(by) is { } refusal)
            return refusal;
        if (!IdText.TryParse(IdText.Trail, id, out var recordId))
            return Problem.NotFound("trail record");
        await using var db = await store.ReadAsync(cancellationToken);
        var record = await new TrailFilter().Apply(db, by, access.Current)!.SingleOrDefaultAsync(r => r.Id == recordId, cancellationToken);
        return record is null ? Problem.NotFound("trail record") : TrailBodies.Of(record, access.Current);
    }

    /// <summary>The newest record about this thing that the actor may read.</summary>
    public Task<TrailBody?> NewestOfAsync(Actor by, Guid target, CancellationToken cancellationToken) =>
        NewestAsync(by, new TrailFilter(), target, cancellationToken);

    /// <summary>The newest change of this agent itself that was done and that the actor may read; what was refused, and acts on its keys, changed nothing of it.</summary>
    public Task<TrailBody?> NewestChangeOfAgentAsync(Actor by, Guid agent, CancellationToken cancellationToken) =>
        NewestAsync(by, new TrailFilter { TargetKind = "agent", Outcome = TrailOutcome.Done }, agent, cancellationToken);

    private async Task<TrailBody?> NewestAsync(Actor by, TrailFilter filter, Guid target, CancellationToken cancellationToken)
    {
        if (MayRead(by) is not null)
            return null;
        await using var db = await store.ReadAsync(cancellationToken);
        var record = await filter
            .Apply(db, by, access.Current)!
            .Where(r => r.TargetId == target)
            .OrderByDescending(r => r.Seq)
            .FirstOrDefaultAsync(cancellationToken);
        return record is null ? null : TrailBodies.Of(record, access.Current);
    }

    /// <summary>Whether the actor may read a record of the request with this correlation id.</summary>
    public async Task<bool> HasAsync(Actor by, string correlationId, CancellationToken cancellationToken)
    {
        if (MayRead(by) is not null)
            return false;
        await using var db = await store.ReadAsync(cancellationToken);
        return await new TrailFilter { Correlation = correlationId }
            .Apply(db, by, access.Current)!
            .AnyAsync(cancellationToken);
    }

    /// <summary>Notes on the trail that it was exported, and by which filter, and hands out the records up to then, oldest first.</summary>
    public async Task<Outcome<TrailExport>> ExportAsync(
        Actor by,
        Outcome<TrailFilter> filter,
        TrailFormat format,
        CancellationToken cancellationToken
    )
    {
        if (MayRead(by) is { } refusal)
            return refusal;
        if (!filter.Try(out var wanted, out var unreadable))
            return unreadable;
        await using var write = await store.WriteAsync(cancellationToken);
        var organization = by.OrganizationId;
        var last = await write
            .Db.TrailHeads.AsNoTracking()
            .Where(h => h.OrganizationId == organization)
            .Select(h => h.Seq)
            .SingleOrDefaultAsync(cancellationToken);
        write.Trail(
            by,
            "trail.exported",
            new TrailTarget("trail", null, KebabCase.Of(format)),
            after: new
            {
                format = KebabCase.Of(format),
                filter = wanted.ToQuery().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
                up_to_seq = last,
            }
        );
        if (!await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        return new TrailExport(store, access, new ExportRight(actors, by, Permission.ReadTrail), wanted, format, last, write.Now);
    }

    /// <summary>
    /// Takes values of one record away for good: their salts go too, so that they cannot be guessed from what stays. The record keeps its place in
    /// the chain, shows which members were erased, and a new record says by whom and why.
    /// </summary>
    /// <param name="members">Of <see cref="TrailRecord.ErasableNames"/>.</param>
    public async Task<Outcome<TrailBody>> EraseAsync(
        Actor by,
        string id,
        IReadOnlyCollection<string> members,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        await using var write = await store.WriteAsync(cancellationToken);
        var record =
            IdText.TryParse(IdText.Trail, id, out var recordId) && MayRead(by) is null
                ? await new TrailFilter()
                    .Apply(write.Db, by, access.Current)!
                    .AsTracking()
                    .SingleOrDefaultAsync(r => r.Id == recordId, cancellationToken)
                : null;
        if (record is null)
            return Problem.NotFound("trail record");
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        var errors = new FieldErrors();
        var why = Texts.Line(reason, "reason", 500, errors, required: true);
        if (members.Count == 0 || members.Except(TrailRecord.ErasableNames, StringComparer.Ordinal).Any())
            errors.Add("members", $"Must be some of {string.Join(", ", TrailRecord.ErasableNames)}.");
        if (record.Action == TrailErasure.Action)
            errors.Add("id", "A record of an erasure cannot be erased itself.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var erased = Enumerable
            .Range(0, TrailRecord.ErasableNames.Count)
            .Where(i => members.Contains(TrailRecord.ErasableNames[i]) && !record.IsErased(i))
            .ToList();
        foreach (var index in erased)
            record.Erase(index);
        if (erased.Count > 0)
            write.Trail(
                by,
                TrailErasure.Action,
                new TrailTarget("trail-record", record.Id, null, record.TeamId),
                after: new { seq = record.Seq, members = erased.Select(i => TrailRecord.ErasableNames[i]).ToArray() },
                reason: why
            );
        return await write.CommitAsync(by, TrailBodies.Of(record, access.Current), cancellationToken);
    }

    private static Problem? MayRead(Actor by) =>
        by.TeamsWith(Permission.ReadTrail) is { All: false, Ids.Length: 0 } ? Actor.MissingRole(Permission.ReadTrail, "a team") : null;
}
