using System.Text.Json;

namespace AgentConsole.Contracts;

/// <summary>
/// JSON body of <c>POST /api/v1/agents/{id}/definitions</c> and <c>…/validate</c>. With <c>Content-Type: application/yaml</c> the body is the definition itself, and
/// <c>note</c> and <c>based_on</c> stand in the query.
/// </summary>
public sealed record SaveDefinition
{
    /// <summary>A JSON object with the members that the documentation names; at most 256 KiB.</summary>
    public JsonElement? Definition { get; init; }

    /// <summary>What changed, and why; at most 500 characters.</summary>
    public string? Note { get; init; }

    /// <summary>The number that was read before the change, 0 where there was none: when somebody saved meanwhile, the answer is 409.</summary>
    public int? BasedOn { get; init; }
}

/// <summary>One version of an agent's definition. It never changes.</summary>
public sealed record DefinitionSummary
{
    public required string AgentId { get; init; }

    /// <summary>Counts from 1.</summary>
    public required int Number { get; init; }

    /// <summary>SHA-256 in hexadecimal of the definition as canonical JSON (RFC 8785), lists by name: however it is spelled, the same definition has the same digest.</summary>
    public required string Digest { get; init; }

    /// <summary>How it was given: <c>json</c> or <c>yaml</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Of the canonical JSON.</summary>
    public required int Bytes { get; init; }
    public string? Note { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
}

/// <summary>One version of an agent's definition, with what it says.</summary>
public sealed record DefinitionBody
{
    public required string AgentId { get; init; }
    public required int Number { get; init; }
    public required string Digest { get; init; }
    public required string Format { get; init; }
    public required int Bytes { get; init; }
    public string? Note { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required JsonElement Definition { get; init; }

    /// <summary>As it was given, comments included.</summary>
    public required string Text { get; init; }

    /// <summary>Of a save: the newest says the same already, so that it is answered (200) and nothing was written.</summary>
    public bool Unchanged { get; init; }
}

/// <summary>How one version of a definition differs from another.</summary>
/// <param name="Complete">False when there are more differences than are listed, 500.</param>
public sealed record DefinitionDiff(
    DefinitionSummary From,
    DefinitionSummary To,
    bool Same,
    IReadOnlyList<SnapshotChange> Changes,
    bool Complete
);

/// <summary>What saving a definition would do.</summary>
/// <param name="Errors">By path; empty for a valid one.</param>
/// <param name="Digest">Null for one that is not valid.</param>
/// <param name="Newest">Number of the newest; 0 where there is none.</param>
/// <param name="Same">The newest says the same: nothing would be written.</param>
/// <param name="Changes">How it differs from the newest; empty where there is none, or this is not valid.</param>
/// <param name="Complete">False when there are more differences than are listed, 500.</param>
public sealed record DefinitionCheck(
    bool Valid,
    IReadOnlyDictionary<string, string[]> Errors,
    string? Digest,
    int Newest,
    bool Same,
    IReadOnlyList<SnapshotChange> Changes,
    bool Complete
);
