using AgentConsole.Contracts;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>The steps of a bulk rotation. Each has an address.</summary>
public enum BulkStep
{
    Choose,
    HandOver,
    Observe,
    CutOver,
    Finish,
}

/// <summary>Bulk acts on keys in words.</summary>
internal static class BulkWords
{
    /// <summary>More than this is done only by whoever types the number.</summary>
    public const int Few = 20;

    public static BulkStep Reached(KeyBulkBody bulk)
    {
        if (bulk.StartedAt is null)
            return BulkStep.Choose;
        if (bulk.State != "finished" || bulk.Rows.Failed > 0)
            return BulkStep.HandOver;
        var open = Open(bulk);
        return open == 0 ? BulkStep.Finish
            : In(bulk, "ready") + In(bulk, "old-disabled") == open ? BulkStep.CutOver
            : BulkStep.Observe;
    }

    /// <summary>Rotations that are neither completed nor aborted.</summary>
    public static int Open(KeyBulkBody bulk) => bulk.Rotations?.Where(s => s.Key is not ("completed" or "aborted")).Sum(s => s.Value) ?? 0;

    public static int In(KeyBulkBody bulk, string state) => bulk.Rotations?.GetValueOrDefault(state) ?? 0;

    public static string Title(BulkStep step) =>
        step switch
        {
            BulkStep.Choose => "Choose",
            BulkStep.HandOver => "Hand over",
            BulkStep.Observe => "Observe",
            BulkStep.CutOver => "Cut over",
            _ => "Finish",
        };

    public static string Keys(long count) => Words.Many(count, "key");

    /// <summary>What it is, as a heading: <c>Rotate 3 keys</c>.</summary>
    public static string Heading(KeyBulkBody bulk) =>
        bulk.Action switch
        {
            "rotate" => $"Rotate {Keys(bulk.Rows.Change)}",
            "disable" => $"Disable {Versions(bulk.Rows.Change)}",
            "enable" => $"Enable {Versions(bulk.Rows.Change)}",
            _ => $"Revoke {Versions(bulk.Rows.Change)}",
        };

    /// <summary>The press that does it.</summary>
    public static string Act(KeyBulkBody bulk) =>
        bulk is { Action: "rotate", Sink: null } ? $"Plan {Words.Many(bulk.Rows.Change, "rotation")}" : Heading(bulk);

    public static string Done(KeyBulkBody bulk) =>
        bulk.Action switch
        {
            "rotate" when bulk.Sink is null => $"Planned {Words.Many(bulk.Rows.Done, "rotation")}",
            "rotate" => $"{Keys(bulk.Rows.Done)} {(bulk.Rows.Done == 1 ? "has its" : "have their")} new secret",
            "disable" => $"Disabled {Versions(bulk.Rows.Done)}",
            "enable" => $"Enabled {Versions(bulk.Rows.Done)}",
            _ => $"Revoked {Versions(bulk.Rows.Done)}",
        };

    public static string Consequence(KeyBulkBody bulk) =>
        bulk.Action switch
        {
            "rotate" when bulk.Sink is { } sink =>
                $"Each new secret is written to the sink {sink} and read back there; then the old one works on for {RotationWords.Grace(bulk.GraceSeconds ?? 0)}. Where that fails the old one stays as it is.",
            "rotate" =>
                "Each rotation is planned, to be handed over one by one, without a secret yet. An agent that may rotate itself takes its own.",
            "disable" => "Calls with them are refused at once, and they can be enabled again.",
            "enable" => "Calls with them are let in again at once.",
            _ => "Calls with them are refused from then on, for good. There is no way back.",
        };

    public static MarkupString State(KeyBulkBody bulk) =>
        new(
            bulk.State switch
            {
                "planned" => Pill("off", "circle-dashed", "Planned"),
                "expired" => Pill("off", "clock-alert", "Expired"),
                "working" => Pill("info", "circle-play", "At work"),
                "stopped" => Pill("degraded", "triangle-alert", "Stopped"),
                _ when bulk.Rows.Failed > 0 => Pill("degraded", "triangle-alert", "Done in part"),
                _ when bulk.CancelledAt is not null && bulk.Rows.Cancelled > 0 => Pill("off", "circle-slash", "Cancelled"),
                _ when Open(bulk) > 0 && In(bulk, "planned") == Open(bulk) => Pill("off", "circle-dashed", "To be handed over"),
                _ when Open(bulk) > 0 => Pill("info", "eye", "Observing"),
                _ => Pill("ok", "circle-check", "Done"),
            }
        );

    /// <summary>What came of a row, or would.</summary>
    public static MarkupString Row(KeyBulkBody bulk, KeyBulkRowBody row) =>
        new(
            row switch
            {
                { Effect: "refused" } => Pill("off", "circle-slash", "Left alone"),
                { Effect: "no-change" } => Pill("off", "circle-check", "As it should be"),
                { Outcome: "failed" } => Pill("failing", "circle-x", "Failed"),
                { Outcome: "cancelled" } => Pill("off", "circle-slash", "Cancelled"),
                { Outcome: "issued" } => Pill("info", "key-round", "On its way"),
                { Outcome: "pending" } when bulk.StartedAt is null => Pill(
                    "off",
                    "circle-dashed",
                    bulk.Action != "rotate" ? Words.Sentence(bulk.Action)
                        : row.Taker == "sink" ? "Into the sink"
                        : row.Taker == "agent" ? "Its agent takes it"
                        : "Hand over by a person"
                ),
                { Outcome: "pending" } => Pill("off", "circle-dashed", "Not begun"),
                { RotationState: "completed" } => Pill("ok", "circle-check", "Completed"),
                { RotationState: "aborted" } => Pill("off", "circle-slash", "Aborted"),
                { RotationState: "old-disabled" } => Pill("paused", "lock", "Old disabled"),
                { RotationState: "ready" } => Pill("ok", "circle-check", "Ready"),
                { RotationState: "planned" } => Pill("off", "circle-dashed", "To be handed over"),
                { RotationState: not null } => Pill("info", "eye", "Observing"),
                _ => Pill("ok", "circle-check", "Done"),
            }
        );

    private static string Versions(long count) => Words.Many(count, "key version");

    private static string Pill(string tone, string icon, string word) => $"<span class=\"st {tone}\">{Status.IconHtml(icon)}{word}</span>";
}
