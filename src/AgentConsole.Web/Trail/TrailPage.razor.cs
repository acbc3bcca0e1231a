using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Trail;

/// <summary>The trail: who changed what, and whether the chain of records is whole.</summary>
public sealed partial class TrailPage
{
    private TrailFilter _filter = new();
    private List<TrailBody>? _records;
    private string? _cursor;
    private bool _deep;
    private Problem? _problem;
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

    // What the form has no field for, kept when it is sent.
    private IEnumerable<KeyValuePair<string, string>> Hidden =>
        _filter.ToQuery().Where(p => p.Key is "actor" or "target" or "target_kind" or "team");

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
        _nonsense = errors.Any ? string.Join(" ", errors.ToDictionary().Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")) : null;
        await ReloadAsync();
    }

    // Who reads further back is not moved by what is new.
    private Task HearAsync() => _deep ? Task.CompletedTask : ReloadAsync();

    private async Task ReloadAsync()
    {
        var page = await Trail.ListAsync(Me, _filter, new PageRequest(), Left);
        _problem = page.Problem;
        _deep = false;
        (_records, _cursor) = page.Problem is null ? (page.Value.Items.ToList(), page.Value.NextCursor) : (_records ?? [], null);
    }

    private async Task MoreAsync()
    {
        var page = await Trail.ListAsync(Me, _filter, new PageRequest(Cursor: _cursor), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _deep = true;
        _records!.AddRange(page.Value.Items);
        _cursor = page.Value.NextCursor;
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
