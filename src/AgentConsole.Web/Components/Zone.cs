using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Components;

/// <summary>
/// The time zone in which a person reads times. What a circuit or a prerendered page draws runs on a synchronization context of its own, on which
/// the zone hangs: so every part, and what is drawn when an event arrives, says times in the same zone without handing it on.
/// </summary>
public sealed class Zone
{
    private static readonly ConcurrentDictionary<string, Zone> Known = new(StringComparer.Ordinal);
    private static readonly ConditionalWeakTable<SynchronizationContext, Zone> Chosen = [];
    private readonly TimeZoneInfo _info;

    private Zone(string id, TimeZoneInfo info) => (Id, _info) = (id, info);

    public static Zone Utc { get; } = new(Zones.Utc, TimeZoneInfo.Utc);

    /// <summary>The zone of whoever sees what is drawn now; UTC where nobody chose one.</summary>
    public static Zone Current => SynchronizationContext.Current is { } circuit && Chosen.TryGetValue(circuit, out var zone) ? zone : Utc;

    /// <summary>IANA id.</summary>
    public string Id { get; }

    public bool IsUtc => ReferenceEquals(_info, TimeZoneInfo.Utc);

    /// <param name="id">IANA id; UTC when it is none that this machine knows.</param>
    public static Zone Of(string? id)
    {
        if (id is null or Zones.Utc)
            return Utc;
        if (Known.TryGetValue(id, out var known))
            return known;
        return Zones.Find(id) is { } info && !ReferenceEquals(info, TimeZoneInfo.Utc) ? Known.GetOrAdd(id, new Zone(id, info)) : Utc;
    }

    /// <summary>From now on everything that this circuit, or this page, draws is in the zone.</summary>
    public void Use()
    {
        if (SynchronizationContext.Current is { } circuit)
            Chosen.AddOrUpdate(circuit, this);
    }

    public DateTimeOffset In(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, _info);

    /// <summary>What stands beside a time of this moment: <c>UTC</c>, or the offset that holds then, <c>+05:45</c>.</summary>
    public string Label(DateTimeOffset at) => IsUtc ? Zones.Utc : In(at).ToString("zzz", CultureInfo.InvariantCulture);

    /// <summary>The label with the place: <c>Kathmandu +05:45</c>.</summary>
    public string Title(DateTimeOffset at) => IsUtc ? Zones.Utc : $"{Id[(Id.LastIndexOf('/') + 1)..].Replace('_', ' ')} {Label(at)}";
}
