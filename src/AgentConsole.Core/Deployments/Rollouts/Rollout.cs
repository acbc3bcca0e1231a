using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.Deployments.Rollouts;

public enum RolloutState
{
    Running,
    Paused,
    Promoted,
    RolledBack,
    Aborted,
}

/// <summary>What a running rollout waits for, or why a paused one is.</summary>
public enum RolloutWait
{
    Runs,
    Hold,
    Freeze,
    Person,
    Inconclusive,
    Fail,
    NotEnoughData,
}

/// <summary>A canary in progress. Of each agent and environment at most one is open.</summary>
public sealed class Rollout : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Rollout, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>Of its time.</summary>
    public Guid TeamId { get; init; }

    /// <summary>Empty where the agent has none.</summary>
    public required string Environment { get; init; }
    public Guid StableSnapshotId { get; init; }
    public required string StableVersion { get; init; }

    /// <summary>Each step sets another one, with another share.</summary>
    public Guid CanarySnapshotId { get; set; }
    public required string CanaryVersion { get; init; }

    /// <summary>As <see cref="RolloutPlan.Write"/> wrote it.</summary>
    public required string Plan { get; init; }
    public string? Template { get; init; }
    public RolloutState State { get; private set; } = RolloutState.Running;
    public RolloutWait? Waits { get; set; } = RolloutWait.Runs;

    /// <summary>From 1.</summary>
    public int Step { get; private set; } = 1;

    /// <summary>Runs that began before it belong to no arm of the step.</summary>
    public DateTimeOffset StepStartedAt { get; private set; }

    /// <summary>Seconds of this step in which it was paused; they are no part of its hold.</summary>
    public long PausedSeconds { get; private set; }
    public DateTimeOffset? PausedAt { get; private set; }

    /// <summary>Canary runs at the last look of this step.</summary>
    public long RunsLooked { get; private set; }
    public int FailsInRow { get; private set; }

    /// <summary>The latest of this step.</summary>
    public Verdict? Verdict { get; private set; }

    /// <summary>The step's budget is spent: it is not looked at again.</summary>
    public bool StepDone { get; private set; }
    public int Decisions { get; private set; }
    public string? Reason { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public required string StartedBy { get; init; }
    public DateTimeOffset? EndedAt { get; private set; }
    public string? EndedBy { get; private set; }
    public string? EndedReason { get; private set; }
    public long Revision { get; set; } = 1;

    public bool IsOpen => EndedAt is null;

    /// <summary>Time that counts towards the step's hold.</summary>
    public TimeSpan HeldFor(DateTimeOffset now) => (PausedAt ?? now) - StepStartedAt - TimeSpan.FromSeconds(PausedSeconds);

    /// <param name="from">Runs that begin from then on are counted.</param>
    public void BeginStep(int step, DateTimeOffset from)
    {
        (Step, StepStartedAt, PausedSeconds, PausedAt) = (step, from, 0, null);
        (RunsLooked, FailsInRow, Verdict, StepDone) = (0, 0, null, false);
        (State, Waits) = (RolloutState.Running, RolloutWait.Runs);
    }

    public void Pause(RolloutWait why, DateTimeOffset now) => (State, Waits, PausedAt) = (RolloutState.Paused, why, now);

    public void Resume(DateTimeOffset now)
    {
        PausedSeconds += (long)(now - PausedAt!.Value).TotalSeconds;
        (State, Waits, PausedAt) = (RolloutState.Running, RolloutWait.Runs, null);
    }

    /// <summary>Notes a decision.</summary>
    /// <returns>Its number.</returns>
    public int Look(Verdict verdict, long runs, bool isLast)
    {
        (Verdict, RunsLooked, StepDone) = (verdict, runs, isLast);
        FailsInRow = verdict == Verdicts.Verdict.Fail ? FailsInRow + 1 : 0;
        return ++Decisions;
    }

    public void End(RolloutState state, string by, string? reason, DateTimeOffset now)
    {
        (State, Waits, PausedAt) = (state, null, null);
        (EndedAt, EndedBy, EndedReason) = (now, Texts.Clip(by, 256), Texts.Clip(reason, 500));
    }
}

/// <summary>Runs of one version in one step.</summary>
public sealed class RolloutArm
{
    public Guid OrganizationId { get; init; }
    public Guid RolloutId { get; init; }
    public int Step { get; init; }
    public bool IsCanary { get; init; }
    public long Runs { get; set; }
    public long Failed { get; set; }
    public long ToolFailed { get; set; }
    public long Blocked { get; set; }

    /// <summary>One sample for each metric that compares values, see <see cref="ArmSamples"/>; empty when the step is over.</summary>
    public byte[] Samples { get; set; } = [];
}

/// <summary>A decision with all that it was reached by, kept for good.</summary>
public sealed class RolloutDecision
{
    public Guid OrganizationId { get; init; }
    public Guid RolloutId { get; init; }

    /// <summary>From 1.</summary>
    public int Number { get; init; }
    public int Step { get; init; }
    public DateTimeOffset At { get; init; }
    public Verdict Verdict { get; init; }
    public RolloutMove Act { get; init; }

    /// <summary>See <see cref="DecisionRecord"/>.</summary>
    public required byte[] Record { get; init; }
    public required string Digest { get; init; }
}

/// <summary>What comes of a decision.</summary>
public enum RolloutMove
{
    None,
    Advance,
    Promote,
    Pause,
    RollBack,
}
