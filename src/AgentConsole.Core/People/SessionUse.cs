using System.Collections.Concurrent;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>
/// Remembers which sessions were used, and once a minute moves their ends in one batch; never on a request's path. Sessions that ended long ago are
/// removed here too.
/// </summary>
public sealed class SessionUse(
    ConsoleStore store,
    AccessDirectory access,
    IOptions<SignInOptions> options,
    TimeProvider clock,
    ILogger<SessionUse> log
) : Periodic(TimeSpan.FromMinutes(1), clock, log)
{
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);
    private readonly TimeProvider _clock = clock;
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _uses = new();
    private DateTimeOffset _cleaned;

    protected override bool StepsOnStop => true;

    /// <summary>A person did something in this session. Sessions that are not known are not remembered, so that the memory stays bounded.</summary>
    public void Note(Guid sessionId)
    {
        if (access.Current.Sessions.ContainsKey(sessionId))
            _uses[sessionId] = _clock.Now();
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        await access.ForgetExpiredAsync();
        var now = _clock.Now();
        var clean = now - _cleaned >= TimeSpan.FromHours(1);
        if (_uses.IsEmpty && !clean)
            return;
        var moved = new Dictionary<Guid, DateTimeOffset>();
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var id in _uses.Keys)
        {
            if (
                !_uses.TryRemove(id, out var at)
                || !access.Current.Sessions.TryGetValue(id, out var card)
                || card.ExpiresAt <= at
                || card.BreakGlass
            )
                continue;
            var end = SessionService.EndOf(card.CreatedAt, at, options.Value);
            var alive = await write
                .Db.UserSessions.Where(s => s.Id == id && s.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, at).SetProperty(s => s.ExpiresAt, end), cancellationToken);
            if (alive == 0)
                continue;
            moved[id] = end;
            write.TellNodes(new HeldRow(HeldNouns.Session, Guid.Empty, id));
        }
        if (clean)
        {
            var old = now - KeptAfterEnd;
            await write.Db.UserSessions.Where(s => s.ExpiresAt < old).ExecuteDeleteAsync(cancellationToken);
            _cleaned = now;
        }
        write.AfterCommit(() => access.ChangeSessionsAsync(moved.Keys, card => card with { ExpiresAt = moved[card.Id] }));
        await write.TryCommitAsync(cancellationToken);
    }
}
