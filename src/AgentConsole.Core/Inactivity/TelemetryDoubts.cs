using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Inactivity;

/// <summary>Reasons to think that an agent's silence is a gap in what was heard, and not the agent's own.</summary>
internal sealed class TelemetryDoubts
{
    private static readonly TimeSpan WorthNaming = TimeSpan.FromHours(1);
    private static readonly TimeSpan AllSilent = TimeSpan.FromHours(24);

    private readonly DateTimeOffset _now;
    private readonly AccessSnapshot _access;
    private readonly List<ConsoleGap> _gaps;
    private readonly Dictionary<Guid, (int Agents, DateTimeOffset? Heard)> _teams;
    private readonly DateTimeOffset? _heard;
    private readonly int _agents;

    private TelemetryDoubts(
        DateTimeOffset now,
        AccessSnapshot access,
        List<ConsoleGap> gaps,
        Dictionary<Guid, (int Agents, DateTimeOffset? Heard)> teams
    )
    {
        (_now, _access, _gaps, _teams) = (now, access, gaps, teams);
        _heard = teams.Values.Select(t => t.Heard).Max();
        _agents = teams.Values.Sum(t => t.Agents);
    }

    public static async Task<TelemetryDoubts> ReadAsync(
        ConsoleDbContext db,
        Guid organization,
        AccessSnapshot access,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var gaps = await db.ConsoleGaps.AsNoTracking().ToListAsync(cancellationToken);
        var teams = await db
            .Agents.AsNoTracking()
            .Where(a => a.OrganizationId == organization && a.DeletedAt == null)
            .GroupBy(a => a.TeamId)
            .Select(g => new
            {
                g.Key,
                Agents = g.Count(),
                Heard = g.Max(a => a.LastSeenAt),
            })
            .ToListAsync(cancellationToken);
        return new TelemetryDoubts(now, access, gaps, teams.ToDictionary(t => t.Key, t => (t.Agents, t.Heard)));
    }

    /// <summary>Sentences, the weightiest first; none when others were heard all the time and this agent was not.</summary>
    public IReadOnlyList<string> Of(IdleAgent agent, InactivitySign sign)
    {
        var since = agent.Since(sign);
        var doubts = new List<string>();
        var down = TimeSpan.FromTicks(_gaps.Sum(g => Math.Max(0, ((g.To < _now ? g.To : _now) - (g.From > since ? g.From : since)).Ticks)));
        if (down >= WorthNaming)
            doubts.Add($"The console itself was down for {Long(down)} of this time, and heard nobody.");
        if (_agents > 1 && Silent(_heard, since))
            doubts.Add($"No agent of the organization was heard {Since(_heard)}: what reports may not reach the console.");
        else if (_teams.TryGetValue(agent.TeamId, out var team) && team.Agents > 1 && Silent(team.Heard, since))
            doubts.Add(
                $"No agent of {_access.Teams.GetValueOrDefault(agent.TeamId)?.Name} was heard {Since(team.Heard)}: the team's way to the console may be broken."
            );
        if (sign == InactivitySign.Run && agent.LastHeartbeatAt is { } beat && beat > since)
            doubts.Add($"It sends heartbeats, the last {Moment(beat)}, but reports no runs.");
        else if (sign != InactivitySign.KeyUse && agent.LastKeyUseAt is { } used && used > since.AddMinutes(1))
            doubts.Add($"One of its keys was used {Moment(used)}.");
        return doubts;
    }

    private bool Silent(DateTimeOffset? heard, DateTimeOffset since) => _now - (heard ?? since) >= AllSilent;

    private static string Since(DateTimeOffset? at) => at is { } heard ? "since " + Moment(heard) : "ever";

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM HH:mm", CultureInfo.InvariantCulture) + " UTC";

    private static string Long(TimeSpan time) =>
        time.TotalDays >= 2
            ? time.TotalDays.ToString("0", CultureInfo.InvariantCulture) + " days"
            : time.TotalHours.ToString("0", CultureInfo.InvariantCulture) + " h";
}
