using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>A stretch of time as it stands in an address: <c>15m</c>, <c>24h</c>, <c>30d</c>; from 15 minutes to 90 days.</summary>
public readonly record struct Period
{
    private Period(int count, char unit) => (Count, Unit) = (count, unit);

    public static Period Day { get; } = new(24, 'h');

    public int Count { get; }

    /// <summary><c>m</c>, <c>h</c> or <c>d</c>.</summary>
    public char Unit { get; }

    public TimeSpan Length =>
        Unit switch
        {
            'm' => TimeSpan.FromMinutes(Count),
            'h' => TimeSpan.FromHours(Count),
            _ => TimeSpan.FromDays(Count),
        };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}{Unit}");

    public static bool TryParse(string? text, out Period period)
    {
        period = default;
        if (
            text is not { Length: >= 2 and <= 6 }
            || text[^1] is not ('m' or 'h' or 'd')
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        )
            return false;
        period = new Period(count, text[^1]);
        return period.Length >= TimeSpan.FromMinutes(15) && period.Length <= TimeSpan.FromDays(90);
    }

    /// <summary>Reads an optional period; a day when none is given.</summary>
    public static Outcome<Period> Read(string? text, string field = "period")
    {
        if (string.IsNullOrEmpty(text))
            return Day;
        return TryParse(text, out var period)
            ? period
            : Problem.Invalid(field, "Must be a number with m, h or d, from 15m to 90d; for example 24h or 30d.");
    }
}

/// <summary>An instant as it stands in an address: absolute (ISO 8601), or so long ago.</summary>
public readonly record struct RunMoment(DateTimeOffset At, Period? Ago)
{
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset From(DateTimeOffset now) => Ago is { } ago ? now - ago.Length : At;

    public override string ToString() => Ago?.ToString() ?? At.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    public static RunMoment? Read(string? text, string field, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (Period.TryParse(text, out var ago))
            return new RunMoment(default, ago);
        if (
            text.Length is >= 10 and <= 40
            && DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
            && at >= Earliest
            && at < Latest
        )
            return new RunMoment(Utc.FromMicros(Utc.ToMicros(at)), null);
        errors.Add(field, "Must be an instant such as 2026-03-02T09:00:00Z, or a stretch of time before now such as 15m, 24h, 30d.");
        return null;
    }
}
