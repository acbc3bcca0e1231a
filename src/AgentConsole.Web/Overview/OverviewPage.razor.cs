using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Drift;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Samples;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Overview;

/// <summary>What needs a person now, in one second; then what the fleet does.</summary>
public sealed partial class OverviewPage
{
    private const int Shown = 8;
    private string _title = "Overview";
    private string _scope = "";
    private List<Need> _needs = [];
    private List<Need>? _waitingNeeds; // in another order, or others: they wait while somebody points at the list
    private int _changed;
    private readonly Hold _needsHold = new();
    private int _more;
    private FleetTotals? _totals;
    private Paged<RolloutBody>? _rollouts;
    private StatsBody? _day;
    private RunSeries? _series;
    private SampleDataBody? _samples;
    private DateTimeOffset? _readAt;
    private Problem? _problem;
    private bool _waits;
    private ITimer? _catchUp;

    [Inject]
    public required AgentLists Agents { get; init; }

    [Inject]
    public required KeyLists Keys { get; init; }

    [Inject]
    public required DueLists Due { get; init; }

    [Inject]
    public required OwnerHandOver HandOver { get; init; }

    [Inject]
    public required InactivityOutlooks Inactivity { get; init; }

    [Inject]
    public required RolloutLists Rollouts { get; init; }

    [Inject]
    public required UnclaimedService Unclaimed { get; init; }

    [Inject]
    public required DriftService Drift { get; init; }

    [Inject]
    public required RunService Runs { get; init; }

    [Inject]
    public required StatsService Stats { get; init; }

    [Inject]
    public required SampleDataService Samples { get; init; }

    private RunList List => field ??= new RunList(Runs, () => Me, Clock, Shown, Shown, Left);

    private IReadOnlyList<Meter.Part> HealthParts =>
        [
            Part(Health.Failing, "failing"),
            Part(Health.Degraded, "degraded"),
            new("ok", _totals!.Health.GetValueOrDefault(Health.Ok), "ok", ConsoleUrls.With(ConsoleUrls.Fleet, ("health", "ok"))),
        ];

    private IReadOnlyList<Meter.Part> LivenessParts =>
        [Part(Liveness.Silent, "failing"), Part(Liveness.Late, "degraded"), Part(Liveness.Live, "ok"), Part(Liveness.Unknown, "")];

    private IReadOnlyList<Meter.Part> LifecycleParts =>
        [Part(Lifecycle.Active, "mute"), Part(Lifecycle.Paused, "paused"), Part(Lifecycle.Registered, ""), Part(Lifecycle.Retired, "")];

    protected override async Task OpenAsync()
    {
        var me = Me;
        await List.LoadAsync(new RunFilter());
        var names = me
            .Grants.Teams.Keys.Select(id => Access.Current.Teams.GetValueOrDefault(id)?.Name)
            .OfType<string>()
            .Order(StringComparer.Ordinal)
            .ToList();
        _scope =
            me.TeamsWith(Permission.ReadFleet).All ? "all teams"
            : names.Count <= 1 ? names.FirstOrDefault() ?? "no team"
            : $"{names[0]} and {Words.Many(names.Count - 1, "more team")}";
        await AgainAsync();
    }

    // The figures stay as they were when the store does not answer.
    private async Task AgainAsync()
    {
        try
        {
            if (List.Problem is not null)
                await List.ReloadAsync();
            if (_readAt is null)
            {
                var samples = await Samples.FindAsync(Me, Left);
                _samples = samples.Problem is null ? samples.Value : null; // those who could not remove them need not know
            }
            await LookAsync();
            _readAt = Now;
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            _problem = StoreFault.At(_readAt);
            _catchUp?.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        }
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _catchUp = Clock.CreateTimer(_ => Work(CatchUpAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    protected override void Leave() => _catchUp?.Dispose();

    private static bool Concerns(LiveEvent change) =>
        change.Noun
            is "run"
                or "agent"
                or "key"
                or "people"
                or "unclaimed"
                or "inactivity"
                or "rotation"
                or "drift"
                or "rollout"
                or "key-notice"
                or "rotation-policy";

    private async Task HearAsync(LiveBatch batch)
    {
        await List.HearAsync(batch);
        if (_waits)
            return;
        _waits = true;
        _catchUp?.Change(TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
    }

    private async Task CatchUpAsync()
    {
        _waits = false;
        await AgainAsync();
        StateHasChanged();
    }

    private async Task LookAsync()
    {
        var me = Me;
        _totals = await Agents.TotalsAsync(me, Left);
        var access = Access.Current;
        var first = await Agents.WindowAsync(me, new AgentFilter(), 0, Shown + 1, Left);
        var ofAgents = first
            .Rows.Select(row =>
                Need.Of(
                    row,
                    access.Teams.GetValueOrDefault(row.TeamId)?.Name ?? "",
                    row.OwnerId is { } owner ? access.Principals.GetValueOrDefault(owner)?.DisplayName : null
                )
            )
            .OfType<Need>()
            .Take(Shown)
            .ToList();
        var leaked = await Keys.LeakedAsync(me, Left);
        var opened = me.MayEverywhere(Permission.ManageOrganization) ? access.Unreviewed.GetValueOrDefault(me.OrganizationId) ?? [] : [];
        var lost = WhyNotAnywhere(Permission.EditAgents) is null ? await HandOver.LostAsync(me, Left) : [];
        var inProgress = await Rollouts.ListAsync(me, new RolloutFilter(Open: true), new PageRequest(PageRequest.MaxLimit), Left);
        _rollouts = inProgress.Problem is null ? inProgress.Value : _rollouts;
        var rollouts = _rollouts?.Items ?? [];
        List<Need> needs =
        [
            .. opened.Take(Shown).Select(Need.Of),
            .. leaked.Take(Shown).Select(Need.Of),
            .. ofAgents,
            .. rollouts.Select(Need.Of).OfType<Need>().Take(Shown),
            .. lost.Take(Shown).Select(Need.Of),
        ];
        var (unclaimed, since) = await Unclaimed.WaitingAsync(me, Left);
        if (unclaimed > 0)
            needs.Add(Need.OfUnclaimed(unclaimed, since));
        var outlook = await Inactivity.OutlookAsync(me, Left);
        if (outlook.Warned > 0 || outlook.Braked is not null)
            needs.Add(Need.OfInactivity(outlook));
        needs.AddRange((await Drift.ListAsync(me, new PageRequest(Shown), Left)).Value.Items.Select(Need.Of));
        needs.AddRange(Need.OfSchedules(await Due.NeedsAsync(me, Left)));
        Take(needs);
        var failing = _totals.Health.GetValueOrDefault(Health.Failing);
        var degraded = _totals.Health.GetValueOrDefault(Health.Degraded);
        var silent = _totals.Liveness.GetValueOrDefault(Liveness.Silent);
        _more = ofAgents.Count < Shown ? 0 : Math.Max(0, failing + degraded + silent - Shown);
        _title = Title(
            _totals.Agents,
            failing,
            degraded,
            ofAgents.Count(n => n.Icon == "circle-slash"),
            leaked.Count,
            lost.Sum(l => l.Agents),
            unclaimed
        );
        if (opened.Count > 0)
            _title = "A break-glass account was used: review it";
        var day = await Stats.FleetAsync(me, null, Period.Day, Left);
        (_day, _problem) = day.Problem is null ? (day.Value, List.Problem) : (_day, day.Problem);
        _series = await Stats.FleetSeriesAsync(me, null, Left);
    }

    private void Take(List<Need> needs)
    {
        if (!_needsHold.On || needs.Select(n => n.Key).SequenceEqual(_needs.Select(n => n.Key)))
        {
            (_needs, _waitingNeeds, _changed) = (needs, null, 0);
            if (needs.Count == 0)
                _needsHold.Forget();
            return;
        }
        // Each says what is known of it now, in its place.
        _needs = _needs.ConvertAll(need => needs.Find(n => n.Key == need.Key) ?? need);
        _waitingNeeds = needs;
        _changed = Math.Max(1, needs.Where((need, at) => at >= _needs.Count || _needs[at].Key != need.Key).Count());
    }

    private void ShowNeeds()
    {
        if (_waitingNeeds is { } needs)
            (_needs, _waitingNeeds, _changed) = (needs, null, 0);
    }

    private void HearNeeds(HoldEventArgs told)
    {
        if (_needsHold.Hear(told))
            ShowNeeds();
    }

    /// <summary>The sentence that says what matters most.</summary>
    public static string Title(int agents, int failing, int degraded, int silent, int leaked, int ownerless = 0, int unclaimed = 0)
    {
        var parts = new List<string>();
        void Add(int count, string one, string many)
        {
            if (count > 0 && parts.Count < 2)
                parts.Add(count == 1 ? one : $"{Words.Exact(count)} {many}");
        }
        Add(leaked, "1 key was reported as leaked", "keys were reported as leaked");
        Add(failing, "1 agent is failing", "agents are failing");
        Add(silent, failing > 0 ? "1 is silent" : "1 agent is silent", failing > 0 ? "are silent" : "agents are silent");
        Add(
            degraded,
            failing + silent > 0 ? "1 is degraded" : "1 agent is degraded",
            failing + silent > 0 ? "are degraded" : "agents are degraded"
        );
        Add(ownerless, "1 agent has lost its owner", "agents have lost their owner");
        Add(unclaimed, "1 agent is not registered", "agents are not registered");
        return parts.Count > 0 ? string.Join(", ", parts)
            : agents == 0 ? "No agent is registered yet"
            : "All is well";
    }

    private Meter.Part Part(Health value, string look) =>
        new(
            KebabCase.Of(value),
            _totals!.Health.GetValueOrDefault(value),
            look,
            ConsoleUrls.With(ConsoleUrls.Fleet, ("health", KebabCase.Of(value)))
        );

    private Meter.Part Part(Liveness value, string look) =>
        new(
            KebabCase.Of(value),
            _totals!.Liveness.GetValueOrDefault(value),
            look,
            ConsoleUrls.With(ConsoleUrls.Fleet, ("liveness", KebabCase.Of(value)))
        );

    private Meter.Part Part(Lifecycle value, string look) =>
        new(
            KebabCase.Of(value),
            _totals!.Lifecycle.GetValueOrDefault(value),
            look,
            ConsoleUrls.With(ConsoleUrls.Fleet, ("lifecycle", KebabCase.Of(value)))
        );

    private static (long, long)[] Bar(RunSeries series) =>
        [.. series.Ok.Select((ok, hour) => ((long)ok + series.Failed[hour], (long)series.Failed[hour]))];
}
