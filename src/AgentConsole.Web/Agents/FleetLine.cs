using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>One row of the fleet in one circuit: what was read, and what live events told since.</summary>
public sealed class FleetLine(AgentRow row, AccessSnapshot access)
{
    private const string NoRuns = "<span class=\"x3 sm\">No runs</span>";

    private AgentRow _row = row;
    private string _who = WhoOf(row, access);
    private IReadOnlyList<MarkupString>? _cells;
    private IReadOnlyList<FleetLine>? _alone;
    private string _bars = "";
    private string _total = "";
    private string _errors = "";

    public AgentRow Row => _row;

    /// <summary>Identity for the page, one object for as long as the line lives.</summary>
    public object Key { get; } = row.Id;

    /// <summary>Draws the block in which the line stands.</summary>
    public Action? Redraw { get; set; }

    /// <summary>Something that is shown became another since <see cref="Cells"/> were asked for.</summary>
    public bool Stale => _cells is null;

    public string? LastRun { get; private set; } = IdText.Format(IdText.Run, row.LastRunId);

    /// <summary>A block of its own, for lines that come one by one.</summary>
    public IReadOnlyList<FleetLine> Alone => _alone ??= [this];

    /// <summary>Draws the blocks of these lines that have something new, each once.</summary>
    public static void Draw(IEnumerable<FleetLine> lines)
    {
        foreach (var redraw in lines.Where(line => line.Stale).Select(line => line.Redraw).OfType<Action>().Distinct().ToList())
            redraw();
    }

    /// <summary>The row's cells in the order of the columns. Ages are of the moment in which they changed; the browser keeps them fresh.</summary>
    public IReadOnlyList<MarkupString> Cells(DateTimeOffset now) =>
        _cells ??= [
            Markup.Cell(
                "c-nm",
                $"<a class=\"nm\" href=\"{Markup.Text(Url)}\" tabindex=\"-1\">{Markup.Text(_row.DisplayName)}</a><span class=\"who\">{_who}</span>"
            ),
            Markup.Cell("c-he", Status.Health(KebabCase.Of(_row.Health), _row.HealthReason).Value),
            Markup.Cell("c-lv", Liveness(now).Value),
            Markup.Cell("c-lf", Status.Lifecycle(KebabCase.Of(_row.Lifecycle)).Value),
            Markup.Cell("c-v tn", Version),
            Markup.Cell("c-en x2", Markup.Text(_row.Environment ?? Words.Unknown)),
            Markup.Cell("c-sp", _bars),
            Markup.Cell("n c-n", _total),
            Markup.Cell("n c-n", _errors),
            Markup.Cell(
                "c-lr",
                _row.LastRunAt is { } at ? Status.Run(_row.LastRunStatus ?? "completed", Words.Time(at, now)).Value : NoRuns
            ),
        ];

    /// <summary>The last day's figures; null when it had no run.</summary>
    public void Know(RunSeries? day)
    {
        var failed = day?.Failed.Sum() ?? 0;
        var tone =
            failed == 0
                ? "x3"
                : _row.Health switch
                {
                    Health.Failing => "bad",
                    Health.Degraded => "wrn",
                    _ => "x2",
                };
        _bars = day is { Total: > 0 } ? FleetBars.Draw(day) : NoRuns;
        _total = Words.Count(day?.Total ?? 0);
        _errors = $"<span class=\"{tone}\">{(day is { Total: > 0 } ? Words.Percent((double)failed / day.Total) : Words.Unknown)}</span>";
        _cells = null;
    }

    public void Replace(AgentRow row, AccessSnapshot access)
    {
        var who = WhoOf(row, access);
        if (row == _row && who == _who)
            return;
        (_row, _who) = (row, who);
        LastRun = IdText.Format(IdText.Run, row.LastRunId);
        _cells = null;
    }

    /// <summary>A run was told. True when the row must be read again, because the agent came back to life.</summary>
    public bool HearRun(Guid runId, string? status, DateTimeOffset now)
    {
        var told = IdText.Format(IdText.Run, runId);
        var newest = LastRun is null || string.CompareOrdinal(told, LastRun) >= 0;
        if (newest)
        {
            _row = _row with
            {
                LastRunId = runId,
                LastRunAt = _row.LastRunId == runId ? _row.LastRunAt : now,
                LastRunStatus = status ?? _row.LastRunStatus,
                LastSeenAt = now,
            };
            LastRun = told;
        }
        else
            _row = _row with { LastSeenAt = now };
        _cells = null;
        return _row.Liveness != Core.Agents.Liveness.Live || _row.Lifecycle == Lifecycle.Registered;
    }

    // A deleted agent's slug may be another's by now.
    private string Url => ConsoleUrls.Agent(_row.Lifecycle == Lifecycle.Deleted ? IdText.Format(IdText.Agent, _row.Id) : _row.Slug);

    private string Version =>
        Markup.Text(_row.Version ?? _row.SeenVersion ?? Words.Unknown)
        + (
            _row.Version is not null && _row.SeenVersion is { } seen && seen != _row.Version
                ? $"<span class=\"who\">seen {Markup.Text(seen)}</span>"
                : ""
        );

    private MarkupString Liveness(DateTimeOffset now) =>
        Status.Liveness(
            KebabCase.Of(_row.Liveness),
            _row.LastSeenAt is { } seen ? Words.Time(seen, now) : null,
            _row.Lifecycle == Lifecycle.Paused,
            AgentWords.WhyLiveness(_row.Liveness, _row.LastSeenAt, _row.LeaseSeconds, _row.GraceSeconds, now)
        );

    private static string WhoOf(AgentRow row, AccessSnapshot access)
    {
        var team = access.Teams.GetValueOrDefault(row.TeamId)?.Name ?? "";
        var owner = row.OwnerId is { } id ? access.Principals.GetValueOrDefault(id)?.DisplayName : null;
        return $"{Markup.Text(team)} · {(owner is null ? "<span class=\"wrn\">No owner</span>" : Markup.Text(owner))}";
    }
}
