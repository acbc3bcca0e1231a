using AgentConsole.Contracts;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>One plan: what would be done, the press that does it, how far it is, and what came of each agent. It can be left and come back to.</summary>
public sealed partial class PlanPage
{
    private const int FirstRows = 50;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private PlanBody? _plan;
    private Guid _planId;
    private Problem? _missing;
    private Problem? _problem;
    private string? _notMine;
    private string? _shown;
    private readonly Submission _applying = new("plan-apply");
    private string _typed = "";
    private bool _busy;
    private List<Group> _groups = [];
    private ITimer? _timer;

    /// <summary>Rows of one effect or outcome.</summary>
    private sealed class Group(string name, string title, RowEffect? effect, RowOutcome? outcome, bool why)
    {
        public string Name => name;
        public string Title => title;
        public RowEffect? Effect => effect;
        public RowOutcome? Outcome => outcome;

        /// <summary>It says why rather than what.</summary>
        public bool Why => why;
        public int Count { get; set; }
        public List<PlanRowBody> Rows { get; } = [];
        public string? Cursor { get; set; }
    }

    [Inject]
    public required BulkPlanService Plans { get; init; }

    [Parameter]
    public required string Id { get; set; }

    private string Title => _plan is null ? "Plan" : PlanWords.Title(_plan, _plan.Rows.Change);

    // The list from which the plan was made.
    private string Back =>
        _plan?.Filter is { Count: > 0 } filter
            ? ConsoleUrls.With(ConsoleUrls.Fleet, [.. filter.Select(m => (m.Key, (string?)m.Value))])
            : ConsoleUrls.Fleet;

    private string? WhyNotApply =>
        _notMine
        ?? (
            PlanWords.IsRisky(_plan!) && _typed.Trim().Replace(",", "", StringComparison.Ordinal) != $"{_plan!.Rows.Change}"
                ? $"Type {_plan.Rows.Change}, the number of agents."
                : null
        );

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Id)
            return;
        _shown = Id;
        (_plan, _missing, _problem, _groups, _typed) = (null, null, null, [], "");
        await ReadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // A worker that died tells nobody; its lease does.
        if (firstRender)
            _timer = Clock.CreateTimer(_ => Work(LookAsync), null, LookAgain, LookAgain);
    }

    protected override void Leave() => _timer?.Dispose();

    private async Task LookAsync()
    {
        if (_plan?.State is not ("applying" or "undoing"))
            return;
        await ReadAsync();
        StateHasChanged();
    }

    private Task HearAsync() => ReadAsync();

    private async Task ReadAsync()
    {
        var read = await Plans.GetAsync(Me, Id, Left);
        _missing = read.Problem;
        if (read.Problem is null)
            await TakeAsync(read.Value);
        else if (!_busy && read.Problem == PlanProblems.NotFound)
            _plan = null; // discarded or made anew in another window; this one would be on its way
    }

    private async Task TakeAsync(PlanBody plan)
    {
        var settled = plan.State is not ("applying" or "undoing");
        var fresh = _plan is null || settled || _plan.State != plan.State;
        _plan = plan;
        _planId = IdText.Parse(IdText.Plan, plan.Id);
        _notMine = Me.Label == plan.Maker ? null : PlanProblems.NotTheMaker.Detail;
        var groups = GroupsOf(plan);
        foreach (var group in groups)
        {
            // While it works only the numbers move; the rows are read when it stands.
            if (!fresh && _groups.Find(g => g.Name == group.Name) is { } known)
            {
                group.Rows.AddRange(known.Rows);
                group.Cursor = known.Cursor;
            }
            if (group.Rows.Count == 0)
                await MoreAsync(group);
        }
        _groups = groups;
    }

    private static List<Group> GroupsOf(PlanBody plan)
    {
        var rows = plan.Rows;
        List<Group> groups = [];
        void Add(int count, string name, string title, RowEffect? effect, RowOutcome? outcome, bool why)
        {
            if (count > 0)
                groups.Add(new Group(name, title, effect, outcome, why) { Count = count });
        }
        // Conflicts first.
        Add(rows.UndoFailed, "undo-failed", "Not put back", null, RowOutcome.UndoFailed, why: true);
        Add(rows.Failed, "failed", "Not done", null, RowOutcome.Failed, why: true);
        Add(rows.Refused, "refused", "Cannot be changed", RowEffect.Refused, null, why: true);
        Add(rows.Pending, "pending", plan.StartedAt is null ? "Would change" : "Still to do", null, RowOutcome.Pending, why: false);
        Add(rows.Done, "done", "Done", null, RowOutcome.Done, why: false);
        Add(rows.Undone, "undone", "Put back as it was", null, RowOutcome.Undone, why: false);
        Add(rows.NoChange, "no-change", "As it should be already", RowEffect.NoChange, null, why: false);
        return groups;
    }

    private async Task MoreAsync(Group group)
    {
        var page = await Plans.RowsAsync(Me, Id, group.Effect, group.Outcome, new PageRequest(FirstRows, group.Cursor), Left);
        if (page.Problem is { } problem)
        {
            _problem = problem;
            return;
        }
        group.Rows.AddRange(page.Value.Items);
        group.Cursor = page.Value.NextCursor;
    }

    private async Task ApplyAsync()
    {
        if (WhyNotApply is not null)
            return;
        await DoAsync(me => Plans.ApplyAsync(me, Id, new ApplyPlan { Digest = _plan!.Digest }, Left));
        if (_plan!.State != "planned")
            Once.Forget(_applying); // a plan is applied once, whatever is pressed: only the number needs keeping
    }

    private Task ResumeAsync() => DoAsync(me => Plans.ResumeAsync(me, Id, Left));

    private Task UndoAsync() => DoAsync(me => Plans.UndoAsync(me, Id, Left));

    private async Task AgainAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var me = Me;
        var made = await Task.Run(() => Plans.MakeAgainAsync(me, Id, Left), Left);
        _busy = false;
        _problem = made.Problem;
        if (made.Problem is null)
            Navigation.NavigateTo(ConsoleUrls.Plan(made.Value.Id), replace: true);
    }

    private async Task DiscardAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var back = Back;
        var gone = await Plans.DiscardAsync(Me, Id, Left);
        _busy = false;
        _problem = gone.Problem;
        if (gone.Problem is null)
            Navigation.NavigateTo(back);
        else
            await ReadAsync();
    }

    // Beside the page's own thread: a large plan is compared row by row before it begins.
    private async Task DoAsync(Func<Actor, Task<Outcome<PlanBody>>> act)
    {
        if (_busy)
            return;
        _busy = true;
        try
        {
            var done = await ConfirmedAsync(() =>
            {
                var me = Me;
                return Task.Run(() => act(me), Left);
            });
            _problem = done.Problem;
            if (done.Problem is null)
                await TakeAsync(done.Value);
            else
                await ReadAsync();
        }
        finally
        {
            _busy = false;
        }
    }

    private static (int Done, int All) Progress(PlanBody plan) =>
        plan.State == "undoing"
            ? (plan.Rows.Undone + plan.Rows.UndoFailed, plan.Rows.Done + plan.Rows.Undone + plan.Rows.UndoFailed)
            : (plan.Rows.Done + plan.Rows.Failed, plan.Rows.Change);

    private static string Summary(PlanBody plan)
    {
        if (plan.State == "undone")
            return $"Taken back: {PlanWords.Agents(plan.Rows.Undone)} as they were"
                + (plan.Rows.UndoFailed > 0 ? $", {Words.Exact(plan.Rows.UndoFailed)} left as somebody changed them." : ".");
        return PlanWords.Done(plan) + (plan.Rows.Failed > 0 ? $"; {PlanWords.Agents(plan.Rows.Failed)} could not be done." : ".");
    }

    private static MarkupString StateOf(PlanBody plan) =>
        new(
            plan.State switch
            {
                "planned" => "<span class=\"st off\">Planned</span>",
                "expired" => $"<span class=\"st off\">{Status.IconHtml("clock-alert")}Expired</span>",
                "applying" => $"<span class=\"st info\">{Status.IconHtml("circle-play")}At work</span>",
                "undoing" => $"<span class=\"st info\">{Status.IconHtml("rotate-ccw")}Being taken back</span>",
                "interrupted" or "undo-interrupted" => $"<span class=\"st degraded\">{Status.IconHtml("triangle-alert")}Interrupted</span>",
                "undone" => $"<span class=\"st off\">{Status.IconHtml("rotate-ccw")}Taken back</span>",
                _ when plan.Rows.Failed > 0 => $"<span class=\"st degraded\">{Status.IconHtml("triangle-alert")}Applied in part</span>",
                _ => $"<span class=\"st ok\">{Status.IconHtml("circle-check")}Applied</span>",
            }
        );

    // What one may not see, or does not exist, has a name and nothing else.
    private static MarkupString Cells(Group group, PlanRowBody row)
    {
        var name = row.AgentId is null
            ? $"<span class=\"m\">{Markup.Text(row.Agent)}</span>"
            : $"<a class=\"nm\" href=\"{Markup.Text(ConsoleUrls.Agent(row.AgentId))}\">{Markup.Text(row.DisplayName ?? row.Agent)}</a><span class=\"who m\">{Markup.Text(row.Agent)}</span>";
        var what = group.Why ? Markup.Text(row.Detail) : PlanWords.Changes(row.Changes).Value;
        return new MarkupString(
            Markup.Cell("c-ag", name).Value
                + Markup.Cell("x2", Markup.Text(row.Team ?? Words.Unknown)).Value
                + Markup.Cell("wrap-any", what.Length > 0 ? what : $"<span class=\"x3\">{Words.Unknown}</span>").Value
        );
    }
}
