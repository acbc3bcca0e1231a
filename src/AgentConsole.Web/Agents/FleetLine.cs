using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>One row of the fleet in one circuit: what was read, and what live events told since.</summary>
public sealed class FleetLine(AgentRow row, AccessSnapshot access, FleetCells drawn)
{
    private FleetLook _look = new(row, TeamOf(row, access), OwnerOf(row, access));
    private FleetDrawn? _cells;
    private bool _picked;
    private bool _drawnPicked;
    private IReadOnlyList<FleetLine>? _alone;

    public AgentRow Row => _look.Row;

    /// <summary>Identity for the page, one object for as long as the line lives.</summary>
    public object Key { get; } = row.Id;

    /// <summary>Draws the block in which the line stands.</summary>
    public Action? Redraw { get; set; }

    /// <summary>Something that is shown became another since <see cref="Cells"/> were asked for.</summary>
    public bool Stale => _cells is null || _picked != _drawnPicked;

    /// <summary>By what the row is selected: its slug, or its id where another agent may have that by now.</summary>
    public string Name => Row.Lifecycle == Lifecycle.Deleted ? IdText.Format(IdText.Agent, Row.Id) : Row.Slug;

    /// <summary>The cell with the box; it has no state of its own, the browser's script draws that.</summary>
    public MarkupString Box =>
        Markup.Cell("c-sel", $"<input type=\"checkbox\" data-select=\"{Name}\" aria-label=\"Select {Markup.Text(Row.DisplayName)}\">");

    public bool Picked => _picked;

    public void Pick(bool picked) => _picked = picked;

    /// <summary>The attribute that says it is selected; from now on it is drawn so.</summary>
    public string? DrawPicked() => (_drawnPicked = _picked) ? "" : null;

    public string? LastRun { get; private set; } = IdText.Format(IdText.Run, row.LastRunId);

    /// <summary>A block of its own, for lines that come one by one.</summary>
    public IReadOnlyList<FleetLine> Alone => _alone ??= [this];

    /// <summary>Draws the blocks of these lines that have something new, each once.</summary>
    public static void Draw(IEnumerable<FleetLine> lines)
    {
        foreach (var redraw in lines.Where(line => line.Stale).Select(line => line.Redraw).OfType<Action>().Distinct().ToList())
            redraw();
    }

    /// <summary>The row's cells by column. Ages are of the moment in which they were drawn; the browser keeps them fresh.</summary>
    public FleetDrawn Cells(DateTimeOffset now)
    {
        if (_cells is null)
        {
            _cells = drawn.Of(_look, now);
            _look = _cells.Look; // what is shown of the agent elsewhere is kept once
        }
        return _cells;
    }

    /// <summary>The last day's figures; null when it had no run.</summary>
    /// <param name="sums">The same day's sums, where a column needs them.</param>
    public void Know(RunSeries? day, RunSums? sums, bool summed)
    {
        var failed = day?.Failed.Sum() ?? 0;
        _look = _look with
        {
            Bars = day is { Total: > 0 } ? FleetBars.Draw(day) : FleetCells.NoRuns,
            Runs = day?.Total ?? 0,
            Errors = day is { Total: > 0 } ? (double)failed / day.Total : null,
            Cost = summed ? sums?.CostMicros ?? 0 : null,
            Tokens = summed ? (sums?.InputTokens ?? 0) + (sums?.OutputTokens ?? 0) : null,
        };
        _cells = null;
    }

    public void Replace(AgentRow row, AccessSnapshot access)
    {
        var look = _look with { Row = row, Team = TeamOf(row, access), Owner = OwnerOf(row, access) };
        if (look == _look)
            return;
        _look = look;
        LastRun = IdText.Format(IdText.Run, row.LastRunId);
        _cells = null;
    }

    /// <summary>A run was told. True when the row must be read again, because the agent came back to life.</summary>
    /// <param name="at">When it was told.</param>
    public bool HearRun(Guid runId, string? status, DateTimeOffset at)
    {
        var told = IdText.Format(IdText.Run, runId);
        var newest = LastRun is null || string.CompareOrdinal(told, LastRun) >= 0;
        var before = Row;
        var heard = before with { LastSeenAt = at };
        if (newest)
        {
            heard = heard with
            {
                LastRunId = runId,
                LastRunAt = before.LastRunId == runId ? before.LastRunAt : at,
                LastRunStatus = status ?? before.LastRunStatus,
            };
            LastRun = told;
        }
        _look = _look with { Row = heard };
        _cells = null;
        return heard.Liveness != Liveness.Live || heard.Lifecycle == Lifecycle.Registered;
    }

    private static string TeamOf(AgentRow row, AccessSnapshot access) => access.Teams.GetValueOrDefault(row.TeamId)?.Name ?? "";

    // Whoever was disabled owns nothing any more.
    private static string? OwnerOf(AgentRow row, AccessSnapshot access) =>
        row.OwnerId is { } id && access.Principals.GetValueOrDefault(id) is { Enabled: true } owner ? owner.DisplayName : null;
}
