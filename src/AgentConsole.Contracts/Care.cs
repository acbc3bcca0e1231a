namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/hand-over</c>: gives all agents of one owner to another.</summary>
public sealed record HandOverAgents
{
    /// <summary>E-mail address or id of the user who owns them now, disabled or not; <c>none</c> for agents that nobody answers for.</summary>
    public string? From { get; init; }

    /// <summary>E-mail address or id of the user who owns them from then on.</summary>
    public string? To { get; init; }

    /// <summary>Only agents of this team (slug or id).</summary>
    public string? Team { get; init; }

    /// <summary>At most 500 characters, kept in the trail.</summary>
    public string? Reason { get; init; }
}

/// <summary>Answer of <c>agents/hand-over</c>. With <c>dry_run=true</c> nothing was written.</summary>
/// <param name="From">E-mail address; null for agents that nobody answered for.</param>
/// <param name="Moved">How many agents have, or would have, the new owner.</param>
/// <param name="NotYours">Agents of teams in which the caller may not edit; they stay as they are.</param>
/// <param name="Remaining">Agents beyond the most of one call: call again.</param>
/// <param name="Agents">Slugs of the first 100.</param>
public sealed record HandOverResult(
    bool DryRun,
    string? From,
    string To,
    int Moved,
    int NotYours,
    int Remaining,
    IReadOnlyList<string> Agents
);
