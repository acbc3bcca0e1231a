namespace AgentConsole.Core.Definitions;

/// <summary>How a definition was given.</summary>
public enum DefinitionFormat
{
    Json,
    Yaml,
}

/// <summary>One version of an agent's definition: what it is made of, as its builders describe it. It never changes and is kept for good.</summary>
public sealed class DefinitionVersion
{
    public const int MostNote = 500;

    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>Counts from 1, per agent.</summary>
    public int Number { get; init; }

    /// <summary>Canonical JSON, see <see cref="DefinitionContent"/>.</summary>
    public required string Content { get; init; }

    /// <summary>As it was given, comments included.</summary>
    public required string Source { get; init; }
    public DefinitionFormat Format { get; init; }

    /// <summary>SHA-256 of <see cref="Content"/> in hexadecimal.</summary>
    public required string Digest { get; init; }

    /// <summary>Of <see cref="Content"/>.</summary>
    public int Bytes { get; init; }
    public string? Note { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
}
