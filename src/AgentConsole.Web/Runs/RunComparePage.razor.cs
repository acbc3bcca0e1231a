using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Runs;

/// <summary>Two runs side by side. Both stand in the address; <c>a</c> may be a word for a run before <c>b</c>, which is put in its place.</summary>
public sealed partial class RunComparePage
{
    private RunComparison? _both;
    private (string Title, string Detail)? _why;
    private (string? A, string? B) _shown;
    private (Guid A, Guid B) _ids;

    [Inject]
    public required RunService Runs { get; init; }

    private bool OnlyDifferences { get; set; }

    private string Sentence =>
        _both is not { } both ? "Compare two runs"
        : both.A.Run.DurationMs is not { } a || both.B.Run.DurationMs is not { } b ? "Two runs side by side"
        : a == b ? "Both took the same time"
        : $"B took {Words.Duration(Math.Abs(b - a))} {(b > a ? "longer" : "less")}";

    // The bars of both runs have one measure.
    private long Longest => Math.Max(1, Math.Max(_both!.A.Waterfall.TotalMs, _both.B.Waterfall.TotalMs));

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        string? Of(string name) =>
            query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 and <= 200 } text ? text : null;
        OnlyDifferences = Of("only") == "differences";
        var (a, b) = (Of("a"), Of("b"));
        if (_shown == (a, b) && (_both is not null || _why is not null))
            return;
        _shown = (a, b);
        (_both, _why) = (null, null);
        if (a is null || b is null)
        {
            _why = ("Two runs are needed", "Select two in the list of runs, or open one and compare it with the one before.");
            return;
        }
        if (a is ConsoleUrls.Previous or ConsoleUrls.LastGood)
        {
            var before = await Runs.BeforeAsync(Me, b, a == ConsoleUrls.LastGood, Left);
            if (before.Problem is { } problem)
                _why = (NotThere, problem.Detail);
            else if (before.Value.Run is { } found)
                Navigation.NavigateTo(ConsoleUrls.Compare(found, b, OnlyDifferences), replace: true);
            else
                _why =
                    a == ConsoleUrls.LastGood
                        ? ("There is no good run before", "None of this agent's earlier runs was completed, as far as they are looked at.")
                        : ("There is no run before", "This is the first run that the agent reported.");
            return;
        }
        await ReadAsync();
    }

    private const string Same = "same";
    private const string NotThere = "There is no such run, or you may not see it";

    private async Task ReadAsync()
    {
        if (_shown is not ({ } a, { } b))
            return;
        var both = await Runs.CompareAsync(Me, a, b, Left);
        if (both.Problem is { } problem)
        {
            _why = (NotThere, problem.Detail);
            return;
        }
        _both = both.Value;
        _ids = (_both.A.Row.Id, _both.B.Row.Id);
    }

    private static string Name(RunView run) => run.Run.Summary ?? run.Run.ExternalId ?? CopyId.Shorten(run.Run.Id);

    private static IEnumerable<(string Fact, string? A, string? B)> Facts(RunView a, RunView b) =>
        new (string, string?, string?)[]
        {
            ("Agent", a.Row.AgentName, b.Row.AgentName),
            ("Version", a.Run.Version, b.Run.Version),
            ("Model", a.Run.Model, b.Run.Model),
            ("Gateway", a.Run.Gateway, b.Run.Gateway),
            ("Error", a.Run.Error ?? a.Run.ErrorCode, b.Run.Error ?? b.Run.ErrorCode),
        }.Where(fact => fact.Item2 is not null || fact.Item3 is not null);

    private static IEnumerable<(string Name, string A, string B, string Difference)> Figures(RunView a, RunView b)
    {
        yield return (
            "Duration",
            Words.Duration(a.Run.DurationMs),
            Words.Duration(b.Run.DurationMs),
            With(b.Run.DurationMs - a.Run.DurationMs, a.Run.DurationMs, Words.Duration)
        );
        yield return Count("Input tokens", a.Run.InputTokens, b.Run.InputTokens);
        yield return Count("Output tokens", a.Run.OutputTokens, b.Run.OutputTokens);
        yield return (
            "Cost USD",
            Words.Money(a.Run.Cost),
            Words.Money(b.Run.Cost),
            With(b.Row.CostMicros - a.Row.CostMicros, a.Row.CostMicros, micros => Words.Money(micros))
        );
        yield return Count("Steps", a.Run.EventCount, b.Run.EventCount);
        yield return Count("Runs it started", a.Children.Count, b.Children.Count);
    }

    private static (string, string, string, string) Count(string name, long? a, long? b) =>
        (
            name,
            a is { } first ? Words.Exact(first) : Words.Unknown,
            b is { } second ? Words.Exact(second) : Words.Unknown,
            With(b - a, a, value => Words.Exact(value ?? 0))
        );

    // The difference with its sign, and how much of the first that is.
    private static string With(long? difference, long? of, Func<long?, string> say)
    {
        if (difference is not { } by)
            return Words.Unknown;
        var text = Signed(by, say);
        return by != 0 && of is > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{text} ({(by > 0 ? "+" : "−")}{Math.Abs(by) * 100.0 / of.Value:0.#}\u00a0%)")
            : text;
    }

    internal static string Signed(long by, Func<long?, string> say) => by == 0 ? Same : (by > 0 ? "+" : "−") + say(Math.Abs(by));

    private static MarkupString Differs(string? a, string? b) =>
        new(
            a == b
                ? "<span class=\"x3\">same</span>"
                : $"<span class=\"dif\">{Status.IconHtml("git-compare-arrows", small: true)}differs</span>"
        );

    private static MarkupString Share(long milliseconds, long longest, TimeKind kind) =>
        new(
            $"<span class=\"shr\"><span class=\"trk\"><i class=\"br {RunPage.ClassOf(kind)}\" style=\"left:0;width:{RunPage.Number(milliseconds * 100.0 / longest)}%\"></i></span><span class=\"tn\">{Words.Duration(milliseconds)}</span></span>"
        );

    private static string Cell(WaterfallStep? step) =>
        step is null ? "" : (step.Event.DurationMs is { } took ? Words.Duration(took) : Words.Unknown) + (step.Failed ? ", failed" : "");

    // Times never are the same: a step differs when it took a fifth more or less, and a tenth of a second at least.
    private static bool Different(ComparedStep row) =>
        row.A is null
        || row.B is null
        || row.EndsDiffer
        || (row.DifferenceMs is { } by && Math.Abs(by) >= 100 && Math.Abs(by) * 5 >= (row.A.Event.DurationMs ?? 0));

    private static MarkupString Says(ComparedStep row)
    {
        string Mark(string icon, string text) => $"<span class=\"dif\">{Status.IconHtml(icon, small: true)}{text}</span>";
        if (row.A is null)
            return new(Mark("plus", "only in B"));
        if (row.B is null)
            return new(Mark("minus", "only in A"));
        if (row.EndsDiffer)
            return new(Mark("octagon-x", row.B.Failed ? "fails in B" : "fails in A"));
        if (row.DifferenceMs is not { } by)
            return new("");
        return new(Different(row) ? $"<b>{Signed(by, Words.Duration)}</b>" : $"<span class=\"x3\">{Signed(by, Words.Duration)}</span>");
    }
}
