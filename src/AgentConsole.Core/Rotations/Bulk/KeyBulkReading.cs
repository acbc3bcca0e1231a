using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>Which keys; exactly one member is set. It is kept as JSON, so that the same question can be asked again.</summary>
/// <param name="Filter">Of keys, as an address has it.</param>
/// <param name="AgentFilter">Of agents, as an address has it.</param>
internal sealed record KeySelection(IReadOnlyList<string>? Keys, IReadOnlyList<string>? Agents, string? Filter, string? AgentFilter)
{
    public string Text() => JsonSerializer.Serialize(this, ConsoleJson.Options);

    public static KeySelection Read(string text) => JsonSerializer.Deserialize<KeySelection>(text, ConsoleJson.Options)!;
}

/// <summary>A row as it would be planned at this moment.</summary>
internal sealed record PlannedKey(
    Guid? KeyId,
    Guid? AgentId,
    string Agent,
    string? KeyName,
    Guid? TeamId,
    int? Version,
    DateTimeOffset? MadeAt,
    DateTimeOffset? LastUsedAt,
    int Callers,
    bool SelfRotation,
    KeyBulkEffect Effect,
    Problem? Refusal
)
{
    public string Key(KeyBulkAction action) =>
        KeyId is not { } id ? "?" + Agent
        : action == KeyBulkAction.Rotate ? id.ToString("n")
        : string.Create(CultureInfo.InvariantCulture, $"{id:n}/{Version}");

    public string Name => KeyName is null ? Agent : $"{Agent} / {KeyName}";

    /// <summary>What must still be so when it is applied. That somebody called meanwhile is no change.</summary>
    public string Sign =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{KeyId:n}|{AgentId:n}|{Agent}|{TeamId:n}|{Version}|{SelfRotation}|{KebabCase.Of(Effect)}|{Refusal?.Code}"
        );

    /// <summary>All that is shown of it.</summary>
    public string Shown =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Sign}|{KeyName}|{MadeAt?.ToUnixTimeMilliseconds()}|{LastUsedAt?.ToUnixTimeMilliseconds()}|{Callers}"
        );
}

/// <summary>Finds out what an act would do with each key now. Nothing is written, and nothing is tracked.</summary>
internal sealed class KeyBulkReading(
    AccessDirectory access,
    AgentDirectory directory,
    KeyLists lists,
    KeyMint mint,
    ISecretSinks sinks,
    TimeProvider clock
)
{
    private const int Part = 500;

    /// <summary>The rows in their order, each once; at most one more than a plan may have.</summary>
    public async Task<List<PlannedKey>> RowsAsync(
        ConsoleDbContext db,
        Actor by,
        KeyBulk bulk,
        KeySelection selection,
        CancellationToken cancellationToken
    )
    {
        var wanted = await WantedAsync(db, by, bulk.Action, selection, cancellationToken);
        var rows = new List<PlannedKey>(wanted.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var servedTeams = new Dictionary<Guid, Problem?>();
        foreach (var part in wanted.Chunk(Part))
        {
            foreach (var row in await PartAsync(db, by, bulk, part, servedTeams, cancellationToken))
            {
                if (seen.Add(row.Key(bulk.Action)))
                    rows.Add(row);
            }
        }
        return rows;
    }

    /// <param name="Given">The id that was named, where one was.</param>
    /// <param name="VersionId">Null for whatever of the key the act is about.</param>
    private sealed record Wanted(Guid KeyId, Guid? VersionId, string? Given);

    private async Task<List<Wanted>> WantedAsync(
        ConsoleDbContext db,
        Actor by,
        KeyBulkAction action,
        KeySelection selection,
        CancellationToken cancellationToken
    )
    {
        if (selection.Keys is { } named)
            return await NamedAsync(db, by, named, cancellationToken);
        var organization = by.OrganizationId;
        IQueryable<KeyVersion> versions;
        if (selection.Filter is { } text)
        {
            var filter = KeyFilter.Parse(QueryText.Read(text).GetValueOrDefault, new FieldErrors());
            versions = lists.Matching(db, by, filter with { State = filter.State ?? Usual(action) });
            if (action == KeyBulkAction.Disable && filter.State is null)
                versions = versions.Where(v => v.State == KeyState.Active || v.State == KeyState.Retiring);
        }
        else
        {
            var agents = db.Agents.VisibleTo(by).Where(a => a.DeletedAt == null);
            if (selection.Agents is { } names)
            {
                var ids = names.Select(n => AgentOf(by, n)).Where(id => id != Guid.Empty).ToArray();
                agents = agents.Where(a => ids.Contains(a.Id));
            }
            else
            {
                agents = PlanFilters
                    .Parse(selection.AgentFilter!)
                    .Apply(new ConsoleQuery(agents, db.AgentTags, access.Current, organization));
            }
            var state = Usual(action);
            versions = db.KeyVersions.Where(v =>
                v.OrganizationId == organization
                && (state == null || v.State == state)
                && (action != KeyBulkAction.Disable || v.State == KeyState.Active || v.State == KeyState.Retiring)
                && agents.Any(a => a.OrganizationId == v.OrganizationId && a.Id == v.AgentId)
            );
        }
        // A rotation is about keys: several versions of one are one row.
        if (action == KeyBulkAction.Rotate)
            return
            [
                .. (
                    await versions.Select(v => v.KeyId).Distinct().OrderBy(k => k).Take(KeyBulk.MostRows + 1).ToListAsync(cancellationToken)
                ).Select(k => new Wanted(k, null, null)),
            ];
        return await versions
            .OrderBy(v => v.Id)
            .Select(v => new Wanted(v.KeyId, v.Id, null))
            .Take(KeyBulk.MostRows + 1)
            .ToListAsync(cancellationToken);
    }

    private Guid AgentOf(Actor by, string name) =>
        IdText.TryParse(IdText.Agent, name, out var id) ? id : directory.FindBySlug(by.OrganizationId, name)?.Id ?? Guid.Empty;

    // Of which state versions are meant where nobody says.
    private static KeyState? Usual(KeyBulkAction action) =>
        action switch
        {
            KeyBulkAction.Enable => KeyState.Disabled,
            KeyBulkAction.Revoke or KeyBulkAction.Disable => null,
            _ => KeyState.Active,
        };

    private static async Task<List<Wanted>> NamedAsync(
        ConsoleDbContext db,
        Actor by,
        IReadOnlyList<string> named,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        var wanted = new List<Wanted>(named.Count);
        foreach (var part in named.Chunk(Part))
        {
            var ids = part.Select(n => IdText.TryParse(IdText.KeyVersion, n, out var id) ? id : Guid.Empty)
                .Where(id => id != Guid.Empty)
                .ToArray();
            var keys = await db
                .KeyVersions.Where(v => v.OrganizationId == organization && ids.Contains(v.Id))
                .Select(v => new { v.Id, v.KeyId })
                .ToDictionaryAsync(v => v.Id, v => v.KeyId, cancellationToken);
            foreach (var name in part)
            {
                if (IdText.TryParse(IdText.KeyVersion, name, out var version))
                    wanted.Add(new Wanted(keys.GetValueOrDefault(version), version, name));
                else
                    wanted.Add(new Wanted(IdText.TryParse(IdText.Key, name, out var key) ? key : Guid.Empty, null, name));
            }
        }
        return wanted;
    }

    private async Task<List<PlannedKey>> PartAsync(
        ConsoleDbContext db,
        Actor by,
        KeyBulk bulk,
        Wanted[] wanted,
        Dictionary<Guid, Problem?> servedTeams,
        CancellationToken cancellationToken
    )
    {
        var (organization, now) = (by.OrganizationId, clock.Now());
        var ids = wanted.Select(w => w.KeyId).Where(id => id != Guid.Empty).Distinct().ToArray();
        var visible = db.Agents.VisibleTo(by);
        var keys = await db
            .AgentKeys.Where(k => k.OrganizationId == organization && ids.Contains(k.Id))
            .Join(
                visible,
                k => new { k.OrganizationId, Id = k.AgentId },
                a => new { a.OrganizationId, a.Id },
                (k, a) => new KeyOfAgent(k.Id, k.Name, k.SelfRotation, a.Id, a.Slug, a.TeamId, a.Lifecycle, a.DeletedAt != null)
            )
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        var versions = (
            await db
                .KeyVersions.AsNoTracking()
                .Where(v => v.OrganizationId == organization && ids.Contains(v.KeyId))
                .OrderBy(v => v.Number)
                .ToListAsync(cancellationToken)
        ).ToLookup(v => v.KeyId);
        var open = (
            await db
                .Rotations.Where(r => r.OrganizationId == organization && r.ClosedAt == null && ids.Contains(r.KeyId))
                .Select(r => r.KeyId)
                .ToListAsync(cancellationToken)
        ).ToHashSet();
        var since = now.AddDays(-1);
        var callers = await db
            .KeyCallers.Where(c => c.OrganizationId == organization && ids.Contains(c.KeyId) && c.LastUsedAt >= since)
            .Select(c => new { c.KeyId, c.Caller })
            .Distinct()
            .GroupBy(c => c.KeyId)
            .Select(same => new { same.Key, Count = same.Count() })
            .ToDictionaryAsync(c => c.Key, c => c.Count, cancellationToken);
        var rows = new List<PlannedKey>(wanted.Length);
        foreach (var one in wanted)
        {
            if (!keys.TryGetValue(one.KeyId, out var key))
            {
                if (one.Given is { } given)
                    rows.Add(
                        new PlannedKey(
                            null,
                            null,
                            given,
                            null,
                            null,
                            null,
                            null,
                            null,
                            0,
                            false,
                            KeyBulkEffect.Refused,
                            KeyProblems.NotFound
                        )
                    );
                continue;
            }
            var all = versions[key.Id].ToList();
            foreach (var version in About(bulk.Action, all, one.VersionId, now))
            {
                var (effect, refusal) = Judge(by, bulk, key, version, open.Contains(key.Id), now);
                if (effect == KeyBulkEffect.Change && bulk.Sink is { } sink)
                {
                    if (!servedTeams.TryGetValue(key.TeamId, out var unserved))
                        unserved = servedTeams[key.TeamId] = await SinkRefusalAsync(db, organization, key.TeamId, sink, cancellationToken);
                    if (unserved is not null)
                        (effect, refusal) = (KeyBulkEffect.Refused, unserved);
                }
                rows.Add(
                    new PlannedKey(
                        key.Id,
                        key.AgentId,
                        key.Slug,
                        key.Name,
                        key.TeamId,
                        version?.Number,
                        version?.CreatedAt,
                        version?.LastUsedAt,
                        callers.GetValueOrDefault(key.Id),
                        key.SelfRotation,
                        effect,
                        refusal
                    )
                );
            }
        }
        return rows;
    }

    public async Task<Problem?> SinkRefusalAsync(
        ConsoleDbContext db,
        Guid organization,
        Guid team,
        string sink,
        CancellationToken cancellationToken
    ) =>
        await sinks.RefusalAsync(db, organization, team, sink, cancellationToken) is { } refusal
            ? refusal == RotationProblems.NoSink
                ? KeyBulkProblems.SinkNotFor
                : refusal
            : null;

    // The versions of a key that the act is about: of a rotation the one that is replaced.
    private static IEnumerable<KeyVersion?> About(KeyBulkAction action, List<KeyVersion> all, Guid? named, DateTimeOffset now)
    {
        if (action == KeyBulkAction.Rotate)
            return [all.Where(v => RotationAct.Accepts(v, now)).MaxBy(v => v.Number) ?? all.LastOrDefault()];
        if (named is { } id)
            return all.Where(v => v.Id == id);
        return action switch
        {
            KeyBulkAction.Enable => all.Where(v => v.State == KeyState.Disabled),
            KeyBulkAction.Disable => all.Where(v => v.State is KeyState.Active or KeyState.Retiring),
            _ => all.Where(v => v.State is not (KeyState.Revoked or KeyState.Expired)),
        };
    }

    private (KeyBulkEffect, Problem?) Judge(Actor by, KeyBulk bulk, KeyOfAgent key, KeyVersion? version, bool isOpen, DateTimeOffset now)
    {
        var action = bulk.Action;
        var refusal = mint.Refusal(by, key.TeamId) ?? (key.IsDeleted ? AgentProblems.Deleted : null);
        if (refusal is not null || version is null)
            return (KeyBulkEffect.Refused, refusal ?? KeyBulkProblems.NoActiveVersion);
        if (action == KeyBulkAction.Rotate)
        {
            refusal =
                key.Lifecycle == Lifecycle.Retired ? KeyBulkProblems.Retired
                : isOpen ? KeyBulkProblems.Open
                : version.LeakReportedAt is not null ? KeyBulkProblems.Leaked
                : !RotationAct.Accepts(version, now) ? KeyBulkProblems.NoActiveVersion
                : KeyMint.TooLong(bulk.TtlDays, mint.LongestDays(key.AgentId));
            return (refusal is null ? KeyBulkEffect.Change : KeyBulkEffect.Refused, refusal);
        }
        var (already, impossible) = action switch
        {
            KeyBulkAction.Disable => (version.State == KeyState.Disabled, version.State is KeyState.Revoked or KeyState.Expired),
            KeyBulkAction.Enable => (
                version.State is KeyState.Active or KeyState.Retiring,
                version.State is KeyState.Revoked or KeyState.Expired || version.ExpiresAt <= now
            ),
            _ => (version.State == KeyState.Revoked, false),
        };
        if (already)
            return (KeyBulkEffect.NoChange, null);
        if (impossible)
            return (
                KeyBulkEffect.Refused,
                KeyProblems.State(
                    action == KeyBulkAction.Enable ? "enabled" : "disabled",
                    version.ExpiresAt <= now ? KeyState.Expired : version.State
                )
            );
        return action == KeyBulkAction.Enable && version.LeakReportedAt is not null
            ? (KeyBulkEffect.Refused, KeyBulkProblems.LeakedStays)
            : (KeyBulkEffect.Change, null);
    }

    private sealed record KeyOfAgent(
        Guid Id,
        string Name,
        bool SelfRotation,
        Guid AgentId,
        string Slug,
        Guid TeamId,
        Lifecycle Lifecycle,
        bool IsDeleted
    );
}
