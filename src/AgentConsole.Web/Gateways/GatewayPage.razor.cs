using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Gateways;

/// <summary>One gateway: the agents behind it and what came through.</summary>
public sealed partial class GatewayPage
{
    private readonly Submission _changing = new("gateway-change");
    private GatewayForm _form = new();
    private GatewayBody? _gateway;
    private GatewayTrafficBody? _traffic;
    private List<GatewayLinkBody>? _links;
    private string? _cursor;
    private Guid _id;
    private string? _mayNot;
    private string? _asked;
    private bool _busy;
    private Problem? _problem;
    private Problem? _formProblem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required GatewayService Gateways { get; init; }

    [Inject]
    public required GatewayLinks Links { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>Name, or id.</summary>
    [Parameter]
    public required string Name { get; set; }

    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        if (_gateway is null || (Name != _gateway.Name && Name != _gateway.Id))
            await ReloadAsync();
        if (Doing == _asked)
            return;
        (_asked, _formProblem, _errors) = (Doing, null, null);
        if (Doing == "change" && _gateway is not null)
            _form = GatewayForm.Of(_gateway);
    }

    private async Task ReloadAsync()
    {
        var found = await Gateways.GetAsync(Me, Name, Left);
        if (found.Problem is not null)
        {
            Navigation.NotFound();
            return;
        }
        _gateway = found.Value;
        _id = IdText.Parse(IdText.Gateway, _gateway.Id);
        _mayNot =
            _gateway.Team is { } slug && Access.Current.FindTeam(Me.OrganizationId, slug) is { } team
                ? WhyNot(Permission.EditAgents, team.Id)
                : WhyNot(Permission.ManageOrganization);
        var links = await Links.OfGatewayAsync(
            Me,
            _gateway.Id,
            new PageRequest(Math.Clamp(_links?.Count ?? 0, 100, PageRequest.MaxLimit)),
            Left
        );
        if (links.Problem is null)
            (_links, _cursor) = ([.. links.Value.Items], links.Value.NextCursor);
        var traffic = await Gateways.TrafficAsync(Me, _gateway.Id, Left);
        _traffic = traffic.Problem is null ? traffic.Value : null;
        _problem = links.Problem ?? traffic.Problem;
    }

    private async Task MoreAsync()
    {
        var links = await Links.OfGatewayAsync(Me, _gateway!.Id, new PageRequest(100, _cursor), Left);
        _problem = links.Problem;
        if (links.Problem is not null)
            return;
        _links!.AddRange(links.Value.Items);
        _cursor = links.Value.NextCursor;
    }

    private async Task RouteAsync(bool into)
    {
        if (_busy)
            return;
        _busy = true;
        var gateway = _gateway!;
        var done = await Gateways.RouteAsync(Me, gateway.Id, into, new RouteGateway(), CancellationToken.None);
        _busy = false;
        if (done.Problem is null)
            Toasts.Show(
                into ? $"Put {gateway.Name} in routing" : $"Took {gateway.Name} out of routing",
                () =>
                    UndoAsync(
                        Toasts,
                        me => Gateways.RouteAsync(me, gateway.Id, !into, new RouteGateway { Reason = "Undone" }, CancellationToken.None),
                        into ? $"{gateway.Name} is out of routing again" : $"{gateway.Name} is in routing again",
                        _ => ReloadAsync()
                    )
            );
        await ReloadAsync();
        _problem ??= done.Problem;
    }

    private async Task ChangeAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var (gateway, body) = (_gateway!, _form.ToBody(change: true));
        var changed = await Once.RunAsync(
            _changing,
            Me,
            body,
            me => Gateways.ChangeAsync(me, gateway.Id, gateway.Revision, body, Left),
            Left
        );
        _busy = false;
        (_formProblem, _errors) = (changed.Problem, changed.Problem?.Errors);
        if (changed.Problem is not null)
            return;
        Toasts.Show($"Saved {gateway.Name}");
        await ReloadAsync();
        Ask(null);
    }

    private async Task DeleteAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var gateway = _gateway!;
        var deleted = await Gateways.DeleteAsync(Me, gateway.Id, Left);
        _busy = false;
        _formProblem = deleted.Problem;
        if (deleted.Problem is not null)
            return;
        Toasts.Show($"Deleted {gateway.Name}");
        Navigation.NavigateTo(ConsoleUrls.Gateways, replace: true);
    }

    private GatewayAgentTraffic? Traffic(string agentId) => _traffic?.Agents.FirstOrDefault(a => a.AgentId == agentId);

    private string TeamName(string? slug) =>
        slug is null ? "the organization" : Access.Current.FindTeam(Me.OrganizationId, slug)?.Name ?? slug;
}
