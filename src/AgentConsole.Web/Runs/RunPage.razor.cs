using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Runs;

/// <summary>One run: where its time went, step by step. The open step stands in the address.</summary>
public sealed partial class RunPage
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private RunView? _view;
    private Problem? _problem;
    private Guid _runId;
    private string? _shown;

    [Inject]
    public required RunService Runs { get; init; }

    [Parameter]
    public required string Id { get; set; }

    [SupplyParameterFromQuery(Name = "step")]
    public string? StepId { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    private string Title => _view is null ? "Run" : _view.Run.Summary ?? _view.Run.ExternalId ?? CopyId.Shorten(_view.Run.Id);

    private WaterfallStep? Selected => StepId is null ? null : _view?.Waterfall.Steps.FirstOrDefault(step => step.Event.Id == StepId);

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Id)
            return; // another step of the same run
        _shown = Id;
        (_view, _problem) = (null, null); // nothing of the run before under this one's address
        await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        var view = await Runs.ViewAsync(Me, Id, null, Left);
        _problem = view.Problem;
        if (view.Problem is not null)
            return;
        _view = view.Value;
        _runId = view.Value.Row.Id;
    }

    private CancelBody? OpenCancel => _view?.Cancel is { State: "requested" or "acknowledged" } open ? open : null;

    private string? WhyNotCancel(RunView view) =>
        OpenCancel is { NotConfirmed: false } open
            ? $"{open.RequestedBy} asked for it already; the agent has until {Words.ClockSeconds(open.ConfirmBy)} to confirm."
            : WhyNot(Permission.EditAgents, view.Row.TeamId);

    private async Task ClosedAsync(bool asked)
    {
        Ask(null);
        if (asked)
            await ReloadAsync();
    }

    private static string Asked(CancelBody cancel) =>
        $"{cancel.RequestedBy} asked to cancel{(cancel.With is null ? "" : " the run that started it")}{(cancel.Reason is { } why ? $": “{why}”" : "")}.";

    private static string And(CancelBody cancel)
    {
        var others = cancel.NotIncluded.Count + cancel.NotVisible;
        var text = cancel.Children.Count > 0 ? $" {Words.Many(cancel.Children.Count, "run")} it started, too." : "";
        if (others > 0)
            text += $" {Words.Many(others, "run")} it started {(others == 1 ? "was" : "were")} not included.";
        return text + GoOn(cancel);
    }

    // Also of a run that has ended: it says nothing of what it started.
    private static string GoOn(CancelBody cancel) =>
        cancel.NotAsked.Count > 0
            ? $" {Words.Many(cancel.NotAsked.Count, "run")} it started {(cancel.NotAsked.Count == 1 ? "goes" : "go")} on: nobody asked to cancel {(cancel.NotAsked.Count == 1 ? "it" : "them")}."
            : "";

    private static long ConfirmMilliseconds(CancelBody cancel) => (long)(cancel.ConfirmBy - cancel.RequestedAt).TotalMilliseconds;

    /// <summary>JSON as one reads it; a text as it is.</summary>
    internal static string Pretty(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : JsonSerializer.Serialize(element, Readable);

    private string StepUrl(WaterfallStep step) => ConsoleUrls.With(ConsoleUrls.Run(_view!.Run.Id), ("step", step.Event.Id));

    private string Curl(RunBody run) =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/runs/{{run.Id}}/events -H "Authorization: Bearer $AGENT_KEY" -H "Content-Type: application/json" -d '{"kind":"tool-call","name":"search","duration_ms":420,"status":"ok"}'""";

    private static string When(RunBody run) =>
        run.StartedAt is not { } start
            ? ""
            : $"{(run.EndedAt is null ? Words.Exact(start) : Zone.Current.In(start).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture))}{(run.EndedAt is { } end ? " to " + Words.ClockSeconds(end) : "")}";

    private static string Tokens(RunBody run) =>
        run.InputTokens is null && run.OutputTokens is null
            ? Words.Unknown
            : $"{Words.Count(run.InputTokens ?? 0)} in, {Words.Count(run.OutputTokens ?? 0)} out";

    private static string Captured(string mode) =>
        mode switch
        {
            "full" => "everything, redacted as the agent's rules say",
            "none" => "nothing but times and figures",
            _ => "names, figures and metadata",
        };

    internal static string ClassOf(TimeKind kind) =>
        kind switch
        {
            TimeKind.Model => "model",
            TimeKind.Tool => "tool",
            TimeKind.Waiting => "wait",
            TimeKind.Gap => "gap",
            _ => "agent",
        };

    internal static string Name(TimeKind kind) =>
        kind switch
        {
            TimeKind.Model => "Model",
            TimeKind.Tool => "Tools",
            TimeKind.Waiting => "Waiting",
            TimeKind.Gap => "Gaps",
            _ => "Own work",
        };

    internal static string IconOf(WaterfallStep step) =>
        step.Event.Kind switch
        {
            "message" => "message-square",
            "tool-call" => "wrench",
            "decision" => "shield-check",
            "iteration" => "repeat",
            _ => "terminal",
        };

    private static string Says(WaterfallStep step) =>
        step.Event.Error
        ?? step.Event.Decision
        ?? step.Event.Model
        ?? (step.Event.Content is { ValueKind: JsonValueKind.String } text ? text.GetString()! : step.Event.Role)
        ?? "";

    private static string Bar(WaterfallStep step, long total)
    {
        var whole = Math.Max(1, total);
        return $"left:{Number(Math.Min(99.7, step.OffsetMs * 100.0 / whole))}%;width:{Number(Math.Min(100, step.DurationMs * 100.0 / whole))}%";
    }

    internal static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static MarkupString Source(AgentConsole.Contracts.RunBody run) =>
        run.CostSource switch
        {
            "computed" => new(
                " <small title=\"Tokens times the price in effect when the run ended; the agent reported no cost\">computed</small>"
            ),
            "unpriced" => new(
                $" <small>unpriced · <a class=\"l\" href=\"{ConsoleUrls.With(ConsoleUrls.Prices, ("model", run.Model))}\">{(run.Model is null ? "prices" : "add a price")}</a></small>"
            ),
            _ => default,
        };
}
