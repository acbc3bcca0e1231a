using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Definitions;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace AgentConsole.Web.Agents;

/// <summary>Writes the next version of a definition: looked at while it is written, compared with the newest before it is saved.</summary>
public sealed partial class AgentDefinitionEditor
{
    private const string Example = """
        # What this agent is made of. A comment stays with its version.
        name: NAME
        model:
          name: small-4
          parameters:
            temperature: 0.2
        instructions: |
          Say here what the agent is told.
        tools:
          - name: mail.send
            description: Sends one message
            schema:
              type: object

        """;

    private readonly Submission _saving = new("definition-save");
    private ElementReference _area;
    private string _initial = "";
    private int _base;
    private int _asked;
    private string _note = "";
    private bool _busy;
    private bool _begun;
    private DefinitionCheck? _check;
    private DefinitionBody? _newestSince;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required DefinitionService Definitions { get; init; }

    [Inject]
    public required IJSRuntime Script { get; init; }

    [Parameter, EditorRequired]
    public required AgentBody Agent { get; set; }

    /// <summary>What it begins with; null for the first.</summary>
    [Parameter, EditorRequired]
    public required DefinitionBody? Newest { get; set; }

    [Parameter, EditorRequired]
    public required EventCallback<DefinitionBody> OnDone { get; set; }

    [Parameter, EditorRequired]
    public required EventCallback OnCancel { get; set; }

    protected override bool IsPart => true;

    protected override void OnParametersSet()
    {
        if (!_begun)
        {
            _begun = true;
            _base = Newest?.Number ?? 0;
            _initial = Newest is { } newest
                ? newest.Format == "yaml"
                    ? newest.Text
                    : DefinitionContent.TextOf(newest, DefinitionFormat.Json)
                : Example.Replace("NAME", YamlText.Text(Agent.DisplayName), StringComparison.Ordinal);
        }
        _newestSince = Newest is { } now && now.Number > _base ? now : null;
    }

    // The text may be larger than one message of the circuit: it comes as a stream.
    private async Task<DefinitionInput?> ReadAsync()
    {
        await using var text = await Script.InvokeAsync<IJSStreamReference>("agentConsole.read", Left, _area);
        if (text is null || text.Length > DefinitionContent.MostSource)
        {
            _problem = Problem.Invalid(DefinitionContent.Field, $"At most {DefinitionContent.MostSource / 1024} KiB of text.");
            return null;
        }
        await using var stream = await text.OpenReadStreamAsync(DefinitionContent.MostSource, Left);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, Left);
        var source = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        // Whoever begins with a brace writes JSON.
        var format = source.AsSpan().TrimStart().StartsWith("{") ? DefinitionFormat.Json : DefinitionFormat.Yaml;
        return new DefinitionInput(source, format, _note, _base);
    }

    private async Task CheckAsync()
    {
        var asked = ++_asked;
        _problem = null;
        if (await ReadAsync() is not { } input)
            return;
        var check = await Definitions.ValidateAsync(Me, Agent.Id, input with { Note = null }, Left);
        if (asked != _asked)
            return; // it was written in since
        _problem = check.Problem;
        _check = check.Problem is null ? check.Value : null;
    }

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        _problem = null;
        try
        {
            if (await ReadAsync() is not { } input)
                return;
            var saved = await Once.RunAsync(_saving, Me, input, me => Definitions.SaveAsync(me, Agent.Id, input, Left), Left);
            if (saved.Problem is null)
            {
                await OnDone.InvokeAsync(saved.Value);
                return;
            }
            _errors = saved.Problem.Errors;
            if (_errors is null || _errors.ContainsKey("based_on"))
                _problem = saved.Problem;
            await RecheckAsync(input);
        }
        finally
        {
            _busy = false;
        }
    }

    private async Task RecheckAsync(DefinitionInput input)
    {
        var check = await Definitions.ValidateAsync(Me, Agent.Id, input with { Note = null }, Left);
        _check = check.Problem is null ? check.Value : _check;
    }

    // Their version stays as it is; the differences shown are those from it.
    private async Task RebaseAsync()
    {
        _base = _newestSince?.Number ?? _base;
        (_newestSince, _problem) = (null, null);
        await CheckAsync();
    }

    private static string Verdict(DefinitionCheck check) =>
        check.Same ? $"Valid. Says the same as number {check.Newest}."
        : check.Newest == 0 ? "Valid. It becomes number 1."
        : $"Valid. {Components.Words.Many(check.Changes.Count, "difference")} from number {check.Newest}.";
}
