using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Gateways;

/// <summary>Every gateway: whether it is in routing and answers, and what came through it.</summary>
public sealed partial class GatewaysPage
{
    private readonly Submission _making = new("gateway-make");
    private GatewayForm _form = new();
    private GatewayFilter _filter = new();
    private List<GatewayBody>? _gateways;
    private string? _cursor;
    private IReadOnlyList<TeamCard> _teams = [];
    private bool _everywhere;
    private string? _mayNotMake;
    private string? _busy;
    private string? _shown;
    private Problem? _problem;
    private Problem? _formProblem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required GatewayService Gateways { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? Region { get; set; }

    [SupplyParameterFromQuery]
    public string? Environment { get; set; }

    [SupplyParameterFromQuery(Name = "in_routing")]
    public string? Routing { get; set; }

    [SupplyParameterFromQuery(Name = "health")]
    public string? HealthIs { get; set; }

    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    private IEnumerable<KeyValuePair<string, string>> Members =>
        new[] { ("q", Search), ("region", Region), ("environment", Environment), ("in_routing", Routing), ("health", HealthIs) }
            .Where(m => !string.IsNullOrEmpty(m.Item2))
            .Select(m => KeyValuePair.Create(m.Item1, m.Item2!));

    private string Title =>
        _gateways?.Count(g => g.Health == "down" && g.InRouting) is > 0 and var down
            ? $"{Words.Many(down, "gateway")} in routing {(down == 1 ? "is" : "are")} down"
            : "Gateways";

    private string Curl => $"curl {Navigation.BaseUri}api/v1/gateways -H \"Authorization: Bearer $TOKEN\"";

    protected override Task OpenAsync()
    {
        var me = Me;
        var scope = me.TeamsWith(Permission.EditAgents);
        _everywhere = me.MayEverywhere(Permission.ManageOrganization);
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
        _mayNotMake = WhyNotAnywhere(Permission.EditAgents);
        NewForm();
        return Task.CompletedTask;
    }

    protected override async Task OnParametersSetAsync()
    {
        var shown = string.Join('&', Members.Select(m => m.Key + "=" + m.Value));
        if (shown == _shown)
            return;
        _shown = shown;
        await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        var errors = new FieldErrors();
        var filter = GatewayFilter.Parse(name => Members.FirstOrDefault(m => m.Key == name).Value, errors);
        _filter = filter;
        var page = errors.ToProblem() is { } nonsense
            ? nonsense
            : await Gateways.ListAsync(Me, filter, new PageRequest(Math.Clamp(_gateways?.Count ?? 0, 100, PageRequest.MaxLimit)), Left);
        _problem = page.Problem;
        if (page.Problem is null)
            (_gateways, _cursor) = ([.. page.Value.Items], page.Value.NextCursor);
    }

    private async Task MoreAsync()
    {
        var page = await Gateways.ListAsync(Me, _filter, new PageRequest(100, _cursor), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _gateways!.AddRange(page.Value.Items);
        _cursor = page.Value.NextCursor;
    }

    private async Task RouteAsync(GatewayBody gateway, bool into)
    {
        if (_busy is not null)
            return;
        _busy = gateway.Id;
        var done = await Gateways.RouteAsync(Me, gateway.Id, into, new RouteGateway(), CancellationToken.None);
        _busy = null;
        if (done.Problem is null)
            Toasts.Show(into ? $"Put {gateway.Name} in routing" : $"Took {gateway.Name} out of routing", () => UndoAsync(gateway, !into));
        await ReloadAsync();
        _problem ??= done.Problem;
    }

    private Task UndoAsync(GatewayBody gateway, bool into) =>
        UndoAsync(
            Toasts,
            me => Gateways.RouteAsync(me, gateway.Id, into, new RouteGateway { Reason = "Undone" }, CancellationToken.None),
            into ? $"{gateway.Name} is in routing again" : $"{gateway.Name} is out of routing again",
            _ => ReloadAsync()
        );

    private async Task MakeAsync()
    {
        if (_busy is not null)
            return;
        _busy = "make";
        var body = _form.ToBody(change: false);
        var made = await Once.RunAsync(_making, Me, body, me => Gateways.CreateAsync(me, body, Left), Left);
        _busy = null;
        (_formProblem, _errors) = (made.Problem, made.Problem?.Errors);
        if (made.Problem is not null)
            return;
        NewForm();
        Toasts.Show($"Made {made.Value.Name}. Link agents to it on their pages.");
        Navigation.NavigateTo(ConsoleUrls.Gateway(made.Value.Name), replace: true);
    }

    private void NewForm() => _form = new GatewayForm { Team = _everywhere ? "" : _teams.FirstOrDefault()?.Slug ?? "" };

    private string? MayNot(GatewayBody gateway) =>
        gateway.Team is { } slug && Access.Current.FindTeam(Me.OrganizationId, slug) is { } team
            ? WhyNot(Permission.EditAgents, team.Id)
            : WhyNot(Permission.ManageOrganization);

    private string TeamName(string? slug) =>
        slug is null ? "the organization" : Access.Current.FindTeam(Me.OrganizationId, slug)?.Name ?? slug;

    private static Dictionary<string, object> Named(string act, GatewayBody gateway) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"{act} {gateway.Name}" };
}
