using System.Globalization;
using System.Text;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>One entry of a calendar: something that is due on a day.</summary>
/// <param name="Uid">The same for the same key as long as it exists, whatever its date.</param>
/// <param name="Stamp">When what it says was last changed: DTSTAMP, LAST-MODIFIED and the order of versions.</param>
public sealed record CalendarEntry(string Uid, DateOnly Day, string Summary, string Description, string Url, DateTimeOffset Stamp);

/// <summary>A calendar as RFC 5545 writes it: lines end with CR LF, are folded at 75 octets, and texts are escaped.</summary>
public static class CalendarText
{
    private const int MostOctets = 75;

    public static string Write(string name, IEnumerable<CalendarEntry> entries)
    {
        var text = new StringBuilder();
        Line(text, "BEGIN:VCALENDAR");
        Line(text, "VERSION:2.0");
        Line(text, "PRODID:-//AgentConsole//Rotations//EN");
        Line(text, "CALSCALE:GREGORIAN");
        Line(text, "METHOD:PUBLISH");
        Line(text, "X-WR-CALNAME:" + Escape(name));
        Line(text, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
        foreach (var entry in entries)
        {
            var stamp = entry.Stamp.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            Line(text, "BEGIN:VEVENT");
            Line(text, "UID:" + Escape(entry.Uid));
            Line(text, "DTSTAMP:" + stamp);
            Line(text, "DTSTART;VALUE=DATE:" + Day(entry.Day));
            // The day after, which is not part of it.
            Line(text, "DTEND;VALUE=DATE:" + Day(entry.Day.AddDays(1)));
            Line(text, "SUMMARY:" + Escape(entry.Summary));
            Line(text, "DESCRIPTION:" + Escape(entry.Description));
            Line(text, "URL:" + entry.Url);
            Line(text, "TRANSP:TRANSPARENT");
            Line(text, "END:VEVENT");
        }
        Line(text, "END:VCALENDAR");
        return text.ToString();
    }

    private static string Day(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>A text value: what would end it or begin another is escaped, and what no text may hold is left out.</summary>
    internal static string Escape(string value)
    {
        var text = new StringBuilder(value.Length + 8);
        foreach (var c in value.ReplaceLineEndings("\n"))
        {
            switch (c)
            {
                case '\\' or ';' or ',':
                    text.Append('\\').Append(c);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                default:
                    if (!char.IsControl(c))
                        text.Append(c);
                    break;
            }
        }
        return text.ToString();
    }

    // A folded line goes on behind a blank, which counts; no character is cut.
    private static void Line(StringBuilder text, string line)
    {
        var octets = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > MostOctets)
            {
                text.Append("\r\n ");
                octets = 1;
            }
            text.Append(rune.ToString());
            octets += rune.Utf8SequenceLength;
        }
        text.Append("\r\n");
    }
}
