using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>What a plan does with each of its agents.</summary>
public enum BulkAction
{
    Pause,
    Resume,
    Tag,
    Assign,
    Move,
    Delete,
    Restore,
}

public enum PlanState
{
    /// <summary>Still being written, or thrown away; nobody sees it.</summary>
    Draft,

    /// <summary>May be applied until it expires.</summary>
    Planned,
    Applying,
    Applied,
    Undoing,
    Undone,
}

public enum RowEffect
{
    Change,
    NoChange,
    Refused,
}

public enum RowOutcome
{
    Pending,
    Done,
    Failed,
    Undone,
    UndoFailed,
}

/// <summary>
/// One action for many agents: first what it would do to each, then what it did. It is applied exactly as it was shown, or not at all, by whoever made
/// it, in parts that each commit by themselves.
/// </summary>
public sealed class BulkPlan : IRevised
{
    public const int MostRows = 100_000;

    /// <summary>Most plans of one maker that wait to be applied.</summary>
    public const int MostOpen = 20;

    /// <summary>Most rows of an organization in plans that may still be applied.</summary>
    public const int MostWaitingRows = 1_000_000;

    /// <summary>How long a plan may be applied.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>How long it can be taken back.</summary>
    public static readonly TimeSpan UndoLife = TimeSpan.FromHours(1);

    /// <summary>Whoever works on it says so with each part; silence for this long means that they are gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public required BulkAction Action { get; init; }
    public List<string> AddTags { get; init; } = [];
    public List<string> RemoveTags { get; init; } = [];

    /// <summary>For <see cref="BulkAction.Assign"/>; null makes ownerless.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>For <see cref="BulkAction.Move"/>.</summary>
    public Guid? TargetTeamId { get; init; }
    public string? Reason { get; init; }

    /// <summary>The filter as an address has it; null where agents were named.</summary>
    public string? Filter { get; init; }
    public string Digest { get; set; } = "";
    public Guid MakerId { get; init; }
    public required string MakerLabel { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; set; }
    public PlanState State { get; set; }

    /// <summary>Which working-off it is in; a worker that finds another one here has lost the plan and writes nothing.</summary>
    public Guid? WorkId { get; set; }
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Why it stopped before its end.</summary>
    public string? Stopped { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public int Total { get; set; }
    public int Change { get; set; }
    public int NoChange { get; set; }
    public int Refused { get; set; }
    public int Done { get; set; }
    public int Failed { get; set; }
    public int Undone { get; set; }
    public int UndoFailed { get; set; }
    public long Revision { get; set; } = 1;

    public int Pending => Change - Done - Failed - Undone - UndoFailed;

    public bool IsWorkedOn(DateTimeOffset now) => WorkId is not null && LeaseUntil > now;

    /// <summary>Its state as people and programs see it at this moment.</summary>
    public string StateAt(DateTimeOffset now) =>
        State switch
        {
            PlanState.Planned when ExpiresAt <= now => "expired",
            PlanState.Applying when !IsWorkedOn(now) => "interrupted",
            PlanState.Undoing when !IsWorkedOn(now) => "undo-interrupted",
            _ => KebabCase.Of(State),
        };

    /// <summary>Until when it can be taken back; null when there is nothing to take back.</summary>
    public DateTimeOffset? UndoUntil =>
        State is PlanState.Applying or PlanState.Applied && Done > 0 ? (FinishedAt ?? StartedAt) + UndoLife : null;

    /// <summary>Begins to be applied.</summary>
    public Problem? Begin(Guid workId, DateTimeOffset now)
    {
        if (State != PlanState.Planned)
            return PlanProblems.AppliedAlready;
        if (ExpiresAt <= now)
            return PlanProblems.Expired;
        State = PlanState.Applying;
        StartedAt = now;
        Work(workId, now);
        return null;
    }

    /// <summary>Is thrown away before it did anything. Its rows go with the next purge: there may be too many for one transaction.</summary>
    public Problem? Discard(DateTimeOffset now)
    {
        if (State != PlanState.Planned)
            return PlanProblems.AppliedAlready;
        State = PlanState.Draft;
        ExpiresAt = now;
        return null;
    }

    /// <summary>Goes on where it stopped, in the direction it had.</summary>
    public Problem? Resume(Guid workId, DateTimeOffset now)
    {
        if (State is not (PlanState.Applying or PlanState.Undoing))
            return PlanProblems.NothingToResume;
        if (IsWorkedOn(now))
            return PlanProblems.WorkedOn;
        Work(workId, now);
        return null;
    }

    /// <summary>Begins to be taken back, whole or as far as it came.</summary>
    public Problem? BeginUndo(Guid workId, DateTimeOffset now)
    {
        if (State is PlanState.Undoing or PlanState.Undone)
            return PlanProblems.UndoneAlready;
        if (IsWorkedOn(now))
            return PlanProblems.WorkedOn;
        if (UndoUntil is not { } end)
            return PlanProblems.NothingToUndo;
        if (end <= now)
            return PlanProblems.TooLateToUndo;
        State = PlanState.Undoing;
        FinishedAt = null;
        Work(workId, now);
        return null;
    }

    /// <summary>The worker still works.</summary>
    public void Work(Guid workId, DateTimeOffset now)
    {
        WorkId = workId;
        LeaseUntil = now + Lease;
        Stopped = null;
    }

    public void Finish(DateTimeOffset now)
    {
        State = State == PlanState.Undoing ? PlanState.Undone : PlanState.Applied;
        FinishedAt = now;
        Stop(null);
    }

    /// <summary>Nobody works on it any more.</summary>
    public void Stop(string? why)
    {
        WorkId = null;
        LeaseUntil = null;
        Stopped = why;
    }
}

/// <summary>One agent of a plan.</summary>
public sealed class BulkPlanRow
{
    public Guid OrganizationId { get; init; }
    public Guid PlanId { get; init; }

    /// <summary>Place in the plan, from 1.</summary>
    public int Ordinal { get; init; }

    /// <summary>Null where the maker knows no agent of that name.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Slug of the agent, or the name that was given for one that is not known.</summary>
    public required string Name { get; init; }
    public string? DisplayName { get; init; }

    /// <summary>Team of the agent when the plan was made.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>Revision for which the effect holds.</summary>
    public long AgentRevision { get; init; }
    public RowEffect Effect { get; init; }

    /// <summary>JSON of the members that change.</summary>
    public string? Before { get; init; }
    public string? After { get; init; }
    public RowOutcome? Outcome { get; set; }

    /// <summary>Why it is refused, failed or was not taken back.</summary>
    public string? Code { get; set; }
    public string? Detail { get; set; }

    /// <summary>Revision that the change left; an undo holds for this one only.</summary>
    public long? DoneRevision { get; set; }

    /// <summary>JSON of <see cref="AgentState"/> before the change.</summary>
    public string? Undo { get; set; }
}

/// <summary>All that a plan can change of an agent, as it was.</summary>
internal sealed record AgentState(
    Lifecycle Lifecycle,
    Lifecycle? LifecycleBefore,
    DateTimeOffset? DeletedAt,
    List<string> Tags,
    Guid? OwnerId,
    Guid TeamId
)
{
    public static AgentState Of(Agent agent) =>
        new(agent.Lifecycle, agent.LifecycleBefore, agent.DeletedAt, [.. agent.Tags], agent.OwnerId, agent.TeamId);

    public void PutBack(Agent agent, DateTimeOffset now)
    {
        if (agent.Lifecycle != Lifecycle)
        {
            agent.Lifecycle = Lifecycle;
            AgentMoves.ExpectAgain(agent, now);
        }
        agent.LifecycleBefore = LifecycleBefore;
        agent.DeletedAt = DeletedAt;
        if (!agent.Tags.SequenceEqual(Tags))
            agent.Tags = [.. Tags];
        agent.OwnerId = OwnerId;
        agent.TeamId = TeamId;
    }
}
