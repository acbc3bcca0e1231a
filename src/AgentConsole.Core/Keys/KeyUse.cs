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
    private const int AtOnce = 500;
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
        // In parts, so that a large fleet's marks do not keep other writers waiting.
        foreach (var part in taken.Chunk(AtOnce))
            await WriteAsync(part, cancellationToken);
    }

    private async Task WriteAsync(KeyValuePair<Guid, Use>[] uses, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await using var update = new RawCommand(
            write,
            "UPDATE key_versions SET first_used_at = COALESCE(first_used_at, @p0), last_used_at = @p1, last_used_address = @p2, "
                + "last_used_user_agent = @p3, last_used_route = @p4, use_count = use_count + @p5 WHERE organization_id = @p6 AND id = @p7"
        );
        foreach (var (versionId, use) in uses)
        {
            var mark = use.Last;
            await update.RunAsync(
                cancellationToken,
                use.FirstAt,
                mark.At,
                Texts.Clip(mark.Address, 64),
                Texts.Clip(mark.UserAgent, 256),
                Texts.Clip(mark.Route, 120),
                Interlocked.Read(ref use.Count),
                use.Card.OrganizationId,
                versionId
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
        public KeyCard Card => card;
        public DateTimeOffset FirstAt { get; } = first.At;
        public volatile Mark Last = first;
        public long Count;
    }
}
