using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>A row as it would be planned at this moment.</summary>
internal sealed record PlannedRow(
    Guid? AgentId,
    string Name,
    string? DisplayName,
    Guid? TeamId,
    long Revision,
    RowEffect Effect,
    Problem? Refusal,
    string? Before,
    string? After
)
{
    /// <summary>What it is compared by: that the same would be done with the same agent as it was seen.</summary>
    public string Sign =>
        string.Create(CultureInfo.InvariantCulture, $"{AgentId:n}|{Name}|{Revision}|{KebabCase.Of(Effect)}|{Refusal?.Code}|{After}");

    public string Key => AgentId?.ToString("n") ?? "?" + Name;
}

/// <summary>Which agents: named ones in the order given, or all that match a filter.</summary>
/// <param name="Names">Ids or slugs; null with a filter.</param>
internal sealed record PlanSelection(IReadOnlyList<string>? Names, AgentFilter? Filter);

/// <summary>Finds out what an order would do now. Nothing is written, and nothing is tracked.</summary>
internal sealed class PlanReading(AccessDirectory access, AgentDirectory directory, TimeProvider clock)
{
    private const int Part = 500;

    public async Task<int> CountAsync(ConsoleDbContext db, Actor by, PlanSelection selection, CancellationToken cancellationToken) =>
        selection.Names?.Count ?? await Matching(db, by, selection.Filter!).CountAsync(cancellationToken);

    /// <summary>The rows in their order; each agent once.</summary>
    /// <param name="most">No more than so many of a filter; null for all.</param>
    public async IAsyncEnumerable<PlannedRow> RowsAsync(
        ConsoleDbContext db,
        Actor by,
        BulkOrder order,
        PlanSelection selection,
        int? most,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var now = access.Current;
        var restored = new HashSet<string>(StringComparer.Ordinal);
        if (selection.Filter is { } filter)
        {
            var agents = Matching(db, by, filter).OrderBy(a => a.Id).AsNoTracking();
            if (most is { } bound)
                agents = agents.Take(bound);
            await foreach (var agent in agents.AsAsyncEnumerable().WithCancellation(cancellationToken))
                yield return Plan(now, by, order, agent, restored);
            yield break;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var names in selection.Names!.Chunk(Part))
        {
            var ids = names
                .Select(n => IdText.TryParse(IdText.Agent, n, out var id) ? id : Guid.Empty)
                .Where(id => id != Guid.Empty)
                .ToArray();
            var found = await db
                .Agents.VisibleTo(by)
                .AsNoTracking()
                .Where(a => ids.Contains(a.Id) || (names.Contains(a.Slug) && a.DeletedAt == null))
                .ToListAsync(cancellationToken);
            var byId = found.ToDictionary(a => a.Id);
            var bySlug = found.Where(a => a.DeletedAt is null).ToDictionary(a => a.Slug, StringComparer.Ordinal);
            foreach (var name in names)
            {
                var agent = IdText.TryParse(IdText.Agent, name, out var id) ? byId.GetValueOrDefault(id) : bySlug.GetValueOrDefault(name);
                if (!seen.Add(agent?.Id.ToString("n") ?? "?" + name))
                    continue;
                yield return agent is not null
                    ? Plan(now, by, order, agent, restored)
                    : new PlannedRow(null, name, null, null, 0, RowEffect.Refused, AgentProblems.NotFound, null, null);
            }
        }
    }

    private IQueryable<Agent> Matching(ConsoleDbContext db, Actor by, AgentFilter filter) =>
        filter.Apply(new ConsoleQuery(db.Agents.VisibleTo(by), db.AgentTags, access.Current, by.OrganizationId));

    private PlannedRow Plan(AccessSnapshot now, Actor by, BulkOrder order, Agent agent, HashSet<string> restored)
    {
        var (id, slug, team, revision) = (agent.Id, agent.Slug, agent.TeamId, agent.Revision);
        var taken = directory.FindBySlug(agent.OrganizationId, slug) is { } other && other.Id != id || restored.Contains(slug);
        var done = order.Do(now, by, agent, taken, clock.Now());
        if (done.Problem is { } refusal)
            return new PlannedRow(id, slug, agent.DisplayName, team, revision, RowEffect.Refused, refusal, null, null);
        if (done.Value.Count == 0)
            return new PlannedRow(id, slug, agent.DisplayName, team, revision, RowEffect.NoChange, null, null, null);
        if (order.Action == BulkAction.Restore)
            restored.Add(slug);
        var (before, after) = Sides(done.Value);
        return new PlannedRow(id, slug, agent.DisplayName, team, revision, RowEffect.Change, null, before, after);
    }

    /// <summary>Both sides of the changes as JSON, members in order.</summary>
    public static (string Before, string After) Sides(Dictionary<string, (object? Before, object? After)> changes)
    {
        var members = changes.OrderBy(c => c.Key, StringComparer.Ordinal).ToList();
        return (
            JsonSerializer.Serialize(members.ToDictionary(c => c.Key, c => c.Value.Before), ConsoleJson.Options),
            JsonSerializer.Serialize(members.ToDictionary(c => c.Key, c => c.Value.After), ConsoleJson.Options)
        );
    }
}

/// <summary>The digest of a plan.</summary>
internal static class PlanDigest
{
    public static RowsDigest Begin(BulkPlan plan) =>
        new(
            new
            {
                format = 1,
                organization = plan.OrganizationId,
                action = KebabCase.Of(plan.Action),
                add_tags = plan.AddTags,
                remove_tags = plan.RemoveTags,
                owner = plan.OwnerId,
                team = plan.TargetTeamId,
                reason = plan.Reason,
            }
        );
}
