using System.Buffers.Binary;
using System.Linq.Expressions;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Runs;

/// <summary>
/// Reads a page of runs, newest first, so that it costs the same at a thousand rows and at a million. The question is cut into streams, each of which
/// one index gives out in order; they are merged here. What no index answers (version, duration, cost) is looked for in a bounded stretch of each
/// stream: a page may then be short and yet have a next one.
/// </summary>
internal sealed class RunSearch
{
    /// <summary>Most rows of a stream that are looked at for one page.</summary>
    internal const int Stretch = 5_000;

    /// <summary>More teams, statuses or agents than this are asked for together instead of one by one.</summary>
    private const int MostStreams = 48;

    // Ids are made just after the time of receipt is taken, and run ahead of the clock in a burst.
    internal static readonly TimeSpan IdsAhead = TimeSpan.FromMinutes(1);

    private readonly List<Func<IQueryable<Run>, IQueryable<Run>>> _streams = [];
    private readonly List<Func<IQueryable<Run>, IQueryable<Run>>> _points = [];
    private readonly List<Func<IQueryable<Run>, IQueryable<Run>>> _rest = [];
    private bool _sparse;
    private Guid? _from;
    private Guid? _below;

    private RunSearch() { }

    /// <summary>Null when nothing can match.</summary>
    public static RunSearch? For(Actor by, RunFilter filter, AgentDirectory agents, AccessSnapshot access, DateTimeOffset now)
    {
        var organization = by.OrganizationId;
        var search = new RunSearch();
        Guid? agent = by.AgentId;
        if (filter.Agent is not null)
        {
            if (RunService.FindAgent(agents, organization, filter.Agent) is not { } card || (agent is { } own && own != card.Id))
                return null;
            agent = card.Id;
        }
        if (Teams(by, filter, access) is not { } teams || teams is { All: false, Ids.Length: 0 })
            return null;
        search.Bound(filter, now);
        if (filter.Text is { } text)
            search.ByText(organization, text, filter.Statuses, agent, teams, agents);
        else if (agent is { } one)
            search.ByStatus([r => r.Where(x => x.OrganizationId == organization && x.AgentId == one)], filter.Statuses, teams);
        else if (teams.All)
            search.ByStatus([r => r.Where(x => x.OrganizationId == organization)], filter.Statuses, null);
        else if (teams.Ids.Length * Math.Max(1, filter.Statuses.Count) <= MostStreams)
            search.ByStatus(
                [
                    .. teams.Ids.Select(team =>
                        (Func<IQueryable<Run>, IQueryable<Run>>)(r => r.Where(x => x.OrganizationId == organization && x.TeamId == team))
                    ),
                ],
                filter.Statuses,
                null
            );
        else
        {
            search._sparse = true;
            search._streams.Add(r => r.Where(x => x.OrganizationId == organization));
            search.Narrow(teams);
            search.Narrow(filter.Statuses);
        }
        return search;
    }

    /// <param name="before">Only runs received before this one.</param>
    public async Task<(List<T> Rows, Guid? Next)> ReadAsync<T>(
        IQueryable<Run> runs,
        Guid? before,
        int limit,
        Expression<Func<Run, T>> shape,
        Func<T, Guid> idOf,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<Guid, T>();
        Guid? stop = null;
        foreach (var stream in Queries(runs, before))
        {
            var query = stream;
            if (_sparse)
            {
                var end = await query
                    .OrderByDescending(r => r.Id)
                    .Select(r => (Guid?)r.Id)
                    .Skip(Stretch - 1)
                    .FirstOrDefaultAsync(cancellationToken);
                if (end is { } last)
                {
                    query = query.Where(r => r.Id.CompareTo(last) >= 0);
                    stop = stop is { } known && known.CompareTo(last) > 0 ? known : last;
                }
            }
            foreach (var row in await Page(query, limit).Select(shape).ToListAsync(cancellationToken))
                found.TryAdd(idOf(row), row);
        }
        await ReadPointsAsync(runs, before, limit, shape, idOf, found, cancellationToken);
        var rows = found.Where(r => stop is not { } end || r.Key.CompareTo(end) >= 0).OrderByDescending(r => r.Key).ToList();
        if (rows.Count > limit)
            return ([.. rows.Take(limit).Select(r => r.Value)], rows[limit - 1].Key);
        return ([.. rows.Select(r => r.Value)], stop);
    }

    /// <summary>What an exact name finds: few runs, wherever they are. Asked without an order, or SQLite would walk along the order to find them.</summary>
    internal IEnumerable<IQueryable<Run>> Points(IQueryable<Run> runs) => _points.Select(point => point(runs));

    /// <summary>The indexed part of each stream.</summary>
    internal IEnumerable<IQueryable<Run>> Queries(IQueryable<Run> runs, Guid? before)
    {
        var below = Below(before);
        foreach (var stream in _streams)
        {
            var query = stream(runs);
            if (below is { } end)
                query = query.Where(r => r.Id.CompareTo(end) < 0);
            if (_from is { } start)
                query = query.Where(r => r.Id.CompareTo(start) >= 0);
            yield return query;
        }
    }

    /// <summary>A stream with all conditions, in order, with one row more than asked for.</summary>
    internal IQueryable<Run> Page(IQueryable<Run> stream, int limit)
    {
        foreach (var condition in _rest)
            stream = condition(stream);
        return stream.OrderByDescending(r => r.Id).Take(limit + 1);
    }

    /// <summary>Those of these runs that match, in no order.</summary>
    public async Task<List<T>> AmongAsync<T>(
        IQueryable<Run> runs,
        Guid[] ids,
        Expression<Func<Run, T>> shape,
        Func<T, Guid> idOf,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<Guid, T>();
        foreach (var stream in Queries(runs, null).Concat(Points(runs)))
        {
            foreach (var row in await Page(stream.Where(r => ids.Contains(r.Id)), ids.Length).Select(shape).ToListAsync(cancellationToken))
                found.TryAdd(idOf(row), row);
        }
        return [.. found.Values];
    }

    private async Task ReadPointsAsync<T>(
        IQueryable<Run> runs,
        Guid? before,
        int limit,
        Expression<Func<Run, T>> shape,
        Func<T, Guid> idOf,
        Dictionary<Guid, T> found,
        CancellationToken cancellationToken
    )
    {
        var below = Below(before);
        foreach (var point in Points(runs))
        {
            var ids = (await point.Select(r => r.Id).ToListAsync(cancellationToken))
                .Where(id => (below is not { } end || id.CompareTo(end) < 0) && (_from is not { } start || id.CompareTo(start) >= 0))
                .OrderDescending()
                .ToArray();
            var taken = 0;
            for (var at = 0; at < ids.Length && taken <= limit; at += PageRequest.MaxLimit)
            {
                var some = ids.Skip(at).Take(PageRequest.MaxLimit).ToArray();
                foreach (var row in await Page(point.Where(r => some.Contains(r.Id)), limit).Select(shape).ToListAsync(cancellationToken))
                {
                    found.TryAdd(idOf(row), row);
                    taken++;
                }
            }
        }
    }

    private Guid? Below(Guid? before) => before is { } b && (_below is not { } bound || b.CompareTo(bound) < 0) ? before : _below;

    private void Bound(RunFilter filter, DateTimeOffset now)
    {
        if (filter.Since?.From(now) is { } since)
        {
            _from = FirstIdAt(since);
            _rest.Add(r => r.Where(x => x.ReceivedAt >= since));
        }
        if (filter.Until?.From(now) is { } until)
        {
            _below = FirstIdAt(until + IdsAhead);
            _rest.Add(r => r.Where(x => x.ReceivedAt < until));
        }
        if (filter.Version is { } version)
            Sparse(r => r.Where(x => x.Version == version));
        if (filter.MinDurationMs is { } duration)
            Sparse(r => r.Where(x => x.DurationMs >= duration));
        if (filter.MinCostMicros is { } cost)
            Sparse(r => r.Where(x => x.CostMicros >= cost));
    }

    private void ByText(
        Guid organization,
        string text,
        IReadOnlyList<RunStatus> statuses,
        Guid? agent,
        TeamScope teams,
        AgentDirectory agents
    )
    {
        if (IdText.TryParse(IdText.Run, text, out var id))
            _streams.Add(r => r.Where(x => x.OrganizationId == organization && x.Id == id));
        _points.Add(r => r.Where(x => x.OrganizationId == organization && x.ExternalId == text));
        _streams.Add(r => r.Where(x => x.OrganizationId == organization && x.ErrorCode == text));
        var named = agents
            .All.Where(a =>
                a.OrganizationId == organization
                && (agent is null || a.Id == agent)
                && (
                    a.Slug.Contains(text, StringComparison.OrdinalIgnoreCase)
                    || a.DisplayName.Contains(text, StringComparison.OrdinalIgnoreCase)
                )
            )
            .Select(a => a.Id)
            .ToArray();
        if (named.Length <= MostStreams)
        {
            foreach (var one in named)
                _streams.Add(r => r.Where(x => x.OrganizationId == organization && x.AgentId == one));
        }
        else
        {
            _sparse = true;
            _streams.Add(r => r.Where(x => x.OrganizationId == organization && EF.Parameter(named).Contains(x.AgentId)));
        }
        if (statuses.Count > 0)
        {
            _sparse = true;
            Narrow(statuses);
        }
        Narrow(teams);
        if (agent is { } only)
            _rest.Add(r => r.Where(x => x.AgentId == only));
    }

    private void ByStatus(List<Func<IQueryable<Run>, IQueryable<Run>>> bases, IReadOnlyList<RunStatus> statuses, TeamScope? teams)
    {
        foreach (var narrow in bases)
        {
            if (statuses.Count == 0)
                _streams.Add(narrow);
            foreach (var status in statuses)
            {
                // All but 'completed' are rare and have indexes of their own, which say so in the same words; completed runs are wherever one looks.
                if (status == RunStatus.Completed)
                    _streams.Add(r => narrow(r).Where(x => x.Status == RunStatus.Completed));
                else
                    _streams.Add(r => narrow(r).Where(x => x.Status == status && x.Status != RunStatus.Completed));
            }
        }
        if (teams is not null)
            Narrow(teams);
    }

    private void Narrow(TeamScope teams)
    {
        if (teams.All)
            return;
        var ids = teams.Ids;
        _rest.Add(r => r.Where(x => ids.Contains(x.TeamId)));
    }

    private void Narrow(IReadOnlyList<RunStatus> statuses)
    {
        if (statuses.Count > 0)
            _rest.Add(r => r.Where(x => statuses.Contains(x.Status)));
    }

    private void Sparse(Func<IQueryable<Run>, IQueryable<Run>> condition)
    {
        _sparse = true;
        _rest.Add(condition);
    }

    private static TeamScope? Teams(Actor by, RunFilter filter, AccessSnapshot access)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (filter.Team is null)
            return scope;
        return access.FindTeam(by.OrganizationId, filter.Team) is { } team && scope.Has(team.Id) ? new TeamScope(false, [team.Id]) : null;
    }

    /// <summary>No id that is made at this instant or later is smaller (UUIDv7 begins with milliseconds).</summary>
    internal static Guid FirstIdAt(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Max(0, at.ToUnixTimeMilliseconds()) << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
