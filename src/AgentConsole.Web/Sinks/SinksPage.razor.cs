using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Sinks;

/// <summary>Secret sinks: where they lead, how the last delivery ended, and a form for one of them.</summary>
public sealed partial class SinksPage
{
    private readonly Submission _saving = new("sink-save");
    private SinkForm _form = new();
    private List<SinkBody>? _sinks;
    private string? _cursor;
    private SinkBody? _changing;
    private IReadOnlyList<TeamCard> _teams = [];
    private bool _everywhere;
    private string? _seesNothing;
    private bool _opened;
    private bool _busy;
    private string? _testing;
    private (string Name, SinkTestResult Result)? _tested;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required SinkService Sinks { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open, and which sink it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private SinkBody? Leaving => Doing == "delete" ? _sinks?.Find(sink => sink.Id == Of) : null;

    private string Curl => $"curl {Navigation.BaseUri}api/v1/sinks -H \"Authorization: Bearer $TOKEN\"";

    private string CredentialHelp =>
        (_form.Kind, _changing) switch
        {
            ("vault", null) => "Its policy needs create, update and read on the path. Kept encrypted, never shown again.",
            ("vault", _) => "Empty: the known one stays, unless the address changes.",
            (_, null) =>
                "whsec_ and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32). Kept encrypted, never shown again.",
            _ => "Empty: the known one stays. With a new one both sign for seven days.",
        };

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        if (!_opened)
        {
            _opened = true;
            var scope = me.TeamsWith(Permission.ManageKeys);
            _everywhere = me.MayEverywhere(Permission.ManageOrganization);
            _teams =
            [
                .. Access
                    .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                    .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
            ];
            _seesNothing = WhyNotAnywhere(Permission.ManageKeys);
            if (_seesNothing is not null)
                return;
            NewForm();
            await ReloadAsync();
        }
        var changing = Doing == "change" ? _sinks?.Find(sink => sink.Id == Of) : null;
        if (changing?.Id == _changing?.Id)
            return;
        (_changing, _errors) = (changing, null);
        if (changing is null)
            NewForm();
        else
            _form = SinkForm.Of(changing);
    }

    private async Task ReloadAsync()
    {
        var page = await Sinks.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        _problem = page.Problem;
        if (page.Problem is null)
            (_sinks, _cursor) = ([.. page.Value.Items], page.Value.NextCursor);
    }

    private async Task MoreAsync()
    {
        var page = await Sinks.ListAsync(Me, new PageRequest(PageRequest.MaxLimit, _cursor), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _sinks!.AddRange(page.Value.Items);
        _cursor = page.Value.NextCursor;
    }

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var (body, changing) = (_form.ToBody(), _changing);
        var saved = await ConfirmedAsync(() =>
            Once.RunAsync(
                _saving,
                Me,
                body,
                me =>
                    changing is null
                        ? Sinks.CreateAsync(me, body, Left)
                        : Sinks.ChangeAsync(me, changing.Id, changing.Revision, body, Left),
                Left
            )
        );
        _busy = false;
        _errors = saved.Problem?.Errors;
        _problem = _errors is null ? saved.Problem : null;
        if (saved.Problem is not null)
            return;
        Toasts.Show($"Saved {saved.Value.Name}. Test it before a rotation needs it.");
        NewForm();
        await ReloadAsync();
        if (changing is not null)
            Ask(null);
    }

    private async Task TestAsync(SinkBody sink)
    {
        if (_testing is not null)
            return;
        _testing = sink.Id;
        StateHasChanged();
        var tested = await Sinks.TestAsync(Me, sink.Id, Left);
        _testing = null;
        _tested = tested.Problem is null ? (sink.Name, tested.Value) : null;
        await ReloadAsync();
        _problem ??= tested.Problem;
    }

    private async Task DeleteAsync(SinkBody sink)
    {
        if (_busy)
            return;
        _busy = true;
        var deleted = await ConfirmedAsync(() => Sinks.DeleteAsync(Me, sink.Id, Left));
        _busy = false;
        Ask(null);
        await ReloadAsync();
        _problem ??= deleted.Problem;
    }

    private void NewForm() => _form = new SinkForm { Team = _everywhere ? "" : _teams.FirstOrDefault()?.Slug ?? "" };

    private string TeamName(string? slug) => slug is null ? "the organization" : _teams.FirstOrDefault(t => t.Slug == slug)?.Name ?? slug;

    private static string KindName(string kind) =>
        kind switch
        {
            "vault" => "Vault",
            "webhook" => "Webhook",
            _ => "File",
        };

    private static Dictionary<string, object> Named(string act, SinkBody sink) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"{act} {sink.Name}" };

    protected override void Leave() => _form = new SinkForm();
}
