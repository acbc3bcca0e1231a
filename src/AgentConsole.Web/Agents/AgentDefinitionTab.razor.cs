using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>What the agent is made of: one version as a text, or how it differs from another, each at an address.</summary>
public sealed partial class AgentDefinitionTab
{
    private const int MostUses = 3;
    private Guid _agent;
    private string? _mayNot;
    private List<DefinitionSummary>? _rows;
    private string? _next;
    private DefinitionBody? _newest;
    private DefinitionBody? _shown;
    private DefinitionDiff? _diff;
    private ILookup<int, DefinitionUse>? _uses;
    private string _text = "";
    private Problem? _problem;
    private Problem? _missing;
    private string? _read;

    [Inject]
    public required DefinitionService Definitions { get; init; }

    [Inject]
    public required DefinitionUses Uses { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required AgentBody Agent { get; set; }

    /// <summary>The version that is shown; the newest where none is named.</summary>
    [SupplyParameterFromQuery]
    public int? Number { get; set; }

    /// <summary>The version that it is compared with.</summary>
    [SupplyParameterFromQuery(Name = "against")]
    public int? Other { get; set; }

    [SupplyParameterFromQuery(Name = "as")]
    public string? WrittenAs { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    private DefinitionFormat Format => WrittenAs == "json" ? DefinitionFormat.Json : DefinitionFormat.Yaml;

    private string Slug => Agent.Lifecycle == "deleted" ? Agent.Id : Agent.Slug;

    private string Curl =>
        $"curl {Navigation.BaseUri}api/v1/agents/{Agent.Slug}/definitions -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/yaml\" --data-binary @agent.yaml";

    protected override bool IsPart => true;

    protected override async Task OnParametersSetAsync()
    {
        _agent = IdText.Parse(IdText.Agent, Agent.Id);
        _mayNot =
            Agent.Lifecycle == "deleted"
                ? "The agent is deleted; restore it first."
                : WhyNot(Permission.EditAgents, IdText.Parse(IdText.Team, Agent.Team.Id));
        var address = $"{Number}|{Other}|{WrittenAs}";
        if (_read == address)
            return;
        _read = address;
        if (_rows is null)
            await ReloadAsync();
        else
            await ShowAsync();
    }

    private async Task ReloadAsync()
    {
        var me = Me;
        var size = Math.Clamp(_rows?.Count ?? 0, 50, PageRequest.MaxLimit);
        var page = await Definitions.ListAsync(me, Agent.Id, new PageRequest(size), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        var uses = await Uses.OfAsync(me, Agent.Id, [.. page.Value.Items.Select(row => row.Number)], Left);
        var newest = await Definitions.GetAsync(me, Agent.Id, DefinitionService.Latest, Left);
        // All at once: what is drawn meanwhile would begin to edit half of it.
        (_rows, _next, _uses) = ([.. page.Value.Items], page.Value.NextCursor, uses);
        _newest = newest.Problem is null ? newest.Value : null;
        await ShowAsync();
    }

    private async Task MoreAsync()
    {
        var page = await Definitions.ListAsync(Me, Agent.Id, new PageRequest(50, _next), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _rows!.AddRange(page.Value.Items);
        _next = page.Value.NextCursor;
        _uses = await Uses.OfAsync(Me, Agent.Id, [.. _rows.Select(row => row.Number)], Left);
    }

    private async Task ShowAsync()
    {
        if (_newest is null)
        {
            (_shown, _diff, _missing) = (null, null, null);
            return;
        }
        var number = (Number is { } wanted ? Plain(wanted) : null) ?? DefinitionService.Latest;
        if (Other is { } other)
        {
            var diff = await Definitions.DiffAsync(Me, Agent.Id, Plain(other), number, Left);
            (_shown, _diff, _missing) = (null, diff.Problem is null ? diff.Value : null, diff.Problem);
            return;
        }
        var found =
            Number is null || Number == _newest.Number
                ? (Outcome<DefinitionBody>)_newest
                : await Definitions.GetAsync(Me, Agent.Id, number, Left);
        (_shown, _diff, _missing) = (found.Problem is null ? found.Value : null, null, found.Problem);
        if (_shown is not null)
            _text = DefinitionContent.TextOf(_shown, Format);
    }

    private async Task SavedAsync(DefinitionBody saved)
    {
        Toasts.Show(saved.Unchanged ? $"Number {saved.Number} says the same already" : $"Saved as number {saved.Number}");
        Navigation.NavigateTo(ConsoleUrls.Definition(Slug), replace: true);
        await ReloadAsync();
    }

    private static string Plain(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string As(string? format) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["as"] = format });

    // The earlier of the two is the first, whichever of them is looked at.
    private string? Against(int row)
    {
        var shown = _shown?.Number ?? _diff?.To.Number;
        return shown is null || row == shown ? null
            : row < shown ? ConsoleUrls.Definition(Slug, shown, row)
            : ConsoleUrls.Definition(Slug, row, shown);
    }

    private string FileName(DefinitionBody shown) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Agent.Slug}-definition-{shown.Number}.{(Format == DefinitionFormat.Yaml ? "yaml" : "json")}"
        );

    private string Download(DefinitionBody shown) =>
        ConsoleUrls.With(
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/agents/{Agent.Id}/definitions/{shown.Number}"),
            ("format", KebabCase.Of(Format))
        );
}
