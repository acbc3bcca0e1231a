using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>
/// What follows a leak: the key's next version is planned, and nobody is handed a secret. Versions that an agent fetched by itself with the leaked one
/// are refused too, since whoever found the secret may have been that agent.
/// </summary>
internal sealed class LeakRotations(KeyIndex index, RotationBodies bodies) : ILeakFollowUp
{
    public async Task<bool> FollowAsync(
        Write write,
        Actor by,
        AgentCard? agent,
        AgentKey key,
        KeyVersion version,
        KeyState before,
        CancellationToken cancellationToken
    )
    {
        if (agent is not { Lifecycle: not Lifecycle.Deleted })
            return true;
        var versions = await RotationTables.VersionsOfAsync(write.Db, key, cancellationToken);
        var leaked = await WithFetchedAsync(write.Db, key, version.Number, cancellationToken);
        var wasAccepted = before is KeyState.Active or KeyState.Retiring;
        foreach (var fetched in versions.Where(v => v != version && leaked.Contains(v.Number)))
        {
            wasAccepted |= fetched.State is KeyState.Active or KeyState.Retiring;
            fetched.LeakReportedAt ??= write.Now;
            if (fetched.State is not (KeyState.Active or KeyState.Retiring))
                continue;
            (fetched.State, fetched.DisabledAt, fetched.Reason) = (KeyState.Disabled, write.Now, "Fetched with a leaked version");
            write.Trail(
                by,
                "key.disabled",
                KeyService.Target(agent.Slug, agent.TeamId, key, fetched),
                new { version = fetched.Number },
                new { version = fetched.Number, state = KebabCase.Of(fetched.State) },
                fetched.Reason
            );
            KeyService.Announce(write, index, agent.TeamId, fetched);
        }
        var rotated = bodies.AgentOf(agent);
        var id = write.NewId();
        if (await RotationTables.OpenOf(write.Db, key).FirstOrDefaultAsync(cancellationToken) is { } open)
        {
            var act = new RotationAct((write, index), write.Now, open, rotated, key, versions);
            if (act.New is not { } made)
                return true; // planned already
            if (!leaked.Contains(made.Number))
            {
                if (act.Old is { State: KeyState.Disabled } old && leaked.Contains(old.Number) && open.State != RotationState.OldDisabled)
                    act.FollowDisabled(by);
                return true;
            }
            act.GoBack();
            await act.SupersedeAsync(by, id, "The new version leaked", cancellationToken);
            if (!await write.TryFlushAsync(cancellationToken))
                return false;
        }
        else if (!wasAccepted)
        {
            return true;
        }
        RotationAct.Plan(write, index, by, rotated, key, versions, RotationTrigger.Leak, "Reported as leaked", id).Planned(by);
        return true;
    }

    // The version, and what an agent got with it, and with that again.
    private static async Task<HashSet<int>> WithFetchedAsync(
        ConsoleDbContext db,
        AgentKey key,
        int number,
        CancellationToken cancellationToken
    )
    {
        var fetched = await db
            .Rotations.AsNoTracking()
            .Where(r =>
                r.OrganizationId == key.OrganizationId
                && r.KeyId == key.Id
                && r.IssuerId == r.AgentId
                && r.ToVersion != null
                && r.FromVersion >= number
            )
            .OrderBy(r => r.ToVersion)
            .Select(r => new { From = r.FromVersion!.Value, To = r.ToVersion!.Value })
            .ToListAsync(cancellationToken);
        var leaked = new HashSet<int> { number };
        foreach (var rotation in fetched.Where(r => leaked.Contains(r.From)))
            leaked.Add(rotation.To);
        return leaked;
    }
}

/// <summary>A person says that a key leaked.</summary>
public sealed class RotationLeaks(
    ConsoleStore store,
    AgentDirectory agents,
    KeyIndex index,
    KeyMint mint,
    ILeakFollowUp followUp,
    RotationBodies bodies
)
{
    /// <summary>Refuses the version at once, plans its successor, and tells what the key did in the last 24 hours.</summary>
    public async Task<Outcome<LeakBody>> ReportAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        Outcome<LeakedKey> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var found = await RotationTables.KeyOfAsync(write.Db, by, agentIdOrSlug, keyId, cancellationToken);
        if (!found.Try(out var named, out var unknown))
            return unknown;
        var (agent, key) = named;
        if (mint.Refusal(by, agent.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        var versions = await RotationTables.VersionsOfAsync(write.Db, key, cancellationToken);
        var version = body.KeyVersion is { } number
            ? versions.Find(v => v.Number == number)
            : versions.FindLast(v => v.State is KeyState.Active or KeyState.Retiring) ?? versions[^1];
        if (version is null)
            errors.Add("key_version", "This key has no version with this number.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var accepted = versions.Where(v => v.State is KeyState.Active or KeyState.Retiring).ToList();
        if (version!.LeakReportedAt is null || accepted.Contains(version))
        {
            if (!await LeakReports.MarkAsync(write, by, agents.Find(agent.Id), key, version, reason, index, followUp, cancellationToken))
                return Write.LostRace();
        }
        var answer = new LeakBody
        {
            KeyId = IdText.Format(IdText.Key, key.Id),
            Agent = agent.Slug,
            DisabledVersions = [.. accepted.Where(v => v.State == KeyState.Disabled).Select(v => v.Number)],
            Rotation = await OpenAsync(write, by, agent, key, versions, cancellationToken),
            LastDay = await KeyUses.LastDayAsync(
                write.Db,
                key,
                [version, .. accepted.Where(v => v.LeakReportedAt == write.Now)],
                write.Now,
                null,
                cancellationToken
            ),
        };
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    private async Task<RotationBody?> OpenAsync(
        Write write,
        Actor by,
        Agent agent,
        AgentKey key,
        List<KeyVersion> versions,
        CancellationToken cancellationToken
    )
    {
        var open =
            write.Db.ChangeTracker.Entries<Rotation>().Select(e => e.Entity).FirstOrDefault(r => r.IsOpen && r.KeyId == key.Id)
            ?? await RotationTables.OpenOf(write.Db, key).FirstOrDefaultAsync(cancellationToken);
        if (open is null)
            return null;
        var act = new RotationAct((write, index), write.Now, open, bodies.AgentOf(AgentCard.Of(agent)), key, versions);
        return await bodies.FullAsync(write.Db, by, act, write.Now, cancellationToken);
    }
}
