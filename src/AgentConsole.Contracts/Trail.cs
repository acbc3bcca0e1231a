using System.Text.Json;

namespace AgentConsole.Contracts;

/// <summary>One record of the trail as the API and exports show it. Hashes are lowercase hex.</summary>
public sealed record TrailBody
{
    public required string Id { get; init; }
    public required long Seq { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string ActorKind { get; init; }
    public string? ActorId { get; init; }
    public string? ActorLabel { get; init; }
    public required string AuthMethod { get; init; }
    public string? Address { get; init; }
    public required string Action { get; init; }
    public string? TargetKind { get; init; }
    public string? TargetId { get; init; }
    public string? TargetLabel { get; init; }
    public string? Team { get; init; }
    public JsonElement? Before { get; init; }
    public JsonElement? After { get; init; }
    public string? Reason { get; init; }
    public required string CorrelationId { get; init; }

    /// <summary>Members whose value was erased; their commitments keep the chain valid.</summary>
    public required IReadOnlyList<string> Erased { get; init; }

    /// <summary><c>done</c> or <c>refused</c>.</summary>
    public required string Outcome { get; init; }
    public required string PrevHash { get; init; }
    public required string Hash { get; init; }
}
