using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>
/// Acts for what is selected. A small reversible one is planned and applied in one go, with an undo; a large one, one with conflicts and every deletion
/// goes to its plan first.
/// </summary>
public sealed partial class BulkBar
{
    private Problem? _problem;
    private Problem? _askProblem;
    private string _add = "";
    private string _remove = "";
    private string? _owner = "";
    private string? _team = "";
    private string? _offered;
    private bool _busy;

    private readonly Submission _answering = new("fleet-act");

    /// <summary>The question that is open: it stands in the address, so that it comes back with the page.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [Inject]
    public required BulkPlanService Plans { get; init; }

    [Inject]
    public required KeyBulkService Keys { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required RowSelection Selection { get; set; }

    [Parameter, EditorRequired]
    public required AgentFilter Filter { get; set; }

    /// <summary>How many match.</summary>
    [Parameter, EditorRequired]
    public required int Total { get; set; }

    /// <summary>The selection became another one: the rows must show it.</summary>
    [Parameter, EditorRequired]
    public required EventCallback OnSelection { get; set; }

    private string? Asked => Selection.Any && Doing is "tag" or "assign" or "move" ? Doing : null;

    private int Count => Selection.All ? Total : Selection.Names.Count;

    private string? MayNot => WhyNotAnywhere(Permission.EditAgents);

    private string AskedTitle =>
        Asked switch
        {
            "tag" => $"Tag {PlanWords.Agents(Count)}",
            "assign" => $"Assign {PlanWords.Agents(Count)}",
            _ => $"Move {PlanWords.Agents(Count)}",
        };

    private IEnumerable<Principal> People =>
        Access
            .Current.Principals.Values.Where(p =>
                p.OrganizationId == Me.OrganizationId && p is { Kind: ActorKind.User, Enabled: true, BreakGlass: false }
            )
            .OrderBy(p => p.DisplayName, StringComparer.CurrentCultureIgnoreCase)
            .Take(500);

    private IEnumerable<TeamCard> Teams
    {
        get
        {
            var scope = Me.TeamsWith(Permission.EditAgents);
            return Access
                .Current.Teams.Values.Where(t => t.OrganizationId == Me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.CurrentCultureIgnoreCase);
        }
    }

    private MakePlan Body(string action) =>
        Selection.All
            ? new MakePlan { Action = action, Filter = Filter.ToQuery().Where(m => m.Key != "sort").ToDictionary(m => m.Key, m => m.Value) }
            : new MakePlan { Action = action, Agents = [.. Selection.Names] };

    protected override void OnParametersSet()
    {
        if (Asked == _offered)
            return;
        _offered = Asked;
        (_askProblem, _problem) = (null, null);
        _owner = People.FirstOrDefault(p => p.Id == Me.Id)?.Label ?? People.FirstOrDefault()?.Label ?? "";
        _team = Teams.FirstOrDefault()?.Slug;
    }

    private async Task AnswerAsync()
    {
        var body = Asked switch
        {
            "tag" => Body("tag") with { AddTags = Tags(_add), RemoveTags = Tags(_remove) },
            "assign" => Body("assign") with { Owner = _owner ?? "" },
            _ => Body("move") with { Team = _team },
        };
        var stays = await RunAsync(body, _answering);
        (_askProblem, _problem) = (_problem, null);
        if (_askProblem is not null)
            return;
        (_add, _remove) = ("", "");
        if (stays)
            Ask(null);
    }

    // All active keys of the selected agents, as a plan.
    private async Task RotateAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var me = Me;
        var wish = (
            Selection.All
                ? new MakeKeyBulk { AgentFilter = Filter.ToQuery().Where(m => m.Key != "sort").ToDictionary(m => m.Key, m => m.Value) }
                : new MakeKeyBulk { Agents = [.. Selection.Names] }
        ) with
        {
            TtlDays = 90,
        };
        var made = await Task.Run(() => Keys.PlanAsync(me, KeyBulkAction.Rotate, wish, Left), Left);
        _busy = false;
        _problem = made.Problem;
        if (made.Problem is null)
            Navigation.NavigateTo(ConsoleUrls.BulkRotation(made.Value.Id));
    }

    private static string[] Tags(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <returns>False when it led to the page of the plan.</returns>
    private async Task<bool> RunAsync(MakePlan body, Submission? form = null)
    {
        if (_busy)
            return true;
        _busy = true;
        try
        {
            var me = Me;
            var made = await Task.Run(
                () =>
                    form is null
                        ? Plans.MakeAsync(me, body, Left)
                        : Once.RunAsync(form, me, body, by => Plans.MakeAsync(by, body, Left), Left),
                Left
            );
            _problem = made.Problem;
            if (made.Problem is not null)
                return true;
            var plan = made.Value;
            if (plan.Action == "delete" || plan.Rows.Total > PlanWords.Small || plan.Rows.Refused > 0)
            {
                Navigation.NavigateTo(ConsoleUrls.Plan(plan.Id), replace: Asked is not null);
                return false;
            }
            if (plan.Rows.Change == 0)
            {
                Toasts.Show(PlanWords.Nothing(plan));
                return true;
            }
            var done = await Task.Run(() => Plans.ApplyAsync(me, plan.Id, new ApplyPlan { Digest = plan.Digest }, Left), Left);
            _problem = done.Problem;
            if (done.Problem is not null)
                return true;
            Toasts.Show(
                PlanWords.Done(done.Value),
                () => UndoAsync(Plans, Visitor, Toasts, plan.Id),
                ConsoleUrls.Plan(plan.Id),
                "Show the plan"
            );
            await ClearAsync();
            return true;
        }
        finally
        {
            _busy = false;
        }
    }

    // By then the page may be another one.
    private static async Task UndoAsync(BulkPlanService plans, Visitor visitor, Toasts toasts, string id)
    {
        var me = visitor.FindOrNobody();
        var undone = await plans.UndoAsync(me, id, CancellationToken.None);
        if (undone.Problem is { } problem)
        {
            toasts.Show("Not undone: " + problem.Detail);
            return;
        }
        var rows = undone.Value.Rows;
        if (rows.UndoFailed == 0)
        {
            toasts.Show($"Undone: {PlanWords.Agents(rows.Undone)} as before");
            return;
        }
        var left = await plans.RowsAsync(me, id, null, RowOutcome.UndoFailed, new PageRequest(3), CancellationToken.None);
        var names = left.Problem is null ? string.Join(", ", left.Value.Items.Select(r => r.Agent)) : "";
        toasts.Show(
            $"Undone for {PlanWords.Agents(rows.Undone)}; {names}{(rows.UndoFailed > 3 ? " and others" : "")} changed meanwhile and stayed"
        );
    }

    private Task SelectAllAsync()
    {
        Selection.SelectAll();
        return OnSelection.InvokeAsync();
    }

    private Task ClearAsync()
    {
        _problem = null;
        Selection.Clear();
        return OnSelection.InvokeAsync();
    }
}
