using System.Text.RegularExpressions;

namespace AgentConsole.Core.Common;

/// <summary>Time zones by their IANA id. Inside everything is UTC; a zone decides only where a day or an hour of a report begins.</summary>
public static partial class Zones
{
    public const string Utc = "UTC";
    public const int MaxLength = 64;

    private static readonly Lazy<IReadOnlyList<string>> Known = new(() =>
        [
            Utc,
            .. TimeZoneInfo
                .GetSystemTimeZones()
                .Select(z => z.Id)
                .Where(id => id.Contains('/', StringComparison.Ordinal) && Find(id) is not null)
                .Order(StringComparer.Ordinal),
        ]
    );

    /// <summary>Ids to choose from; what this machine's zone data knows.</summary>
    public static IReadOnlyList<string> All => Known.Value;

    /// <summary>The zone of this id, or null when there is none.</summary>
    public static TimeZoneInfo? Find(string? id)
    {
        if (id is Utc or "Etc/UTC")
            return TimeZoneInfo.Utc;
        // The id is looked up as a file's name; "right/" counts leap seconds and "posix/" doubles the rest.
        return
            id is not null
            && IdPattern.IsMatch(id)
            && !id.StartsWith("posix", StringComparison.Ordinal)
            && !id.StartsWith("right", StringComparison.Ordinal)
            && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            && zone.HasIanaId
            ? zone
            : null;
    }

    /// <summary>An id that was checked when it was stored; UTC should the machine's zone data have lost it.</summary>
    public static TimeZoneInfo Of(string? id) => Find(id) ?? TimeZoneInfo.Utc;

    /// <summary>Reads an id; null when none is given.</summary>
    public static string? Read(string? value, string field, FieldErrors errors)
    {
        var id = value?.Trim();
        if (string.IsNullOrEmpty(id))
            return null;
        if (Find(id) is not null)
            return id;
        errors.Add(field, "Must be the IANA id of a time zone, such as Europe/Berlin, Asia/Kathmandu or UTC.");
        return null;
    }

    [GeneratedRegex(
        "^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 100
    )]
    private static partial Regex IdPattern { get; }
}
