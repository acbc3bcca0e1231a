using AgentConsole.Contracts;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>The steps of the wizard. Each has an address; which one a rotation stands at says its state.</summary>
public enum RotationStep
{
    Choose,
    HandOver,
    Observe,
    CutOver,
    Finish,
}

/// <summary>Rotations in words.</summary>
internal static class RotationWords
{
    /// <summary>Where somebody begins who opens it: at the secret that they have not stored yet, else where it stands.</summary>
    public static RotationStep StepOf(RotationBody rotation, string person) =>
        rotation is { IssuedAt: not null, AcknowledgedAt: null, Sink: null, CompletedAt: null, AbortedAt: null }
        && rotation.IssuedBy == person
            ? RotationStep.HandOver
            : Reached(rotation);

    /// <summary>How far it is.</summary>
    public static RotationStep Reached(RotationBody rotation) =>
        rotation.State switch
        {
            "planned" => RotationStep.HandOver,
            "issued" when rotation.AcknowledgedAt is null => RotationStep.HandOver,
            "issued" or "observing" => RotationStep.Observe,
            "ready" or "old-disabled" => RotationStep.CutOver,
            _ => RotationStep.Finish,
        };

    public static string Title(RotationStep step) =>
        step switch
        {
            RotationStep.Choose => "Choose",
            RotationStep.HandOver => "Hand over",
            RotationStep.Observe => "Observe",
            RotationStep.CutOver => "Cut over",
            _ => "Finish",
        };

    /// <summary>How a caller is called: by the instance that it names, else by what it sends.</summary>
    public static string Name(RotationCaller caller) =>
        caller.Instance ?? (string.IsNullOrWhiteSpace(caller.UserAgent) ? "No user agent" : caller.UserAgent);

    public static string Grace(long seconds) =>
        seconds switch
        {
            0 => "no grace",
            < 3600 => Words.Many(seconds / 60, "minute"),
            < 172_800 => Words.Many(seconds / 3600, "hour"),
            _ => Words.Many(seconds / 86_400, "day"),
        };

    /// <summary>Time that is left, to the minute while there is little.</summary>
    public static string Left(TimeSpan left) =>
        left <= TimeSpan.Zero ? "0 min"
        : left.TotalDays >= 2 ? Words.Many((long)left.TotalDays, "day") + $" {left.Hours} h"
        : left.TotalHours >= 1 ? $"{(long)left.TotalHours} h {left.Minutes} min"
        : left.TotalMinutes >= 1 ? $"{left.Minutes} min"
        : "less than a minute";

    /// <summary>The state as a pill.</summary>
    public static Microsoft.AspNetCore.Components.MarkupString State(RotationBody rotation) =>
        new(
            rotation switch
            {
                { Failure: not null } => Pill("degraded", "triangle-alert", "Stuck"),
                { State: "planned" } => Pill("off", "circle-dashed", "Planned"),
                { State: "issued" } => Pill("info", "key-round", "Issued"),
                { State: "observing" } => Pill("info", "eye", "Observing"),
                { State: "ready" } => Pill("ok", "circle-check", "Ready"),
                { State: "old-disabled" } => Pill("paused", "lock", "Old disabled"),
                { State: "completed" } => Pill("ok", "circle-check", "Completed"),
                { SupersededBy: not null } => Pill("off", "circle-slash", "Superseded"),
                _ => Pill("off", "circle-slash", "Aborted"),
            }
        );

    private static string Pill(string tone, string icon, string word) => $"<span class=\"st {tone}\">{Status.IconHtml(icon)}{word}</span>";
}
