using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>Refusals of this feature.</summary>
public static class RunProblems
{
    public static readonly Problem NotFound = Problem.NotFound("run");
    public static readonly Problem CancelNotFound = new(ProblemKind.NotFound, "cancel_not_found", "Nobody asked to cancel this run.");
    public static readonly Problem AgentKeyRequired = new(
        ProblemKind.Forbidden,
        "agent_key_required",
        "Runs are reported by the agent itself: use its key."
    );
    public static readonly Problem AgentRequired = Problem.Invalid(
        "agent",
        "An external_id belongs to one agent: add ?agent= with its slug or id."
    );
    public static readonly Problem QueueFull = new(
        ProblemKind.TooMany,
        "ingest_busy",
        "More is being reported than can be written at this moment. Send it again after a second."
    )
    {
        RetryAfterSeconds = 1,
    };
    public static readonly Problem Stopping = Problem.Unavailable(
        "stopping",
        "The console is stopping. Send it again in a few seconds.",
        retryAfterSeconds: 5
    );
    public static readonly Problem WriteFailed = Problem.Unavailable(
        "write_failed",
        "This could not be written; nothing of it was kept. Send it again.",
        retryAfterSeconds: 2
    );
    public static readonly Problem ParentUnknown = Problem.Invalid(
        "parent_run",
        "There is no such run; report the parent first, or name it by its id."
    );

    public static Problem Finished(RunStatus status) =>
        new(ProblemKind.Conflict, "run_finished", $"This run is {KebabCase.Of(status)} already; a terminal status is final.");
}
