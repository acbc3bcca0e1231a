using AgentConsole.Core.Common;

namespace AgentConsole.Core.Unclaimed;

/// <summary>Refusals of this feature.</summary>
public static class UnclaimedProblems
{
    public static readonly Problem NotFound = Problem.NotFound("unclaimed agent");
    public static readonly Problem AgentKeyRequired = new(
        ProblemKind.Forbidden,
        "agent_key_required",
        "An agent reports for itself: use its key. With another token, name an agent that is not registered yet in the member agent."
    );
    public static readonly Problem Blocked = new(
        ProblemKind.Forbidden,
        "agent_blocked",
        "Reports under this name with this token were blocked by an operator. Ask an operator of the token's teams."
    );

    public static Problem TooManyNew(int most) =>
        new(
            ProblemKind.TooMany,
            "too_many_unclaimed",
            $"This token has reported under {most} names that are not registered within a minute. Wait a minute, or register the agents."
        )
        {
            RetryAfterSeconds = 60,
        };

    public static Problem Full(int most) =>
        new(
            ProblemKind.TooMany,
            "too_many_unclaimed",
            $"{most} unregistered names wait to be claimed or blocked, and no more are taken. Claim or block some of them, or register this agent."
        )
        {
            RetryAfterSeconds = 3600,
        };
}
