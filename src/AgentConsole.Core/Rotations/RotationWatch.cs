using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Rotations;

/// <summary>
/// Moves rotations on by themselves. Every node looks; what is to be done is decided once more on the tracked row inside the write, so that of two nodes
/// one moves it and the other finds nothing to do. Key checks refuse a version from the end of its grace, whether this ran or not.
/// </summary>
public sealed class RotationWatch(ConsoleStore store, RotationBodies bodies, KeyIndex index, TimeProvider clock, ILogger<RotationWatch> log)
    : Periodic(TimeSpan.FromSeconds(1), clock, log)
{
    /// <summary>Nobody in the way and no use of the old version for this long: several batches of uses, also after a restart.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    /// <summary>Open rotations looked at in one step; more are taken in turn.</summary>
    private const int AtOnce = 500;

    /// <summary>Moves of one transaction: hundreds become ready within a second after a bulk rotation.</summary>
    private const int Together = 50;
    private static readonly TimeSpan LongestLead = TimeSpan.FromHours(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestLead = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock = clock;
    private readonly Dictionary<Guid, Clear> _clear = [];
    private Guid _after;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        List<Guid> due;
        await using (var db = await store.ReadAsync(cancellationToken))
            due = await LookAsync(db, cancellationToken);
        foreach (var part in due.Chunk(Together))
        {
            // Somebody was faster with one of them: the others need not wait for that.
            if (await MoveAsync(part, cancellationToken) || part.Length == 1)
                continue;
            foreach (var id in part)
                await MoveAsync([id], cancellationToken);
        }
    }

    private async Task<List<Guid>> LookAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var after = _after;
        var open = await db
            .Rotations.Where(r => r.ClosedAt == null && r.Id > after)
            .OrderBy(r => r.Id)
            .Take(AtOnce)
            .ToListAsync(cancellationToken);
        _after = open.Count == AtOnce ? open[^1].Id : Guid.Empty;
        var now = _clock.Now();
        if (after == Guid.Empty)
            Forget(now);
        if (open.Count == 0)
            return [];
        var waiting = await Adoption.WaitingAsync(db, [.. open.Select(r => r.Id)], now, cancellationToken);
        var due = new List<Guid>();
        foreach (var act in await bodies.LoadAsync(db, open, now, cancellationToken))
        {
            var id = act.Rotation.Id;
            if (waiting.ContainsKey(id))
                _clear.Remove(id);
            else
                _clear[id] = new Clear(_clear.TryGetValue(id, out var before) ? before.Since : now, now);
            if (Next(act, waiting.ContainsKey(id), now, cancellationToken) is not null)
                due.Add(id);
        }
        return due;
    }

    /// <returns>False when nothing was written because somebody else was faster.</returns>
    private async Task<bool> MoveAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var rotations = await write.Db.Rotations.Where(r => r.ClosedAt == null && ids.Contains(r.Id)).ToListAsync(cancellationToken);
        if (rotations.Count == 0)
            return true;
        var waiting = await Adoption.WaitingAsync(write.Db, ids, write.Now, cancellationToken);
        var moved = false;
        foreach (var act in await bodies.LoadAsync(write.Db, rotations, write.Now, cancellationToken, (write, index)))
        {
            var id = act.Rotation.Id;
            if (Next(act, waiting.ContainsKey(id), write.Now, cancellationToken) is not { } move)
                continue;
            if (await move() is { } refusal)
                log.LogWarning("Rotation {Rotation} cannot go on: {Problem}", IdText.Format(IdText.Rotation, id), refusal.Detail);
            else
                moved = true;
        }
        return !moved || await write.TryCommitAsync(cancellationToken);
    }

    // The move that is due, or null. Asked first of rows that are only read, and then of those that are to be changed.
    private Func<Task<Problem?>>? Next(RotationAct act, bool waiting, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rotation = act.Rotation;
        var by = Actor.ForSystem(rotation.OrganizationId, "console");
        if (act is { Agent.Deleted: true, KeyHasEnded: true })
            return () => act.GiveUpAsync(by, cancellationToken);
        if (act.New is not { } made)
            return null;
        var dead = made.State is KeyState.Revoked or KeyState.Expired || made.ExpiresAt <= now;
        var used = made.FirstUsedAt is not null;
        if (rotation.State == RotationState.OldDisabled)
            return OldDisabled(act, by, dead, used, now, cancellationToken);
        if (dead)
            return act.MayGoBack
                ? () => act.AbortAsync(by, "The new version has ended", cancellationToken)
                : Stuck(act, by, "The new version has ended, and the old one cannot come back. Begin another rotation.");
        if (act.OldHasEnded && used)
            return () => act.CompleteAsync(by, "The old version has ended", cancellationToken);
        if (act.Old is { } old)
        {
            if (old.State == KeyState.Disabled)
                return Do(() => act.FollowDisabled(by));
            if (old.State == KeyState.Retiring)
            {
                var stays = made.State == KeyState.Disabled || (rotation.AutoExtend && waiting);
                if (stays && old.RetiresAt > now && old.RetiresAt - now <= Lead(rotation) && Longer(rotation, now) is var more and >= 60)
                    return Do(() => act.Extend(by, more, null, "The old version is still needed"));
                if (old.RetiresAt <= now)
                    return Do(() => act.DisableOld(by, Rotation.UsualWindow, "The grace ended"));
            }
        }
        if (made.State == KeyState.Disabled)
            return Stuck(act, by, "The new version is disabled. Enable it, or abort.");
        return rotation.State switch
        {
            RotationState.Issued when rotation.AcknowledgedAt is not null || used => Do(() => act.Observe(by)),
            RotationState.Observing when !waiting && !Overflowed(act) && IsQuiet(act, now) => Do(() => act.MakeReady(by)),
            RotationState.Ready when rotation.OverriddenAt is null && (waiting || Overflowed(act)) => Do(() => act.Observe(by)),
            _ => null,
        };
    }

    private static Func<Task<Problem?>>? OldDisabled(
        RotationAct act,
        Actor by,
        bool dead,
        bool used,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var rotation = act.Rotation;
        // Somebody enabled it as a key, beside the rotation.
        if (act.Old is { State: KeyState.Active or KeyState.Retiring, LeakReportedAt: null } && act.MayGoBack)
            return Do(() => act.EnableOld(by, act.GraceForAnother, "The old version was enabled"));
        if (act.OldHasEnded ? !used : rotation.OldDisabledUntil > now)
            return null;
        if (dead)
            return Stuck(act, by, "The new version has ended. Enable the old one, or begin another rotation.");
        return used || rotation.OverriddenAt is not null
            ? () => act.CompleteAsync(by, null, cancellationToken)
            : Stuck(
                act,
                by,
                "The new version was never used, so the old one is not revoked. Hand over the new secret, or enable the old one."
            );
    }

    private static bool Overflowed(RotationAct act) => act.Key.CallersOverflowedAt is not null;

    private bool IsQuiet(RotationAct act, DateTimeOffset now) =>
        _clear.TryGetValue(act.Rotation.Id, out var clear)
        && now - clear.Since >= Quiet
        && act.Versions.Where(v => v.Number < act.Rotation.ToVersion).All(v => !(now - v.LastUsedAt < Quiet));

    // Long enough before the end that a node which was just busy does not miss it.
    private static TimeSpan Lead(Rotation rotation)
    {
        var tenth = TimeSpan.FromSeconds(rotation.GraceSeconds / 10.0);
        return tenth < ShortestLead ? ShortestLead
            : tenth > LongestLead ? LongestLead
            : tenth;
    }

    // Seconds from now: the grace once more, as far as the longest grace since the issue reaches.
    private static int Longer(Rotation rotation, DateTimeOffset now)
    {
        var rest = rotation.IssuedAt!.Value + Rotation.LongestGrace - now;
        return (int)Math.Min(Math.Max(rotation.GraceSeconds, 3600), rest.TotalSeconds);
    }

    // Those that are open no longer.
    private void Forget(DateTimeOffset now)
    {
        foreach (var gone in _clear.Where(c => now - c.Value.LookedAt > Remembered).Select(c => c.Key).ToList())
            _clear.Remove(gone);
    }

    private static Func<Task<Problem?>>? Stuck(RotationAct act, Actor by, string sentence) =>
        act.Rotation.Failure == sentence ? null : Do(() => act.Fail(by, sentence));

    private static Func<Task<Problem?>> Do(Action move) =>
        () =>
        {
            move();
            return Task.FromResult<Problem?>(null);
        };

    private static Func<Task<Problem?>> Do(Func<Problem?> move) => () => Task.FromResult(move());

    /// <param name="Since">From when on nobody was in the way, as far as this process saw.</param>
    private readonly record struct Clear(DateTimeOffset Since, DateTimeOffset LookedAt);
}
