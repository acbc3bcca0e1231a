using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Views;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Views;

/// <summary>What a view saves of a page's state.</summary>
/// <param name="Query">Filter and order as members of an address, without its question mark; empty for everything.</param>
public sealed record ViewState(string Query, string? Columns = null, string? Density = null)
{
    public static ViewState Of(IEnumerable<KeyValuePair<string, string>> query, string? columns = null, string? density = null) =>
        new(QueryText.Write(query), columns, density);

    public static ViewState Of(ViewBody view) => new(view.Query, view.Columns, view.Density);
}

public sealed partial class ViewTabs
{
    private readonly Submission _saving = new("view");
    private const int MostShown = 5;
    private const string Saves = "save-view"; // the questions, as the address names them
    private const string Renames = "rename-view";

    private sealed class Form
    {
        public string Name { get; set; } = "";

        /// <summary><c>team:slug</c>, <c>role:name</c>, or empty for oneself.</summary>
        public string Of { get; set; } = "";
        public bool Pinned { get; set; }
        public bool Default { get; set; }
    }

    private IReadOnlyList<ViewBody> _views = [];
    private bool _read;
    private Problem? _problem;
    private string? _mayNotChange;
    private string? _asked;
    private Form? _form;
    private ViewBody? _renames;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private bool _busy;

    [Inject]
    public required ViewService Views { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [Parameter, EditorRequired]
    public required ViewPage Page { get; set; }

    /// <summary>What the page shows.</summary>
    [Parameter, EditorRequired]
    public required ViewState State { get; set; }

    /// <summary>The view that the address names, or <see cref="ViewAddress.All"/>; null for none.</summary>
    [Parameter, EditorRequired]
    public required string? Id { get; set; }

    /// <summary>Tabs that are always there.</summary>
    [Parameter, EditorRequired]
    public required IReadOnlyList<Tabs.Tab> BuiltIn { get; set; }

    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    private ViewBody? Current => _views.FirstOrDefault(v => v.Id == Id);

    private bool Modified => Current is { } view && ViewState.Of(view) != State;

    private IReadOnlyList<ViewBody> Shown
    {
        get
        {
            // The one that is open is always among them.
            var first = _views.Take(MostShown).ToList();
            if (Current is { } view && !first.Contains(view))
                first[^1] = view;
            return first;
        }
    }

    private IEnumerable<TeamCard> MyTeams
    {
        get
        {
            var me = Me;
            return Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && me.May(Permission.EditAgents, t.Id))
                .OrderBy(t => t.Name, StringComparer.Ordinal);
        }
    }

    private string ForWhom =>
        MyTeams.Any() ? "A team's view is seen by everybody in the team." : "For a team: this needs the role operator or team-admin there.";

    protected override bool IsPart => true;

    protected override Task OpenAsync() => ReadAsync();

    protected override void OnParametersSet()
    {
        _mayNotChange = Current is { } view ? ViewService.MayNotChange(Me, view, Access.Current)?.Detail : null;
        if (!_read || _asked == Doing)
            return;
        _asked = Doing;
        (_errors, _form, _problem) = (null, null, null);
        _renames = Doing == Renames ? Current : null;
        if (Doing != Saves && _renames is null)
            return;
        _form = new Form { Name = _renames?.Name ?? "" };
    }

    private async Task ReadAsync()
    {
        var read = await Views.ListAsync(Me, Page, new PageRequest(PageRequest.MaxLimit), Left);
        _views =
        [
            .. read
                .Value.Items.OrderByDescending(v => v.Default)
                .ThenByDescending(v => v.Pinned)
                .ThenBy(v => v.Name, StringComparer.OrdinalIgnoreCase),
        ];
        _read = true;
        OnParametersSet();
    }

    private async Task SubmitAsync()
    {
        if (_busy)
            return;
        _busy = true;
        try
        {
            await SubmitAsync(_form!);
        }
        finally
        {
            _busy = false;
        }
    }

    private async Task SubmitAsync(Form form)
    {
        if (_renames is { } view)
        {
            var change = new ChangeView { Name = form.Name };
            var renamed = await Once.RunAsync(_saving, Me, change, me => Views.ChangeAsync(me, view.Id, view.Revision, change, Left), Left);
            var done = Take(renamed) is not null;
            await ReadAsync();
            _renames = Current ?? view; // pressed again, it is meant on what it is by now
            if (done)
                Ask(null);
            return;
        }
        var body = new SaveView
        {
            Page = KebabCase.Of(Page),
            Name = form.Name,
            Query = State.Query,
            Columns = State.Columns,
            Density = State.Density,
            Team = form.Of.StartsWith("team:", StringComparison.Ordinal) ? form.Of[5..] : null,
            Role = form.Of.StartsWith("role:", StringComparison.Ordinal) ? form.Of[5..] : null,
            Pinned = form.Pinned ? true : null,
            Default = form.Default ? true : null,
        };
        var saved = Take(await Once.RunAsync(_saving, Me, body, me => Views.CreateAsync(me, body, Left), Left));
        if (saved is null)
            return;
        await ReadAsync();
        Navigation.NavigateTo(ViewAddress.Of(saved), replace: true); // the question is answered: Back does not ask it again
    }

    private async Task SaveAsync()
    {
        if (Current is not { } view)
            return;
        var saved = await Views.ChangeAsync(
            Me,
            view.Id,
            view.Revision,
            new ChangeView
            {
                Query = State.Query,
                Columns = State.Columns ?? "",
                Density = State.Density ?? "",
            },
            Left
        );
        _problem = saved.Problem;
        await ReadAsync();
        if (saved.Problem is null)
            Toasts.Show($"Saved {view.Name}.", () => TakeBackAsync(saved.Value, view));
    }

    private Task TakeBackAsync(ViewBody now, ViewBody before) =>
        UndoAsync(
            Toasts,
            me =>
                Views.ChangeAsync(
                    me,
                    now.Id,
                    now.Revision,
                    new ChangeView
                    {
                        Query = before.Query,
                        Columns = before.Columns ?? "",
                        Density = before.Density ?? "",
                    },
                    CancellationToken.None
                ),
            $"{before.Name} is as it was.",
            _ => ReadAsync()
        );

    private async Task MarkAsync(MarkView mark)
    {
        if (Current is not { } view)
            return;
        _problem = (await Views.MarkAsync(Me, view.Id, mark, Left)).Problem;
        await ReadAsync();
    }

    private async Task DeleteAsync()
    {
        if (Current is not { } view)
            return;
        _problem = (await Views.DeleteAsync(Me, view.Id, Left)).Problem;
        await ReadAsync();
        if (_problem is null)
            Toasts.Show($"Deleted the view {view.Name}.", () => BringBackAsync(view));
    }

    private Task BringBackAsync(ViewBody view) =>
        UndoAsync(
            Toasts,
            me =>
                Views.CreateAsync(
                    me,
                    new SaveView
                    {
                        Page = view.Page,
                        Name = view.Name,
                        Query = view.Query,
                        Columns = view.Columns,
                        Density = view.Density,
                        Team = view.Team?.Id,
                        Role = view.Role,
                        Pinned = view.Pinned,
                        Default = view.Default,
                    },
                    CancellationToken.None
                ),
            $"The view {view.Name} is back.",
            _ => ReadAsync()
        );

    // A refusal leaves the form as it is, with what was typed.
    private ViewBody? Take(Outcome<ViewBody> done)
    {
        _errors = done.Problem?.Errors;
        _problem = done.Problem is { Errors: null } problem ? problem : null;
        return done.Problem is null ? done.Value : null;
    }

    private Tabs.Tab TabOf(ViewBody view) => new(view.Name, ViewAddress.Of(view), view.Id == Id);

    private static string Of(ViewBody view) =>
        view.Of switch
        {
            "team" => $"Of team {view.Team?.Name}",
            "role" => $"Opens the page for everybody with the role {view.Role}",
            _ => "Yours",
        };

    private static string Whose(ViewBody view) =>
        view.Of == "person" ? "" : $" <span class=\"x3 sm\">{Markup.Text(view.Team?.Name ?? view.Role)}</span>";
}
