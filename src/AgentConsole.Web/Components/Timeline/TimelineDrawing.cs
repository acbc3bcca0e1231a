using System.Globalization;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Timeline;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Timeline;

/// <summary>What all lanes of one reading are drawn with.</summary>
/// <param name="Now">Until when what is current is drawn; the browser moves it on.</param>
public sealed record TimelineDrawing(TimelineState State, TimelineWindow Window, DateTimeOffset Now)
{
    private const char Nb = '\u00a0';

    public string NowAt => Percent(Math.Clamp(Window.At(Now), 0, 1));
    public bool ShowsNow => Now >= Window.From && Now < Window.To;

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.###}%");

    public string At(DateTimeOffset at) => Percent(Math.Clamp(Window.At(at), 0, 1));

    /// <summary>Icon of a mark; null for the dot of a plain deployment.</summary>
    public static string? Icon(string kind) =>
        kind switch
        {
            "deployed" => null,
            "canary" => "split",
            "canary-step" => "arrow-up",
            "promoted" => "check",
            "rolled-back" => "undo-2",
            "retired" => "power-off",
            _ => "info",
        };

    private static string Look(string kind) =>
        kind switch
        {
            "deployed" => "dp",
            "canary" or "canary-step" => "acc",
            "promoted" => "ok",
            "rolled-back" => "rb",
            _ => "",
        };

    /// <summary>A mark as the legend shows it.</summary>
    public static MarkupString Sample(string kind) =>
        new($"<span class=\"tl-mk {Look(kind)}\" aria-hidden=\"true\">{(Icon(kind) is { } icon ? Status.IconHtml(icon) : "")}</span>");

    public static string Word(string kind) =>
        kind switch
        {
            "canary-step" => "canary step",
            _ => kind.Replace('-', ' '),
        };

    /// <summary>What a mark says, without its time.</summary>
    public static string Says(TimelineMark mark)
    {
        if (mark.Count > 1)
            return $"{Words.Many(mark.Count, "change")}: {string.Join(", ", mark.Kinds.Select(k => $"{k.Value}{Nb}{Word(k.Key)}"))}";
        var share = mark.TrafficPercent is { } percent ? string.Create(CultureInfo.InvariantCulture, $" at {percent:0.##}{Nb}%") : "";
        return mark.Kind switch
        {
            "canary" => $"canary {mark.Version}{share}",
            "canary-step" => $"canary {mark.Version} goes on{share}",
            "rolled-back" => $"rolled back to {mark.Version}",
            _ => $"{Word(mark.Kind)} {mark.Version}".TrimEnd(),
        };
    }

    /// <summary>Everything in the track of a lane. One piece of text: a lane has dozens of marks, and a circuit would keep each of them.</summary>
    public MarkupString Draw(TimelineLane lane)
    {
        var html = new StringBuilder();
        foreach (var freeze in lane.Freezes)
            html.Append(
                $"<span class=\"tl-fz\" style=\"left:{At(freeze.StartsAt)};width:{Percent(Math.Clamp(Window.At(freeze.EndsAt), 0, 1) - Math.Clamp(Window.At(freeze.StartsAt), 0, 1))}\" title=\"{Markup.Text(Says(freeze))}\"></span>"
            );
        foreach (var span in lane.Spans.Where(s => s.Status == "active" && s.StartedAt < Window.To))
            Bar(html, lane, span);
        foreach (var span in lane.Spans.Where(s => s.Status == "canary" && s.StartedAt < Window.To))
            Canary(html, span);
        foreach (var mark in lane.Marks)
            Mark(html, lane, mark);
        return new MarkupString(html.ToString());
    }

    public static string Says(TimelineFreeze freeze) =>
        freeze.Count == 1
            ? $"{freeze.Name}: frozen {Words.DayClock(freeze.StartsAt)} to {Words.DayClock(freeze.EndsAt)}"
            : $"{freeze.Name} and others: frozen {Words.Many(freeze.Count, "time")} from {Words.DayClock(freeze.StartsAt)} to {Words.DayClock(freeze.EndsAt)}";

    private string Width(TimelineSpan span) =>
        span.EndedAt is { } ended
            ? $"left:{At(span.StartedAt)};width:max(3px,calc({Percent(Math.Clamp(Window.At(ended), 0, 1) - Math.Clamp(Window.At(span.StartedAt), 0, 1))} - 2px))"
            : $"left:{At(span.StartedAt)};right:calc(100% - var(--now))";

    private static string Until(TimelineSpan span) => span.EndedAt is { } ended ? $"to {Words.DayClock(ended)}" : "and is current";

    private void Bar(StringBuilder html, TimelineLane lane, TimelineSpan span)
    {
        // What has a mark of its own at its beginning is reached there with the keyboard.
        var marked = lane.Marks.FirstOrDefault(m => m.Count == 1 && m.Snapshot == span.Snapshot);
        var ends = Window.At(span.EndedAt ?? Now);
        var wide = Math.Min(1, ends) - Math.Max(0, Window.At(span.StartedAt)) >= 1.0 / TimelineWindow.Parts;
        var word = marked is { Kind: "rolled-back" } ? $"rolled back to {span.Version}" : span.Version;
        var says = $"{word}, active from {Words.DayClock(span.StartedAt)} {Until(span)}";
        var covered =
            marked is null && span.StartedAt < Window.From && lane.Spans.Any(s => s.Status == "canary" && s.StartedAt < Window.From);
        var classes =
            $"tl-sv{(covered ? " cov" : "")}{(span.EndedAt is null ? "" : " old")}{(marked is null ? "" : " mkd")}{(span.Picked ? "" : " dim")}";
        if (!wide)
        {
            html.Append($"<span class=\"{classes}\" style=\"{Width(span)}\" title=\"{Markup.Text(says)}\"></span>");
            return;
        }
        html.Append(
            $"<a class=\"{classes}\" style=\"{Width(span)}\" href=\"{Markup.Text(State.Opened(span.Snapshot))}\"{(marked is null ? " data-tl" : " tabindex=\"-1\"")}{Current(span.Snapshot)} title=\"{Markup.Text(says)}\"><span>{Markup.Text(word)}</span></a>"
        );
    }

    private void Canary(StringBuilder html, TimelineSpan span)
    {
        var share = Math.Clamp(span.TrafficPercent ?? 0, 0, 100);
        var height = 3 + (9 * share / 100);
        var percent = span.TrafficPercent is null ? "" : string.Create(CultureInfo.InvariantCulture, $" at {share:0.##}{Nb}%");
        var says = $"Canary {span.Version}{percent} from {Words.DayClock(span.StartedAt)} {Until(span)}";
        html.Append(
            CultureInfo.InvariantCulture,
            $"<span class=\"tl-cn{(span.Picked ? "" : " dim")}\" style=\"{Width(span)};height:{height:0.#}px\" title=\"{Markup.Text(says)}\"></span>"
        );
        if (span.StartedAt < Window.From)
            html.Append(
                $"<a class=\"tl-mk acc edge\" data-tl href=\"{Markup.Text(State.Opened(span.Snapshot))}\"{Current(span.Snapshot)} title=\"{Markup.Text(says)}\">{Status.IconHtml("split")}</a>"
            );
    }

    private void Mark(StringBuilder html, TimelineLane lane, TimelineMark mark)
    {
        var time = mark.Count == 1 ? Words.DayClock(mark.At) : $"{Words.DayClock(mark.At)} to {Words.DayClock(mark.Until)}";
        var several = mark.Count > 1;
        var says = $"{time}: {Says(mark)}";
        var href = several ? State.Into(lane.Agent, lane.Environment, mark.At, mark.Until, Window) : State.Opened(mark.Snapshot);
        var inside = several
            ? mark.Count < 100
                ? mark.Count.ToString(CultureInfo.InvariantCulture)
                : "99+"
            : Icon(mark.Kind) is { } icon
                ? Status.IconHtml(icon)
                : "";
        // A number alone would be its name.
        var name = several ? $" aria-label=\"{Markup.Text(says)}\"" : "";
        var look = several ? "n" : Look(mark.Kind);
        html.Append(
            $"<a class=\"tl-mk {look}\" data-tl data-kind=\"{Markup.Text(several ? "several" : mark.Kind)}\" style=\"left:{At(mark.At)}\" href=\"{Markup.Text(href)}\"{(several ? "" : Current(mark.Snapshot))}{name} title=\"{Markup.Text(says)}\">{inside}</a>"
        );
    }

    private string Current(string? snapshot) => snapshot is not null && snapshot == State.Mark ? " aria-current=\"true\"" : "";
}
