using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Trail;

/// <summary>The trail: who changed what, and whether the chain of records is whole.</summary>
public sealed partial class TrailPage
{
    private TrailFilter _filter = new();
    private string? _nonsense;
    private string? _seesNothing;
    private string? _mayNotVerify;
    private TrailReport? _verdict;
    private DateTimeOffset _verifiedAt;
    private bool _verifying;

    [Inject]
    public required TrailService Trail { get; init; }

    [Inject]
    public required TrailVerifier Verifier { get; init; }

    private RereadRows<TrailBody> List =>
        field ??= new RereadRows<TrailBody>(
            record => IdText.Parse(IdText.Trail, record.Id),
            page => Trail.ListAsync(Me, _filter, page, Left),
            Clock
        );

    // What the form has no field for, kept when it is sent.
    private IEnumerable<KeyValuePair<string, string>> Hidden =>
        _filter.ToQuery().Where(p => p.Key is "actor" or "target" or "target_kind" or "record" or "correlation_id" or "team");

    protected override async Task OnParametersSetAsync()
    {
        _seesNothing = WhyNotAnywhere(Permission.ReadTrail);
        _mayNotVerify = WhyNot(Permission.ReadTrail);
        if (_seesNothing is not null)
            return;
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        _filter = TrailFilter.Parse(
            name => query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null,
            errors
        );
        _nonsense = Nonsense.Of(errors);
        await List.LoadAsync();
    }

    private async Task VerifyAsync()
    {
        _verifying = true;
        StateHasChanged();
        _verdict = await Verifier.VerifyAsync(Me.OrganizationId, Left);
        _verifiedAt = Now;
        _verifying = false;
    }

    private string Without(string name) =>
        ConsoleUrls.With(ConsoleUrls.Trail, [.. _filter.ToQuery().Where(p => p.Key != name).Select(p => (p.Key, (string?)p.Value))]);

    private string Export(string format) =>
        ConsoleUrls.With("/api/v1/trail/export", [("format", format), .. _filter.ToQuery().Select(p => (p.Key, (string?)p.Value))]);
}
