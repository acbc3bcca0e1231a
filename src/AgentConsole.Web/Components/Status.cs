using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>
/// A fact as icon, word and colour; the words are the API's. Ready-made markup instead of components, since a table of fifty rows has two hundred
/// of them in every circuit.
/// </summary>
public static class Status
{
    private sealed record Look(string Class, string? Icon, string Word);

    private static readonly FrozenDictionary<string, Look> HealthLooks = Table(
        ("ok", "ok", "circle-check", "OK"),
        ("degraded", "degraded", "triangle-alert", "Degraded"),
        ("failing", "failing", "octagon-x", "Failing")
    );

    private static readonly FrozenDictionary<string, Look> LivenessLooks = Table(
        ("live", "ok", "circle-dot", "Live"),
        ("late", "degraded", "clock-alert", "Late"),
        ("silent", "failing", "circle-slash", "Silent"),
        ("unknown", "off", "circle-question-mark", "Unknown")
    );

    private static readonly FrozenDictionary<string, Look> LifecycleLooks = Table(
        ("registered", "off", null, "Registered"),
        ("active", "", null, "Active"),
        ("paused", "paused", "circle-pause", "Paused"),
        ("retired", "off", null, "Retired"),
        ("deleted", "off", "trash-2", "Deleted")
    );

    private static readonly FrozenDictionary<string, Look> RunLooks = Table(
        ("queued", "off", "clock", "Queued"),
        ("running", "info", "circle-play", "Running"),
        ("waiting", "paused", "hourglass", "Waiting"),
        ("completed", "ok", "circle-check", "Completed"),
        ("failed", "failing", "circle-x", "Failed"),
        ("cancelled", "off", "ban", "Cancelled"),
        ("timed-out", "failing", "timer-off", "Timed out"),
        ("skipped", "off", "circle-minus", "Skipped"),
        ("lost", "degraded", "unplug", "Lost")
    );

    private static readonly FrozenDictionary<string, Look> KeyLooks = Table(
        ("active", "ok", "circle-check", "Active"),
        ("retiring", "degraded", "hourglass", "Retiring"),
        ("disabled", "paused", "circle-pause", "Disabled"),
        ("revoked", "off", "ban", "Revoked"),
        ("expired", "off", "timer-off", "Expired")
    );

    private static readonly FrozenDictionary<string, Look> SnapshotLooks = Table(
        ("active", "", null, "Active"),
        ("canary", "info", "circle-dashed", "Canary"),
        ("retired", "off", null, "Retired")
    );

    private static readonly FrozenDictionary<string, Look> BecameLooks = Table(
        ("current", "ok", "circle-check", "Current"),
        ("superseded", "off", null, "Superseded"),
        ("rolled-back", "degraded", "undo-2", "Rolled back"),
        ("failed", "failing", "circle-x", "Failed")
    );

    private static readonly FrozenDictionary<string, Look> RolloutLooks = Table(
        ("running", "info", "circle-play", "Running"),
        ("freeze", "paused", "snowflake", "Waits for a freeze"),
        ("paused", "paused", "circle-pause", "Paused"),
        ("inconclusive", "degraded", "circle-question-mark", "Paused: inconclusive"),
        ("not-enough-data", "degraded", "circle-dashed", "Paused: not enough data"),
        ("fail", "failing", "octagon-x", "Paused: failed"),
        ("promoted", "ok", "circle-check", "Promoted"),
        ("rolled-back", "degraded", "undo-2", "Rolled back"),
        ("aborted", "off", "ban", "Aborted")
    );

    private static readonly FrozenDictionary<string, Look> VerdictLooks = Table(
        ("pass", "ok", "circle-check", "Pass"),
        ("fail", "failing", "octagon-x", "Fail"),
        ("inconclusive", "degraded", "circle-question-mark", "Inconclusive"),
        ("not-enough-data", "off", "circle-dashed", "Not enough data")
    );

    private static readonly FrozenDictionary<string, Look> DecisionLooks = Table(
        ("allowed", "ok", "check", "Allowed"),
        ("blocked", "failing", "shield-x", "Blocked"),
        ("redacted", "degraded", "eye-off", "Redacted"),
        ("escalated", "paused", "circle-user", "Escalated")
    );

    private static readonly FrozenDictionary<string, Look> OutcomeLooks = Table(
        ("done", "ok", "circle-check", "Done"),
        ("refused", "failing", "ban", "Refused")
    );

    private static readonly FrozenDictionary<string, Look> UserLooks = Table(
        ("active", "ok", "circle-check", "Active"),
        ("invited", "info", "mail", "Invited"),
        ("locked", "degraded", "lock", "Locked"),
        ("disabled", "off", "ban", "Disabled"),
        ("expired", "off", "timer-off", "Expired"),
        ("revoked", "off", "ban", "Revoked")
    );

    /// <summary>What a snapshot was set to.</summary>
    public static MarkupString Snapshot(string word) => Of(SnapshotLooks, word, null, null);

    /// <summary>What became of a snapshot.</summary>
    public static MarkupString Became(string word) => Of(BecameLooks, word, null, null);

    /// <param name="waitsFor">What a running one waits for, or why a paused one is.</param>
    public static MarkupString Rollout(string state, string? waitsFor) =>
        Of(
            RolloutLooks,
            (state, waitsFor) switch
            {
                ("running", "freeze") => "freeze",
                ("paused", "inconclusive" or "not-enough-data" or "fail") => waitsFor!,
                _ => state,
            },
            null,
            null
        );

    public static MarkupString Verdict(string word) => Of(VerdictLooks, word, null, null);

    public static MarkupString Health(string word, string? why = null) => Of(HealthLooks, word, null, why);

    /// <param name="age">Stands after the word, see <see cref="Words.Time(DateTimeOffset, DateTimeOffset)"/>.</param>
    /// <param name="paused">A paused agent is silent because it was told to be.</param>
    public static MarkupString Liveness(string word, MarkupString? age = null, bool paused = false, string? why = null) =>
        Of(LivenessLooks, word, age, why, paused && word is "silent" or "late" && paused ? "off" : null);

    public static MarkupString Lifecycle(string word) => Of(LifecycleLooks, word, null, null);

    public static MarkupString Run(string word, MarkupString? age = null, string? why = null) => Of(RunLooks, word, age, why);

    /// <summary>A request to cancel that was not confirmed; the browser counts on. Never says that anything is cancelled: only a run's status does.</summary>
    public static MarkupString Cancel(bool heard, DateTimeOffset askedAt, DateTimeOffset now) =>
        Draw(CancelLook(heard), Words.Time(askedAt, now), null, null);

    private static Look CancelLook(bool heard) =>
        new("degraded", "circle-stop", heard ? "Cancel heard, not confirmed" : "Cancel asked, not confirmed");

    public static MarkupString Key(string word) => Of(KeyLooks, word, null, null);

    public static MarkupString Decision(string word) => Of(DecisionLooks, word, null, null);

    /// <summary>Outcome of a trail record.</summary>
    public static MarkupString Outcome(string word) => Of(OutcomeLooks, word, null, null);

    /// <summary>State of a user or token.</summary>
    public static MarkupString User(string word) => Of(UserLooks, word, null, null);

    /// <summary>An icon of the sprite. Ready markup, the same text for every page: a component for each would weigh on each circuit.</summary>
    /// <param name="name">A name in build/icons/icons.txt.</param>
    public static MarkupString Icon(string name, bool small = false) => new(IconHtml(name, small));

    /// <summary>As <see cref="Icon"/>, for markup that is put together by hand.</summary>
    public static string IconHtml(string name, bool small = false) =>
        Icons.GetOrAdd(
            (name, small),
            static icon =>
                $"<svg class=\"i{(icon.Small ? " s" : "")}\" aria-hidden=\"true\"><use href=\"/img/icons.svg#{icon.Name}\"></use></svg>"
        );

    private static readonly ConcurrentDictionary<(string Name, bool Small), string> Icons = new();

    // Words without an age or a reason are few: one text each for all circuits.
    private static readonly ConcurrentDictionary<(Look Look, string? Class), MarkupString> Plain = new();

    private static MarkupString Of(
        FrozenDictionary<string, Look> looks,
        string word,
        MarkupString? after,
        string? why,
        string? otherClass = null
    )
    {
        var look = looks.GetValueOrDefault(word) ?? new Look("off", "circle-question-mark", word);
        return after is null && why is null && looks.ContainsKey(word)
            ? Plain.GetOrAdd((look, otherClass), static key => Draw(key.Look, null, null, key.Class))
            : Draw(look, after, why, otherClass);
    }

    private static MarkupString Draw(Look look, MarkupString? after, string? why, string? otherClass)
    {
        var icon = look.Icon is null ? "" : IconHtml(look.Icon);
        var tail = after is { } text ? $"<small>{text.Value}</small>" : "";
        var title = why is null ? "" : $" title=\"{WebUtility.HtmlEncode(why)}\"";
        return new MarkupString(
            $"<span class=\"st {otherClass ?? look.Class}\"{title}>{icon}{WebUtility.HtmlEncode(look.Word)}{tail}</span>"
        );
    }

    private static FrozenDictionary<string, Look> Table(params (string Value, string Class, string? Icon, string Word)[] rows) =>
        rows.ToFrozenDictionary(r => r.Value, r => new Look(r.Class, r.Icon, r.Word), StringComparer.Ordinal);
}
