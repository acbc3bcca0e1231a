namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>A user's address of the calendar of due keys. Whoever has it reads what the user sees at that moment, until it is revoked.</summary>
public sealed class CalendarLink
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid UserId { get; init; }
    public required string Name { get; init; }

    /// <summary>Keyed hash of the secret in the address.</summary>
    public required byte[] Hash { get; init; }
    public required string Last4 { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Telemetry, to the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}
