using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>What people do with keys. States belong to versions; an act that names no version means the only living one.</summary>
public sealed class KeyService(ConsoleStore store, AccessDirectory access, KeyIndex index, KeyMint mint)
{
    private const int MostKeys = 100;

    /// <summary>Makes a further key; its secret is in this answer and never again.</summary>
    public async Task<Outcome<KeyBody>> MintAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<MintKey> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var found = await FindAgentAsync(write.Db, by, agentIdOrSlug, Permission.ManageKeys, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", 100, errors);
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (body.TtlDays is < 1 or > 3650)
            errors.Add("ttl_days", "Must be from 1 to 3650 days; leave it away for a key that does not expire.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        if (agent.Lifecycle == Lifecycle.Retired)
            return AgentProblems.Retired;
        if (KeyMint.TooLong(body.TtlDays, mint.LongestDays(agent)) is { } tooLong)
            return tooLong;
        var keys = await write.Db.AgentKeys.CountAsync(
            k => k.OrganizationId == agent.OrganizationId && k.AgentId == agent.Id,
            cancellationToken
        );
        if (keys >= MostKeys)
            return KeyProblems.TooManyKeys(MostKeys);
        var minted = mint.Mint(
            write,
            agent,
            by,
            name ?? string.Create(CultureInfo.InvariantCulture, $"key {keys + 1}"),
            body.TtlDays is { } days ? write.Now.AddDays(days) : null,
            reason
        );
        var answer = KeyBodies.Of(minted.Key, agent.Slug, [minted.Version]) with
        {
            ApiKey = minted.Secret,
            ApiKeyPrefix = minted.Version.Prefix,
        };
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>Every key of one agent, newest first, with all its versions.</summary>
    public async Task<Outcome<List<KeyBody>>> ListAsync(Actor by, string agentIdOrSlug, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var found = await FindAgentAsync(db, by, agentIdOrSlug, null, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        var keys = await db
            .AgentKeys.Where(k => k.OrganizationId == agent.OrganizationId && k.AgentId == agent.Id)
            .OrderByDescending(k => k.Id)
            .ToListAsync(cancellationToken);
        var versions = (
            await db
                .KeyVersions.Where(v => v.OrganizationId == agent.OrganizationId && v.AgentId == agent.Id)
                .ToListAsync(cancellationToken)
        ).ToLookup(v => v.KeyId);
        return keys.ConvertAll(k => KeyBodies.Of(k, agent.Slug, versions[k.Id]));
    }

    public async Task<Outcome<KeyBody>> GetAsync(Actor by, string agentIdOrSlug, string keyId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var found = await FindAgentAsync(db, by, agentIdOrSlug, null, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (await FindKeyAsync(db, agent, keyId, cancellationToken) is not var (key, versions))
            return KeyProblems.NotFound;
        return KeyBodies.Of(key, agent.Slug, versions);
    }

    /// <summary>Renames the key, or sets whether its agent may rotate it by itself.</summary>
    public async Task<Outcome<KeyBody>> ChangeAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<ChangeKey> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var found = await FindAgentAsync(write.Db, by, agentIdOrSlug, null, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (await FindKeyAsync(write.Db, agent, keyId, cancellationToken) is not var (key, versions))
            return KeyProblems.NotFound;
        if (mint.Refusal(by, agent.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = body.Name is null ? key.Name : Texts.Line(body.Name, "name", 100, errors, required: true);
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var before = (key.Name, key.SelfRotation);
        key.Name = name!;
        key.SelfRotation = body.SelfRotation ?? key.SelfRotation;
        var answer = KeyBodies.Of(key, agent.Slug, versions);
        if ((key.Name, key.SelfRotation) == before)
            return answer;
        write.Trail(
            by,
            "key.changed",
            new TrailTarget("key", key.Id, $"{agent.Slug} / {key.Name}", agent.TeamId),
            new { name = before.Name, self_rotation = before.SelfRotation },
            new { name = key.Name, self_rotation = key.SelfRotation },
            reason
        );
        write.Tell(new LiveEvent("key", key.OrganizationId, agent.TeamId, key.AgentId, key.Id));
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>Refuses the version from now on; <see cref="EnableAsync"/> takes it back.</summary>
    public Task<Outcome<KeyBody>> DisableAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<KeyAction> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            agentIdOrSlug,
            keyId,
            "key.disabled",
            input,
            static (_, version, now, why) => KeyChanges.Disable(version, now, why),
            cancellationToken
        );

    /// <summary>Takes a disabled version into use again. One that was reported as leaked needs a reason.</summary>
    public Task<Outcome<KeyBody>> EnableAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<KeyAction> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            agentIdOrSlug,
            keyId,
            "key.enabled",
            input,
            static (_, version, now, why) => KeyChanges.Enable(version, now, why),
            cancellationToken
        );

    /// <summary>Refuses the version for good.</summary>
    public Task<Outcome<KeyBody>> RevokeAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<KeyAction> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            agentIdOrSlug,
            keyId,
            "key.revoked",
            input,
            static (_, version, now, why) => KeyChanges.Revoke(version, now, why),
            cancellationToken
        );

    /// <summary>Sets or lifts the instant from which the version is refused.</summary>
    public Task<Outcome<KeyBody>> SetExpiryAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<SetKeyExpiry> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            agentIdOrSlug,
            keyId,
            "key.expiry-set",
            input.Map(body => new KeyAction { KeyVersion = body.KeyVersion, Reason = body.Reason }),
            (agent, version, now, _) =>
            {
                if (input.Value.ExpiresAt is { } given && (given <= now || given > now.AddDays(3650)))
                    return Problem.Invalid("expires_at", "Must be an instant in the next 3650 days, or null for never.");
                if (version.State is KeyState.Revoked or KeyState.Expired)
                    return KeyProblems.State("given another expiry", version.State);
                // Sooner than it was is always allowed, also where the policy became stricter than the version.
                if (
                    mint.LongestDays(agent) is { } longest
                    && !(input.Value.ExpiresAt <= version.CreatedAt.AddDays(longest))
                    && !(input.Value.ExpiresAt <= version.ExpiresAt)
                )
                    return KeyProblems.LifetimeTooLong(longest, "expires_at");
                version.ExpiresAt = input.Value.ExpiresAt is { } at ? Utc.FromMicros(Utc.ToMicros(at)) : null;
                return null;
            },
            cancellationToken
        );

    internal static TrailTarget Target(Agent agent, AgentKey key, KeyVersion version) => Target(agent.Slug, agent.TeamId, key, version);

    internal static TrailTarget Target(string slug, Guid? teamId, AgentKey key, KeyVersion version) =>
        new("key", key.Id, string.Create(CultureInfo.InvariantCulture, $"{slug} / {key.Name} / v{version.Number}"), teamId);

    /// <summary>Makes the version's present state known with the commit: in the index first, then to whoever watches.</summary>
    internal static void Announce(Write write, KeyIndex index, Guid? teamId, KeyVersion version)
    {
        var card = KeyIndex.CardOf(version);
        write.AfterCommit(() => index.Put(version.Hash, card));
        write.Tell(new LiveEvent("key", version.OrganizationId, teamId, version.AgentId, version.KeyId));
    }

    private async Task<Outcome<KeyBody>> ActAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        string action,
        Outcome<KeyAction> input,
        Func<Agent, KeyVersion, DateTimeOffset, string?, Problem?> act,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var found = await FindAgentAsync(write.Db, by, agentIdOrSlug, null, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (await FindKeyAsync(write.Db, agent, keyId, cancellationToken) is not var (key, versions))
            return KeyProblems.NotFound;
        if (mint.Refusal(by, agent.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var chosen = Choose(versions, body.KeyVersion);
        if (!chosen.Try(out var version, out var unclear))
            return unclear;

        var before = (version.State, version.ExpiresAt);
        if (Apply(write, index, by, agent, key, version, action, (one, now, why) => act(agent, one, now, why), reason) is { } impossible)
            return impossible;
        var answer = KeyBodies.Of(key, agent.Slug, versions);
        return (version.State, version.ExpiresAt) == before ? answer : await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>The same act on one version within somebody's write: trail, index and live listeners follow. As it should be already is no refusal.</summary>
    internal static Problem? Apply(
        Write write,
        KeyIndex index,
        Actor by,
        Agent agent,
        AgentKey key,
        KeyVersion version,
        string action,
        Func<KeyVersion, DateTimeOffset, string?, Problem?> act,
        string? reason
    )
    {
        var before = (version.State, version.ExpiresAt);
        if (act(version, write.Now, reason) is { } impossible)
            return impossible;
        if ((version.State, version.ExpiresAt) == before)
            return null;
        write.Trail(
            by,
            action,
            Target(agent, key, version),
            Facts(version.Number, before),
            Facts(version.Number, (version.State, version.ExpiresAt)),
            reason
        );
        Announce(write, index, agent.TeamId, version);
        return null;
    }

    private static object Facts(int number, (KeyState State, DateTimeOffset? ExpiresAt) facts) =>
        new
        {
            version = number,
            state = KebabCase.Of(facts.State),
            expires_at = facts.ExpiresAt,
        };

    private static Outcome<KeyVersion> Choose(List<KeyVersion> versions, int? number)
    {
        if (number is { } wanted)
            return versions.Find(v => v.Number == wanted) is { } named
                ? named
                : Problem.Invalid("key_version", "This key has no version with this number.");
        var living = versions.FindAll(v => v.State is not (KeyState.Revoked or KeyState.Expired));
        return living.Count switch
        {
            1 => living[0],
            0 => versions.MaxBy(v => v.Number)!,
            _ => Problem.Invalid(
                "key_version",
                $"Several versions of this key are living: {string.Join(", ", living.Select(v => v.Number))}. Name the one you mean."
            ),
        };
    }

    private async Task<Outcome<Agent>> FindAgentAsync(
        ConsoleDbContext db,
        Actor by,
        string idOrSlug,
        Permission? needed,
        CancellationToken cancellationToken
    )
    {
        var agent = await db.Agents.AsNoTracking().VisibleTo(by).Named(idOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        return needed is { } permission && !by.May(permission, agent.TeamId)
            ? Actor.MissingRole(permission, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name)
            : agent;
    }

    private static async Task<(AgentKey, List<KeyVersion>)?> FindKeyAsync(
        ConsoleDbContext db,
        Agent agent,
        string keyId,
        CancellationToken cancellationToken
    )
    {
        if (!IdText.TryParse(IdText.Key, keyId, out var id))
            return null;
        var key = await db.AgentKeys.FirstOrDefaultAsync(
            k => k.OrganizationId == agent.OrganizationId && k.Id == id && k.AgentId == agent.Id,
            cancellationToken
        );
        if (key is null)
            return null;
        var versions = await db
            .KeyVersions.Where(v => v.OrganizationId == agent.OrganizationId && v.KeyId == id)
            .OrderBy(v => v.Number)
            .ToListAsync(cancellationToken);
        return (key, versions);
    }
}
