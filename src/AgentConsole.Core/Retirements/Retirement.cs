using AgentConsole.Core.Data;

namespace AgentConsole.Core.Retirements;

public enum RetirementState
{
    Open,
    Finished,
    Abandoned,
}

/// <summary>In the order in which they are done.</summary>
public enum RetirementStep
{
    Gateways,
    Runs,
    Keys,
    Export,
}

public enum RunsMode
{
    Drain,
    Cancel,
}

/// <summary>What somebody did about a step.</summary>
/// <param name="Step">As it travels.</param>
/// <param name="Skipped">It was left out, with a reason.</param>
/// <param name="Count">How many were unlinked, asked to stop, or revoked.</param>
/// <param name="Mode">Of the runs, as it travels.</param>
public sealed record StepMark(
    string Step,
    bool Skipped,
    DateTimeOffset At,
    string By,
    string? Reason = null,
    int? Count = null,
    string? Mode = null,
    ExportMark? Export = null
);

/// <param name="Sha256">Of the file as it was sent, in hexadecimal.</param>
public sealed record ExportMark(string Sha256, long Bytes, long Snapshots, long Runs, long Records);

/// <summary>One agent on its way out. Of each agent at most one is open.</summary>
public sealed class Retirement : IRevised
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public RetirementState State { get; private set; } = RetirementState.Open;
    public required string Reason { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public required string StartedBy { get; init; }
    public DateTimeOffset? EndedAt { get; private set; }
    public string? EndedBy { get; private set; }
    public string? EndReason { get; private set; }

    /// <summary>The latest mark of each step that somebody did something about.</summary>
    public List<StepMark> Marks { get; private set; } = [];
    public long Revision { get; set; } = 1;

    public StepMark? MarkOf(RetirementStep step) => Marks.Find(m => m.Step == Common.KebabCase.Of(step));

    public void Mark(StepMark mark) => Marks = [.. Marks.Where(m => m.Step != mark.Step), mark];

    public void End(RetirementState state, string by, string? reason, DateTimeOffset now) =>
        (State, EndedAt, EndedBy, EndReason) = (state, now, by, reason);
}
