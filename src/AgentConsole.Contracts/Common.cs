using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>One page of a list. Ask for the next with <c>cursor = next_cursor</c>; the cursor is opaque and belongs to this list and filter.</summary>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? NextCursor);

/// <summary>Any refusal, after RFC 9457. <paramref name="Code"/> is stable and meant for programs; <paramref name="Errors"/> names fields.</summary>
public sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Code,
    string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors,
    string TraceId
);

/// <summary>Body of an act that may say why; at most 500 characters, kept in the trail.</summary>
public sealed record Reason
{
    [JsonPropertyName("reason")]
    public string? Text { get; init; }
}
