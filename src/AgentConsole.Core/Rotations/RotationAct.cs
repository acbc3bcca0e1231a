using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>Whose key it is at this moment.</summary>
internal sealed record RotatedAgent(Guid Id, string Slug, Guid TeamId, string TeamSlug, bool Deleted = false);

/// <summary>
/// A rotation with its key and all versions, tracked by an open write: the moves it allows, each with its trail record. Whether the actor may was asked
/// before; whether the state allows it is asked here. Without a hand to write with it is there to be looked at.
/// </summary>
internal sealed class RotationAct(
    (Write Write, KeyIndex Index)? hand,
    DateTimeOffset now,
    Rotation rotation,
    RotatedAgent agent,
    AgentKey key,
    List<KeyVersion> versions
)
{
    public Rotation Rotation => rotation;
    public RotatedAgent Agent => agent;

    /// <summary>A grace for an old version that comes back.</summary>
    public int GraceForAnother => rotation.GraceSeconds >= 60 ? rotation.GraceSeconds : (int)Rotation.UsualGrace.TotalSeconds;
    public AgentKey Key => key;
    public List<KeyVersion> Versions => versions;

    /// <summary>The version that is replaced.</summary>
    public KeyVersion? Old => Number(rotation.FromVersion);

    /// <summary>The version that takes its place.</summary>
    public KeyVersion? New => Number(rotation.ToVersion);

    private DateTimeOffset Now => now;
    private Write Writing => hand?.Write ?? throw new InvalidOperationException("This rotation was read to be looked at.");

    /// <summary>Whether the old version could be accepted again.</summary>
    public bool MayGoBack =>
        Old is { LeakReportedAt: null } old
        && old.State is KeyState.Active or KeyState.Retiring or KeyState.Disabled
        && !(old.ExpiresAt <= Now);

    /// <summary>Whether callers with the old version are let in.</summary>
    public bool OldIsAccepted => Old is { } old && Accepts(old, Now);

    /// <summary>Whether the agent has something to go on with.</summary>
    public bool NewIsAccepted => New is { } made && Accepts(made, Now);

    /// <summary>Opens a rotation of a key that has none.</summary>
    public static RotationAct Plan(
        Write write,
        KeyIndex index,
        Actor by,
        RotatedAgent agent,
        AgentKey key,
        List<KeyVersion> versions,
        RotationTrigger trigger,
        string? reason,
        Guid? id = null
    )
    {
        var rotation = new Rotation
        {
            Id = id ?? write.NewId(),
            OrganizationId = key.OrganizationId,
            TeamId = agent.TeamId,
            AgentId = agent.Id,
            KeyId = key.Id,
            Trigger = trigger,
            Reason = reason,
            CreatedBy = Texts.Clip(by.Label, 256)!,
            PlannedAt = write.Now,
            GraceSeconds = (int)Rotation.UsualGrace.TotalSeconds,
            FromVersion = Newest(versions, write.Now)?.Number,
        };
        write.Db.Add(rotation);
        return new RotationAct((write, index), write.Now, rotation, agent, key, versions);
    }

    /// <summary>The newest accepted version, or the newest that could be enabled again.</summary>
    private static KeyVersion? Newest(List<KeyVersion> versions, DateTimeOffset now) =>
        versions.Where(v => Accepts(v, now)).MaxBy(v => v.Number)
        ?? versions.Where(v => v.State == KeyState.Disabled && !(v.ExpiresAt <= now)).MaxBy(v => v.Number);

    internal static bool Accepts(KeyVersion version, DateTimeOffset now) =>
        version.State switch
        {
            KeyState.Active => true,
            KeyState.Retiring => !(version.RetiresAt <= now),
            _ => false,
        } && !(version.ExpiresAt <= now);

    /// <summary>Puts on the trail that it was planned and not issued yet.</summary>
    public void Planned(Actor by) => Record(by, "rotation.planned", null, rotation.Reason);

    /// <summary>
    /// Makes the new version. The newest of the others gets the grace, older ones end: a key has at most one old version.
    /// </summary>
    /// <returns>The new secret, of which there is no other copy.</returns>
    public string Issue(Actor by, KeyMint mint, bool again = false)
    {
        var before = rotation.State;
        var kept = again ? Old : Newest(versions, Now);
        if (again && New is { } undisclosed)
            End(undisclosed, KeyState.Revoked, "Issued again");
        var ended = versions.FindAll(v => v != kept && v.State is not (KeyState.Revoked or KeyState.Expired));
        foreach (var version in ended)
            End(version, KeyState.Revoked, "Superseded");
        var number = versions.Count == 0 ? 1 : versions.Max(v => v.Number) + 1;
        var (made, secret) = mint.NewVersion(Writing, key, number, rotation.TtlDays is { } days ? Now.AddDays(days) : null);
        versions.Add(made);
        Announce(made);
        rotation.FromVersion = kept?.Number;
        rotation.ToVersion = number;
        rotation.IssuedAt ??= Now;
        rotation.DeliveredAt = null;
        rotation.IssuerId = by.Id;
        rotation.IssuedBy = Texts.Clip(by.Label, 256);
        rotation.RetryScope = by.Retry?.Scope;
        rotation.AcknowledgedAt = null;
        rotation.Failure = null;
        if (!again)
        {
            rotation.State = RotationState.Issued;
            // What goes to a sink is not in use before it has arrived: until then the old version stays as it is.
            if (rotation.Sink is null)
                Replace(kept);
        }
        else if (rotation.State is RotationState.Observing or RotationState.Ready)
        {
            (rotation.State, rotation.ReadyAt) = (RotationState.Issued, null);
        }
        // The grace of a secret that is replaced before it was used is over: it begins anew when this one arrives.
        if (again && rotation.Sink is not null && kept is { State: KeyState.Retiring, LeakReportedAt: null } && Accepts(kept, Now))
        {
            (kept.State, kept.RetiresAt) = (KeyState.Active, null);
            Announce(kept);
        }
        if (rotation.Sink is { } sink)
            rotation.Failure =
                $"The new secret was not delivered to {sink} yet. Re-issue if this does not change; the old version stays as it is.";
        Hold(by);
        Record(by, again ? "rotation.reissued" : "rotation.issued", before, rotation.Reason, ended);
        return secret;
    }

    /// <summary>The sink has the secret: the old version's grace begins, unless the new one is not accepted by now.</summary>
    /// <returns>What keeps the rotation from going on although the secret arrived.</returns>
    public Problem? Delivered(Actor by, DeliveryReceipt receipt)
    {
        var before = rotation.State;
        rotation.DeliveredAt = receipt.At;
        rotation.DeliveringUntil = null;
        rotation.AcknowledgedAt = Now;
        rotation.Failure = null;
        var stays = rotation.State == RotationState.Issued && !NewIsAccepted;
        if (rotation.State == RotationState.Issued && !stays)
        {
            rotation.State = RotationState.Observing;
            Replace(Old);
        }
        Record(by, "rotation.delivered", before, $"{receipt.Sink}: {receipt.Place}");
        if (!stays)
            return null;
        Fail(
            by,
            "The new secret arrived, but its version is disabled or has ended. The old version stays as it is. Enable the new one, or abort."
        );
        return RotationProblems.NewNotAccepted;
    }

    // What becomes of the version that is replaced.
    private void Replace(KeyVersion? old)
    {
        if (old is null)
            return;
        if (rotation.RevokeImmediately)
            End(old, KeyState.Revoked, "Replaced at once");
        else if (!Accepts(old, Now) || rotation.GraceSeconds == 0)
            CutOff(old, Rotation.UsualWindow);
        else
            Retire(old, Now.AddSeconds(rotation.GraceSeconds));
    }

    /// <summary>The issuer stored the secret: nobody is shown it again.</summary>
    public async Task AcknowledgeAsync(Actor by, CancellationToken cancellationToken)
    {
        var before = rotation.State;
        rotation.AcknowledgedAt = Now;
        if (rotation.State == RotationState.Issued)
            rotation.State = RotationState.Observing;
        Hold(by);
        Record(by, "rotation.acknowledged", before);
        await ForgetSecretAsync(cancellationToken);
    }

    /// <summary>
    /// The stored answer of the call that issued the secret goes on to answer, without the secret: a repetition must neither show it nor issue another.
    /// </summary>
    public async Task ForgetSecretAsync(CancellationToken cancellationToken)
    {
        if (rotation.RetryScope is not { } scope)
            return;
        var organization = rotation.OrganizationId;
        var stored = Writing.Db.StoredRetries.Where(r => r.OrganizationId == organization && r.Scope == scope && r.Sealed);
        var body = JsonSerializer.SerializeToUtf8Bytes(RotationBodies.Bare(this), ConsoleJson.Options);
        await stored.ExecuteUpdateAsync(r => r.SetProperty(x => x.Body, body).SetProperty(x => x.Sealed, false), cancellationToken);
        rotation.RetryScope = null;
    }

    /// <summary>The new version was stored or used: from now on callers are watched.</summary>
    public void Observe(Actor by)
    {
        var before = rotation.State;
        rotation.State = RotationState.Observing;
        rotation.ReadyAt = null;
        // Whoever uses it has it: it did arrive at the sink, although whoever delivered it did not live to say so, or it was not accepted then.
        if (before == RotationState.Issued && rotation.Sink is not null && Old is { State: KeyState.Active })
        {
            rotation.Failure = null;
            Replace(Old);
        }
        Record(by, "rotation.observing", before);
    }

    public void MakeReady(Actor by)
    {
        var before = rotation.State;
        rotation.State = RotationState.Ready;
        rotation.ReadyAt = Now;
        rotation.Failure = null;
        Record(by, "rotation.ready", before);
    }

    /// <summary>A person says that the old version may go, whoever still uses it.</summary>
    public Problem? Override(Actor by, string reason)
    {
        if (!rotation.IsOpen || New is null)
            return RotationProblems.State(rotation.State, "overridden");
        var before = rotation.State;
        rotation.OverriddenAt = Now;
        rotation.OverriddenBy = Texts.Clip(by.Label, 256);
        rotation.OverrideReason = reason;
        rotation.Failure = null;
        if (rotation.State != RotationState.OldDisabled)
        {
            rotation.State = RotationState.Ready;
            rotation.ReadyAt ??= Now;
        }
        Hold(by);
        Record(by, "rotation.overridden", before, reason);
        return null;
    }

    /// <summary>Moves the end of the grace.</summary>
    public Problem? Extend(Actor by, int seconds, bool? autoExtend, string? reason)
    {
        if (
            rotation.State is not (RotationState.Issued or RotationState.Observing or RotationState.Ready)
            || Old is not { State: KeyState.Retiring } old
            || !Accepts(old, Now)
        )
            return RotationProblems.State(rotation.State, "extended: no version is in its grace");
        rotation.AutoExtend = autoExtend ?? rotation.AutoExtend;
        Retire(old, Now.AddSeconds(seconds));
        if (by.Kind == ActorKind.System)
        {
            rotation.AutoExtendedAt = Now;
            rotation.AutoExtensions++;
        }
        Hold(by);
        Record(by, "rotation.extended", rotation.State, reason);
        return null;
    }

    /// <summary>Refuses the old version, reversibly.</summary>
    public Problem? DisableOld(Actor by, TimeSpan window, string? reason)
    {
        if (rotation.State is not (RotationState.Issued or RotationState.Observing or RotationState.Ready) || New is null)
            return RotationProblems.State(rotation.State, "moved to the new version alone");
        if (Old is not { } old || old.State is KeyState.Revoked or KeyState.Expired)
            return RotationProblems.State(rotation.State, "moved to the new version alone: the old one has ended already");
        var before = rotation.State;
        CutOff(old, window);
        Hold(by);
        Record(by, "rotation.old-disabled", before, reason);
        return null;
    }

    /// <summary>Accepts the old version again, for another grace.</summary>
    public Problem? EnableOld(Actor by, int seconds, string? reason)
    {
        if (rotation.State != RotationState.OldDisabled)
            return RotationProblems.State(rotation.State, "taken back");
        if (Old?.LeakReportedAt is not null)
            return RotationProblems.OldLeaked;
        if (!MayGoBack)
            return RotationProblems.NothingToGoBackTo;
        var before = rotation.State;
        Old!.DisabledAt = null;
        Old.Reason = null;
        Retire(Old, Now.AddSeconds(seconds));
        rotation.State = RotationState.Observing;
        (rotation.OldDisabledAt, rotation.OldDisabledUntil, rotation.ReadyAt, rotation.Failure) = (null, null, null, null);
        (rotation.OverriddenAt, rotation.OverriddenBy, rotation.OverrideReason) = (null, null, null);
        Hold(by);
        Record(by, "rotation.old-enabled", before, reason);
        return null;
    }

    /// <summary>Revokes the old version; the rotation is over.</summary>
    public async Task<Problem?> CompleteAsync(Actor by, string? reason, CancellationToken cancellationToken)
    {
        if (!rotation.IsOpen || (rotation.State is not (RotationState.Ready or RotationState.OldDisabled) && !OldHasEnded))
            return RotationProblems.State(rotation.State, "completed");
        if (!NewIsAccepted)
            return RotationProblems.NewNotAccepted;
        if (New!.FirstUsedAt is null && rotation.OverriddenAt is null)
            return RotationProblems.NewNeverUsed;
        var before = rotation.State;
        if (Old is { } old && !OldHasEnded)
            End(old, KeyState.Revoked, "Replaced");
        rotation.State = RotationState.Completed;
        rotation.Failure = null;
        Close();
        Hold(by);
        Record(by, "rotation.completed", before, reason);
        await ForgetSecretAsync(cancellationToken); // it is in use: whoever has it stored it
        return null;
    }

    /// <summary>Takes the new version back; the old one goes on as if nothing had been.</summary>
    public async Task<Problem?> AbortAsync(Actor by, string? reason, CancellationToken cancellationToken)
    {
        if (!rotation.IsOpen)
            return RotationProblems.State(rotation.State, "aborted");
        if (IsDelivering)
            return RotationProblems.Delivering;
        if (New is not null && !MayGoBack)
            return RotationProblems.NothingToGoBackTo;
        var before = rotation.State;
        if (New is { } made)
        {
            if (made.State is not (KeyState.Revoked or KeyState.Expired))
                End(made, KeyState.Revoked, "The rotation was aborted");
            GoBack();
        }
        rotation.State = RotationState.Aborted;
        Close();
        Hold(by);
        Record(by, "rotation.aborted", before, reason);
        await ForgetSecretAsync(cancellationToken);
        return null;
    }

    /// <summary>The agent is gone and no version of its key can come back: there is nobody left to hand a secret to.</summary>
    public async Task<Problem?> GiveUpAsync(
        Actor by,
        CancellationToken cancellationToken,
        string reason = "The agent is deleted and its key is revoked"
    )
    {
        var before = rotation.State;
        rotation.State = RotationState.Aborted;
        rotation.Failure = null;
        Close();
        Record(by, "rotation.aborted", before, reason);
        await ForgetSecretAsync(cancellationToken);
        return null;
    }

    /// <summary>Another rotation of the key takes this one's place; what becomes of the versions is that one's affair.</summary>
    public async Task SupersedeAsync(Actor by, Guid successor, string? reason, CancellationToken cancellationToken)
    {
        var before = rotation.State;
        rotation.State = RotationState.Aborted;
        rotation.SupersededBy = successor;
        Close();
        Record(by, "rotation.superseded", before, reason);
        await ForgetSecretAsync(cancellationToken);
    }

    /// <summary>The new version leaked: the old one is all there is.</summary>
    public void GoBack()
    {
        if (!MayGoBack || Old is not { } old)
            return;
        (old.State, old.RetiresAt, old.DisabledAt, old.Reason) = (KeyState.Active, null, null, null);
        Announce(old);
    }

    /// <summary>Whether some node is putting the new secret into the sink.</summary>
    public bool IsDelivering => rotation.DeliveringUntil > Now;

    /// <summary>The sink does not have the secret, as far as can be told.</summary>
    public void NotDelivered(Actor by, string sentence)
    {
        rotation.DeliveringUntil = null;
        Fail(by, sentence);
    }

    /// <summary>Says what keeps the rotation from going on, once.</summary>
    public void Fail(Actor by, string sentence)
    {
        rotation.Failure = sentence;
        Record(by, "rotation.stuck", rotation.State, sentence);
    }

    /// <summary>Ends the version; the key index follows with the commit.</summary>
    public void End(KeyVersion version, KeyState state, string reason)
    {
        version.State = state;
        version.Reason = reason;
        if (state == KeyState.Revoked)
            version.RevokedAt = Now;
        else
            version.DisabledAt = Now;
        Announce(version);
    }

    /// <summary>Whether the state of this rotation follows an act on its old version that came by another way.</summary>
    public void FollowDisabled(Actor by)
    {
        var before = rotation.State;
        CutOff(Old!, Rotation.UsualWindow);
        Record(by, "rotation.old-disabled", before, Old!.Reason);
    }

    public bool KeyHasEnded => versions.TrueForAll(v => v.State is KeyState.Revoked or KeyState.Expired);

    public bool OldHasEnded => Old is not { } old || old.State is KeyState.Revoked or KeyState.Expired;

    private void CutOff(KeyVersion old, TimeSpan window)
    {
        if (old.State is KeyState.Active or KeyState.Retiring)
            End(old, KeyState.Disabled, "Replaced");
        rotation.State = RotationState.OldDisabled;
        rotation.OldDisabledAt = Now;
        rotation.OldDisabledUntil = Now + window;
    }

    private void Retire(KeyVersion old, DateTimeOffset until)
    {
        old.State = KeyState.Retiring;
        old.RetiresAt = until;
        Announce(old);
    }

    private void Close()
    {
        rotation.TeamId = agent.TeamId;
        rotation.ClosedAt = Now;
    }

    private void Hold(Actor by)
    {
        if (by.Kind == ActorKind.System)
            return;
        rotation.HolderId = by.Id;
        rotation.HeldBy = Texts.Clip(by.Label, 256);
    }

    private KeyVersion? Number(int? number) => number is { } wanted ? versions.Find(v => v.Number == wanted) : null;

    private void Announce(KeyVersion version) => KeyService.Announce(Writing, hand!.Value.Index, agent.TeamId, version);

    private void Record(Actor by, string action, RotationState? before, string? reason = null, IReadOnlyList<KeyVersion>? ended = null)
    {
        Writing.Trail(
            by,
            action,
            new TrailTarget("rotation", rotation.Id, $"{agent.Slug} / {key.Name}", agent.TeamId),
            before is { } was ? new { state = KebabCase.Of(was) } : null,
            new
            {
                state = KebabCase.Of(rotation.State),
                key = IdText.Format(IdText.Key, key.Id),
                from_version = rotation.FromVersion,
                to_version = rotation.ToVersion,
                old_key_expires_at = RotationBodies.OldEndsAt(Old),
                expires_at = New?.ExpiresAt,
                revoked_versions = ended?.Select(v => v.Number),
            },
            reason
        );
        Writing.Tell(new LiveEvent("rotation", rotation.OrganizationId, agent.TeamId, agent.Id, rotation.Id));
    }
}
