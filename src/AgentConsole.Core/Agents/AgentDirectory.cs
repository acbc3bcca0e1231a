using System.Collections.Concurrent;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>What the hot paths must know of an agent without asking the database.</summary>
public sealed record AgentCard(
    Guid Id,
    Guid OrganizationId,
    Guid TeamId,
    string Slug,
    string DisplayName,
    Lifecycle Lifecycle,
    CaptureMode CaptureMode,
    IReadOnlyList<string> Redactions,
    int LeaseSeconds,
    int GraceSeconds
)
{
    public string? Environment { get; init; }

    public static AgentCard Of(Agent agent) =>
        new(
            agent.Id,
            agent.OrganizationId,
            agent.TeamId,
            agent.Slug,
            agent.DisplayName,
            agent.Lifecycle,
            agent.CaptureMode,
            [.. agent.Redactions],
            agent.LeaseSeconds,
            agent.GraceSeconds
        )
        {
            Environment = agent.Environment,
        };
}

/// <summary>Every agent of every organization in memory, deleted ones included; changed in the same step as the commit that changes one.</summary>
public sealed class AgentDirectory : ILoadAtStart
{
    private readonly ConcurrentDictionary<Guid, AgentCard> _cards = new();
    private readonly ConcurrentDictionary<(Guid Organization, string Slug), Guid> _slugs = new();

    private readonly ConcurrentDictionary<Guid, long> _versions = new();
    private readonly ConcurrentDictionary<(Guid Organization, Guid Team), int> _living = new();
    private readonly ConcurrentDictionary<Guid, AgentShelf> _shelves = new();
    private readonly Lock _put = new();

    /// <summary>An agent's team or lifecycle is another than before. Raised in the step of the commit; must return at once.</summary>
    public event Action<AgentCard>? Moved;

    public int Count => _cards.Count;

    public IEnumerable<AgentCard> All => _cards.Values;

    /// <summary>The organization's agents, to be looked at one after the other without a copy.</summary>
    public AgentShelf Shelf(Guid organizationId) => _shelves.GetOrAdd(organizationId, static _ => new AgentShelf());

    public AgentCard? Find(Guid agentId) => _cards.GetValueOrDefault(agentId);

    public AgentCard? FindBySlug(Guid organizationId, string slug) =>
        _slugs.TryGetValue((organizationId, slug), out var id) ? Find(id) : null;

    /// <summary>How many undeleted agents these teams have; all of the organization's with <see cref="TeamScope.All"/>.</summary>
    public int CountLiving(Guid organizationId, TeamScope teams)
    {
        if (!teams.All)
            return teams.Ids.Sum(team => _living.GetValueOrDefault((organizationId, team)));
        var sum = 0;
        foreach (var (key, count) in _living)
        {
            if (key.Organization == organizationId)
                sum += count;
        }
        return sum;
    }

    /// <summary>Call from <see cref="Write.AfterCommit(Action)"/> only.</summary>
    public void Put(AgentCard card)
    {
        AgentCard? before;
        lock (_put)
        {
            if (_cards.TryGetValue(card.Id, out before) && before.Lifecycle != Lifecycle.Deleted)
                _living.AddOrUpdate((before.OrganizationId, before.TeamId), 0, static (_, count) => count - 1);
            _cards[card.Id] = card;
            Shelf(card.OrganizationId).Put(card);
            if (card.Lifecycle == Lifecycle.Deleted)
            {
                _slugs.TryRemove(new((card.OrganizationId, card.Slug), card.Id));
            }
            else
            {
                _slugs[(card.OrganizationId, card.Slug)] = card.Id;
                _living.AddOrUpdate((card.OrganizationId, card.TeamId), 1, static (_, count) => count + 1);
            }
        }
        if (before is not null && (before.TeamId != card.TeamId || before.Lifecycle != card.Lifecycle))
            Moved?.Invoke(card);
    }

    /// <summary>Makes a change of this agent known with the commit: the card in memory, the data version, and a live event.</summary>
    public void Announce(Write write, Agent agent)
    {
        write.AfterCommit(() =>
        {
            Put(AgentCard.Of(agent));
            Bump(agent.OrganizationId);
        });
        write.Tell(new LiveEvent("agent", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));
    }

    /// <summary>Rises with every commit that changes what a list of the organization's agents shows; answers made from them may be kept as long as it stands.</summary>
    public long DataVersion(Guid organizationId) => _versions.GetValueOrDefault(organizationId);

    /// <summary>Call after a commit that changed agents, telemetry included.</summary>
    public void Bump(Guid organizationId) => _versions.AddOrUpdate(organizationId, 1, static (_, version) => version + 1);

    public async Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var query = db
            .Agents.AsNoTracking()
            .Select(a => new
            {
                a.Id,
                a.OrganizationId,
                a.TeamId,
                a.Slug,
                a.DisplayName,
                a.Lifecycle,
                a.CaptureMode,
                a.Redactions,
                a.LeaseSeconds,
                a.GraceSeconds,
                a.Environment,
            });
        await foreach (var a in query.AsAsyncEnumerable().WithCancellation(cancellationToken))
            Put(
                new AgentCard(
                    a.Id,
                    a.OrganizationId,
                    a.TeamId,
                    a.Slug,
                    a.DisplayName,
                    a.Lifecycle,
                    a.CaptureMode,
                    a.Redactions,
                    a.LeaseSeconds,
                    a.GraceSeconds
                )
                {
                    Environment = a.Environment,
                }
            );
    }
}
