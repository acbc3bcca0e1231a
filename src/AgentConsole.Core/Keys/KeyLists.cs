using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>One line of the page of keys: one version with its key and agent.</summary>
public sealed record KeyRow
{
    public required Guid VersionId { get; init; }
    public required Guid KeyId { get; init; }
    public required string KeyName { get; init; }
    public required int Number { get; init; }
    public required Guid AgentId { get; init; }
    public required string AgentSlug { get; init; }
    public required string AgentName { get; init; }
    public required Guid TeamId { get; init; }
    public required KeyState State { get; init; }
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? FirstUsedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public string? LastUsedAddress { get; init; }
    public string? LastUsedUserAgent { get; init; }
    public string? LastUsedRoute { get; init; }
    public long UseCount { get; init; }
    public DateTimeOffset? LeakReportedAt { get; init; }
    public string? Reason { get; init; }

    /// <summary>When the newest accepted version is to be replaced; null for the others, and where nothing says when.</summary>
    public DateTimeOffset? DueAt { get; init; }
    public Guid? OwnerId { get; init; }

    /// <summary>Place in the order by due date.</summary>
    public long DueOrder { get; init; } = long.MaxValue;
}

/// <summary>A stretch of the list of keys.</summary>
/// <param name="Total">How many match in all.</param>
public sealed record KeyWindow(IReadOnlyList<KeyRow> Rows, int Total);

/// <summary>Accepted versions that nobody seems to need.</summary>
/// <param name="Idle">Not used for <see cref="KeyFilter.UsualIdleDays"/> days.</param>
public sealed record KeyCounts(int NeverUsed, int Idle, int Ownerless);

/// <summary>Lists of key versions across agents, team scope inside the query. Keys of deleted agents are left out: they open nothing.</summary>
public sealed class KeyLists(ConsoleStore store, AccessDirectory access, AgentDirectory directory, TimeProvider clock)
{
    public async Task<Outcome<Paged<KeyRow>>> ListAsync(Actor by, KeyFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var versions = Filtered(db, by, filter);
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 2, out var after)
                || !long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                || !IdText.TryParse(IdText.KeyVersion, after[1], out var last)
            )
                return Cursor.Bad();
            versions = Continue(db, versions, filter.Order, place, last);
        }
        var rows = await Rows(db, Ordered(db, versions, filter.Order).Take(page.Limit + 1)).ToListAsync(cancellationToken);
        return Paged<KeyRow>.Of(
            Sorted(rows, filter.Order),
            page.Limit,
            row => [Place(row, filter.Order), IdText.Format(IdText.KeyVersion, row.VersionId)]
        );
    }

    /// <summary>Rows from <paramref name="skip"/> on, for a virtualised table.</summary>
    public async Task<KeyWindow> WindowAsync(Actor by, KeyFilter filter, int skip, int take, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var versions = Filtered(db, by, filter);
        var total = await versions.CountAsync(cancellationToken);
        var part = Ordered(db, versions, filter.Order).Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 500));
        return new KeyWindow(Sorted(await Rows(db, part).ToListAsync(cancellationToken), filter.Order), total);
    }

    /// <summary>Versions reported as leaked that are neither revoked nor trusted again: they need somebody now.</summary>
    public async Task<IReadOnlyList<KeyRow>> LeakedAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var versions = Filtered(db, by, new KeyFilter { Leaked = true, State = KeyState.Disabled });
        return await Rows(db, versions.OrderByDescending(v => v.Id).Take(50)).ToListAsync(cancellationToken);
    }

    /// <summary>How many accepted versions the actor sees that nobody seems to need.</summary>
    public async Task<KeyCounts> CountsAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        Task<int> CountAsync(KeyFilter filter) => Filtered(db, by, filter).CountAsync(cancellationToken);
        return new KeyCounts(
            await CountAsync(KeyFilter.NeverUsedNow),
            await CountAsync(KeyFilter.IdleNow),
            await CountAsync(KeyFilter.OwnerlessNow)
        );
    }

    /// <summary>The query of a page, for a test that looks at how the database finds it.</summary>
    internal IQueryable<KeyVersion> Page(ConsoleDbContext db, Actor by, KeyFilter filter, int limit) =>
        Ordered(db, Filtered(db, by, filter), filter.Order).Take(limit);

    /// <summary>One version, when the actor may see its agent; of deleted agents too.</summary>
    public async Task<KeyRow?> RowAsync(Actor by, Guid versionId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await Rows(db, VisibleTo(db, by).Where(v => v.Id == versionId)).FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>The versions of a key, newest first, when the actor may see its agent; of deleted agents too.</summary>
    public async Task<IReadOnlyList<KeyRow>> OfKeyAsync(Actor by, Guid keyId, int most, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var versions = VisibleTo(db, by).Where(v => v.KeyId == keyId).OrderByDescending(v => v.Number).Take(most);
        return Sorted(await Rows(db, versions).ToListAsync(cancellationToken), KeyOrder.Newest);
    }

    /// <summary>
    /// Versions of whose secret this is the shown beginning, the last four characters, or both around an ellipsis, and those of keys whose name
    /// begins so; newest first, without those of deleted agents.
    /// </summary>
    public async Task<IReadOnlyList<KeyRow>> FindAsync(Actor by, string text, int most, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        var living = db.Agents.VisibleTo(by).Where(a => a.DeletedAt == null);
        var versions = VisibleTo(db, by).Where(v => living.Any(a => a.OrganizationId == v.OrganizationId && a.Id == v.AgentId));
        var parts = text.Split('…', 2, StringSplitOptions.TrimEntries);
        var (start, last4) = parts is [var before, var after] ? (before, after) : (text, text.Length == 4 ? text : "");
        // Ranges, so that the indexes serve them.
        var end = start + '\uffff';
        var found = new List<KeyRow>();
        if (parts.Length == 2 && last4.Length == 4)
            await AddAsync(
                versions.Where(v => v.Last4 == last4 && string.Compare(v.Prefix, start) >= 0 && string.Compare(v.Prefix, end) < 0)
            );
        else
        {
            if (last4.Length == 4)
                await AddAsync(versions.Where(v => v.Last4 == last4));
            if (start.Contains('_', StringComparison.Ordinal))
                await AddAsync(versions.Where(v => string.Compare(v.Prefix, start) >= 0 && string.Compare(v.Prefix, end) < 0));
            if (start.Length >= 2)
            {
                var keys = db.AgentKeys.Where(k =>
                    k.OrganizationId == organization && string.Compare(k.Name, start) >= 0 && string.Compare(k.Name, end) < 0
                );
                await AddAsync(versions.Where(v => keys.Any(k => k.OrganizationId == v.OrganizationId && k.Id == v.KeyId)));
            }
        }
        return [.. found.DistinctBy(row => row.VersionId).Take(most)];

        async Task AddAsync(IQueryable<KeyVersion> some) =>
            found.AddRange(
                Sorted(await Rows(db, some.OrderByDescending(v => v.Id).Take(most)).ToListAsync(cancellationToken), KeyOrder.Newest)
            );
    }

    private static IQueryable<KeyVersion> VisibleTo(ConsoleDbContext db, Actor by)
    {
        var organization = by.OrganizationId;
        var agents = db.Agents.VisibleTo(by);
        return db.KeyVersions.Where(v =>
            v.OrganizationId == organization && agents.Any(a => a.OrganizationId == v.OrganizationId && a.Id == v.AgentId)
        );
    }

    /// <summary>What the filter finds for this actor, in no order; agents that were deleted are left out.</summary>
    internal IQueryable<KeyVersion> Matching(ConsoleDbContext db, Actor by, KeyFilter filter) => Filtered(db, by, filter);

    private IQueryable<KeyVersion> Filtered(ConsoleDbContext db, Actor by, KeyFilter filter)
    {
        var organization = by.OrganizationId;
        return filter.Apply(
            db.KeyVersions.Where(v => v.OrganizationId == organization),
            db.Agents.VisibleTo(by).Where(a => a.DeletedAt == null),
            db.KeyCallers,
            access.Current,
            directory,
            organization,
            clock.Now(),
            db.KeySchedules
        );
    }

    private static IQueryable<KeyRow> Rows(ConsoleDbContext db, IQueryable<KeyVersion> versions) =>
        from v in versions
        join k in db.AgentKeys on new { v.OrganizationId, Id = v.KeyId } equals new { k.OrganizationId, k.Id }
        join a in db.Agents on new { v.OrganizationId, Id = v.AgentId } equals new { a.OrganizationId, a.Id }
        join s in db.KeySchedules
            on new
            {
                v.OrganizationId,
                v.KeyId,
                v.Number,
            } equals new
            {
                s.OrganizationId,
                s.KeyId,
                Number = s.Version,
            }
            into scheduled
        from s in scheduled.DefaultIfEmpty()
        select new KeyRow
        {
            VersionId = v.Id,
            KeyId = v.KeyId,
            KeyName = k.Name,
            Number = v.Number,
            AgentId = v.AgentId,
            AgentSlug = a.Slug,
            AgentName = a.DisplayName,
            TeamId = a.TeamId,
            State = v.State,
            Prefix = v.Prefix,
            Last4 = v.Last4,
            CreatedAt = v.CreatedAt,
            ExpiresAt = v.ExpiresAt,
            FirstUsedAt = v.FirstUsedAt,
            LastUsedAt = v.LastUsedAt,
            LastUsedAddress = v.LastUsedAddress,
            LastUsedUserAgent = v.LastUsedUserAgent,
            LastUsedRoute = v.LastUsedRoute,
            UseCount = v.UseCount,
            LeakReportedAt = v.LeakReportedAt,
            Reason = v.Reason,
            DueAt = s.DueAt,
            OwnerId = a.OwnerId,
            DueOrder = (long?)s.DueOrder ?? long.MaxValue,
        };

    private static IQueryable<KeyVersion> Ordered(ConsoleDbContext db, IQueryable<KeyVersion> versions, KeyOrder order) =>
        order switch
        {
            KeyOrder.Due => from s in db.KeySchedules
            join v in versions
                on new
                {
                    s.OrganizationId,
                    s.KeyId,
                    Number = s.Version,
                } equals new
                {
                    v.OrganizationId,
                    v.KeyId,
                    v.Number,
                }
            orderby s.DueOrder, v.Id
            select v,
            KeyOrder.Oldest => versions.OrderBy(v => v.Id),
            KeyOrder.LastUsed => versions.OrderByDescending(v => v.UsedOrder).ThenByDescending(v => v.Id),
            KeyOrder.LongestUnused => versions.OrderBy(v => v.UsedOrder).ThenBy(v => v.Id),
            _ => versions.OrderByDescending(v => v.Id),
        };

    private static IQueryable<KeyVersion> Continue(
        ConsoleDbContext db,
        IQueryable<KeyVersion> versions,
        KeyOrder order,
        long used,
        Guid last
    ) =>
        order switch
        {
            KeyOrder.Due => AfterDue(db, versions, used, last),
            KeyOrder.Oldest => versions.Where(v => v.Id > last),
            KeyOrder.LastUsed => versions.Where(v => v.UsedOrder <= used && (v.UsedOrder < used || v.Id < last)),
            KeyOrder.LongestUnused => versions.Where(v => v.UsedOrder >= used && (v.UsedOrder > used || v.Id > last)),
            _ => versions.Where(v => v.Id < last),
        };

    private static IQueryable<KeyVersion> AfterDue(ConsoleDbContext db, IQueryable<KeyVersion> versions, long due, Guid last)
    {
        var schedules = db.KeySchedules;
        return versions.Where(v =>
            schedules.Any(s =>
                s.OrganizationId == v.OrganizationId
                && s.KeyId == v.KeyId
                && s.Version == v.Number
                && s.DueOrder >= due
                && (s.DueOrder > due || v.Id > last)
            )
        );
    }

    // A join need not keep the order of the part that was cut before it.
    private static List<KeyRow> Sorted(List<KeyRow> rows, KeyOrder order)
    {
        if (order == KeyOrder.Due)
            return [.. rows.OrderBy(r => r.DueOrder).ThenBy(r => r.VersionId)];
        rows.Sort(
            (x, y) =>
            {
                var (a, b) = order is KeyOrder.Oldest or KeyOrder.LongestUnused ? (x, y) : (y, x);
                var used = order is KeyOrder.LastUsed or KeyOrder.LongestUnused ? Nullable.Compare(a.LastUsedAt, b.LastUsedAt) : 0;
                return used != 0 ? used : a.VersionId.CompareTo(b.VersionId);
            }
        );
        return rows;
    }

    private static string Place(KeyRow row, KeyOrder order) =>
        (
            order == KeyOrder.Due ? row.DueOrder
            : row.LastUsedAt is { } at ? Utc.ToMicros(at)
            : 0
        ).ToString(CultureInfo.InvariantCulture);
}
