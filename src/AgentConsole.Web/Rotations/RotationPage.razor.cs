using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>
/// The wizard of one rotation, at the step that its address names. It can be left at any time and taken up by anybody who may manage the key; the new secret
/// is shown to whoever it was issued to, and is in no state of the page once they stored it.
/// </summary>
public sealed partial class RotationPage
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);
    private const int Records = 30;

    private readonly Submission _issue = new("rotation-issue");
    private readonly Submission _reissued = new("rotation-reissue");
    private readonly Submission _acting = new("rotation-reissue");
    private readonly Submission _answering = new("rotation-act");
    private RotationBody? _rotation;
    private IReadOnlyList<RotationMinute>? _minutes;
    private IReadOnlyList<TrailBody>? _records;
    private Guid _rotationId;
    private Problem? _missing;
    private Problem? _problem;
    private Problem? _dialogProblem;
    private string? _mayNot;
    private string? _shown;
    private string? _asked;
    private string? _secret;
    private RotationStep _step;
    private bool _busy;
    private bool _reading;
    private DateTimeOffset? _readAt;
    private string _why = "";
    private int _grace = (int)Rotation.UsualGrace.TotalSeconds;
    private bool _autoExtend;
    private ITimer? _timer;

    [Inject]
    public required RotationService Rotations { get; init; }

    [Inject]
    public required RotationLists Lists { get; init; }

    [Inject]
    public required TrailService Trail { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter]
    public required string Id { get; set; }

    /// <summary>Which step is looked at; where the rotation stands when absent.</summary>
    [SupplyParameterFromQuery]
    public string? Step { get; set; }

    /// <summary>The language of the program that uses the new secret.</summary>
    [SupplyParameterFromQuery]
    public string? Lang { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    private bool IsOpen => _rotation is { CompletedAt: null, AbortedAt: null };

    private bool ReasonNeeded => Doing == "override" || (Doing == "end-grace" && _rotation!.State is "issued" or "observing");

    private string? WhyNotReissue =>
        _mayNot
        ?? (
            _rotation!.Callers.Any(c => c.NewCalls > 0)
                ? "The new secret is in use already: making another would cut off whoever uses it."
                : null
        );

    protected override async Task OnParametersSetAsync()
    {
        if (_shown != Id)
        {
            (_rotation, _missing, _problem, _secret, _shown) = (null, null, null, null, Id);
            await ReadAsync();
        }
        if (_rotation is null)
            return;
        var step = Enum.GetValues<RotationStep>().FirstOrDefault(s => KebabCase.Of(s) == Step, RotationWords.StepOf(_rotation, Me.Label));
        if (step != _step)
            _secret = null; // it goes with its step
        _step = step;
        if (_asked == Doing)
            return;
        _asked = Doing;
        (_dialogProblem, _why, _autoExtend) = (null, "", _rotation.AutoExtend);
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // Calls with a key tell nobody.
        if (firstRender)
            _timer = Clock.CreateTimer(_ => Work(LookAsync), null, LookAgain, LookAgain);
    }

    protected override void Leave()
    {
        _timer?.Dispose();
        _secret = null;
    }

    private async Task LookAsync()
    {
        if (!IsOpen || Live.Paused || _reading)
            return;
        await ReadAsync();
        StateHasChanged();
    }

    // A database that does not answer takes nothing away, least of all a secret that is being handed over.
    private async Task ReadAsync()
    {
        _reading = true;
        try
        {
            await ReadAsync(Id);
            (_readAt, _problem) = (Now, StoreFault.Is(_problem) ? null : _problem);
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            if (!StoreFault.Is(_problem))
                _problem = StoreFault.At(_readAt);
        }
        finally
        {
            _reading = false;
        }
    }

    private async Task ReadAsync(string id)
    {
        var read = await Lists.GetAsync(Me, id, Left);
        if (id != Id)
            return; // another one is looked at by now
        _missing = read.Problem;
        if (read.Problem is not null)
            return;
        var rotation = read.Value;
        _rotationId = IdText.Parse(IdText.Rotation, rotation.Id);
        var team = Access.Current.TeamsBySlug.GetValueOrDefault((Me.OrganizationId, rotation.Team))?.Id ?? Guid.Empty;
        _mayNot = WhyNot(Permission.ManageKeys, team);
        var minutes = await Lists.MinutesAsync(Me, id, Left);
        _minutes = minutes.Problem is null ? minutes.Value.Minutes : null;
        var records = await Trail.ListAsync(Me, new TrailFilter { Target = rotation.Id }, new PageRequest(Records), Left);
        if (id != Id)
            return;
        _records = records.Problem is null ? records.Value.Items : null;
        _rotation = rotation;
    }

    // ---- hand over ------------------------------------------------------------------------------------------------------------------------------

    // What is issued is what was read here, whatever somebody else planned meanwhile.
    private Task IssueAsync()
    {
        var (id, shown) = (Id, _rotation!);
        var body = new IssueRotation
        {
            GraceSeconds = shown.GraceSeconds,
            RevokeImmediately = shown.RevokeImmediately,
            AutoExtend = shown.AutoExtend,
        };
        return HandOutAsync(() => Once.RunAsync(_issue, Me, body, me => Rotations.IssueAsync(me, id, body, Left), Left, keep: true));
    }

    // The stored answer opens with a key that this browser alone has, and only once the person has proved again who they are.
    private Task ShowAgainAsync() =>
        HandOutAsync(async () =>
        {
            if (_mayNot is not null)
                return new Problem(ProblemKind.Forbidden, "role_missing", _mayNot);
            if (StepUp.Require(Me) is { } unproved)
                return unproved;
            foreach (var submission in (Submission[])[_reissued, _issue])
            {
                var found = await Once.FindAsync<RotationBody>(submission, Me, Left);
                if (found is { Problem: null, Value: { ApiKey: not null } shown } && shown.ApiKeyLast4 == _rotation!.ApiKeyLast4)
                    return shown;
            }
            return RotationPageProblems.CannotShow;
        });

    private async Task HandOutAsync(Func<Task<Outcome<RotationBody>>> act)
    {
        if (_busy)
            return;
        var (id, step) = (Id, _step);
        _busy = true;
        var done = await ConfirmedAsync(act);
        _busy = false;
        if (id != Id)
            return; // somebody went on to another rotation: it is shown there again, not here
        _problem = done.Problem;
        await ReadAsync();
        if (done.Problem is not null || step != _step)
            return;
        _secret = done.Value.ApiKey;
        // The address says where one is, though the rotation may go on meanwhile.
        Navigation.NavigateTo(ConsoleUrls.Rotation(Id, KebabCase.Of(RotationStep.HandOver)), replace: true);
    }

    private async Task StoredAsync()
    {
        var lastFour = _secret![^4..];
        var stored = await ActAsync(() => Rotations.AcknowledgeAsync(Me, Id, new AcknowledgeRotation { LastFour = lastFour }, Left));
        if (!stored && IsOpen)
            return;
        // It was used before this was said, and the rotation is over by that: the secret is as stored as can be.
        (_problem, _secret) = (null, null);
        foreach (var submission in (Submission[])[_issue, _reissued, _acting])
            Once.Forget(submission);
        Go(IsOpen ? RotationStep.Observe : RotationStep.Finish);
    }

    private IReadOnlyList<(string, string, string)> Files(string secret) =>
        [
            (".env", $"{_rotation!.Agent}.env", $"AGENT_KEY={secret}\n"),
            (
                "JSON",
                $"{_rotation.Agent}.json",
                JsonSerializer.Serialize(
                    new
                    {
                        console = Navigation.BaseUri.TrimEnd('/'),
                        agent = _rotation.Agent,
                        key_id = _rotation.KeyId,
                        key_version = _rotation.ToVersion,
                        api_key = secret,
                    },
                    ConsoleJson.Options
                )
            ),
        ];

    // A new key for each secret that is made anew: the version that it replaces tells them apart.
    private static string Reissue(int? version) => string.Create(CultureInfo.InvariantCulture, $"reissue of v{version}");

    // ---- cut over -------------------------------------------------------------------------------------------------------------------------------

    private async Task DisableAsync()
    {
        var id = Id;
        if (!await ActAsync(() => Rotations.DisableOldAsync(Me, id, new DisableOld(), Left)))
            return;
        Toasts.Show("The old secret is refused from now on", () => EnableAsync(id));
        Go(RotationStep.CutOver);
    }

    // Also from the toast, when the page may be another one or gone.
    private async Task EnableAsync(string id)
    {
        var done = await Rotations.EnableOldAsync(Visitor.FindOrNobody(), id, new GraceOfRotation(), CancellationToken.None);
        Toasts.Show(done.Problem is { } problem ? "Not enabled: " + problem.Detail : "The old secret works again");
        if (Left.IsCancellationRequested || id != Id)
            return;
        await ReadAsync();
        StateHasChanged();
    }

    // ---- questions ------------------------------------------------------------------------------------------------------------------------------

    private (string Title, string Button, string Tone)? Question =>
        (Doing, IsOpen) switch
        {
            ("abort", true) => ("Abort this rotation?", "Abort it", "df"),
            ("override", true) => ("Let the old secret go, whoever still uses it?", "Override", "df"),
            ("complete", true) => ("Revoke the old secret for good?", "Revoke it and finish", "df"),
            ("end-grace", true) => ("End the grace now?", "End it now", "df"),
            ("extend", true) => ("When does the old secret end?", "Change the grace", "p"),
            ("reissue", true) => ("Make another secret?", _rotation!.Sink is null ? "Make another" : "Deliver anew", "p"),
            _ => null,
        };

    private string QuestionText =>
        Doing switch
        {
            "abort" when _rotation!.ToVersion is null => "Nothing was made; nothing changes for callers.",
            "abort" when _rotation!.DeliveredAt is not null =>
                $"The new secret is refused from now on, and the old one works on. The new one still lies in {_rotation.Sink}: put the old one back there, or rotate again, before anybody reads it.",
            "abort" =>
                $"Version {_rotation!.ToVersion} is revoked, and whoever uses it is refused from this moment. The old secret goes on as if nothing had been.",
            "override" => $"{Late} The lock opens for you, and your reason stands in the trail.",
            "complete" when _rotation!.FromVersion is null => "Nothing is revoked: there was no secret before.",
            "complete" =>
                $"Version {_rotation!.FromVersion} can never be enabled again. {(_rotation.Knocks.Count == 0 ? "Nobody has knocked with it since." : $"{Words.Many(Knocking, "address", "addresses")} knocked with it since.")}",
            "end-grace" => $"{Late} The old secret is refused from this moment, and can be enabled again for 7 days.",
            "extend" => "Counted from now.",
            _ => $"Version {_rotation!.ToVersion}, which nobody has used, is revoked, and another is made. The old secret is not touched.",
        };

    private string Late =>
        _rotation!.Waiting == 0
            ? "Nobody who was seen is left behind."
            : $"{Words.Many(_rotation.Waiting, "caller")} still {(_rotation.Waiting == 1 ? "needs" : "need")} it: {Names(5)}.";

    private async Task AnswerAsync()
    {
        var why = string.IsNullOrWhiteSpace(_why) ? null : _why;
        var reason = new Reason { Text = why };
        if (Doing == "reissue")
        {
            await ReissueAsync();
            return;
        }
        Func<Actor, Task<Outcome<RotationBody>>> act = Doing switch
        {
            "abort" => me => Rotations.AbortAsync(me, Id, reason, Left),
            "override" => me => Rotations.OverrideAsync(me, Id, reason, Left),
            "complete" => me => Rotations.CompleteAsync(me, Id, reason, Left),
            "end-grace" => me => Rotations.EndGraceAsync(me, Id, reason, Left),
            _ => me =>
                Rotations.ExtendAsync(
                    me,
                    Id,
                    new GraceOfRotation
                    {
                        GraceSeconds = _grace,
                        AutoExtend = _autoExtend,
                        Reason = why,
                    },
                    Left
                ),
        };
        var asked = Doing;
        var said = new
        {
            asked,
            Id,
            reason,
            _grace,
            _autoExtend,
        };
        if (!await ActAsync(() => Once.RunAsync(_answering, Me, said, act, Left), inDialog: true))
            return;
        if (!IsOpen)
            Toasts.Clear(); // there is no way back any more
        Navigation.NavigateTo(
            ConsoleUrls.Rotation(
                Id,
                asked switch
                {
                    "abort" or "complete" => KebabCase.Of(RotationStep.Finish),
                    "override" or "end-grace" => KebabCase.Of(RotationStep.CutOver),
                    _ => Step,
                }
            ),
            replace: true
        );
    }

    private async Task ReissueAsync()
    {
        if (_busy)
            return;
        var id = Id;
        _busy = true;
        var made = await ConfirmedAsync(() =>
            Once.RunAsync(
                _acting,
                Me,
                new IssueRotation(),
                me => Rotations.ReissueAsync(me, id, new IssueRotation(), Left),
                Left,
                keep: true
            )
        );
        _busy = false;
        if (id != Id)
            return;
        _dialogProblem = made.Problem;
        if (made.Problem is not null)
            return;
        await ReadAsync();
        _step = RotationStep.HandOver;
        _secret = made.Value.ApiKey;
        Navigation.NavigateTo(ConsoleUrls.Rotation(Id, KebabCase.Of(RotationStep.HandOver)), replace: true);
    }

    private async Task<bool> ActAsync(Func<Task<Outcome<RotationBody>>> act, bool inDialog = false)
    {
        if (_busy)
            return false;
        _busy = true;
        var done = await ConfirmedAsync(act);
        _busy = false;
        if (inDialog)
            _dialogProblem = done.Problem;
        else
            _problem = done.Problem;
        await ReadAsync();
        return done.Problem is null;
    }

    private void Go(RotationStep step) => Navigation.NavigateTo(ConsoleUrls.Rotation(Id, KebabCase.Of(step)));

    // ---- words ----------------------------------------------------------------------------------------------------------------------------------

    private string Consequence =>
        _rotation! switch
        {
            { FromVersion: null } or { OldAccepted: false } => "The key has no secret that works. The new one works at once.",
            { RevokeImmediately: true } r =>
                $"Version {r.FromVersion} is revoked the moment the new secret is made. Whoever has not moved is refused, and there is no way back.",
            { GraceSeconds: 0 } r =>
                $"Version {r.FromVersion} is refused the moment the new secret is made, and can be enabled again for 7 days.",
            var r => $"From then on both secrets work, for {RotationWords.Grace(r.GraceSeconds)}. Then version {r.FromVersion} is refused.",
        };

    private int Knocking => _rotation!.Knocks.DistinctBy(k => k.Address).Count();

    private IEnumerable<RotationCaller> Waiting => _rotation!.Callers.Where(c => c.State == "waiting");

    private string Names(int most) =>
        string.Join(", ", Waiting.Take(most).Select(RotationWords.Name)) + (_rotation!.Waiting > most ? ", …" : "");

    private string Verdict =>
        _rotation! switch
        {
            { State: "completed" } => "Completed: the old secret is revoked",
            { State: "aborted", SupersededBy: not null } => "Another rotation took its place",
            { State: "aborted" } => "Aborted: the old secret goes on",
            { State: "old-disabled", Knocks.Count: > 0 } =>
                $"{Words.Many(Knocking, "address", "addresses")} still {(Knocking == 1 ? "knocks" : "knock")} with the old secret",
            { State: "old-disabled" } => "The old secret is refused, and nobody knocks",
            { State: "ready", OverriddenBy: { } who } => $"{who} lets the old secret go",
            { State: "ready", Callers.Count: 0 } => "Nobody calls with this key",
            { State: "ready" } => "Every caller has moved",
            { Waiting: > 0 } r =>
                $"{(r.Callers.Count < 100 ? $"{r.Waiting} of {Words.Many(r.Callers.Count(c => c.State != "gone"), "caller")}" : Words.Many(r.Waiting, "caller"))} still {(r.Waiting == 1 ? "needs" : "need")} the new secret",
            { CallersOverflowed: true } => "More callers than are kept: nobody can say that all have moved",
            _ when !_rotation!.Callers.Any(c => c.NewCalls > 0) => "Waiting for the first use of the new secret",
            _ => "Every caller has moved; one quiet moment more",
        };

    private string Detail =>
        _rotation! switch
        {
            { SupersededBy: { } other } => $"It goes on as {other}.",
            { State: "completed" or "aborted", HeldBy: var who } r =>
                $"{who ?? "The console"}, {Words.Exact((r.CompletedAt ?? r.AbortedAt)!.Value)}.",
            { State: "old-disabled", OldDisabledUntil: { } until } =>
                $"It can be enabled again until {Words.Exact(until)}; then it is revoked.",
            { State: "ready" } => "The old secret can go: disable it, watch who knocks, and finish.",
            { Waiting: > 0 } => string.Join(
                " ",
                Waiting.Take(3).Select(c => $"{RotationWords.Name(c)} called with the old one {Texts.Ago(Now - c.OldLastUsedAt!.Value)}.")
            ),
            { CallersOverflowed: true } => "Override with a reason once you know.",
            _ when !_rotation!.Callers.Any(c => c.NewCalls > 0) =>
                "This turns green by itself with the first call. Nothing needs to be pressed.",
            _ => "The lock opens when nobody has used the old secret for 10 seconds.",
        };

    private string Share(DateTimeOffset ends)
    {
        var whole = _rotation!.IssuedAt is { } issued ? (ends - issued).TotalSeconds : 1;
        return (100 - Math.Clamp((ends - Now).TotalSeconds / Math.Max(1, whole) * 100, 0, 100)).ToString(
            "0.#",
            CultureInfo.InvariantCulture
        );
    }
}

internal static class RotationPageProblems
{
    public static readonly Problem CannotShow = new(
        ProblemKind.Conflict,
        "secret_gone",
        "This tab cannot show the secret again: it was issued elsewhere, or more than a day ago. Make another; the one that nobody knows is revoked, and the old one is not touched."
    );
}
