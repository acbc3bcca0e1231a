using AgentConsole.Contracts;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>How due dates and policies are said.</summary>
internal static class ScheduleWords
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

    public static string Level(string level) =>
        level switch
        {
            "agent" => "One agent",
            "team-environment" => "Team and environment",
            "team" => "Team",
            "environment" => "Environment",
            _ => "Organization",
        };

    /// <summary>What a policy says, in one line; what it leaves out falls through.</summary>
    public static string Says(RotationPolicyBody policy)
    {
        var parts = new List<string>();
        if (policy.CadenceDays is { } cadence)
            parts.Add(cadence == 0 ? "never due" : $"every {Words.Many(cadence, "day")}");
        if (policy.MaxLifetimeDays is { } longest)
            parts.Add($"lives at most {Words.Many(longest, "day")}");
        if (policy.Automatic is { } automatic)
            parts.Add(automatic ? "by itself" : "by hand");
        if (policy.Sink is not null)
            parts.Add(policy.SinkName is null ? "into a sink that is gone" : $"into {policy.SinkName}");
        if (policy.LeadDays is { } lead)
            parts.Add($"begins {Words.Many(lead, "day")} before");
        if (policy.GraceSeconds is { } grace)
            parts.Add($"grace {RotationWords.Grace(grace)}");
        if (policy.AutoExtend is { } extend)
            parts.Add(extend ? "lengthened while used" : "never lengthened");
        return parts.Count == 0 ? "says nothing" : string.Join(" · ", parts);
    }

    private static string Pill(string tone, string icon, string word) => $"<span class=\"st {tone}\">{Status.IconHtml(icon)}{word}</span>";
}
