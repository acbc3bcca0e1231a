using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>How far a caller is on its way from old versions to the new one.</summary>
public enum CallerState
{
    /// <summary>Its last use of an old version is younger than that of the new one: it stands in the way.</summary>
    Waiting,
    Moved,

    /// <summary>It never used an older version.</summary>
    New,

    /// <summary>It has not moved, and is silent for so long that nobody waits for it.</summary>
    Gone,
}

/// <summary>One caller's rows, seen from a rotation.</summary>
internal sealed class Adopter
{
    /// <summary>Nobody is gone before this long a silence.</summary>
    public static readonly TimeSpan LeastSilence = TimeSpan.FromHours(24);

    private readonly IReadOnlyList<KeyCaller> _old;
    private readonly IReadOnlyList<KeyCaller> _new;
    private readonly KeyCaller _last;

    /// <param name="rows">Of one caller, one a version.</param>
    /// <param name="to">The new version's number; null before there is one.</param>
    public Adopter(IEnumerable<KeyCaller> rows, int? to, DateTimeOffset now)
    {
        var all = rows.ToList();
        _last = all.MaxBy(r => r.LastUsedAt)!;
        _new = [.. all.Where(r => r.Version >= to)];
        _old = [.. all.Except(_new)];
        Gap = _old.Where(r => r.Visits > 1).Select(r => (TimeSpan?)((r.LastVisitAt - r.FirstUsedAt) / (r.Visits - 1))).Max();
        GoneAt = _last.LastUsedAt + (Gap is { } gap && gap * 3 > LeastSilence ? gap * 3 : LeastSilence);
        State =
            _old.Count == 0 ? CallerState.New
            : _new.Count > 0 && _new.Max(r => r.LastUsedAt) >= _old.Max(r => r.LastUsedAt) ? CallerState.Moved
            : GoneAt < now ? CallerState.Gone
            : CallerState.Waiting;
    }

    public CallerState State { get; }

    /// <summary>How long it usually stays away; null before its second visit.</summary>
    public TimeSpan? Gap { get; }
    public DateTimeOffset GoneAt { get; }
    public DateTimeOffset LastUsedAt => _last.LastUsedAt;

    /// <summary>As people call it.</summary>
    public string Name =>
        _last.Instance
        ?? $"{(string.IsNullOrWhiteSpace(_last.UserAgent) ? "no user agent" : _last.UserAgent)} at {_last.Address ?? "an unknown address"}";

    public RotationCaller ToBody() =>
        new()
        {
            Id = Convert.ToHexStringLower(_last.Caller),
            Instance = _last.Instance,
            UserAgent = _last.UserAgent,
            Address = _last.Address,
            State = KebabCase.Of(State),
            LastVersion = _last.Version,
            OldFirstUsedAt = _old.Count == 0 ? null : _old.Min(r => r.FirstUsedAt),
            OldLastUsedAt = _old.Count == 0 ? null : _old.Max(r => r.LastUsedAt),
            OldCalls = _old.Sum(r => r.Calls),
            NewFirstUsedAt = _new.Count == 0 ? null : _new.Min(r => r.FirstUsedAt),
            NewLastUsedAt = _new.Count == 0 ? null : _new.Max(r => r.LastUsedAt),
            NewCalls = _new.Sum(r => r.Calls),
            UsualGapSeconds = (long?)Gap?.TotalSeconds,
            GoneAt = State == CallerState.Waiting ? GoneAt : null,
        };
}

/// <summary>Who still stands in the way of a rotation, asked of the database.</summary>
internal static class Adoption
{
    /// <summary>Every caller of the key, those in the way first and then by last use.</summary>
    public static async Task<List<Adopter>> AllAsync(
        ConsoleDbContext db,
        Rotation rotation,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var rows = await db
            .KeyCallers.AsNoTracking()
            .Where(c => c.OrganizationId == rotation.OrganizationId && c.KeyId == rotation.KeyId)
            .ToListAsync(cancellationToken);
        return [.. Group(rows, rotation.ToVersion, now).OrderBy(a => a.State).ThenByDescending(a => a.LastUsedAt)];
    }

    /// <summary>How many stand in the way of each of these open rotations; those without any are left out.</summary>
    public static async Task<Dictionary<Guid, int>> WaitingAsync(
        ConsoleDbContext db,
        IReadOnlyCollection<Guid> rotationIds,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var ids = rotationIds.ToArray();
        return await WaitingAsync(db, db.Rotations.Where(r => r.ClosedAt == null && ids.Contains(r.Id)), now, cancellationToken);
    }

    /// <inheritdoc cref="WaitingAsync(ConsoleDbContext, IReadOnlyCollection{Guid}, DateTimeOffset, CancellationToken)"/>
    public static async Task<Dictionary<Guid, int>> WaitingAsync(
        ConsoleDbContext db,
        IQueryable<Rotation> rotations,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var callers = db.KeyCallers;
        // Only callers whose last use was of an old version can be in the way: once most have moved, that is few rows of many.
        var rows = await rotations
            .AsNoTracking()
            .Where(r => r.ToVersion != null)
            .Join(
                callers,
                r => new { r.OrganizationId, r.KeyId },
                c => new { c.OrganizationId, c.KeyId },
                (r, c) =>
                    new
                    {
                        r.Id,
                        r.ToVersion,
                        Caller = c,
                    }
            )
            .Where(x =>
                x.Caller.Version < x.ToVersion
                && !callers.Any(n =>
                    n.OrganizationId == x.Caller.OrganizationId
                    && n.KeyId == x.Caller.KeyId
                    && n.Caller == x.Caller.Caller
                    && n.Version >= x.ToVersion
                    && n.LastUsedAt >= x.Caller.LastUsedAt
                )
            )
            .ToListAsync(cancellationToken);
        return rows.GroupBy(x => x.Id)
            .Select(same => (Id: same.Key, Adopters: Group(same.Select(x => x.Caller), same.First().ToVersion, now)))
            .Select(r => (r.Id, Waiting: r.Adopters.Count(a => a.State == CallerState.Waiting)))
            .Where(r => r.Waiting > 0)
            .ToDictionary(r => r.Id, r => r.Waiting);
    }

    private static IEnumerable<Adopter> Group(IEnumerable<KeyCaller> rows, int? to, DateTimeOffset now) =>
        rows.GroupBy(r => Convert.ToHexString(r.Caller)).Select(same => new Adopter(same, to, now));
}
