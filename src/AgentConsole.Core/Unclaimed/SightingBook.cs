using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Unclaimed;

/// <summary>What was reported under a name.</summary>
/// <param name="Kind"><c>run</c> or <c>heartbeat</c>.</param>
public sealed record Sighted(string Kind, string? Status = null, long InputTokens = 0, long OutputTokens = 0, long CostMicros = 0);

/// <summary>
/// Takes reports of agents that are not registered. Which names are known, and which of them are blocked, is held in memory; what is seen of them is
/// counted there and written in groups, so that such a report costs no write. A kill loses at most two seconds of counts. Names, and so memory and
/// rows, are bounded per token and per organization.
/// </summary>
public sealed class SightingBook(ConsoleStore store, AgentDirectory agents, TimeProvider clock, ILogger<SightingBook> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log),
        ILoadAtStart
{
    public const int MostOfOrganization = 1_000;
    public const int MostOfToken = 200;
    public const int MostNewPerMinute = 30;
    public const int MostNamesAtOnce = 20;
    private const int MostNamed = 50;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // A block outlives the agent's pauses; one that nobody has run into for so long holds nobody off.
    private static readonly TimeSpan KeptBlocked = TimeSpan.FromDays(365);

    private readonly TimeProvider _clock = clock;
    private readonly Lock _lock = new();
    private readonly Dictionary<SightingKey, SightingCard> _known = [];
    private readonly Dictionary<Guid, SightingKey> _keys = [];
    private readonly Dictionary<Guid, (long Minute, int Count)> _fresh = [];
    private Dictionary<SightingKey, Tally> _seen = [];

    // What is on its way to the store: known already, though no row says so yet.
    private HashSet<SightingKey> _leaving = [];
    private DateTimeOffset _purgedAt;

    protected override bool StepsOnStop => true;

    /// <summary>Notes one report. Nothing of it is kept but that it came.</summary>
    /// <param name="name">The agent's name as sent; null or empty is <c>agent_key_required</c>, as is a registered one.</param>
    public Outcome<UnclaimedReport> Note(Actor by, string? name, Sighted sighted) => Note(by, [(name, sighted)]);

    /// <summary>Notes reports under several names; when one of them is refused none is noted.</summary>
    public Outcome<UnclaimedReport> Note(Actor by, IReadOnlyCollection<(string? Name, Sighted Sighted)> reports)
    {
        if (by is not { Method: AuthMethod.Token, CredentialId: { } token } || reports.All(r => string.IsNullOrWhiteSpace(r.Name)))
            return UnclaimedProblems.AgentKeyRequired;
        var errors = new FieldErrors();
        var names = new List<(SightingKey Key, Sighted Sighted)>(reports.Count);
        foreach (var (given, sighted) in reports)
        {
            // Slugs have no capitals: a name that differs in case alone is the same name, blocked or not.
            var name = given?.Trim().ToLowerInvariant();
            // Registered before its beginning came to mark an id: what it lacks is its key, and not another name.
            if (name is not null && agents.FindBySlug(by.OrganizationId, name) is not null)
                return UnclaimedProblems.AgentKeyRequired;
            if (Texts.SlugFault(name) is { } fault)
                errors.Add("agent", fault);
            else
                names.Add((new SightingKey(by.OrganizationId, token, name!), sighted));
            if (errors.Any)
                return errors.ToProblem()!;
        }
        var distinct = names.Select(n => n.Key).Distinct().ToList();
        if (distinct.Count > MostNamesAtOnce)
            return Problem.Invalid("agent", $"At most {MostNamesAtOnce} different names at a time; this has {distinct.Count}.");
        var now = _clock.Now();
        lock (_lock)
        {
            var blocked = names.FindAll(n => _known.TryGetValue(n.Key, out var card) && card.State == SightingState.Blocked);
            if (blocked.Count > 0)
            {
                // Counted all the same, so that one sees that it still tries, and its block is not taken for forgotten.
                foreach (var (key, sighted) in blocked)
                    Tell(key, by, sighted, now);
                return UnclaimedProblems.Blocked;
            }
            if (RefuseNew(by.OrganizationId, token, distinct.Count(key => !IsKnown(key)), now) is { } refused)
                return refused;
            foreach (var (key, sighted) in names)
                Tell(key, by, sighted, now);
        }
        return new UnclaimedReport(
            true,
            "unclaimed",
            distinct[0].Name,
            false,
            $"No agent {string.Join(", ", distinct.Select(key => key.Name))} is registered. Operators see that it reports; what it reported is not stored. "
                + "Once somebody claims it, it reports with its own key."
        )
        {
            Agents = distinct.Count > 1 ? [.. distinct.Select(key => key.Name)] : null,
        };
    }

    public async Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var all = await db
            .Sightings.AsNoTracking()
            .Select(s => new
            {
                s.Id,
                s.OrganizationId,
                s.TokenId,
                s.Name,
                s.State,
            })
            .ToListAsync(cancellationToken);
        foreach (var s in all)
            Put(new SightingKey(s.OrganizationId, s.TokenId, s.Name), new SightingCard(s.Id, s.State));
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        Dictionary<SightingKey, Tally> taken;
        lock (_lock)
        {
            (taken, _seen) = (_seen, []);
            _leaving = [.. taken.Keys];
        }
        var written = taken.Count == 0;
        try
        {
            written = written || await WriteAsync(taken, cancellationToken);
        }
        finally
        {
            Arrive(written ? [] : taken);
        }
        var now = _clock.Now();
        if (now - _purgedAt < TimeSpan.FromHours(1))
            return;
        await PurgeAsync(now, cancellationToken);
        _purgedAt = now;
    }

    /// <summary>Makes the sighting's state known with the commit.</summary>
    internal void Announce(Write write, Sighting sighting)
    {
        var key = new SightingKey(sighting.OrganizationId, sighting.TokenId, sighting.Name);
        var card = new SightingCard(sighting.Id, sighting.State);
        write.AfterCommit(() => Put(key, card));
        Tell(write, sighting.OrganizationId, sighting.Id);
    }

    /// <summary>Forgets it with the commit.</summary>
    internal void Forget(Write write, Sighting sighting)
    {
        write.Db.Remove(sighting);
        var id = sighting.Id;
        write.AfterCommit(() => Drop([id]));
        Tell(write, sighting.OrganizationId, sighting.Id);
    }

    /// <summary>Follows what other nodes committed.</summary>
    internal void Follow(IReadOnlyCollection<Guid> asked, IReadOnlyCollection<Sighting> found)
    {
        Drop(asked.Except(found.Select(s => s.Id)));
        foreach (var s in found)
            Put(new SightingKey(s.OrganizationId, s.TokenId, s.Name), new SightingCard(s.Id, s.State));
    }

    private static void Tell(Write write, Guid organization, Guid id) =>
        write.Tell(new LiveEvent("unclaimed", organization, null, null, id));

    private void Put(SightingKey key, SightingCard card)
    {
        lock (_lock)
        {
            _known[key] = card;
            _keys[card.Id] = key;
        }
    }

    private void Drop(IEnumerable<Guid> ids)
    {
        lock (_lock)
        {
            foreach (var id in ids)
            {
                if (_keys.Remove(id, out var key))
                {
                    _known.Remove(key);
                    _seen.Remove(key);
                    _leaving.Remove(key);
                }
            }
        }
    }

    // Under the lock.
    private bool IsKnown(SightingKey key) => _known.ContainsKey(key) || _seen.ContainsKey(key) || _leaving.Contains(key);

    // Under the lock.
    private void Tell(SightingKey key, Actor by, Sighted sighted, DateTimeOffset now)
    {
        if (!_seen.TryGetValue(key, out var tally))
            _seen[key] = tally = new Tally(now);
        tally.Add(by, sighted, now);
    }

    // Under the lock. Counting walks through what is known, which happens for new names only, and these are limited.
    private Problem? RefuseNew(Guid organization, Guid token, int fresh, DateTimeOffset now)
    {
        if (fresh == 0)
            return null;
        var minute = now.ToUnixTimeSeconds() / 60;
        var (last, count) = _fresh.GetValueOrDefault(token);
        if (last != minute)
            count = 0;
        if (count + fresh > MostNewPerMinute)
            return UnclaimedProblems.TooManyNew(MostNewPerMinute);
        var waiting = _seen.Keys.Union(_leaving).Where(key => !_known.ContainsKey(key));
        // Those that are blocked wait for nobody.
        var all = _known
            .Where(k => k.Value.State == SightingState.Open)
            .Select(k => k.Key)
            .Concat(waiting)
            .Where(key => key.OrganizationId == organization)
            .ToList();
        if (all.Count + fresh > MostOfOrganization)
            return UnclaimedProblems.Full(MostOfOrganization);
        if (all.Count(key => key.TokenId == token) + fresh > MostOfToken)
            return UnclaimedProblems.Full(MostOfToken);
        _fresh[token] = (minute, count + fresh);
        return null;
    }

    // Nothing is on its way any more; what did not arrive is told again.
    private void Arrive(Dictionary<SightingKey, Tally> back)
    {
        lock (_lock)
        {
            foreach (var (key, tally) in back)
            {
                if (!_leaving.Contains(key))
                    continue; // it was claimed meanwhile
                if (_seen.TryGetValue(key, out var newer))
                    newer.Merge(tally);
                else
                    _seen[key] = tally;
            }
            _leaving = [];
        }
    }

    private async Task<bool> WriteAsync(Dictionary<SightingKey, Tally> taken, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await using var update = new RawCommand(
            write,
            "UPDATE sightings SET last_seen_at = @p0, count = count + @p1, address = @p2, user_agent = @p3, last_kind = @p4, "
                + "last_status = COALESCE(@p5, last_status), input_tokens = input_tokens + @p6, output_tokens = output_tokens + @p7, "
                + "cost_micros = cost_micros + @p8 WHERE organization_id = @p9 AND token_id = @p10 AND name = @p11"
        );
        foreach (var (key, tally) in taken.OrderBy(t => t.Key.TokenId).ThenBy(t => t.Key.Name, StringComparer.Ordinal))
        {
            if (agents.FindBySlug(key.OrganizationId, key.Name) is not null)
                continue; // it was registered meanwhile
            var changed = await update.RunAsync(
                cancellationToken,
                tally.LastAt,
                tally.Count,
                tally.Address,
                tally.UserAgent,
                tally.Kind,
                tally.Status,
                tally.InputTokens,
                tally.OutputTokens,
                tally.CostMicros,
                key.OrganizationId,
                key.TokenId,
                key.Name
            );
            if (changed > 0)
                continue;
            var sighting = tally.ToSighting(write.NewId(), key);
            write.Db.Add(sighting);
            Announce(write, sighting);
        }
        foreach (var organization in taken.Keys.Select(key => key.OrganizationId).Distinct())
            Tell(write, organization, organization);
        return await write.TryCommitAsync(cancellationToken);
    }

    // What nobody has seen for a month, and what is registered by now, waits for nobody. A block is kept while its token is good and somebody runs into it.
    private async Task PurgeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (before, blockedBefore) = (now - Kept, now - KeptBlocked);
        await using var write = await store.WriteAsync(cancellationToken);
        var registered = write.Db.Agents;
        var tokens = write.Db.ApiTokens;
        var gone = await write
            .Db.Sightings.Where(s =>
                (
                    s.LastSeenAt < before
                    && (
                        s.State == SightingState.Open
                        || s.LastSeenAt < blockedBefore
                        || !tokens.Any(t =>
                            t.OrganizationId == s.OrganizationId
                            && t.Id == s.TokenId
                            && t.RevokedAt == null
                            && (t.ExpiresAt == null || t.ExpiresAt > now)
                        )
                    )
                ) || registered.Any(a => a.OrganizationId == s.OrganizationId && a.Slug == s.Name && a.DeletedAt == null)
            )
            .OrderBy(s => s.Id)
            .Take(MostOfOrganization)
            .ToListAsync(cancellationToken);
        foreach (var sighting in gone)
            Forget(write, sighting);
        // A person blocked it, and its reports come through again: that stands beside their act.
        foreach (var blocks in gone.Where(s => s.State == SightingState.Blocked).GroupBy(s => s.OrganizationId))
        {
            var count = blocks.Count();
            write.Trail(
                Actor.ForSystem(blocks.Key, "unclaimed agents"),
                "unclaimed.block-forgotten",
                new TrailTarget("unclaimed", null, count == 1 ? blocks.First().Name : $"{count} names"),
                before: new
                {
                    count,
                    blocks = blocks
                        .Take(MostNamed)
                        .Select(s => new
                        {
                            id = IdText.Format(IdText.Unclaimed, s.Id),
                            name = s.Name,
                            blocked_by = s.BlockedBy,
                        })
                        .ToList(),
                }
            );
        }
        if (gone.Count > 0)
            await write.TryCommitAsync(cancellationToken);
    }

    private readonly record struct SightingKey(Guid OrganizationId, Guid TokenId, string Name);

    private readonly record struct SightingCard(Guid Id, SightingState State);

    private sealed class Tally(DateTimeOffset first)
    {
        private DateTimeOffset _first = first;

        public DateTimeOffset LastAt { get; private set; }
        public long Count { get; private set; }
        public string? Address { get; private set; }
        public string? UserAgent { get; private set; }
        public string Kind { get; private set; } = "run";
        public string? Status { get; private set; }
        public long InputTokens { get; private set; }
        public long OutputTokens { get; private set; }
        public long CostMicros { get; private set; }

        public void Add(Actor by, Sighted sighted, DateTimeOffset now)
        {
            LastAt = now;
            Count++;
            Address = Texts.Clip(by.Address, 64);
            UserAgent = Texts.Clip(by.UserAgent, 256);
            Kind = sighted.Kind;
            Status = sighted.Status ?? Status;
            InputTokens = Sum(InputTokens, sighted.InputTokens);
            OutputTokens = Sum(OutputTokens, sighted.OutputTokens);
            CostMicros = Sum(CostMicros, sighted.CostMicros);
        }

        /// <summary>Adds an earlier tally of the same name.</summary>
        public void Merge(Tally earlier)
        {
            _first = earlier._first;
            Count += earlier.Count;
            Status ??= earlier.Status;
            InputTokens = Sum(InputTokens, earlier.InputTokens);
            OutputTokens = Sum(OutputTokens, earlier.OutputTokens);
            CostMicros = Sum(CostMicros, earlier.CostMicros);
        }

        public Sighting ToSighting(Guid id, SightingKey key) =>
            new()
            {
                Id = id,
                OrganizationId = key.OrganizationId,
                TokenId = key.TokenId,
                Name = key.Name,
                FirstSeenAt = _first,
                LastSeenAt = LastAt,
                Count = Count,
                Address = Address,
                UserAgent = UserAgent,
                LastKind = Kind,
                LastStatus = Status,
                InputTokens = InputTokens,
                OutputTokens = OutputTokens,
                CostMicros = CostMicros,
            };

        // What a stranger says may be any number.
        private static long Sum(long a, long b) => a > long.MaxValue / 4 || b > long.MaxValue / 4 ? long.MaxValue / 4 : a + b;
    }
}

/// <summary>Lets the book follow what other nodes commit.</summary>
internal sealed class SightingNews(SightingBook book, IDbContextFactory<ConsoleDbContext> contexts) : IRefreshOnNews
{
    public bool Concerns(string noun) => noun == HeldNouns.Sighting;

    public async Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var ids in news.Select(e => e.Id).Distinct().Chunk(500))
            book.Follow(ids, await db.Sightings.AsNoTracking().Where(s => ids.Contains(s.Id)).ToListAsync(cancellationToken));
    }
}
