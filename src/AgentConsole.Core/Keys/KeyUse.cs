using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Keys;

/// <summary>
/// Remembers who used which key version, and writes it in one batch every 2 s: never on the request's path. A kill loses at most that.
/// </summary>
public sealed class KeyUse(ConsoleStore store, AgentDirectory agents, TimeProvider clock, ILogger<KeyUse> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log)
{
    public const int LongestInstance = 120;

    private const int AtOnce = 500;
    private static readonly TimeSpan CallersKept = TimeSpan.FromDays(90);
    private static readonly TimeSpan MinutesKept = TimeSpan.FromHours(48);
    private readonly TimeProvider _clock = clock;
    private ConcurrentDictionary<Guid, Use> _uses = new();
    private DateTimeOffset _purgedAt = clock.Now();

    protected override bool StepsOnStop => true;

    /// <summary>What a caller says of itself, when it can be a name: visible ASCII, at most <see cref="LongestInstance"/> characters. Else null.</summary>
    public static string? ReadInstance(string? text) =>
        text is { Length: > 0 and <= LongestInstance } && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : null;

    /// <param name="instance">From <see cref="ReadInstance"/>: who calls; null for whoever has this user agent at this address.</param>
    public void Note(KeyCard card, string? address, string? userAgent, string? route, string? instance = null)
    {
        var mark = new Mark(_clock.GetUtcNow(), address, userAgent, route);
        var use = _uses.GetOrAdd(card.VersionId, static (_, first) => new Use(first.card, first.mark), (card, mark));
        use.Note(mark, instance);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_clock.Now() - _purgedAt >= TimeSpan.FromHours(1))
            await PurgeAsync(cancellationToken);
        if (_uses.IsEmpty)
            return;
        var taken = Interlocked.Exchange(ref _uses, new ConcurrentDictionary<Guid, Use>());
        // In parts, so that a large fleet's marks do not keep other writers waiting; in order, so that two nodes do not wait for each other.
        var part = new List<KeyValuePair<Guid, Use>>();
        var rows = 0;
        foreach (var use in taken.OrderBy(u => u.Key))
        {
            part.Add(use);
            rows += 1 + use.Value.CallerCount;
            if (rows < AtOnce)
                continue;
            await WriteAsync(part, cancellationToken);
            part.Clear();
            rows = 0;
        }
        if (part.Count > 0)
            await WriteAsync(part, cancellationToken);
    }

    private async Task WriteAsync(List<KeyValuePair<Guid, Use>> uses, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await using var update = new RawCommand(
            write,
            "UPDATE key_versions SET first_used_at = COALESCE(first_used_at, @p0), last_used_at = @p1, last_used_address = @p2, "
                + "last_used_user_agent = @p3, last_used_route = @p4, use_count = use_count + @p5 WHERE organization_id = @p6 AND id = @p7"
        );
        await using var minutes = new RawCommand(
            write,
            "INSERT INTO key_minutes (organization_id, key_id, minute, version, calls) VALUES (@p0, @p1, @p2, @p3, @p4) "
                + "ON CONFLICT (organization_id, key_id, minute, version) DO UPDATE SET calls = key_minutes.calls + excluded.calls"
        );
        await using var callers = new KeyCallerRows(write);
        foreach (var (versionId, use) in uses)
        {
            var mark = use.Last;
            var count = Interlocked.Read(ref use.Count);
            await update.RunAsync(
                cancellationToken,
                use.FirstAt,
                mark.At,
                Texts.Clip(mark.Address, 64),
                Texts.Clip(mark.UserAgent, 256),
                Texts.Clip(mark.Route, 120),
                count,
                use.Card.OrganizationId,
                versionId
            );
            var minute = DateTimeOffset.FromUnixTimeSeconds(mark.At.ToUnixTimeSeconds() / 60 * 60);
            await minutes.RunAsync(cancellationToken, use.Card.OrganizationId, use.Card.KeyId, minute, use.Card.Number, count);
            await callers.PutAsync(use.Card, use.Callers(), use.Overflowed, mark.At, cancellationToken);
            await ActivateAsync(write, use.Card, cancellationToken);
            write.Tell(
                new LiveEvent("key", use.Card.OrganizationId, agents.Find(use.Card.AgentId)?.TeamId, use.Card.AgentId, use.Card.KeyId)
            );
        }
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task PurgeAsync(CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var (minute, used, overflowed) = (write.Now - MinutesKept, write.Now - CallersKept, write.Now.AddDays(-1));
        await write.Db.KeyMinutes.Where(m => m.Minute < minute).ExecuteDeleteAsync(cancellationToken);
        await write.Db.KeyCallers.Where(c => c.LastUsedAt < used).ExecuteDeleteAsync(cancellationToken);
        var callers = write.Db.KeyCallers;
        await write
            .Db.AgentKeys.Where(k =>
                k.CallersOverflowedAt < overflowed
                && callers.Where(c => c.OrganizationId == k.OrganizationId && c.KeyId == k.Id).Select(c => c.Caller).Distinct().Count()
                    < KeyCaller.Most
            )
            .ExecuteUpdateAsync(k => k.SetProperty(x => x.CallersOverflowedAt, (DateTimeOffset?)null), cancellationToken);
        if (await write.TryCommitAsync(cancellationToken))
            _purgedAt = write.Now;
    }

    // The first authenticated call makes a registered agent active, once.
    private async Task ActivateAsync(Write write, KeyCard card, CancellationToken cancellationToken)
    {
        if (agents.Find(card.AgentId) is not { Lifecycle: Lifecycle.Registered })
            return;
        var agent = await write.Db.Agents.SingleOrDefaultAsync(
            a => a.OrganizationId == card.OrganizationId && a.Id == card.AgentId,
            cancellationToken
        );
        if (agent is not { Lifecycle: Lifecycle.Registered })
            return;
        agent.Lifecycle = Lifecycle.Active;
        write.Trail(
            Actor.ForSystem(card.OrganizationId, "console"),
            "agent.activated",
            new TrailTarget("agent", agent.Id, agent.Slug, agent.TeamId),
            new { lifecycle = "registered" },
            new { lifecycle = "active" }
        );
        agents.Announce(write, agent);
    }

    private sealed record Mark(DateTimeOffset At, string? Address, string? UserAgent, string? Route);

    private sealed class Use(KeyCard card, Mark first)
    {
        private readonly Lock _growing = new();
        private CallerUse? _latest;
        private CallerUse? _only;
        private ConcurrentDictionary<CallerName, CallerUse>? _several;
        private int _different;
        private volatile bool _overflowed;

        public KeyCard Card => card;
        public DateTimeOffset FirstAt { get; } = first.At;
        public volatile Mark Last = first;
        public long Count;

        public bool Overflowed => _overflowed;
        public int CallerCount => Math.Min(Volatile.Read(ref _different), KeyCaller.Most);

        public void Note(Mark mark, string? instance)
        {
            Last = mark;
            Interlocked.Increment(ref Count);
            var name = CallerName.Of(mark.Address, mark.UserAgent, instance);
            // Nearly always the caller of the last call: nothing is hashed and nothing is looked up then.
            var caller = Volatile.Read(ref _latest);
            if (caller is null || caller.Name != name)
            {
                caller = Find(name, mark);
                if (caller is null)
                    return;
                Volatile.Write(ref _latest, caller);
            }
            caller.Note(mark.At, mark.Address, mark.UserAgent);
        }

        public IReadOnlyCollection<CallerUse> Callers() =>
            Volatile.Read(ref _several) is { } several ? [.. several.Values]
            : Volatile.Read(ref _only) is { } only ? [only]
            : [];

        private CallerUse? Find(CallerName name, Mark mark)
        {
            if (Volatile.Read(ref _several) is { } known && known.TryGetValue(name, out var found))
                return found;
            lock (_growing)
            {
                if (_only is null)
                {
                    _different = 1;
                    return _only = new CallerUse(name, mark.At);
                }
                if (_several is null)
                {
                    if (_only.Name == name)
                        return _only;
                    var grown = new ConcurrentDictionary<CallerName, CallerUse>();
                    grown[_only.Name] = _only;
                    Volatile.Write(ref _several, grown);
                }
                if (_several!.TryGetValue(name, out found))
                    return found;
                if (_different >= KeyCaller.Most)
                {
                    _overflowed = true;
                    return null;
                }
                _different++;
                return _several[name] = new CallerUse(name, mark.At);
            }
        }
    }
}
