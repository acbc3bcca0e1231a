using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>All that a row of the fleet shows.</summary>
/// <param name="Team">Its name.</param>
/// <param name="Owner">Name of the owner; null for nobody.</param>
public sealed record FleetLook(AgentRow Row, string Team, string? Owner)
{
    /// <summary>In which its times are said.</summary>
    public Zone Zone { get; } = Zone.Current;

    /// <summary>Markup: runs per hour of the last day; nothing until it is known.</summary>
    public string Bars { get; init; } = "";

    /// <summary>Of the last day; null until it is known.</summary>
    public int? Runs { get; init; }

    /// <summary>Share of the last day's runs, 0 to 1; null when there were none.</summary>
    public double? Errors { get; init; }

    /// <summary>Of the last day, where a column asks for it; micro-USD.</summary>
    public long? Cost { get; init; }

    /// <summary>Of the last day, where a column asks for it.</summary>
    public long? Tokens { get; init; }
}

/// <summary>The cells of one row, each drawn when a page first asks for its column; shared by all circuits that show the same.</summary>
public sealed class FleetDrawn(FleetLook look, DateTimeOffset now)
{
    private readonly string?[] _cells = new string?[FleetColumn.All.Count];

    public FleetLook Look => look;

    public MarkupString this[FleetColumn column] => new(_cells[column.At] ??= FleetCells.Draw(column, look, now).Value);
}

/// <summary>
/// Rows of the fleet as cells, drawn once for all circuits that show the same: what a hundred open pages hear together is drawn and kept once.
/// </summary>
public sealed class FleetCells
{
    public const string NoRuns = "<span class=\"x3 sm\">No runs</span>";
    private const string Nobody = "<span class=\"wrn\">No owner</span>";
    private const int Kept = 5000;
    private readonly ConcurrentDictionary<Guid, FleetDrawn> _drawn = new();

    /// <returns>An equal look with its cells, both shared.</returns>
    public FleetDrawn Of(FleetLook look, DateTimeOffset now)
    {
        if (_drawn.TryGetValue(look.Row.Id, out var known) && known.Look == look)
            return known;
        if (_drawn.Count >= Kept)
            _drawn.Clear(); // open pages keep their own
        return _drawn[look.Row.Id] = new FleetDrawn(look, now);
    }

    internal static MarkupString Draw(FleetColumn column, FleetLook look, DateTimeOffset now)
    {
        var row = look.Row;
        return Markup.Cell(
            column.Tone is null ? column.Class : $"{column.Class} {column.Tone}",
            column.Name switch
            {
                "agent" =>
                    $"<a class=\"nm\" href=\"{Markup.Text(Url(row))}\" tabindex=\"-1\">{Markup.Text(row.DisplayName)}</a><span class=\"who\">{Markup.Text(look.Team)} · {Owner(look)}</span>",
                "health" => Status.Health(KebabCase.Of(row.Health), row.HealthReason).Value,
                "liveness" => LivenessOf(row, now).Value,
                "lifecycle" => Status.Lifecycle(KebabCase.Of(row.Lifecycle)).Value,
                "version" => Version(row),
                "environment" => Markup.Text(row.Environment ?? Words.Unknown),
                "runs" => look.Bars,
                "total" => look.Runs is { } runs ? Words.Count(runs) : "",
                "errors" => look.Runs is null ? "" : $"<span class=\"{Tone(look)}\">{Words.Percent(look.Errors)}</span>",
                "last-run" => row.LastRunAt is { } at ? Status.Run(row.LastRunStatus ?? "completed", Words.Time(at, now)).Value : NoRuns,
                "team" => Markup.Text(look.Team),
                "owner" => Owner(look),
                "tags" => Tags(row),
                "cost" => look.Cost is { } cost ? Words.Money(cost) : "",
                "tokens" => look.Tokens is { } tokens ? Words.Count(tokens) : "",
                "last-seen" => Words.Time(row.LastSeenAt, now, "Never").Value,
                "created" => Words.Time(row.CreatedAt, now).Value,
                _ => Markup.Text(row.SeenVersion ?? Words.Unknown),
            }
        );
    }

    private static string Owner(FleetLook look) => look.Owner is { } owner ? Markup.Text(owner) : Nobody;

    private static string Tags(AgentRow row)
    {
        if (row.Tags.Length == 0)
            return $"<span class=\"x3\">{Words.Unknown}</span>";
        var all = row.Tags.Split('\n');
        return $"<span title=\"{Markup.Text(string.Join(", ", all))}\">{Markup.Text(string.Join(", ", all))}</span>";
    }

    private static string Tone(FleetLook look) =>
        look.Errors is null or 0
            ? "x3"
            : look.Row.Health switch
            {
                Health.Failing => "bad",
                Health.Degraded => "wrn",
                _ => "x2",
            };

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
