using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Timeline;

/// <summary>
/// Which version ran when, by agent and environment. Lanes are those in which something is current, under the team of the agent; an agent that left one's
/// teams is not among them, though what it was then stays in the list of snapshots.
/// </summary>
public sealed class TimelineService(ConsoleStore store, AccessDirectory access, AgentDirectory directory, FreezeService freezes)
{
    /// <summary>By team, agent and environment. Version, status, outcome and trigger leave away lanes without such a snapshot in the window, and the marks of others.</summary>
    public async Task<Outcome<DeploymentTimeline>> ReadAsync(
        Actor by,
        SnapshotFilter filter,
        TimelineWindow window,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        if (window.Fault() is { } fault)
            return fault;
        LanePlace? after = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 3, out var key) || !IdText.TryParse(IdText.Team, key[0], out var team))
                return Cursor.Bad();
            after = new LanePlace(team, key[1], key[2], Guid.Empty);
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var lanes = await LanesAsync(db, by, filter, window, after, page.Limit + 1, cancellationToken);
        var paged = Paged<LanePlace>.Of(lanes, page.Limit, l => [IdText.Format(IdText.Team, l.TeamId), l.Slug, l.Environment]);
        var agents = paged.Items.Select(l => l.AgentId).Distinct().ToList();
        List<TimelineRow> rows = [];
        FreezeWindows? frozen = null;
        if (agents.Count > 0)
        {
            rows.AddRange(await TimelineRows.BeforeAsync(db, by, filter, agents, window, cancellationToken));
            rows.AddRange(await TimelineRows.InWindowAsync(db, by, filter, agents, window, cancellationToken));
            var read = await freezes.WindowsAsync(by, window.From, window.To, cancellationToken);
            if (read.Problem is { } problem)
                return problem;
            frozen = read.Value;
        }
        var byLane = rows.ToLookup(r => (r.AgentId, r.Environment));
        return new DeploymentTimeline(
            window.From,
            window.To,
            [.. paged.Items.Select(lane => Lane(lane, [.. byLane[(lane.AgentId, lane.Environment)]], frozen!.Windows, window))],
            paged.NextCursor is not null,
            paged.NextCursor
        );
    }

    private async Task<List<LanePlace>> LanesAsync(
        ConsoleDbContext db,
        Actor by,
        SnapshotFilter filter,
        TimelineWindow window,
        LanePlace? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        var (snapshots, agents) = (db.Snapshots.AsQueryable(), db.Agents.AsQueryable());
        var current = snapshots.Where(s => s.OrganizationId == organization && s.Outcome == SnapshotOutcome.Current);
        var teams = Teams(by, filter);
        if (filter.Agent is not null)
        {
            var agent = IdText.TryParse(IdText.Agent, filter.Agent, out var id)
                ? directory.Find(id)
                : directory.FindBySlug(organization, filter.Agent);
            teams = agent is null ? [] : teams.FindAll(t => t.Id == agent.TeamId);
            var wanted = agent?.Id ?? Guid.Empty;
            current = current.Where(s => s.AgentId == wanted);
        }
        else
            current = current.Where(s => agents.Any(a => a.OrganizationId == organization && a.Id == s.AgentId && a.DeletedAt == null));
        if (filter.Environment is { } environment)
            current = current.Where(s => s.Environment == environment);
        if (filter.Picks)
        {
            var (from, to) = (window.From, window.To);
            var picked = filter.Pick(db.Snapshots.VisibleTo(by));
            current = current.Where(s =>
                picked.Any(p =>
                    p.AgentId == s.AgentId && p.Environment == s.Environment && p.DeployedAt < to && (p.EndedAt == null || p.EndedAt > from)
                )
            );
        }
        if (after is not null)
        {
            var at = teams.FindIndex(t => t.Id == after.TeamId);
            teams = at < 0 ? [] : teams[at..];
        }
        // Most teams of a large organization may have deployed nothing: one question for all of them.
        if (teams.Count > 1)
        {
            var ids = teams.ConvertAll(t => t.Id);
            var deploying = await db
                .Teams.Where(t =>
                    t.OrganizationId == organization
                    && ids.Contains(t.Id)
                    && snapshots.Any(s =>
                        s.OrganizationId == t.OrganizationId && s.VisibleTeamId == t.Id && s.Outcome == SnapshotOutcome.Current
                    )
                )
                .Select(t => t.Id)
                .ToListAsync(cancellationToken);
            teams = teams.FindAll(t => deploying.Contains(t.Id));
        }
        var lanes = new List<LanePlace>();
        foreach (var team in teams)
        {
            var ofTeam = current.Where(s => s.VisibleTeamId == team.Id);
            if (after?.TeamId == team.Id)
                ofTeam = ofTeam.Where(s =>
                    string.Compare(s.AgentSlug, after.Slug) > 0
                    || (s.AgentSlug == after.Slug && string.Compare(s.Environment, after.Environment) > 0)
                );
            lanes.AddRange(
                (
                    await ofTeam
                        .GroupBy(s => new
                        {
                            s.AgentSlug,
                            s.Environment,
                            s.AgentId,
                        })
                        .OrderBy(g => g.Key.AgentSlug)
                        .ThenBy(g => g.Key.Environment)
                        .ThenBy(g => g.Key.AgentId)
                        .Select(g => g.Key)
                        .Take(most - lanes.Count)
                        .ToListAsync(cancellationToken)
                ).Select(s => new LanePlace(team.Id, s.AgentSlug, s.Environment, s.AgentId))
            );
            if (lanes.Count == most)
                break;
        }
        return lanes;
    }

    private List<TeamCard> Teams(Actor by, SnapshotFilter filter)
    {
        var (now, scope) = (access.Current, by.TeamsWith(Permission.ReadFleet));
        var named = filter.Team is null ? null : now.FindTeam(by.OrganizationId, filter.Team);
        return
        [
            .. now
                .Teams.Values.Where(t => t.OrganizationId == by.OrganizationId && scope.Has(t.Id))
                .Where(t => filter.Team is null || t.Id == named?.Id)
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase)
                .ThenBy(t => t.Id),
        ];
    }

    private TimelineLane Lane(LanePlace lane, List<TimelineRow> rows, IReadOnlyList<FreezeWindow> frozen, TimelineWindow window)
    {
        var (agent, team) = (directory.Find(lane.AgentId), access.Current.Teams.GetValueOrDefault(lane.TeamId));
        return new TimelineLane
        {
            Agent = lane.Slug,
            AgentId = IdText.Format(IdText.Agent, lane.AgentId),
            AgentName = agent?.DisplayName ?? lane.Slug,
            Team = team?.Slug ?? "",
            TeamName = team?.Name ?? "",
            Environment = lane.Environment.Length == 0 ? null : lane.Environment,
            Spans = TimelineLanes.Spans(rows, window),
            Marks = TimelineLanes.Marks(rows, window),
            Freezes = TimelineLanes.Freezes(
                frozen.Where(f =>
                    (f.Team is null || f.Team == team?.Slug)
                    && (f.Environment is null || string.Equals(f.Environment, lane.Environment, StringComparison.OrdinalIgnoreCase))
                ),
                window
            ),
        };
    }

    private sealed record LanePlace(Guid TeamId, string Slug, string Environment, Guid AgentId);
}
