using System.Security.Cryptography;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.JSInterop;

namespace AgentConsole.Web.Agents;

/// <summary>A list of agents: read, checked, shown row by row, applied at once; the first keys are handed over in one download.</summary>
public sealed partial class BulkPage
{
    private const int Shown = 300;
    private const string Example =
        "agents:\n  - slug: invoice-bot\n    display_name: Invoice bot\n    team: payments\n    owner: ines@example.com\n    tags: [billing, eu]\n\nor\n\nslug,display_name,team,owner,tags\ninvoice-bot,Invoice bot,payments,ines@example.com,billing;eu";
    private const int MostBytes = 16 << 20;
    private readonly Submission _applying = new("bulk");
    private string? _mayNot;
    private ElementReference _area;
    private BulkFile? _file;
    private string _digest = "";
    private BulkAgentsResult? _plan;
    private BulkAgentsResult? _done;
    private List<BulkAgentRow> _rows = [];
    private List<BulkAgentRow> _keys = [];
    private Problem? _problem;
    private string? _busy;
    private int _round; // a browser does not tell of the same file chosen twice: each round has a field of its own
    private int _rowsDone;
    private int _rowsAll;

    [Inject]
    public required BulkRegistration Bulk { get; init; }

    [Inject]
    public required IJSRuntime Script { get; init; }

    private string Heading =>
        _done is not null ? (_done.Created + _done.Changed == 0 ? "Nothing changed" : "The list is applied")
        : _plan is not null ? "What the list would do"
        : "Register many agents";

    private string ApplyText =>
        _plan!.Changed == 0
            ? $"Register {Words.Many(_plan.Created, "agent")}"
            : $"Apply {Words.Many(_plan.Created + _plan.Changed, "row")}";

    private string? WhyNotApply =>
        _plan!.Failed > 0
            ? $"{Words.Many(_plan.Failed, "row")} cannot be applied; a list is applied whole or not at all. Mend it and check it again."
        : _plan.Created + _plan.Changed == 0 ? "Every row is as it stands already: there is nothing to do."
        : null;

    protected override Task OpenAsync()
    {
        _mayNot = WhyNotAnywhere(Permission.EditAgents);
        return Task.CompletedTask;
    }

    // A pasted list may be larger than one message of the circuit: it comes as a stream.
    private async Task ReadTextAsync()
    {
        await using var text = await Script.InvokeAsync<IJSStreamReference>("agentConsole.read", Left, _area);
        if (text.Length > MostBytes)
        {
            _problem = TooLarge;
            return;
        }
        await using var stream = await text.OpenReadStreamAsync(MostBytes, Left);
        await PlanAsync(stream);
    }

    private async Task ReadFileAsync(InputFileChangeEventArgs e)
    {
        if (e.File.Size > MostBytes)
        {
            _problem = TooLarge;
            return;
        }
        await using var stream = e.File.OpenReadStream(MostBytes, Left);
        await PlanAsync(stream);
    }

    private async Task PlanAsync(Stream stream)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, Left);
        var file = BulkFile.Read(bytes.ToArray());
        _digest = Convert.ToHexString(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        _problem = file.Problem;
        if (_problem is not null)
            return;
        _file = file.Value;
        var plan = await WorkOnAsync("Checked", (me, progress) => Bulk.PlanAsync(me, _file, progress, Left));
        _problem = plan.Problem;
        if (_problem is not null)
            return;
        _plan = plan.Value;
        _rows = [.. _plan.Results.OrderBy(row => row.Errors is null).ThenBy(row => row.Line)];
    }

    private async Task ApplyAsync()
    {
        if (_busy is not null || _file is null)
            return;
        var done = await WorkOnAsync(
            "Written",
            (me, progress) => Once.RunAsync(_applying, me, _digest, by => Bulk.ApplyAsync(by, _file, progress, Left), Left)
        );
        _problem = done.Problem;
        if (_problem is not null)
            return;
        _done = done.Value;
        _keys = [.. done.Value.Results.Where(row => row.ApiKey is not null)];
        _rows = [];
    }

    // Beside the page's own thread, which has the bar to draw.
    private async Task<Outcome<BulkAgentsResult>> WorkOnAsync(
        string word,
        Func<Actor, IProgress<int>, Task<Outcome<BulkAgentsResult>>> work
    )
    {
        (_busy, _rowsDone, _rowsAll) = (word, 0, _file!.Rows.Count);
        var progress = new Progress<int>(rows =>
        {
            _rowsDone = rows;
            StateHasChanged();
        });
        var me = Me;
        try
        {
            return await Task.Run(() => work(me, progress), Left);
        }
        finally
        {
            _busy = null;
        }
    }

    private async Task SaveKeysAsync()
    {
        var text = new StringBuilder(CsvText.Line("slug", "agent_id", "api_key"));
        foreach (var row in _keys)
            text.Append(CsvText.Line(row.Slug, row.Id, row.ApiKey));
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
        using var file = new DotNetStreamReference(stream);
        await Script.InvokeVoidAsync("agentConsole.save", Left, "agent-keys.csv", "text/csv", file);
    }

    // The secrets go, whatever else stays on the page.
    private void Forget()
    {
        _keys = [];
        _done = _done! with { Results = [] };
    }

    private void StartOver()
    {
        (_file, _plan, _done, _problem) = (null, null, null, null);
        _round++;
        _rows = [];
        _keys = [];
    }

    private static string Summary(BulkAgentsResult result)
    {
        var (made, mended) = result.DryRun ? ("would be registered", "would be changed") : ("registered", "changed");
        var parts = new List<string>();
        if (result.Created > 0)
            parts.Add($"{Words.Exact(result.Created)} {made}");
        if (result.Changed > 0)
            parts.Add($"{Words.Exact(result.Changed)} {mended}");
        if (result.Unchanged > 0)
            parts.Add($"{Words.Exact(result.Unchanged)} as they stand already");
        if (result.Failed > 0)
            parts.Add($"{Words.Exact(result.Failed)} with errors");
        return parts.Count == 0 ? "The list has no row." : string.Join(", ", parts) + ".";
    }

    private static MarkupString Outcome(string outcome) =>
        outcome switch
        {
            "created" => new($"<span class=\"st ok\">{Status.IconHtml("plus")}New</span>"),
            "changed" => new($"<span class=\"st info\">{Status.IconHtml("pencil")}Changed</span>"),
            "unchanged" => new("<span class=\"st off\">As it stands</span>"),
            _ => new($"<span class=\"st failing\">{Status.IconHtml("circle-x")}Error</span>"),
        };

    private static readonly Problem TooLarge = new(ProblemKind.TooLarge, "body_too_large", "The list is larger than 16 MiB. Split it.");
}
