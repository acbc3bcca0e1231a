using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>Somebody found a key where it should not be. The key itself is the proof; nobody needs to sign in.</summary>
public sealed class LeakReports(ConsoleStore store, AgentDirectory agents, KeyIndex index, KeyRefusals refusals, ILeakFollowUp followUp)
{
    /// <summary>The same for every key, known or not, so that reporting is no way to find out.</summary>
    private static readonly LeakReceipt Receipt = new(
        "received",
        "Thank you. If this is a key of this console, it is disabled now and its owners are told."
    );

    /// <summary>Disables the version at once and marks it. Repeating a report changes nothing.</summary>
    public async Task<Outcome<LeakReceipt>> ReportAsync(CallOrigin origin, Outcome<KeyProof> input, CancellationToken cancellationToken)
    {
        if (!input.Try(out var proof, out var problem))
            return problem;
        if (string.IsNullOrEmpty(proof.Key) || proof.Key.Length > 512)
            return Problem.Invalid("key", "Give the whole key that was found, at most 512 characters.");
        if (index.Check(proof.Key).Card is not { } card)
        {
            refusals.Note(KeyCheck.Unknown, null, null, origin.Address);
            return Receipt;
        }
        for (var attempt = 0; attempt < 5; attempt++)
        {
            if (await TryDisableAsync(card, origin, cancellationToken))
                return Receipt;
        }
        return Problem.Unavailable("leak_not_recorded", "The key is being changed at this moment. Report it again in a second.");
    }

    private async Task<bool> TryDisableAsync(KeyCard card, CallOrigin origin, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var version = await write.Db.KeyVersions.FirstOrDefaultAsync(
            v => v.OrganizationId == card.OrganizationId && v.Id == card.VersionId,
            cancellationToken
        );
        if (version is null || (version.LeakReportedAt is not null && version.State is not (KeyState.Active or KeyState.Retiring)))
            return true;
        var key = await write.Db.AgentKeys.FirstAsync(
            k => k.OrganizationId == card.OrganizationId && k.Id == card.KeyId,
            cancellationToken
        );
        var agent = agents.Find(card.AgentId);
        var reporter = new Actor
        {
            OrganizationId = card.OrganizationId,
            Kind = ActorKind.Anonymous,
            Label = "leak report",
            Method = AuthMethod.None,
            Address = origin.Address,
            UserAgent = origin.UserAgent,
            CorrelationId = origin.CorrelationId,
        };
        if (!await MarkAsync(write, reporter, agent, key, version, null, index, followUp, cancellationToken))
            return false;
        write.Tell(new LiveEvent("agent", card.OrganizationId, agent?.TeamId, card.AgentId, card.AgentId));
        return await write.TryCommitAsync(cancellationToken);
    }

    /// <summary>Refuses the version from now on, says so on the trail, and lets the rotations take up what follows.</summary>
    /// <returns>False when somebody else was faster.</returns>
    internal static async Task<bool> MarkAsync(
        Write write,
        Actor by,
        AgentCard? agent,
        AgentKey key,
        KeyVersion version,
        string? reason,
        KeyIndex index,
        ILeakFollowUp followUp,
        CancellationToken cancellationToken
    )
    {
        var before = version.State;
        version.LeakReportedAt ??= write.Now;
        if (version.State is KeyState.Active or KeyState.Retiring)
        {
            version.State = KeyState.Disabled;
            version.DisabledAt = write.Now;
            version.Reason = "Reported as leaked";
        }
        write.Trail(
            by,
            "key.leak-reported",
            KeyService.Target(agent?.Slug ?? "", agent?.TeamId, key, version),
            new
            {
                version = version.Number,
                state = KebabCase.Of(before),
                self_rotation = key.SelfRotation,
            },
            new
            {
                version = version.Number,
                state = KebabCase.Of(version.State),
                self_rotation = false,
            },
            reason
        );
        key.SelfRotation = false;
        KeyService.Announce(write, index, agent?.TeamId, version);
        return await followUp.FollowAsync(write, by, agent, key, version, before, cancellationToken);
    }
}

/// <summary>What follows a leak in the same transaction. The rotations, a floor above, implement it.</summary>
public interface ILeakFollowUp
{
    /// <param name="before">The state in which the version was found.</param>
    /// <returns>False when somebody else was faster.</returns>
    Task<bool> FollowAsync(
        Write write,
        Actor by,
        AgentCard? agent,
        AgentKey key,
        KeyVersion version,
        KeyState before,
        CancellationToken cancellationToken
    );
}
