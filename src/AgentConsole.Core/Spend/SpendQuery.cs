using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Spend;

public enum SpendBy
{
    Agent,
    Team,
    Organization,
    Model,
    Version,
}

/// <summary>What is asked of spend, as it stands in an address; days are resolved when the zone is known.</summary>
public sealed record SpendQuery
{
    public const int MostRows = 1000;

    public SpendBy By { get; init; } = SpendBy.Agent;

    /// <summary>A local day, or an instant on a quarter of an hour; null for 29 days before the last.</summary>
    public string? From { get; init; }

    /// <summary>The last local day, or an instant (exclusive); null for today.</summary>
    public string? To { get; init; }

    /// <summary>IANA id; null for the team's, else the organization's.</summary>
    public string? Zone { get; init; }
    public SpendStep? Bucket { get; init; }
    public string? Team { get; init; }
    public string? Agent { get; init; }
    public int Limit { get; init; } = 100;

    public static SpendQuery Parse(Func<string, string?> value, FieldErrors errors)
    {
        var limit = 100;
        if (
            value("limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostRows)
        )
        {
            errors.Add("limit", $"Must be a whole number from 1 to {MostRows}.");
            limit = 100;
        }
        return new SpendQuery
        {
            By = KebabCase.Read<SpendBy>(value("by"), "by", errors) ?? SpendBy.Agent,
            From = Texts.Line(value("from"), "from", 40, errors),
            To = Texts.Line(value("to"), "to", 40, errors),
            Zone = Zones.Read(value("zone"), "zone", errors),
            Bucket = KebabCase.Read<SpendStep>(value("bucket"), "bucket", errors),
            Team = Texts.Line(value("team"), "team", 100, errors),
            Agent = Texts.Line(value("agent"), "agent", 100, errors),
            Limit = limit,
        };
    }

    /// <summary>The members of an address that say this query.</summary>
    public IReadOnlyList<(string Name, string? Value)> ToQuery() =>
        [
            ("by", By == SpendBy.Agent ? null : KebabCase.Of(By)),
            ("from", From),
            ("to", To),
            ("zone", Zone),
            ("bucket", Bucket is { } bucket ? KebabCase.Of(bucket) : null),
            ("team", Team),
            ("agent", Agent),
        ];

    /// <summary>The range as instants on quarters of an hour, and how it is cut.</summary>
    internal Outcome<SpendRange> Resolve(TimeZoneInfo zone, DateTimeOffset now)
    {
        var errors = new FieldErrors();
        var today = SpendCalendar.DayOf(now, zone);
        var to = Edge(To, "to", last: true, zone, errors) ?? SpendCalendar.StartOf(today.AddDays(1), zone);
        var from =
            Edge(From, "from", last: false, zone, errors)
            ?? SpendCalendar.StartOf(SpendCalendar.DayOf(to.AddMinutes(-15), zone).AddDays(-29), zone);
        if (!errors.Any && to <= from)
            errors.Add("to", "Lies before from.");
        var bucket = Bucket ?? (to - from <= TimeSpan.FromHours(49) ? SpendStep.Hour : SpendStep.Day);
        var most = bucket switch
        {
            SpendStep.Hour => 32,
            SpendStep.Day => 400,
            _ => 3700,
        };
        if (!errors.Any && to - from > TimeSpan.FromDays(most))
            errors.Add("from", $"By {KebabCase.Of(bucket)} a range has at most {most} days. Ask for less, or for a larger bucket.");
        return errors.ToProblem() is { } problem ? problem : new SpendRange(from, to, bucket);
    }

    private static DateTimeOffset? Edge(string? text, string field, bool last, TimeZoneInfo zone, FieldErrors errors)
    {
        if (text is null)
            return null;
        var earliest = new DateOnly(2000, 1, 1);
        var latest = new DateOnly(2200, 1, 1);
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            if (day >= earliest && day < latest)
                return SpendCalendar.StartOf(last ? day.AddDays(1) : day, zone);
        }
        else if (
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
            && at.Year is >= 2000 and < 2200
            && at.Ticks % TimeSpan.FromMinutes(15).Ticks == 0
        )
            return at;
        errors.Add(field, "Must be a day such as 2026-03-29, or an instant on a quarter of an hour such as 2026-03-29T00:15:00Z.");
        return null;
    }
}

internal sealed record SpendRange(DateTimeOffset From, DateTimeOffset To, SpendStep Bucket);
