using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Prices;

/// <summary>What somebody types about a price.</summary>
public sealed class PriceDraft
{
    public string? Model { get; set; }
    public string? Provider { get; set; }
    public string? Input { get; set; }
    public string? Output { get; set; }
    public string? From { get; set; }
    public string? Until { get; set; }
    public string? Source { get; set; }
    public string? Notes { get; set; }

    internal AddPrice Body =>
        new()
        {
            Model = Model,
            Provider = Provider,
            InputPerMillion = JsonSerializer.SerializeToElement(Input ?? ""),
            OutputPerMillion = JsonSerializer.SerializeToElement(Output ?? ""),
            EffectiveFrom = From,
            EffectiveUntil = Until,
            Source = Source,
            Notes = Notes,
        };
}

/// <summary>The price table: what models cost since when, from where that is known, and what was superseded.</summary>
public sealed partial class PricesPage
{
    private const string Example = "model,input_per_million,output_per_million,effective_from,source";

    private List<PriceBody>? _prices;
    private string? _next;
    private IReadOnlyList<UnpricedModel> _unpriced = [];
    private Problem? _problem;
    private string? _mayNot;
    private bool _all;
    private bool _busy;
    private PriceDraft _draft = new();
    private IReadOnlyDictionary<string, string[]>? _errors;
    private string? _list;
    private PriceImportResult? _plan;
    private string? _named;
    private (string? Act, string? Of) _asked;
    private PriceBody? _wrong;
    private PriceDraft _fix = new();
    private string? _reason;
    private Problem? _fixProblem;

    private readonly Submission _adding = new("price-add");
    private readonly Submission _importing = new("price-import");
    private readonly Submission _superseding = new("price-supersede");

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required PriceService Prices { get; init; }

    [Inject]
    public required SpendService Spend { get; init; }

    /// <summary>The question that is open, and the price that it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    // What would be entered is what was looked at, and it is worth entering.
    private bool MayImport => _plan is { DryRun: true, Failed: 0, Created: > 0 };

    protected override async Task OnParametersSetAsync()
    {
        _mayNot = WhyNot(Permission.ManageOrganization);
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        _all = query.TryGetValue("all", out var all) && all == "true";
        if (query.TryGetValue("model", out var model) && model.ToString() is { Length: > 0 and <= 100 } name && name != _named)
            _draft.Model = _named = name; // once: what is typed since stays
        await ReloadAsync();
        if (_asked == (Doing, Of))
            return;
        _asked = (Doing, Of);
        _wrong = null;
        if (Doing == "correct" && Of is { Length: <= 40 })
            Correct(await Prices.GetAsync(Me, Of, Left));
    }

    private async Task ReloadAsync()
    {
        var read = await Prices.ListAsync(Me, new PriceFilter(All: _all), new PageRequest(200), Left);
        _problem = read.Problem;
        _prices = read.Problem is null ? [.. read.Value.Items] : _prices ?? [];
        _next = read.Problem is null ? read.Value.NextCursor : null;
        var spend = await Spend.ReadAsync(Me, new SpendQuery { By = SpendBy.Organization }, Left);
        _unpriced = spend.Problem is null ? spend.Value.Unpriced : [];
    }

    private async Task MoreAsync()
    {
        var read = await Prices.ListAsync(Me, new PriceFilter(All: _all), new PageRequest(200, _next), Left);
        if (read.Problem is null)
        {
            _prices!.AddRange(read.Value.Items);
            _next = read.Value.NextCursor;
        }
    }

    private async Task AddAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = _draft.Body;
        var added = await Once.RunAsync(_adding, Me, body, me => Prices.AddAsync(me, body, Left), Left);
        _busy = false;
        (_errors, _problem) = Split(added.Problem);
        if (added.Problem is not null)
            return;
        _draft = new PriceDraft();
        Toasts.Show($"Entered a price for {added.Value.Model}");
        await ReloadAsync();
    }

    private async Task CheckAsync() => await RunAsync(dryRun: true);

    // Another list than the one that was checked.
    private void Edited() => _plan = null;

    private async Task ImportAsync()
    {
        if (!MayImport)
            return;
        await RunAsync(dryRun: false);
        var refusal = _problem;
        await ReloadAsync();
        _problem ??= refusal;
    }

    private async Task RunAsync(bool dryRun)
    {
        if (_busy)
            return;
        _busy = true;
        var file = PriceFile.Read(Encoding.UTF8.GetBytes(_list ?? ""));
        var done = dryRun
            ? await Prices.ImportAsync(Me, file, dryRun, Left)
            : await Once.RunAsync(_importing, Me, _list, me => Prices.ImportAsync(me, file, dryRun, Left), Left);
        _busy = false;
        _problem = done.Problem;
        _plan = done.Problem is null ? done.Value : null;
    }

    private void Correct(Outcome<PriceBody> found)
    {
        if (!found.Try(out var price, out var missing) || price.SupersededAt is not null)
        {
            _problem ??= missing;
            return; // somebody else was faster: the table says so
        }
        (_wrong, _reason, _fixProblem) = (price, null, null);
        _fix = new PriceDraft
        {
            Model = price.Model,
            Provider = price.Provider,
            Input = price.InputPerMillion,
            Output = price.OutputPerMillion,
            From = price.EffectiveFrom.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
            Until = price.EffectiveUntil?.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
            Source = price.Source,
            Notes = price.Notes,
        };
    }

    private async Task SupersedeAsync(bool replace)
    {
        if (_busy)
            return;
        _busy = true;
        var wrong = _wrong!; // the question may be closed while it works
        var body = new SupersedePrice { Reason = _reason, Replacement = replace ? _fix.Body : null };
        var done = await Once.RunAsync(_superseding, Me, body, me => Prices.SupersedeAsync(me, wrong.Id, body, Left), Left);
        _busy = false;
        var asked = _wrong == wrong;
        if (done.Problem is not null)
        {
            if (asked)
                _fixProblem = done.Problem;
            else
                _problem = done.Problem;
            return;
        }
        Toasts.Show(
            replace ? $"Corrected the price of {wrong.Model}" : $"Withdrew the price of {wrong.Model}",
            null,
            ConsoleUrls.Rerate,
            "Rate a period anew"
        );
        if (asked)
            Ask(null); // which reads the table again
        else
            await ReloadAsync();
    }

    private static (IReadOnlyDictionary<string, string[]>? Errors, Problem? Problem) Split(Problem? problem) =>
        problem?.Errors is { } errors ? (errors, null) : (null, problem);

    private static string Instant(DateTimeOffset at) =>
        at.TimeOfDay == TimeSpan.Zero
            ? at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
