using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/prices</c>, and one element of <c>prices/import</c>.</summary>
public sealed record AddPrice
{
    /// <summary>A model's name as runs report it, or the beginning of one with <c>*</c> at its end, such as <c>gpt-4o*</c>.</summary>
    public string? Model { get; init; }
    public string? Provider { get; init; }

    /// <summary>USD per 1,000,000 input tokens, decimal string (or number) with at most 10 decimals.</summary>
    public JsonElement? InputPerMillion { get; init; }

    /// <summary>USD per 1,000,000 output tokens.</summary>
    public JsonElement? OutputPerMillion { get; init; }

    /// <summary>An instant, or a day, which begins in UTC.</summary>
    public string? EffectiveFrom { get; init; }

    /// <summary>First instant at which it counts no more; absent for no end.</summary>
    public string? EffectiveUntil { get; init; }

    /// <summary>Where the figures were taken from: a text or an address.</summary>
    public string? Source { get; init; }
    public string? Notes { get; init; }
}

/// <summary>Body of <c>POST /api/v1/prices/{price}/supersede</c>: without a replacement the price is withdrawn.</summary>
public sealed record SupersedePrice
{
    public string? Reason { get; init; }
    public AddPrice? Replacement { get; init; }
}

public sealed record PriceBody
{
    public required string Id { get; init; }
    public required string Model { get; init; }
    public string? Provider { get; init; }
    public required string InputPerMillion { get; init; }
    public required string OutputPerMillion { get; init; }
    public required DateTimeOffset EffectiveFrom { get; init; }
    public DateTimeOffset? EffectiveUntil { get; init; }
    public required string Source { get; init; }
    public string? Notes { get; init; }

    /// <summary><c>active</c>, <c>future</c>, <c>ended</c>, <c>superseded</c> or <c>withdrawn</c>. An active one may still be covered by a later begin.</summary>
    public required string State { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset? SupersededAt { get; init; }
    public string? SupersededBy { get; init; }
    public string? SupersedeReason { get; init; }

    /// <summary>Id of the price in its place.</summary>
    public string? ReplacedBy { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/prices/import</c>.</summary>
public sealed record PriceImportResult(bool DryRun, int Created, int Unchanged, int Failed, IReadOnlyList<PriceImportRow> Results);

/// <param name="Line">Line of the file (CSV) or 1-based index (JSON).</param>
/// <param name="Outcome"><c>created</c>, <c>unchanged</c> or <c>failed</c>.</param>
public sealed record PriceImportRow(
    int Line,
    string? Model,
    string Outcome,
    string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors
);
