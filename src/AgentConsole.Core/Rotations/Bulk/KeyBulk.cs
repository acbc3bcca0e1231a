using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>What is done with each key of a set.</summary>
public enum KeyBulkAction
{
    Rotate,
    Disable,
    Enable,
    Revoke,
}

public enum KeyBulkState
{
    /// <summary>May be applied until it expires.</summary>
    Planned,
    Working,
    Finished,

    /// <summary>Thrown away before it did anything; nobody sees it.</summary>
    Discarded,
}

public enum KeyBulkEffect
{
    Change,
    NoChange,
    Refused,
}

public enum KeyBulkOutcome
{
    /// <summary>Nothing was made for it yet.</summary>
    Pending,

    /// <summary>Its secret is made, and on the way to the sink.</summary>
    Issued,
    Done,
    Failed,

    /// <summary>It was not begun when somebody cancelled.</summary>
    Cancelled,
}

/// <summary>
/// One act for many keys: first what it would do to each, then what came of it. It is applied exactly as it was shown, or not at all. What was applied goes on
/// until its end, on whichever node is there: a crash loses no row and makes no second secret.
/// </summary>
public sealed class KeyBulk : IRevised
{
    public const int MostRows = 20_000;

    /// <summary>Most plans of one maker that wait to be applied.</summary>
    public const int MostOpen = 20;

    /// <summary>How long a plan may be applied.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>Whoever works on it says so every few seconds; silence for this long means that they are gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);

    /// <summary>How long a secret that did not arrive is kept, sealed, for another try.</summary>
    public static readonly TimeSpan SecretKept = TimeSpan.FromHours(24);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public required KeyBulkAction Action { get; init; }

    public int GraceSeconds { get; init; }
    public bool RevokeImmediately { get; init; }
    public bool AutoExtend { get; init; }
    public int? TtlDays { get; init; }

    /// <summary>Name or id; null where each rotation is only planned.</summary>
    public string? Sink { get; init; }
    public string? Reason { get; init; }

    /// <summary>JSON of <see cref="KeySelection"/>.</summary>
    public required string Selection { get; init; }
    public string Digest { get; set; } = "";
    public Guid MakerId { get; init; }
    public required string MakerLabel { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; set; }
    public KeyBulkState State { get; set; }

    /// <summary>With whose credential it is worked off; the rights are those of each moment.</summary>
    public Guid? WorkerId { get; set; }
    public string? WorkerLabel { get; set; }
    public ActorKind WorkerKind { get; set; }
    public AuthMethod WorkerMethod { get; set; }
    public Guid? WorkerCredential { get; set; }

    /// <summary>Which working-off it is in; a worker that finds another one here has lost it and writes nothing.</summary>
    public Guid? WorkId { get; set; }
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Why it waits for a person; null while it goes on by itself.</summary>
    public string? Stopped { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public DateTimeOffset? CancelledAt { get; set; }
    public int Total { get; set; }
    public int Change { get; set; }
    public int NoChange { get; set; }
    public int Refused { get; set; }
    public int Issued { get; set; }
    public int Done { get; set; }
    public int Failed { get; set; }
    public int Cancelled { get; set; }
    public long Revision { get; set; } = 1;

    public int Pending => Change - Issued - Done - Failed - Cancelled;

    /// <summary>Its state as people and programs see it at this moment.</summary>
    public string StateAt(DateTimeOffset now) =>
        State switch
        {
            KeyBulkState.Planned when ExpiresAt <= now => "expired",
            KeyBulkState.Working when Stopped is not null => "stopped",
            _ => KebabCase.Of(State),
        };

    public Problem? Begin(Actor by, Guid workId, DateTimeOffset now)
    {
        if (State != KeyBulkState.Planned)
            return KeyBulkProblems.AppliedAlready;
        if (ExpiresAt <= now)
            return KeyBulkProblems.Expired;
        StartedAt = now;
        Work(by, workId, now);
        return null;
    }

    /// <summary>Goes on where a person is needed: after it stopped, and with rows that failed.</summary>
    public Problem? Resume(Actor by, Guid workId, DateTimeOffset now)
    {
        if (State is not (KeyBulkState.Working or KeyBulkState.Finished))
            return KeyBulkProblems.NotApplied;
        if (State == KeyBulkState.Working && Stopped is null)
            return KeyBulkProblems.Running;
        if (Pending + Issued + Failed == 0)
            return KeyBulkProblems.NothingToResume;
        Work(by, workId, now);
        FinishedAt = null;
        return null;
    }

    public void Work(Actor by, Guid workId, DateTimeOffset now)
    {
        (WorkerId, WorkerLabel, WorkerKind) = (by.Id, Texts.Clip(by.Label, 256), by.Kind);
        (WorkerMethod, WorkerCredential) = (by.Method, by.CredentialId);
        Take(workId, now);
    }

    /// <summary>Another worker goes on with it, for the same person.</summary>
    public void Take(Guid workId, DateTimeOffset now)
    {
        (State, WorkId, LeaseUntil, Stopped) = (KeyBulkState.Working, workId, now + Lease, null);
    }

    /// <summary>The last row has its outcome.</summary>
    public void FinishIfDone(DateTimeOffset now)
    {
        if (State != KeyBulkState.Working || Pending + Issued > 0)
            return;
        (State, FinishedAt) = (KeyBulkState.Finished, now);
        Leave(null);
    }

    /// <summary>Nobody works on it any more.</summary>
    /// <param name="why">What a person must mend or decide; null when anybody may go on.</param>
    public void Leave(string? why) => (WorkId, LeaseUntil, Stopped) = (null, null, Texts.Clip(why, 300));

    /// <summary>Whoever began it, to be given the rights of this moment.</summary>
    internal Actor Worker() =>
        new()
        {
            OrganizationId = OrganizationId,
            Kind = WorkerKind,
            Id = WorkerId,
            Label = WorkerLabel ?? MakerLabel,
            Method = WorkerMethod,
            CredentialId = WorkerCredential,
            CorrelationId = IdText.Format(IdText.Bulk, Id),
        };
}

/// <summary>One key of a set; of other acts than rotating one version of a key.</summary>
public sealed class KeyBulkRow
{
    public Guid OrganizationId { get; init; }
    public Guid BulkId { get; init; }

    /// <summary>Place in the plan, from 1.</summary>
    public int Ordinal { get; init; }

    /// <summary>Null where the maker knows no key of that id.</summary>
    public Guid? KeyId { get; init; }
    public Guid? AgentId { get; init; }

    /// <summary>Slug of the agent, or the id that was given for a key that is not known.</summary>
    public required string Agent { get; init; }
    public string? KeyName { get; init; }

    /// <summary>Team of the agent when the plan was made.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>Number of the version that is replaced or changed.</summary>
    public int? Version { get; init; }
    public DateTimeOffset? MadeAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Who used the key in the 24 hours before the plan was made.</summary>
    public int Callers { get; init; }

    /// <summary>Whether its agent may take the new secret by itself.</summary>
    public bool SelfRotation { get; init; }
    public KeyBulkEffect Effect { get; init; }
    public KeyBulkOutcome? Outcome { get; set; }

    /// <summary>Why it is refused or failed.</summary>
    public string? Code { get; set; }
    public string? Detail { get; set; }
    public Guid? RotationId { get; set; }
    public int? ToVersion { get; set; }
    public DateTimeOffset? IssuedAt { get; set; }

    /// <summary>The secret on its way to the sink, sealed under the master key for this row; gone once it arrived.</summary>
    public byte[]? Sealed { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
}
