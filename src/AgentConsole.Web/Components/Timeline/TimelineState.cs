using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Timeline;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Components.Timeline;

/// <summary>How long a time the timeline shows.</summary>
/// <param name="Name">As in the address.</param>
/// <param name="Grid">Where a window that follows the time may begin.</param>
public sealed record Zoom(string Name, string Word, TimeSpan Length, TimeSpan Grid)
{
    public static readonly IReadOnlyList<Zoom> All =
    [
        new("hour", "1 h", TimeSpan.FromHours(1), TimeSpan.FromMinutes(5)),
        new("6h", "6 h", TimeSpan.FromHours(6), TimeSpan.FromMinutes(30)),
        new("day", "24 h", TimeSpan.FromDays(1), TimeSpan.FromHours(3)),
        new("week", "7 d", TimeSpan.FromDays(7), TimeSpan.FromDays(1)),
        new("month", "30 d", TimeSpan.FromDays(30), TimeSpan.FromDays(1)),
        new("quarter", "Quarter", TimeSpan.FromDays(91), TimeSpan.FromDays(7)),
    ];

    public static Zoom Day => All[2];

    /// <summary>The shortest that a time of this length fits into.</summary>
    public static Zoom Around(TimeSpan length) => All.FirstOrDefault(z => z.Length >= length) ?? All[^1];

    public Zoom? Closer => Next(-1);
    public Zoom? Farther => Next(1);

    private Zoom? Next(int step)
    {
        for (var at = 0; at < All.Count; at++)
        {
            if (All[at] == this)
                return at + step >= 0 && at + step < All.Count ? All[at + step] : null;
        }
        return null;
    }
}

/// <summary>What the address says of the timeline: which snapshots, which time, which one is open.</summary>
/// <param name="Filter">Its <c>from</c> and <c>to</c> are the time that is shown; without <c>from</c> the timeline follows the time.</param>
public sealed record TimelineState(string Path, SnapshotFilter Filter, Zoom Zoom, string? Mark, string? Nonsense)
{
    /// <summary>Of a window that follows the time, what is past.</summary>
    private const double Past = 0.65;

    public bool Follows => Filter.From is null;

    public static TimelineState Parse(string uri)
    {
        var address = new Uri(uri);
        var members = QueryHelpers.ParseQuery(address.Query);
        var errors = new FieldErrors();
        string? Value(string name) => members.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null;
        var filter = SnapshotFilter.Parse(Value, errors);
        var zoom = Zoom.All.FirstOrDefault(z => z.Name == Value("zoom"));
        if (zoom is null && Value("zoom") is not null)
            errors.Add("zoom", $"Must be one of {string.Join(", ", Zoom.All.Select(z => z.Name))}.");
        if (filter is { From: null, To: not null })
        {
            errors.Add("to", "Needs from.");
            filter = filter with { To = null };
        }
        if (filter is { From: { } from, To: { } to })
        {
            if (new TimelineWindow(from, to).Fault() is { } fault)
            {
                errors.Add("to", fault.Errors?.Values.First()[0] ?? fault.Detail);
                filter = filter with { From = null, To = null };
            }
            else
                zoom = Zoom.Around(to - from);
        }
        return new TimelineState(
            address.AbsolutePath,
            filter,
            zoom ?? Zoom.Day,
            IdText.TryParse(IdText.Snapshot, Value("mark"), out _) ? Value("mark") : null,
            Parts.Nonsense.Of(errors)
        );
    }

    public TimelineWindow Window(DateTimeOffset now)
    {
        if (Filter.From is { } from)
            return new TimelineWindow(from, Filter.To ?? from + Zoom.Length);
        var begins = Zone.Current.In(now - (Zoom.Length * Past));
        var wall = begins.DateTime.Ticks - (begins.DateTime.Ticks % Zoom.Grid.Ticks);
        var start = new DateTimeOffset(wall, begins.Offset).ToUniversalTime();
        return new TimelineWindow(start, start + Zoom.Length);
    }

    public bool IsShown(Zoom zoom) => zoom == Zoom;

    /// <summary>The same time closer or farther: its middle stays, or else the present.</summary>
    public string ZoomedTo(Zoom zoom, TimelineWindow shown)
    {
        if (Follows)
            return Address(zoom, null, null, Mark);
        var middle = shown.From + (shown.Length / 2);
        return Address(zoom, Whole(middle - (zoom.Length / 2)), null, Mark);
    }

    public string Moved(int halves, TimelineWindow shown)
    {
        var by = shown.Length / 2 * halves;
        return Address(Zoom, Whole(shown.From + by), Filter.To is { } to ? to + by : null, Mark);
    }

    public string AtNow() => Address(Zoom, null, null, Mark);

    public string Opened(string? snapshot) => Address(Zoom, Filter.From, Filter.To, snapshot);

    /// <summary>A time in which what is too close together is told apart; the list of snapshots where the timeline has no closer one.</summary>
    public string Into(string agent, string? environment, DateTimeOffset from, DateTimeOffset until, TimelineWindow shown)
    {
        var around = TimeSpan.FromTicks(Math.Max((until - from).Ticks / 8, TimeSpan.FromMinutes(1).Ticks / 2));
        var (begins, ends) = (Whole(from - around), Whole(until + around).AddSeconds(1));
        return until - from >= TimeSpan.FromSeconds(10) && ends - begins < shown.Length * 0.9
            ? Address(Zoom, begins, ends, null)
            : ConsoleUrls.DeploymentsTable(
                new SnapshotFilter
                {
                    Agent = agent,
                    Environment = environment,
                    From = Whole(from),
                    To = Whole(until).AddSeconds(1),
                }.Members()
            );
    }

    /// <summary>Members for the other view, which has no time that follows.</summary>
    public IEnumerable<KeyValuePair<string, string>> TableMembers(TimelineWindow shown) =>
        (Follows ? Filter : Filter with { To = shown.To }).Members();

    private string Address(Zoom zoom, DateTimeOffset? from, DateTimeOffset? to, string? mark) =>
        ConsoleUrls.With(
            Path,
            [
                .. (Filter with { From = from, To = to }).Members().Select(m => (m.Key, (string?)m.Value)),
                ("zoom", to is not null || zoom == Zoom.Day ? null : zoom.Name),
                ("mark", mark),
            ]
        );

    private static DateTimeOffset Whole(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}

/// <summary>Where the axis says the time, on the clock of whoever looks.</summary>
/// <param name="Strong">A day begins, or a month where days are steps.</param>
public readonly record struct Tick(DateTimeOffset At, string Word, bool Strong)
{
    private const int Most = 9;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(3),
        TimeSpan.FromHours(6),
        TimeSpan.FromHours(12),
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(2),
        TimeSpan.FromDays(5),
        TimeSpan.FromDays(14),
        TimeSpan.FromDays(28),
        TimeSpan.FromDays(56),
    ];

    public static IReadOnlyList<Tick> Of(TimelineWindow window, Zone zone)
    {
        var step = Array.Find(Steps, s => window.Length / s <= Most);
        if (step == TimeSpan.Zero)
            step = Steps[^1];
        var ticks = new List<Tick>();
        var wall = zone.In(window.From).DateTime;
        wall = step > TimeSpan.FromDays(1) ? wall.Date : wall.AddTicks(-(wall.Ticks % step.Ticks));
        for (var at = wall; ticks.Count < Most * 2; at += step)
        {
            var instant = Instant(at, zone);
            if (instant >= window.To)
                break;
            if (instant < window.From || (ticks.Count > 0 && instant <= ticks[^1].At))
                continue;
            var (day, said) = (at.TimeOfDay == TimeSpan.Zero, ticks.Count == 0 || step >= TimeSpan.FromDays(1));
            var format =
                step >= TimeSpan.FromDays(1) ? "d MMM"
                : day ? "ddd d MMM"
                : step < TimeSpan.FromMinutes(1) ? "HH:mm:ss"
                : said ? "ddd HH:mm"
                : "HH:mm";
            ticks.Add(
                new Tick(
                    instant,
                    at.ToString(format, CultureInfo.InvariantCulture).Replace(' ', '\u00a0'),
                    step < TimeSpan.FromDays(1) && day
                )
            );
        }
        return ticks;
    }

    private static DateTimeOffset Instant(DateTime wall, Zone zone)
    {
        var near = new DateTimeOffset(wall, TimeSpan.Zero);
        near -= zone.In(near).Offset;
        return new DateTimeOffset(wall, zone.In(near).Offset).ToUniversalTime();
    }
}
