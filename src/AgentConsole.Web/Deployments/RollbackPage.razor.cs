using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>What a rollback would do; once it was done, who follows it.</summary>
public sealed partial class RollbackPage
{
    private readonly Submission _rolling = new("rollback");
    private AgentBody? _agent;
    private Guid _id;
    private string? _shown;
    private RollbackPreview? _preview;
    private IReadOnlyList<SnapshotBody> _earlier = [];
    private SnapshotBody? _done;
    private RollbackWatch? _watch;
    private string? _mayNot;
    private string _reason = "";
    private bool _busy;
    private Problem? _problem;
    private Problem? _refused;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private ITimer? _quiet;

    [Inject]
    public required RollbackService Rollbacks { get; init; }

    [Inject]
    public required RollbackWatcher Watcher { get; init; }

    [Inject]
    public required SnapshotLists Lists { get; init; }

    [Inject]
    public required AgentService Agents { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>Slug, or id.</summary>
    [Parameter]
    public required string Name { get; set; }

    [SupplyParameterFromQuery]
    public string? Environment { get; set; }

    /// <summary>Id of the snapshot to go back to.</summary>
    [SupplyParameterFromQuery]
    public string? To { get; set; }

    /// <summary>Id of the snapshot that a rollback appended.</summary>
    [SupplyParameterFromQuery]
    public string? Done { get; set; }

    private string? Place => _done?.Environment ?? _preview?.Environment ?? Environment ?? _agent?.Environment;

    private string Title =>
        _done is not null ? $"{_agent!.DisplayName} is back on {_done.Version}"
        : _preview is not null ? $"Roll {_agent!.DisplayName} back from {_preview.From.Version} to {_preview.To.Version}"
        : $"Roll back {_agent!.DisplayName}";

    private bool Followed => _watch is { } watch && watch.QuietAt <= Now;

    protected override async Task OnParametersSetAsync()
    {
        var shown = new Uri(Navigation.Uri).PathAndQuery;
        if (_shown == shown)
            return;
        _shown = shown;
        (_refused, _errors) = (null, null);
        await ReloadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            _quiet = Clock.CreateTimer(_ => Work(AgainAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm();
        }
    }

    protected override void Leave() => _quiet?.Dispose();

    private async Task ReloadAsync()
    {
        var found = await Agents.GetAsync(Me, Name, Left);
        if (found.Problem is not null)
        {
            Navigation.NotFound();
            return;
        }
        _agent = found.Value;
        _id = IdText.Parse(IdText.Agent, _agent.Id);
        _mayNot = WhyNot(Permission.EditAgents, IdText.Parse(IdText.Team, _agent.Team.Id));
        if (!string.IsNullOrEmpty(Done))
        {
            await WatchAsync();
            return;
        }
        (_done, _watch) = (null, null);
        var preview = await Rollbacks.PreviewAsync(Me, _agent.Id, Given(Environment), Given(To), Left, _preview?.Secrets);
        _problem = preview.Problem;
        _preview = preview.Problem is null ? preview.Value : null;
        if (_preview is null)
            return;
        var earlier = await Lists.OfAgentAsync(
            Me,
            _agent.Id,
            new SnapshotFilter { Status = SnapshotStatus.Active },
            new PageRequest(),
            Left
        );
        _earlier = earlier.Problem is null ? earlier.Value.Items : [];
    }

    private async Task WatchAsync()
    {
        var made = await Lists.GetAsync(Me, Done!, Left);
        var watch = await Watcher.OfAsync(Me, Done!, Left);
        _problem = made.Problem ?? watch.Problem;
        if (_problem is null && made.Value.AgentId != _agent!.Id)
            _problem = DeploymentProblems.NotFound;
        (_done, _watch) = _problem is null ? (made.Value, watch.Value) : (null, null);
        Arm();
    }

    // The page says by itself that nobody reports the old version any more.
    private void Arm()
    {
        if (_watch is { Again: false } watch && watch.QuietAt > Now)
            _quiet?.Change(watch.QuietAt - Now + TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);
    }

    private async Task AgainAsync()
    {
        await ReloadAsync();
        StateHasChanged();
    }

    private async Task RollBackAsync()
    {
        if (_busy || _preview is not { } preview)
            return;
        _busy = true;
        var body = new RollBack
        {
            To = preview.To.Id,
            Environment = preview.Environment ?? "",
            Reason = _reason,
            Preview = preview.Preview,
        };
        var made = await Once.RunAsync(_rolling, Me, body, me => Rollbacks.RollBackAsync(me, _agent!.Id, body, Left), Left);
        _busy = false;
        _errors = made.Problem?.Errors;
        _refused = _errors is null || !_errors.ContainsKey("reason") ? made.Problem : null;
        if (made.Problem is { Code: "preview_changed" })
            await ReloadAsync();
        if (made.Problem is not null)
            return;
        _reason = "";
        Toasts.Show($"Rolled {_agent!.DisplayName} back to {made.Value.Version}");
        Navigation.NavigateTo(ConsoleUrls.Rollback(_agent.Slug, made.Value.Environment, done: made.Value.Id));
    }

    private IEnumerable<SnapshotBody> Targets(RollbackPreview preview)
    {
        var others = _earlier.Where(s =>
            s.Environment == preview.Environment
            && s.Id != preview.To.Id
            && (s.Outcome != "current" || preview.From.Status == "canary" || preview.AlsoEnds.Any(e => e.Status == "canary"))
        );
        return others.Append(preview.To).OrderByDescending(s => s.Id, StringComparer.Ordinal);
    }

    private IEnumerable<KeyValuePair<string, string>> Query()
    {
        if (Given(Environment) is { } environment)
            yield return new("environment", environment);
        if (Given(To) is { } to)
            yield return new("to", to);
    }

    private string RunsOf(string version, DateTimeOffset since) =>
        ConsoleUrls.With(
            ConsoleUrls.Runs,
            ("agent", _agent!.Slug),
            ("version", version),
            ("since", since.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture))
        );

    private string DriftTitle(RollbackWatch watch) =>
        watch.Again ? $"{watch.Version} was deployed again since"
        : Followed ? $"The fleet followed: no run of {watch.Version} for {RollbackWatcher.Quiet.TotalMinutes:0}\u00a0min"
        : watch.Count == 0 ? $"Nobody has reported {watch.Version} since"
        : watch.Count < RollbackWatcher.MostCounted ? $"{Components.Words.Many(watch.Count, "run")} of {watch.Version} came since"
        : $"{Components.Words.Exact(RollbackWatcher.MostCounted)} runs of {watch.Version} and more came since";

    private static string DriftDetail(RollbackWatch watch) =>
        watch.Instance is { } instance && watch.InstanceSeenAt is { } seen
            ? $"Its instance {instance} said at {Components.Words.DayClock(seen)} that it runs {watch.Version}."
        : watch.Count == 0 ? "Runs that still name it appear here by themselves."
        : "Whoever reports them was not moved back, or ends what it had begun.";

    private static string NamedBy(RollbackGateway gateway, RollbackPreview preview) =>
        gateway.In switch
        {
            "both" => $"{preview.From.Version} and {preview.To.Version}",
            "from" => $"{preview.From.Version} only",
            "to" => $"{preview.To.Version} only",
            _ => "neither; it is linked",
        };

    private static string SecretsTitle(RollbackPreview preview) =>
        preview.Secrets.Count == 0 ? $"{preview.To.Version} refers to no secret"
        : preview.Secrets.Count(s => s.State == "missing") is var missing and > 0
            ? $"{Components.Words.Many(missing, "secret")} of {preview.To.Version} {(missing == 1 ? "does" : "do")} not exist any more"
        : $"{Components.Words.Many(preview.Secrets.Count, "secret")} of {preview.To.Version}";

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
