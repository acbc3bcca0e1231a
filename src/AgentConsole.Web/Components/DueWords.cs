using AgentConsole.Contracts;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>How the due date of a key is said, and what will happen then.</summary>
internal static class DueWords
{
    public static MarkupString State(DueKey key) =>
        new(
            key.State switch
            {
                "overdue" => Pill("failing", "octagon-x", "Overdue"),
                "due-soon" => Pill("degraded", "clock-alert", "Due soon"),
                "scheduled" => Pill("ok", "circle-check", "Scheduled"),
                _ => Pill("off", "circle-dashed", "No date"),
            }
        );

    /// <summary>The date, and how far away it is.</summary>
    public static string When(DueKey key) =>
        key.DueAt is not { } due
            ? "neither cadence nor expiry"
            : key.DaysLeft switch
            {
                < -1 => $"since {Words.Day(due)}, {Words.Many(-key.DaysLeft.Value - 1, "day")}",
                -1 => $"since {Words.DayClock(due)}",
                0 => $"{Words.DayClock(due)}, within a day",
                var days => $"{Words.Day(due)}, in {Words.Many(days!.Value, "day")}",
            };

    public static string What(DueKey key) =>
        key switch
        {
            { Failure: { } failure } => failure,
            { Rotation: not null } => "A rotation is open",
            { Outlook: "automatic", BeginsAt: { } begins } => $"Rotates by itself into {key.Sink ?? "its sink"} on {Words.Day(begins)}",
            { Outlook: "no-sink" } => "Would rotate by itself, but its policy names no sink",
            { Outlook: "agent-paused" } => "Rotates by itself once its agent is resumed",
            { Outlook: "leaked" } => "Leaked: a person issues the next version",
            { DueAt: null } => "Nothing, until a policy says when",
            { Reason: "expiry" } => "Expires unless somebody rotates it",
            _ => "Waits for somebody to rotate it",
        };

    /// <summary>Why it is due; null where nothing says when.</summary>
    public static string? Reason(DueKey key) =>
        key.Reason switch
        {
            "cadence" => "by its rotation policy",
            "expiry" => "when it expires",
            _ => null,
        };

    private static string Pill(string tone, string icon, string word) => $"<span class=\"st {tone}\">{Status.IconHtml(icon)}{word}</span>";
}
