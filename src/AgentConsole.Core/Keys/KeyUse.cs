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

/// <summary>Remembers who used which key version, and writes it in one batch every 2 s: never on the request's path. A kill loses at most that.</summary>
public sealed class KeyUse(ConsoleStore store, AgentDirectory agents, TimeProvider clock, ILogger<KeyUse> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log)
{
    private readonly TimeProvider _clock = clock;
    private ConcurrentDictionary<Guid, Use> _uses = new();

    protected override bool StepsOnStop => true;

    public void Note(KeyCard card, string? address, string? userAgent, string? route)
    {
        var mark = new Mark(_clock.GetUtcNow(), address, userAgent, route);
        var use = _uses.GetOrAdd(card.VersionId, static (_, first) => new Use(first.card, first.mark), (card, mark));
        use.Last = mark;
        Interlocked.Increment(ref use.Count);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_uses.IsEmpty)
            return;
        var taken = Interlocked.Exchange(ref _uses, new ConcurrentDictionary<Guid, Use>());
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var (versionId, use) in taken)
        {
            var mark = use.Last;
            var at = Utc.FromMicros(Utc.ToMicros(mark.At));
            var route = Texts.Clip(mark.Route, 120);
            await write
                .Db.KeyVersions.Where(v => v.OrganizationId == use.Card.OrganizationId && v.Id == versionId)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(v => v.FirstUsedAt, v => v.FirstUsedAt ?? at)
                            .SetProperty(v => v.LastUsedAt, at)
                            .SetProperty(v => v.LastUsedAddress, mark.Address)
                            .SetProperty(v => v.LastUsedUserAgent, mark.UserAgent)
                            .SetProperty(v => v.LastUsedRoute, route)
                            .SetProperty(v => v.UseCount, v => v.UseCount + use.Count),
                    cancellationToken
                );
            await ActivateAsync(write, use.Card, cancellationToken);
            write.Tell(
                new LiveEvent("key", use.Card.OrganizationId, agents.Find(use.Card.AgentId)?.TeamId, use.Card.AgentId, use.Card.KeyId)
            );
        }
        await write.TryCommitAsync(cancellationToken);
    }

    // The first authenticated call makes a registered agent active, once.
    private async Task ActivateAsync(Write write, KeyCard card, CancellationToken cancellationToken)
    {
        if (agents.Find(card.AgentId) is not { Lifecycle: Lifecycle.Registered } known)
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
        write.AfterCommit(() => agents.Put(known with { Lifecycle = Lifecycle.Active }));
    }

    private sealed record Mark(DateTimeOffset At, string? Address, string? UserAgent, string? Route);

    private sealed class Use(KeyCard card, Mark first)
    {
        public KeyCard Card => card;
        public volatile Mark Last = first;
        public long Count;
    }
}
