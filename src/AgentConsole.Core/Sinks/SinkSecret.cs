namespace AgentConsole.Core.Sinks;

/// <summary>What a rotation hands to a sink. No record: its text would hold the secret.</summary>
public sealed class SinkSecret
{
    public required string AgentSlug { get; init; }
    public required Guid KeyId { get; init; }

    /// <summary>Number of the version whose secret it is.</summary>
    public required int KeyVersion { get; init; }

    /// <summary>Makes a delivery repeatable: the same rotation writes the same thing.</summary>
    public required Guid RotationId { get; init; }
    public required string Secret { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
}

/// <summary>A secret lies where it should, and was read back from there.</summary>
/// <param name="Place">The very place, such as a path in the vault with its version.</param>
public sealed record SinkReceipt(Guid SinkId, string Sink, SinkKind Kind, string Place, DateTimeOffset DeliveredAt);

/// <summary>One thing to be put into a sink.</summary>
/// <param name="Probe">A harmless value that proves the way.</param>
internal sealed record Parcel(SinkNames Names, SinkSecret Secret, bool Probe)
{
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(Names).Append(", Probe = ").Append(Probe);
        return true;
    }
}

/// <summary>The opened credentials of a sink, for the time of one delivery.</summary>
internal sealed class SinkCredentials
{
    public static SinkCredentials None { get; } = new();

    public string? Current { get; init; }

    /// <summary>A signing secret that still counts beside the current one.</summary>
    public string? Previous { get; init; }
}
