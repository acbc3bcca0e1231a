using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>All that a row of the fleet shows.</summary>
/// <param name="Who">Markup: team and owner.</param>
public sealed record FleetLook(AgentRow Row, string Who)
{
    /// <summary>In which its times are said.</summary>
    public Zone Zone { get; } = Zone.Current;

    /// <summary>Markup: runs per hour of the last day; nothing until it is known.</summary>
    public string Bars { get; init; } = "";

    /// <summary>Of the last day; null until it is known.</summary>
    public int? Runs { get; init; }

    /// <summary>Share of the last day's runs, 0 to 1; null when there were none.</summary>
    public double? Errors { get; init; }
}

/// <summary>
/// Rows of the fleet as cells, drawn once for all circuits that show the same: what a hundred open pages hear together is drawn and kept once.
/// </summary>
public sealed class FleetCells
{
    public const string NoRuns = "<span class=\"x3 sm\">No runs</span>";
    private const int Kept = 5000;
    private readonly ConcurrentDictionary<Guid, (FleetLook Look, IReadOnlyList<MarkupString> Cells)> _drawn = new();

    /// <returns>An equal look and its cells in the order of the columns, both shared.</returns>
    public (FleetLook Look, IReadOnlyList<MarkupString> Cells) Of(FleetLook look, DateTimeOffset now)
    {
        if (_drawn.TryGetValue(look.Row.Id, out var known) && known.Look == look)
            return known;
        if (_drawn.Count >= Kept)
            _drawn.Clear(); // open pages keep their own
        return _drawn[look.Row.Id] = (look, Draw(look, now));
    }

    private static MarkupString[] Draw(FleetLook look, DateTimeOffset now)
    {
        var row = look.Row;
        var tone = look.Errors is null or 0
            ? "x3"
            : row.Health switch
            {
                Health.Failing => "bad",
                Health.Degraded => "wrn",
                _ => "x2",
            };
        return
        [
            Markup.Cell(
                "c-nm",
                $"<a class=\"nm\" href=\"{Markup.Text(Url(row))}\" tabindex=\"-1\">{Markup.Text(row.DisplayName)}</a><span class=\"who\">{look.Who}</span>"
            ),
            Markup.Cell("c-he", Status.Health(KebabCase.Of(row.Health), row.HealthReason).Value),
            Markup.Cell("c-lv", LivenessOf(row, now).Value),
            Markup.Cell("c-lf", Status.Lifecycle(KebabCase.Of(row.Lifecycle)).Value),
            Markup.Cell("c-v tn", Version(row)),
            Markup.Cell("c-en x2", Markup.Text(row.Environment ?? Words.Unknown)),
            Markup.Cell("c-sp", look.Bars),
            Markup.Cell("n c-n", look.Runs is { } runs ? Words.Count(runs) : ""),
            Markup.Cell("n c-n", look.Runs is null ? "" : $"<span class=\"{tone}\">{Words.Percent(look.Errors)}</span>"),
            Markup.Cell("c-lr", row.LastRunAt is { } at ? Status.Run(row.LastRunStatus ?? "completed", Words.Time(at, now)).Value : NoRuns),
        ];
    }

    // A deleted agent's slug may be another's by now.
    private static string Url(AgentRow row) =>
        ConsoleUrls.Agent(row.Lifecycle == Lifecycle.Deleted ? IdText.Format(IdText.Agent, row.Id) : row.Slug);

    private static string Version(AgentRow row) =>
        Markup.Text(row.Version ?? row.SeenVersion ?? Words.Unknown)
        + (
            row.Version is not null && row.SeenVersion is { } seen && seen != row.Version
                ? $"<span class=\"who\">seen {Markup.Text(seen)}</span>"
                : ""
        );

    private static MarkupString LivenessOf(AgentRow row, DateTimeOffset now) =>
        Status.Liveness(
            KebabCase.Of(row.Liveness),
            row.LastSeenAt is { } seen ? Words.Time(seen, now) : null,
            row.Lifecycle == Lifecycle.Paused,
            AgentWords.WhyLiveness(row.Liveness, row.LastSeenAt, row.LeaseSeconds, row.GraceSeconds, now)
        );
}
