using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Spend;

/// <summary>Pricing a period anew: plan, look, apply; the plan has its address.</summary>
public sealed partial class ReratePage
{
    private const string RerateUrl = ConsoleUrls.Rerate;

    private RerateBody? _plan;
    private IReadOnlyList<RerateBody> _earlier = [];
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private string? _mayNot;
    private string? _id;
    private DateOnly? _from;
    private DateOnly? _to;
    private string? _model;
    private string? _reason;
    private bool _reported;
    private bool _busy;

    private readonly Submission _planning = new("rerate-plan");
    private readonly Submission _applying = new("rerate-apply");

    [Inject]
    public required ReratingService Reratings { get; init; }

    protected override async Task OnParametersSetAsync()
    {
        _mayNot = WhyNot(Permission.ManageOrganization);
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        _id = query.TryGetValue("id", out var id) && id.ToString() is { Length: > 0 and < 100 } text ? text : null;
        if (query.TryGetValue("model", out var model) && model.ToString() is { Length: > 0 and <= 100 } name)
            _model = name;
        await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        if (_mayNot is not null)
            return;
        var me = Me;
        var list = await Reratings.ListAsync(me, new PageRequest(20), Left);
        _earlier = list.Problem is null ? list.Value.Items : [];
        if (_id is null)
        {
            _plan = null;
            return;
        }
        var one = await Reratings.GetAsync(me, _id, Left);
        _problem = one.Problem;
        _plan = one.Problem is null ? one.Value : null;
    }

    private async Task PlanAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new PlanRerating
        {
            From = Day(_from),
            To = Day(_to),
            Model = _model,
            IncludeReported = _reported,
        };
        var planned = await Once.RunAsync(_planning, Me, body, me => Reratings.PlanAsync(me, body, Left), Left);
        _busy = false;
        Take(planned.Problem);
        if (planned.Problem is null)
            Navigation.NavigateTo(ConsoleUrls.With(RerateUrl, ("id", planned.Value.Id)));
    }

    private async Task ApplyAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new ApplyRerating { Digest = _plan!.Digest, Reason = _reason };
        var applied = await Once.RunAsync(_applying, Me, body, me => Reratings.ApplyAsync(me, _plan!.Id, body, Left), Left);
        _busy = false;
        Take(applied.Problem);
        if (applied.Problem is null)
            _plan = applied.Value;
    }

    private void Take(Problem? problem)
    {
        _errors = problem?.Errors;
        _problem = problem?.Errors is null ? problem : null;
    }

    private static string? Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static string Sentence(RerateBody plan) =>
        plan.State switch
        {
            "planned" when plan.Runs == 0 => $"{Words.Many(plan.LookedAt, "run")} looked at; today's prices change none of them.",
            "planned" =>
                $"{Words.Many(plan.LookedAt, "run")} looked at. Nothing is changed yet; this plan can be applied until {Words.Exact(plan.ExpiresAt)}.",
            "applying" => "Being applied. It goes on when you leave this page, and after a restart.",
            "done" => $"Applied by {plan.AppliedBy}: {Words.Many(plan.Changed, "run")} changed"
                + (plan.Skipped > 0 ? $", {Words.Exact(plan.Skipped)} left as they are because they changed or went meanwhile." : "."),
            "expired" => "This plan was not applied in time. Make a new one.",
            _ => "This plan is being made.",
        };
}
