using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>
/// Times and figures as people read them. Spaces before units do not break. Times are in the <see cref="Zone.Current"/> zone of whoever looks;
/// js/console.js says ages in the same words.
/// </summary>
public static class Words
{
    public const string Unknown = "—";
    private const char Nb = '\u00a0';
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Age or distance: <c>4 s</c>, <c>11 min</c>, <c>2 h 05</c>, beyond a day the date.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now)
    {
        var span = (now - at).Duration();
        if (span < TimeSpan.FromMinutes(1))
            return $"{(int)span.TotalSeconds}{Nb}s";
        if (span < TimeSpan.FromHours(1))
            return $"{(int)span.TotalMinutes}{Nb}min";
        if (span < TimeSpan.FromDays(1))
            return $"{(int)span.TotalHours}{Nb}h{Nb}{span.Minutes.ToString("00", Invariant)}";
        var local = Zone.Current.In(at);
        return local.Year == Zone.Current.In(now).Year
            ? local.ToString($"d'{Nb}'MMM HH:mm", Invariant)
            : local.ToString($"d'{Nb}'MMM'{Nb}'yyyy", Invariant);
    }

    /// <summary>A value of the API as it begins a sentence: <c>timed-out</c> is <c>Timed out</c>.</summary>
    public static string Sentence(string value) =>
        value.Length == 0 ? value : string.Concat(value[..1].ToUpperInvariant(), value[1..].Replace('-', ' '));

    /// <summary>The instant with its zone, for tooltips and copies.</summary>
    public static string Exact(DateTimeOffset at)
    {
        var zone = Zone.Current;
        return zone.In(at).ToString("yyyy-MM-dd HH:mm:ss ", Invariant) + (zone.IsUtc ? zone.Id : $"{zone.Label(at)} {zone.Id}");
    }

    /// <summary>Day of the year, hours and minutes with the zone, for a sentence: <c>3 Dec 14:30 UTC</c>.</summary>
    public static string DayClock(DateTimeOffset at)
    {
        var zone = Zone.Current;
        return zone.In(at).ToString($"d'{Nb}'MMM HH:mm ", Invariant) + zone.Label(at);
    }

    public static string Day(DateTimeOffset at) => Zone.Current.In(at).ToString($"d'{Nb}'MMM'{Nb}'yyyy", Invariant);

    /// <summary>Hours and minutes; say <see cref="Zone.Label"/> beside it.</summary>
    public static string Clock(DateTimeOffset at) => Zone.Current.In(at).ToString("HH:mm", Invariant);

    /// <summary>Hours, minutes and seconds with the zone.</summary>
    public static string ClockSeconds(DateTimeOffset at) => Zone.Current.In(at).ToString("HH:mm:ss ", Invariant) + Zone.Current.Label(at);

    /// <summary>A time element whose age the browser keeps fresh.</summary>
    public static MarkupString Time(DateTimeOffset at, DateTimeOffset now) =>
        new(
            $"<time data-rel datetime=\"{at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", Invariant)}\" title=\"{Exact(at)}\">{Ago(at, now)}</time>"
        );

    public static MarkupString Time(DateTimeOffset? at, DateTimeOffset now, string never = Unknown) =>
        at is { } known ? Time(known, now) : new MarkupString(System.Net.WebUtility.HtmlEncode(never));

    public static string Duration(long? milliseconds) =>
        milliseconds switch
        {
            null => Unknown,
            < 1000 => $"{milliseconds}{Nb}ms",
            < 10_000 => string.Create(Invariant, $"{milliseconds.Value / 1000.0:0.0}{Nb}s"),
            < 60_000 => $"{milliseconds / 1000}{Nb}s",
            < 3_600_000 => $"{milliseconds / 60_000}{Nb}min{Nb}{milliseconds / 1000 % 60}{Nb}s",
            _ => string.Create(Invariant, $"{milliseconds.Value / 3_600_000}{Nb}h{Nb}{milliseconds.Value / 60_000 % 60:00}"),
        };

    /// <summary>Exact up to 99,999, then in thousands or millions.</summary>
    public static string Count(long value) =>
        value switch
        {
            < 100_000 => value.ToString("N0", Invariant),
            < 1_000_000 => $"{value / 1000}{Nb}k",
            < 1_000_000_000 => string.Create(Invariant, $"{value / 1_000_000.0:0.0}{Nb}M"),
            _ => string.Create(Invariant, $"{value / 1_000_000_000.0:0.0}{Nb}G"),
        };

    public static string Exact(long value) => value.ToString("N0", Invariant);

    /// <summary>A share from 0 to 1.</summary>
    public static string Percent(double? share) => share is { } value ? string.Create(Invariant, $"{value * 100:0.#}{Nb}%") : Unknown;

    /// <summary><c>1 agent</c>, <c>2 agents</c>.</summary>
    public static string Many(long count, string one, string? many = null) => $"{Exact(count)}{Nb}{(count == 1 ? one : many ?? one + "s")}";

    /// <summary>Money as the API writes it; two decimals at least, all that are there at most.</summary>
    public static string Money(string? usd) =>
        decimal.TryParse(usd, NumberStyles.Number, Invariant, out var value) ? value.ToString("#,##0.00####", Invariant) : Unknown;

    public static string Money(long? micros) => Money(Core.Common.Money.Format(micros));

    /// <summary>First letters of a person's name.</summary>
    public static string Initials(string name)
    {
        var parts = name.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var letters = parts.Length switch
        {
            0 => "?",
            1 => parts[0][..Math.Min(2, parts[0].Length)],
            _ => $"{parts[0][0]}{parts[^1][0]}",
        };
        return letters.ToUpperInvariant();
    }
}
