using AgentConsole.Core.Common;

namespace AgentConsole.Core.Sinks;

/// <summary>One kind of sink. Siblings of one shape: write, read back, compare.</summary>
internal interface ISinkSender
{
    SinkKind Kind { get; }

    /// <summary>Where it goes, filled in; null where a name does not fit the sink's path.</summary>
    string? PlaceOf(SinkSettings settings, Parcel parcel);

    /// <summary>
    /// Puts the parcel there and proves that it lies there. Once more with the same rotation does no harm. The token ends when the time of a try is over.
    /// </summary>
    /// <returns>The place, with what the other side adds to it.</returns>
    Task<Outcome<string>> SendAsync(SinkSettings settings, SinkCredentials credentials, Parcel parcel, CancellationToken cancellationToken);

    /// <summary>Whether something lies at this path of the sink, without reading what. The path is one of plain segments.</summary>
    Task<SecretPresence> LookAsync(SinkSettings settings, SinkCredentials credentials, string path, CancellationToken cancellationToken);
}
