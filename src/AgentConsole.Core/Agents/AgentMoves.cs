using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents;

/// <summary>
/// How people move an agent through its life; the same for one agent and for a row of a plan. Each says why it cannot be, or null. An agent that
/// stands there already is left as it is.
/// </summary>
internal static class AgentMoves
{
    public static Problem? Pause(Agent agent, DateTimeOffset now)
    {
        if (agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted)
            return AgentProblems.State("paused", agent.Lifecycle);
        if (agent.Lifecycle == Lifecycle.Paused)
            return null;
        agent.LifecycleBefore = agent.Lifecycle;
        agent.Lifecycle = Lifecycle.Paused;
        agent.LivenessDeadline = null; // its calls are refused: nothing is expected of it
        return null;
    }

    public static Problem? Resume(Agent agent, DateTimeOffset now)
    {
        if (agent.Lifecycle is Lifecycle.Active or Lifecycle.Registered)
            return null;
        if (agent.Lifecycle != Lifecycle.Paused)
            return AgentProblems.State("resumed", agent.Lifecycle);
        agent.Lifecycle = agent.LifecycleBefore ?? Lifecycle.Active;
        agent.LifecycleBefore = null;
        ExpectAgain(agent, now);
        return null;
    }

    public static Problem? Delete(Agent agent, DateTimeOffset now)
    {
        if (agent.Lifecycle == Lifecycle.Deleted)
            return null;
        agent.LifecycleBefore = agent.Lifecycle;
        agent.Lifecycle = Lifecycle.Deleted;
        agent.DeletedAt = now;
        agent.LivenessDeadline = null;
        return null;
    }

    /// <summary>For good: nobody is expected to call, and nothing is deployed any more.</summary>
    public static Problem? Retire(Agent agent)
    {
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        (agent.Lifecycle, agent.LifecycleBefore, agent.LivenessDeadline) = (Lifecycle.Retired, null, null);
        return null;
    }

    /// <param name="slugTaken">Another agent has its slug by now.</param>
    public static Problem? Restore(Agent agent, DateTimeOffset now, bool slugTaken)
    {
        if (agent.Lifecycle != Lifecycle.Deleted)
            return AgentProblems.NotDeleted;
        if (slugTaken)
            return AgentProblems.SlugTaken(agent.Slug);
        agent.Lifecycle = agent.LifecycleBefore ?? Lifecycle.Registered;
        agent.LifecycleBefore = null;
        agent.DeletedAt = null;
        ExpectAgain(agent, now);
        return null;
    }

    /// <summary>Silence while it might not speak was asked for: its waiting begins anew, unless it may still not speak.</summary>
    public static void ExpectAgain(Agent agent, DateTimeOffset now) =>
        agent.LivenessDeadline = agent.Lifecycle is Lifecycle.Active or Lifecycle.Registered
            ? LivenessRule.Renewed(agent.Liveness, now, agent.LeaseSeconds, agent.GraceSeconds)
            : null;
}
