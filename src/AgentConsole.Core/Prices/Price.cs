using AgentConsole.Core.Live;

namespace AgentConsole.Core.Prices;

/// <summary>
/// What a model costs from an instant on. Rows are never edited: a new price is a new row with a later begin, a mistake is superseded with a reason,
/// so that a cost that was computed can be explained for ever.
/// </summary>
public sealed class Price : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Price, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>The exact name of a model as runs report it, or the beginning of one with <c>*</c> at its end.</summary>
    public required string Model { get; init; }

    /// <summary>Who sends the bill; for people, it takes no part in finding a price.</summary>
    public string? Provider { get; init; }

    /// <summary>USD per 1,000,000 tokens, which is micro-USD per token.</summary>
    public decimal InputPerMillion { get; init; }

    /// <inheritdoc cref="InputPerMillion"/>
    public decimal OutputPerMillion { get; init; }
    public DateTimeOffset EffectiveFrom { get; init; }

    /// <summary>First instant at which it counts no more; null for no end. Of several that count, the one that began last does; when it ends, an earlier one counts again.</summary>
    public DateTimeOffset? EffectiveUntil { get; init; }

    /// <summary>Where the figures were taken from: a text or an address.</summary>
    public required string Source { get; init; }
    public string? Notes { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Label of who entered it.</summary>
    public required string CreatedBy { get; init; }
    public DateTimeOffset? SupersededAt { get; private set; }
    public string? SupersededBy { get; private set; }
    public string? SupersedeReason { get; private set; }

    /// <summary>The row that stands in its place; null when it was withdrawn.</summary>
    public Guid? ReplacedById { get; private set; }

    public void Supersede(string by, string reason, Guid? replacement, DateTimeOffset at)
    {
        SupersededAt = at;
        SupersededBy = by;
        SupersedeReason = reason;
        ReplacedById = replacement;
    }

    /// <summary>Whether it says the same as the other, whoever entered it and when.</summary>
    public bool Says(Price other) =>
        Model == other.Model
        && Provider == other.Provider
        && InputPerMillion == other.InputPerMillion
        && OutputPerMillion == other.OutputPerMillion
        && EffectiveFrom == other.EffectiveFrom
        && EffectiveUntil == other.EffectiveUntil
        && Source == other.Source
        && Notes == other.Notes;
}
