using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>
/// The facts of all agents of one organization side by side in memory, for counting: read once when somebody asks, then only those agents again of
/// which a live event told. It listens for as long as it lives; dispose it.
/// </summary>
internal sealed class FacetIndex : IDisposable
{
    private const int MostDirty = 20_000;

    // So many more values than agents may stand here from earlier before all is numbered anew.
    internal const int Spare = 1_000;
    private readonly ConsoleStore _store;
    private readonly Guid _organization;
    private readonly IDisposable _listening;
    private readonly Lock _hearing = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private HashSet<Guid> _dirty = [];
    private bool _whole = true;

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<Guid, int> _places = [];
    private readonly Numbering<Guid> _teams = new();
    private readonly Numbering<Guid> _owners = new();
    private readonly Numbering<string> _environments = new();
    private readonly Numbering<string> _tags = new();
    private readonly Numbering<string> _tagSets = new();
    private readonly List<int[]> _tagsOfSet = [];
    private readonly Dictionary<(string Scope, AgentFilter Filter, long Rights), AgentFacets> _counted = [];

    public FacetIndex(ConsoleStore store, ChangeFeed feed, Guid organization)
    {
        _store = store;
        _organization = organization;
        _listening = feed.Subscribe(organization, Hear); // before anything is read, so that nothing is missed
    }

    public DateTimeOffset AskedAt { get; set; }

    /// <summary>How many different values it holds, whether or not an agent still has them.</summary>
    internal int Values => _owners.Count + _environments.Count + _tags.Count + _tagsOfSet.Count;

    private bool Outgrown => Math.Max(_tagsOfSet.Count, Math.Max(_environments.Count, _owners.Count)) > _entries.Count + Spare;

    public void Dispose() => _listening.Dispose();

    /// <param name="scope">The teams that are seen; part of what is kept.</param>
    public async Task<AgentFacets> CountAsync(
        TeamScope scope,
        AgentFilter filter,
        AccessSnapshot access,
        CancellationToken cancellationToken
    )
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await RefreshAsync(cancellationToken);
            var teams = scope.Ids.ToArray();
            Array.Sort(teams);
            var question = (scope.All ? "*" : string.Join(',', teams), filter with { Order = default }, access.Version);
            if (_counted.TryGetValue(question, out var known))
                return known;
            if (_counted.Count >= 200)
                _counted.Clear();
            return _counted[question] = Count(scope, filter, access);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Hear(LiveEvent change)
    {
        if (change.Noun != "agent")
            return;
        lock (_hearing)
        {
            if (change.AgentId is { } agent && _dirty.Count < MostDirty)
                _dirty.Add(agent);
            else
                _whole = true;
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        HashSet<Guid> dirty;
        bool whole;
        lock (_hearing)
        {
            (dirty, whole) = (_dirty, _whole);
            (_dirty, _whole) = ([], false);
        }
        if (dirty.Count == 0 && !whole)
            return;
        try
        {
            await using var db = await _store.ReadAsync(cancellationToken);
            var agents = db.Agents.Where(a => a.OrganizationId == _organization);
            var changed = false;
            if (!whole)
            {
                foreach (var ids in dirty.Chunk(500))
                {
                    foreach (var row in await Facts(agents.Where(a => ids.Contains(a.Id))).ToListAsync(cancellationToken))
                        changed |= Put(row);
                }
                whole = Outgrown;
            }
            if (whole)
            {
                Clear();
                await foreach (var row in Facts(agents).AsAsyncEnumerable().WithCancellation(cancellationToken))
                    Put(row);
                changed = true;
            }
            if (changed)
                _counted.Clear();
        }
        catch
        {
            lock (_hearing)
            {
                _dirty.UnionWith(dirty);
                _whole |= whole;
            }
            throw;
        }
    }

    private static IQueryable<Row> Facts(IQueryable<Agent> agents) =>
        agents.Select(a => new Row(
            a.Id,
            a.TeamId,
            a.OwnerId,
            a.Environment,
            a.Tags,
            a.Lifecycle,
            a.Liveness,
            a.Health,
            a.DeletedAt != null,
            a.SearchText
        ));

    private void Clear()
    {
        _entries.Clear();
        _places.Clear();
        _teams.Clear();
        _owners.Clear();
        _environments.Clear();
        _tags.Clear();
        _tagSets.Clear();
        _tagsOfSet.Clear();
    }

    /// <returns>Whether anything that is counted became another.</returns>
    private bool Put(Row row)
    {
        var set = _tagSets.Of(string.Join('\n', row.Tags));
        if (set == _tagsOfSet.Count)
            _tagsOfSet.Add([.. row.Tags.Select(_tags.Of)]);
        var entry = new Entry(
            _teams.Of(row.TeamId),
            row.OwnerId is { } owner ? _owners.Of(owner) : -1,
            _environments.Of(row.Environment ?? ""),
            set,
            (byte)row.Lifecycle,
            (byte)row.Liveness,
            (byte)row.Health,
            row.Deleted,
            row.Search
        );
        if (!_places.TryGetValue(row.Id, out var place))
        {
            _places[row.Id] = _entries.Count;
            _entries.Add(entry);
            return true;
        }
        if (_entries[place] == entry)
            return false;
        _entries[place] = entry;
        return true;
    }

    // An agent counts for a value of a fact when all other facts admit it: so with every fact admitting, it counts for all; with one refusing, for
    // that one; with two, for none.
    private AgentFacets Count(TeamScope scope, AgentFilter filter, AccessSnapshot access)
    {
        var seen = Mask(_teams, scope.Has);
        var (wantedTeams, unwantedTeams) = (
            AgentFilter.Teams(filter.Team?.Wanted ?? [], access, _organization),
            AgentFilter.Teams(filter.Team?.Unwanted ?? [], access, _organization)
        );
        var teams = Mask(
            _teams,
            id => (filter.Team is not { Wanted.Count: > 0 } || wantedTeams.Contains(id)) && !unwantedTeams.Contains(id)
        );
        var nobodys = Mask(_owners, id => access.Principals.GetValueOrDefault(id) is not { Enabled: true });
        var (wantedOwners, wantsNobody) = AgentFilter.Owners(filter.Owner?.Wanted ?? [], access, _organization);
        var (unwantedOwners, notNobody) = AgentFilter.Owners(filter.Owner?.Unwanted ?? [], access, _organization);
        var anyOwner = filter.Owner is not { Wanted.Count: > 0 };
        var owners = Mask(_owners, id => (anyOwner || wantedOwners.Contains(id)) && !unwantedOwners.Contains(id));
        var nobody = (anyOwner || wantsNobody) && !notNobody;
        var environments = Mask(_environments, value => filter.Environment?.Admits(value) ?? true);
        var wantedTags = Mask(_tags, value => filter.Tag?.Wanted.Contains(value) == true);
        var unwantedTags = Mask(_tags, value => filter.Tag?.Unwanted.Contains(value) == true);
        var tagSets = new bool[_tagsOfSet.Count];
        for (var set = 0; set < tagSets.Length; set++)
            tagSets[set] =
                (filter.Tag is not { Wanted.Count: > 0 } || _tagsOfSet[set].Any(t => wantedTags[t]))
                && !_tagsOfSet[set].Any(t => unwantedTags[t]);
        var lifecycles = Mask<Lifecycle>(filter.Lifecycle);
        var livenesses = Mask<Liveness>(filter.Liveness);
        var healths = Mask<Health>(filter.Health);
        var text = filter.Text?.ToLowerInvariant();

        var byTeam = new int[_teams.Count];
        var byOwner = new int[_owners.Count + 1]; // the last for nobody
        var byEnvironment = new int[_environments.Count];
        var bySet = new int[_tagsOfSet.Count];
        var byLifecycle = new int[lifecycles.Length];
        var byLiveness = new int[livenesses.Length];
        var byHealth = new int[healths.Length];
        // Values that somebody has whom the actor sees, whatever the filter: they stand there with 0.
        var ownersThere = new bool[_owners.Count + 1];
        var environmentsThere = new bool[_environments.Count];
        var setsThere = new bool[_tagsOfSet.Count];
        var (total, all) = (0, 0);
        foreach (ref readonly var entry in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries))
        {
            if (entry.Deleted != filter.Deleted || !seen[entry.Team])
                continue;
            all++;
            var owner = entry.Owner < 0 || nobodys[entry.Owner] ? _owners.Count : entry.Owner;
            ownersThere[owner] = true;
            environmentsThere[entry.Environment] = true;
            setsThere[entry.Tags] = true;
            if (text is not null && !entry.Search.Contains(text, StringComparison.Ordinal))
                continue;
            var refusals = 0;
            if (!healths[entry.Health])
                refusals |= 1 << (int)AgentFact.Health;
            if (!livenesses[entry.Liveness])
                refusals |= 1 << (int)AgentFact.Liveness;
            if (!lifecycles[entry.Lifecycle])
                refusals |= 1 << (int)AgentFact.Lifecycle;
            if (!teams[entry.Team])
                refusals |= 1 << (int)AgentFact.Team;
            if (!(owner == _owners.Count ? nobody : owners[owner]))
                refusals |= 1 << (int)AgentFact.Owner;
            if (!environments[entry.Environment])
                refusals |= 1 << (int)AgentFact.Environment;
            if (!tagSets[entry.Tags])
                refusals |= 1 << (int)AgentFact.Tag;
            if ((refusals & (refusals - 1)) != 0)
                continue; // more than one
            if (refusals == 0)
                total++;
            if (refusals is 0 or 1 << (int)AgentFact.Health)
                byHealth[entry.Health]++;
            if (refusals is 0 or 1 << (int)AgentFact.Liveness)
                byLiveness[entry.Liveness]++;
            if (refusals is 0 or 1 << (int)AgentFact.Lifecycle)
                byLifecycle[entry.Lifecycle]++;
            if (refusals is 0 or 1 << (int)AgentFact.Team)
                byTeam[entry.Team]++;
            if (refusals is 0 or 1 << (int)AgentFact.Owner)
                byOwner[owner]++;
            if (refusals is 0 or 1 << (int)AgentFact.Environment)
                byEnvironment[entry.Environment]++;
            if (refusals is 0 or 1 << (int)AgentFact.Tag)
                bySet[entry.Tags]++;
        }

        var byTag = new int[_tags.Count];
        var tagsThere = new bool[_tags.Count];
        for (var set = 0; set < bySet.Length; set++)
        {
            foreach (var tag in _tagsOfSet[set])
            {
                byTag[tag] += bySet[set];
                tagsThere[tag] |= setsThere[set];
            }
        }

        return new AgentFacets(
            total,
            all,
            new Dictionary<AgentFact, IReadOnlyList<FacetValue>>
            {
                [AgentFact.Health] = Enumerated(filter.Health, byHealth, [Health.Failing, Health.Degraded, Health.Ok]),
                [AgentFact.Liveness] = Enumerated(
                    filter.Liveness,
                    byLiveness,
                    [Liveness.Live, Liveness.Late, Liveness.Silent, Liveness.Unknown]
                ),
                [AgentFact.Lifecycle] = Enumerated<Lifecycle>(
                    filter.Lifecycle,
                    byLifecycle,
                    filter.Deleted ? [Lifecycle.Deleted] : [Lifecycle.Active, Lifecycle.Registered, Lifecycle.Paused, Lifecycle.Retired]
                ),
                [AgentFact.Team] =
                [
                    .. access
                        .Teams.Values.Where(t => t.OrganizationId == _organization && scope.Has(t.Id))
                        .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase)
                        .Select(t => new FacetValue(t.Slug, t.Name, _teams.Find(t.Id) is { } number ? byTeam[number] : 0)),
                ],
                [AgentFact.Owner] =
                [
                    new FacetValue(AgentFilter.Ownerless, "No owner", byOwner[^1]),
                    .. Open(
                        filter.Owner,
                        _owners.Values.Select(
                            (id, number) =>
                                !ownersThere[number] || access.Principals.GetValueOrDefault(id) is not { } person
                                    ? null
                                    : new FacetValue(person.Label, person.DisplayName, byOwner[number])
                        ),
                        AgentFilter.Ownerless,
                        name =>
                            AgentFilter
                                .Owners([name], access, _organization)
                                .Users.Sum(id => _owners.Find(id) is { } known ? byOwner[known] : 0)
                    ),
                ],
                [AgentFact.Environment] = Open(
                    filter.Environment,
                    _environments.Values.Select(
                        (value, number) =>
                            environmentsThere[number]
                                ? new FacetValue(value, value.Length == 0 ? "Not named" : value, byEnvironment[number])
                                : null
                    )
                ),
                [AgentFact.Tag] = Open(
                    filter.Tag,
                    _tags.Values.Select((value, number) => tagsThere[number] ? new FacetValue(value, value, byTag[number]) : null)
                ),
            }
        );
    }

    private static List<FacetValue> Enumerated<T>(Choice? choice, int[] counts, T[] order)
        where T : struct, Enum
    {
        var values = order
            .Select(value => new FacetValue(KebabCase.Of(value), KebabCase.Of(value), counts[Convert.ToInt32(value, null)]))
            .ToList();
        AddChosen(values, choice, null);
        return values;
    }

    // Most first; what is chosen stands there even if nobody has it, so that it can be taken back.
    /// <param name="countOf">Counts a chosen value that is not written as the listed ones are.</param>
    private static List<FacetValue> Open(
        Choice? choice,
        IEnumerable<FacetValue?> values,
        string? without = null,
        Func<string, int>? countOf = null
    )
    {
        var found = values
            .OfType<FacetValue>()
            .OrderByDescending(v => v.Count)
            .ThenBy(v => v.Label, StringComparer.OrdinalIgnoreCase)
            .ToList();
        AddChosen(found, choice, without, countOf);
        return found;
    }

    private static void AddChosen(List<FacetValue> values, Choice? choice, string? without, Func<string, int>? countOf = null)
    {
        foreach (var value in (choice?.Wanted ?? []).Concat(choice?.Unwanted ?? []))
        {
            if (value != without && !values.Exists(v => v.Value == value))
                values.Add(new FacetValue(value, value, countOf?.Invoke(value) ?? 0));
        }
    }

    private static bool[] Mask<T>(Numbering<T> numbering, Func<T, bool> admits)
        where T : notnull => [.. numbering.Values.Select(admits)];

    private static bool[] Mask<T>(Choice? choice)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => choice?.Admits(KebabCase.Of(value)) ?? true)];

    private sealed record Row(
        Guid Id,
        Guid TeamId,
        Guid? OwnerId,
        string? Environment,
        List<string> Tags,
        Lifecycle Lifecycle,
        Liveness Liveness,
        Health Health,
        bool Deleted,
        string Search
    );

    private readonly record struct Entry(
        int Team,
        int Owner,
        int Environment,
        int Tags,
        byte Lifecycle,
        byte Liveness,
        byte Health,
        bool Deleted,
        string Search
    );

    /// <summary>Gives each value a small number.</summary>
    private sealed class Numbering<T>
        where T : notnull
    {
        private readonly Dictionary<T, int> _numbers = [];

        public List<T> Values { get; } = [];

        public int Count => Values.Count;

        public int Of(T value)
        {
            if (_numbers.TryGetValue(value, out var number))
                return number;
            _numbers[value] = Values.Count;
            Values.Add(value);
            return Values.Count - 1;
        }

        public void Clear()
        {
            _numbers.Clear();
            Values.Clear();
        }

        public int? Find(T value) => _numbers.TryGetValue(value, out var number) ? number : null;
    }
}
