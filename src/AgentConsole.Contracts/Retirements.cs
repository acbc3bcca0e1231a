namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/{id}/retirement</c>, of its <c>finish</c> and <c>abandon</c>, and of <c>POST /api/v1/agents/{id}/retire</c>.</summary>
public sealed record RetirementReason
{
    /// <summary>3 to 500 characters. Required, save for <c>finish</c>, which goes on with the one that was given at the start.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /api/v1/agents/{id}/retirement/steps/{step}</c>; may be empty.</summary>
public sealed record RetirementAct
{
    /// <summary>For <c>runs</c>: <c>drain</c> (default) waits for them, <c>cancel</c> asks the agent to stop each.</summary>
    public string? Mode { get; init; }

    /// <summary>Leaves <c>runs</c> or <c>export</c> out, with a reason. The other steps cannot be left out.</summary>
    public bool? Skip { get; init; }

    /// <summary>Required to skip; at most 500 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>The retirement of an agent, step by step. It can be left at any step, and taken up by anybody who may.</summary>
public sealed record RetirementBody
{
    public required string Id { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary><c>open</c>, <c>finished</c> or <c>abandoned</c>.</summary>
    public required string State { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required string StartedBy { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? EndedBy { get; init; }

    /// <summary>Why it was abandoned, or what was said at its end.</summary>
    public string? EndReason { get; init; }

    /// <summary><c>gateways</c>, <c>runs</c>, <c>keys</c> and <c>export</c>, in the order in which they are done.</summary>
    public required IReadOnlyList<RetirementStepBody> Steps { get; init; }

    /// <summary>Whether no step is open.</summary>
    public required bool Ready { get; init; }
}

public sealed record RetirementStepBody
{
    public required string Step { get; init; }

    /// <summary>
    /// <c>open</c>, <c>done</c> or <c>skipped</c>. While the retirement is open, a step is done as long as nothing is left of it: a gateway that is linked anew
    /// opens it again.
    /// </summary>
    public required string State { get; init; }

    /// <summary>Gateways linked, runs open, key versions that are not revoked.</summary>
    public required int Left { get; init; }

    /// <summary>What is left, by name: gateways, run ids, keys with their version; the first 20 that you see.</summary>
    public required IReadOnlyList<string> Items { get; init; }

    /// <summary>Of <c>runs</c>: <c>drain</c> or <c>cancel</c>, once somebody chose.</summary>
    public string? Mode { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? By { get; init; }

    /// <summary>Why it was skipped.</summary>
    public string? Reason { get; init; }

    /// <summary>How many were unlinked, asked to stop, or revoked.</summary>
    public int? Count { get; init; }

    /// <summary>What was exported, once the last byte was sent.</summary>
    public RetirementExportBody? Export { get; init; }
}

/// <param name="Sha256">In hexadecimal, of the file as it was sent.</param>
public sealed record RetirementExportBody(string Sha256, long Bytes, long Snapshots, long Runs, long Records);
