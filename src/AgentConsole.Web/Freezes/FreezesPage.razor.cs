using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Freezes;

/// <summary>Freezes: which bite, which come, and a form for one of them that says beforehand when it will.</summary>
public sealed partial class FreezesPage
{
    private readonly Submission _saving = new("freeze-save");
    private FreezeForm _form = new();
    private List<FreezeBody>? _freezes;
    private IReadOnlyList<FreezeWindow> _biting = [];
    private string? _cursor;
    private FreezeBody? _changing;
    private IReadOnlyList<TeamCard> _teams = [];
    private bool _everywhere;
    private bool _may;
    private bool _opened;
    private bool _busy;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required FreezeService Freezes { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open, and which freeze it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private FreezeBody? Leaving => Doing == "delete" ? _freezes?.Find(freeze => freeze.Id == Of) : null;

    private string Curl => $"curl {Navigation.BaseUri}api/v1/freezes -H \"Authorization: Bearer $TOKEN\"";

    private string LastsHelp =>
        int.TryParse(_form.Minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= 44640
            ? $"{Lasts(minutes)}; 44640 (31 days) at most."
            : "1 to 44640 (31 days).";

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        if (!_opened)
        {
            _opened = true;
            var scope = me.TeamsWith(Permission.ManageTeam);
            _everywhere = me.MayEverywhere(Permission.ManageOrganization);
            _may = WhyNotAnywhere(Permission.ManageTeam) is null;
            _teams =
            [
                .. Access
                    .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                    .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
            ];
            NewForm();
            await ReloadAsync();
        }
        var changing = Doing == "change" ? _freezes?.Find(freeze => freeze.Id == Of) : null;
        if (changing?.Id == _changing?.Id)
            return;
        (_changing, _errors) = (changing, null);
        if (changing is null)
            NewForm();
        else
            _form = FreezeForm.Of(changing);
    }

    private async Task ReloadAsync()
    {
        var page = await Freezes.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        (_freezes, _cursor) = ([.. page.Value.Items], page.Value.NextCursor);
        Bite();
    }

    private async Task MoreAsync()
    {
        var page = await Freezes.ListAsync(Me, new PageRequest(PageRequest.MaxLimit, _cursor), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _freezes!.AddRange(page.Value.Items);
        _cursor = page.Value.NextCursor;
        Bite();
    }

    private void Bite() => _biting = [.. _freezes!.Where(f => f.Active).Select(f => f.Next!)];

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var (body, changing) = (_form.ToBody(), _changing);
        var saved = await Once.RunAsync(
            _saving,
            Me,
            body,
            me =>
                changing is null
                    ? Freezes.CreateAsync(me, body, Left)
                    : Freezes.ChangeAsync(me, changing.Id, changing.Revision, body, Left),
            Left
        );
        _busy = false;
        _errors = saved.Problem?.Errors;
        _problem = _errors is null ? saved.Problem : null;
        if (saved.Problem is not null)
            return;
        Toasts.Show(saved.Value.Active ? $"{saved.Value.Name} bites now" : $"Saved {saved.Value.Name}");
        NewForm();
        await ReloadAsync();
        if (changing is not null)
            Ask(null);
    }

    private async Task DeleteAsync(FreezeBody freeze)
    {
        if (_busy)
            return;
        _busy = true;
        var deleted = await Freezes.DeleteAsync(Me, freeze.Id, Left);
        _busy = false;
        Ask(null);
        await ReloadAsync();
        _problem ??= deleted.Problem;
        if (deleted.Problem is null)
            Toasts.Show($"Deleted {freeze.Name}");
    }

    private void Take(ChangeEventArgs e)
    {
        if (!int.TryParse(e.Value as string, NumberStyles.None, CultureInfo.InvariantCulture, out var i) || i >= FreezeForm.Usual.Length)
            return;
        (_, _form.Cron, var minutes) = FreezeForm.Usual[i];
        _form.Minutes = minutes.ToString(CultureInfo.InvariantCulture);
    }

    private void NewForm() =>
        _form = new FreezeForm { Team = _everywhere ? "" : _teams.FirstOrDefault()?.Slug ?? "", Zone = Zone.Current.Id };

    private string? WhyNotChange(string? team) =>
        team is null ? WhyNot(Permission.ManageOrganization)
        : Access.Current.FindTeam(Me.OrganizationId, team) is { } card ? WhyNot(Permission.ManageTeam, card.Id)
        : null;

    private string Scope(string? team, string? environment, string everybody = "every team") =>
        (team is null ? everybody : Access.Current.FindTeam(Me.OrganizationId, team)?.Name ?? team)
        + (environment is null ? "" : $", {environment}");

    private string Wall(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, Zones.Of(_form.Zone)).ToString("ddd d MMM HH:mm", CultureInfo.InvariantCulture);

    private static string Lasts(int minutes) =>
        minutes % 60 == 0 ? string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}\u00a0h")
        : minutes < 60 ? string.Create(CultureInfo.InvariantCulture, $"{minutes}\u00a0min")
        : string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}\u00a0h\u00a0{minutes % 60:00}");

    private static string WhoMay(string role) =>
        role switch
        {
            "operator" => "Operators and above",
            "team-admin" => "Team-admins, org-admins",
            _ => "Org-admins",
        };

    private static Dictionary<string, object> Named(string act, FreezeBody freeze) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"{act} {freeze.Name}" };
}
