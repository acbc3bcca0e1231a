using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>One rollout: what it waits for, the one thing that a person would do now, and the figures by which it was judged.</summary>
public sealed partial class RolloutPage
{
    /// <param name="Asks">A reason is asked for; otherwise one press does it.</param>
    private sealed record Deed(string Name, string Label, string Icon, bool Asks, string? Key = null, string? Why = null);

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);
    private static readonly Dictionary<string, object> ForForm = new(StringComparer.Ordinal) { ["form"] = "rollout-act" };

    private readonly Submission _answering = new("rollout-act");
    private RolloutBody? _rollout;
    private IReadOnlyList<RolloutDecisionBody> _decisions = [];
    private RolloutDecisionBody? _shown;
    private FreezeWindow? _freeze;
    private Guid _id;
    private Problem? _missing;
    private Problem? _problem;
    private Problem? _dialogProblem;
    private string? _mayNot;
    private string? _read;
    private string? _asked;
    private (int Step, string State)? _askedAt;
    private string _why = "";
    private bool _busy;
    private bool _reading;
    private DateTimeOffset? _readAt;
    private ITimer? _timer;

    [Inject]
    public required RolloutService Rollouts { get; init; }

    [Inject]
    public required RolloutLists Lists { get; init; }

    [Inject]
    public required FreezeService Freezes { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter]
    public required string Id { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    /// <summary>The number of the decision whose figures are shown; the latest of the step when absent.</summary>
    [SupplyParameterFromQuery]
    public string? Look { get; set; }

    private bool IsOpen => _rollout is { EndedAt: null };

    private bool IsLast => _rollout!.Step == _rollout.Plan.Steps!.Count;

    private RolloutStepBody Step => _rollout!.Plan.Steps![_rollout.Step - 1];

    private bool ReasonNeeded => Doing != "resume" || _rollout!.WaitsFor != "person";

    // The likeliest act first; what cannot be undone by the next press asks for its reason.
    private IEnumerable<Deed> Acts
    {
        get
        {
            var advance = new Deed("advance", $"Advance to {RolloutWords.Share(NextShare)}…", "arrow-up", Asks: true);
            var promote = new Deed("promote", "Promote now…", "check-check", Asks: true);
            var abort = new Deed("abort", $"Abort: back to {_rollout!.StableVersion}…", "undo-2", Asks: true, Key: "b");
            var resume = new Deed(
                "resume",
                _rollout.WaitsFor == "person" ? "Resume" : "Resume…",
                "play",
                Asks: _rollout.WaitsFor != "person"
            );
            return (_rollout.State, _rollout.WaitsFor) switch
            {
                ("running", _) => Both(new Deed("pause", "Pause", "pause", Asks: false, Key: "p"), advance, promote, abort),
                ("paused", "person") => Both(resume, advance, promote, abort),
                ("paused", "fail") => Both(abort, resume, advance, promote),
                _ => Both(advance, promote, resume, abort),
            };
        }
    }

    private decimal NextShare => IsLast ? 100 : _rollout!.Plan.Steps![_rollout.Step].Percent ?? 0;

    private (string Title, string Button, string Tone, string Says)? Question =>
        _rollout is not { EndedAt: null } rollout || _mayNot is not null
            ? null
            : Doing switch
            {
                "advance" when !IsLast => (
                    $"Advance {rollout.CanaryVersion} to {RolloutWords.Share(NextShare)}?",
                    "Advance",
                    "p",
                    $"Step {rollout.Step} ends as it is, whatever was seen, and step {rollout.Step + 1} begins to count anew."
                ),
                "advance" or "promote" => (
                    $"Promote {rollout.CanaryVersion}?",
                    "Promote",
                    "p",
                    $"It becomes the active version and gets all of the traffic, whatever was seen. {rollout.StableVersion} ends."
                ),
                "resume" => (
                    "Resume the rollout?",
                    "Resume",
                    "p",
                    $"Step {rollout.Step} goes on, and is judged by the runs that it has and those to come."
                ),
                "abort" => (
                    $"Back to {rollout.StableVersion}?",
                    "Abort the rollout",
                    "df",
                    $"All traffic goes back to {rollout.StableVersion}, and {rollout.CanaryVersion} ends. A freeze does not hold this."
                ),
                _ => null,
            };

    private string Waits
    {
        get
        {
            var rollout = _rollout!;
            if (rollout.EndedAt is { } ended)
                return $"{rollout.EndedBy}, {Words.DayClock(ended)}{(rollout.EndedReason is { } why && rollout.State != "aborted" ? $": {why}" : "")}.";
            var serves = $"{rollout.CanaryVersion} gets {RolloutWords.Share(rollout.TargetPercent)} of the traffic";
            if (rollout.State == "paused")
                return $"{serves} until somebody decides.";
            if (rollout.WaitsFor == "freeze")
                return _freeze is { } freeze
                    ? $"{freeze.Name} holds it until {Words.DayClock(freeze.EndsAt)}: {freeze.Reason}. {serves} meanwhile."
                    : $"{serves} meanwhile.";
            return rollout.HoldUntil is { } hold && hold > Now
                ? $"{serves}, at least until {Words.DayClock(hold)}."
                : $"{serves}. The hold is over; it waits for its runs until {Words.DayClock((rollout.HoldUntil ?? Now).AddMinutes(rollout.Plan.PatienceMinutes ?? 0))}, and is then judged by those that came.";
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_read != Id)
        {
            (_rollout, _missing, _problem, _read) = (null, null, null, Id);
            await ReadAsync();
        }
        if (_rollout is null)
            return;
        Choose();
        if (_asked == Doing)
            return;
        (_asked, _dialogProblem, _why, _askedAt) = (Doing, null, "", (_rollout.Step, _rollout.State));
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // Time that passes tells nobody.
        if (firstRender)
            _timer = Clock.CreateTimer(_ => Work(LookAsync), null, LookAgain, LookAgain);
    }

    protected override void Leave() => _timer?.Dispose();

    private async Task LookAsync()
    {
        if (!IsOpen || Live.Paused || _reading)
            return;
        await ReadAsync();
        StateHasChanged();
    }

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
        {
            _rollout = null;
            return;
        }
        var decisions = await Lists.DecisionsAsync(Me, id, Left);
        var rollout = read.Value;
        var holding =
            rollout.WaitsFor == "freeze"
                ? await Freezes.HoldingAsync(Me, rollout.AgentId, rollout.Environment, Left)
                : (Outcome<List<FreezeWindow>>?)null;
        if (id != Id)
            return;
        _id = IdText.Parse(IdText.Rollout, rollout.Id);
        _mayNot = Access.Current.FindTeam(Me.OrganizationId, rollout.Team) is { } team ? WhyNot(Permission.EditAgents, team.Id) : null;
        _decisions = decisions.Problem is null ? decisions.Value.Data : _decisions;
        _freeze = holding is { Problem: null } windows ? windows.Value.MaxBy(w => w.EndsAt) : null;
        _rollout = rollout;
        Choose();
    }

    private void Choose() =>
        _shown =
            int.TryParse(Look, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && _decisions.FirstOrDefault(d => d.Number == number) is { } asked
                ? asked
                : _decisions.FirstOrDefault(d => d.Step == _rollout!.Step);

    private async Task PressAsync(Deed deed)
    {
        if (deed.Asks)
        {
            Ask(deed.Name);
            return;
        }
        if (_busy)
            return;
        _busy = true;
        var id = Id;
        var pause = deed.Name == "pause";
        var done = await OneAsync(Me, id, pause, CancellationToken.None);
        _busy = false;
        if (done.Problem is null)
        {
            Toasts.Show(
                pause ? "Paused the rollout" : "Resumed the rollout",
                () =>
                    UndoAsync(
                        Toasts,
                        me => OneAsync(me, id, !pause, CancellationToken.None),
                        pause ? "The rollout goes on" : "The rollout is paused again",
                        _ => ReadAsync()
                    )
            );
        }
        await ReadAsync();
        _problem = done.Problem ?? _problem;
    }

    private Task<Outcome<RolloutBody>> OneAsync(Actor by, string id, bool pause, CancellationToken cancellationToken) =>
        pause
            ? Rollouts.PauseAsync(by, id, new RolloutAct(), cancellationToken)
            : Rollouts.ResumeAsync(by, id, new RolloutAct(), cancellationToken);

    private async Task AnswerAsync()
    {
        if (_busy || _rollout is not { } shown)
            return;
        // What is pressed is what was read here: another step may have begun under an open question.
        if (_askedAt != (shown.Step, shown.State))
        {
            _askedAt = (shown.Step, shown.State);
            _dialogProblem = RolloutPageProblems.MovedMeanwhile;
            return;
        }
        var (id, asked, body) = (Id, Doing, new RolloutAct { Reason = _why });
        Func<Actor, Task<Outcome<RolloutBody>>> act = asked switch
        {
            "advance" => me => Rollouts.AdvanceAsync(me, id, body, Left),
            "promote" => me => Rollouts.PromoteAsync(me, id, body, Left),
            "resume" => me => Rollouts.ResumeAsync(me, id, body, Left),
            _ => me => Rollouts.AbortAsync(me, id, body, Left),
        };
        _busy = true;
        var done = await Once.RunAsync(
            _answering,
            Me,
            new
            {
                asked,
                id,
                body.Reason,
            },
            act,
            Left
        );
        _busy = false;
        _dialogProblem = done.Problem;
        await ReadAsync();
        _askedAt = _rollout is { } now ? (now.Step, now.State) : null;
        if (done.Problem is not null)
            return;
        if (!IsOpen)
            Toasts.Clear(); // there is no way back any more
        Toasts.Show(
            asked switch
            {
                "resume" => "Resumed the rollout",
                "abort" => $"All traffic is back at {shown.StableVersion}",
                "advance" when IsOpen => $"{shown.CanaryVersion} is at {RolloutWords.Share(_rollout!.TargetPercent)}",
                _ => $"Promoted {shown.CanaryVersion}",
            }
        );
        Ask(null);
    }

    private Deed[] Both(params Deed[] acts) => [.. acts.Where(act => act.Name != "advance" || !IsLast)];

    // The first is the one that is likeliest; it is destructive only where it says so.
    private string? Class(Deed act) =>
        act.Name == Acts.First().Name ? "p"
        : act.Name == "abort" ? "d"
        : null;

    private string Share(long runs)
    {
        var most = Math.Max(1, Step.MinimumRuns ?? 1);
        return Math.Min(100, 100.0 * runs / most).ToString("0.#", CultureInfo.InvariantCulture) + "%";
    }

    private static string Name(RolloutBody rollout) => rollout.Agent.Length == 0 ? rollout.AgentId : rollout.Agent;
}

internal static class RolloutPageProblems
{
    public static readonly Problem MovedMeanwhile = new(
        ProblemKind.Conflict,
        "changed_meanwhile",
        "The rollout moved on while you wrote: look at what it says now, and press again if you still mean it."
    );
}
