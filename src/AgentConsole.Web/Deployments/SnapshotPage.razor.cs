using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>One snapshot, and how it differs from another: the one before it where the address names none.</summary>
public sealed partial class SnapshotPage
{
    private SnapshotBody? _snapshot;
    private SnapshotDiff? _diff;
    private Problem? _problem;
    private Problem? _diffProblem;
    private RolloutBody? _rollout;
    private IReadOnlyList<SnapshotName> _others = [];
    private Guid _agent;
    private string? _shown;
    private string? _mayNot;

    [Inject]
    public required SnapshotLists Lists { get; init; }

    [Inject]
    public required AgentDirectory Agents { get; init; }

    [Inject]
    public required RolloutLists Rollouts { get; init; }

    [Parameter]
    public required string Id { get; set; }

    [SupplyParameterFromQuery]
    public string? Against { get; set; }

    private string Call => $"/api/v1/snapshots/{_diff?.From.Id ?? SnapshotLists.Previous}/diff/{Id}";

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Id + Against)
            return;
        _shown = Id + Against;
        await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        var read = await Lists.GetAsync(Me, Id, Left);
        _problem = read.Problem;
        if (read.Problem is not null)
            return;
        _snapshot = read.Value;
        _agent = IdText.Parse(IdText.Agent, _snapshot.AgentId);
        _mayNot = Agents.Find(_agent) is { } card ? WhyNot(Permission.EditAgents, card.TeamId) : null;
        var diff = await Lists.DiffAsync(Me, string.IsNullOrEmpty(Against) ? SnapshotLists.Previous : Against, Id, Left);
        _diff = diff.Problem is null ? diff.Value : null;
        _diffProblem = diff.Problem;
        _rollout = _snapshot.Trigger is "rollout" or "rollback" ? await OfAsync(_snapshot) : null;
        _others = await Lists.OthersAsync(Me, Id, Left);
    }

    // Where taking this one back, or going back to it, is looked at first; null where neither can be.
    private (string Address, string Words)? Rollback(SnapshotBody shown)
    {
        if (Agents.Find(_agent) is not { Lifecycle: not (Lifecycle.Deleted or Lifecycle.Retired) })
            return null;
        var active = _others.FirstOrDefault(s =>
            s is { Status: SnapshotStatus.Active, IsCurrent: true } && s.Environment == shown.Environment
        );
        return (shown.Status, shown.Outcome) switch
        {
            ("active", "current") => (ConsoleUrls.Rollback(Of(shown), shown.Environment), "Roll back…"),
            ("canary", "current") => active is null
                ? (ConsoleUrls.Rollback(Of(shown), shown.Environment), "Roll back…")
                : (ConsoleUrls.Rollback(Of(shown), shown.Environment, active.Id), $"Roll back to {active.Version}…"),
            ("active", _) => (ConsoleUrls.Rollback(Of(shown), shown.Environment, shown.Id), $"Roll back to {shown.Version}…"),
            _ => null,
        };
    }

    // Each step sets a snapshot of its own; the last word, too: the canary made active, or the stable version once more.
    private async Task<RolloutBody?> OfAsync(SnapshotBody snapshot)
    {
        var all = await Rollouts.ListAsync(Me, new RolloutFilter(snapshot.AgentId), new PageRequest(PageRequest.MaxLimit), Left);
        if (all.Problem is not null)
            return null;
        return all.Value.Items.FirstOrDefault(r =>
            r.Environment == snapshot.Environment
            && r.StartedAt <= snapshot.DeployedAt
            && (r.EndedAt is null || r.EndedAt >= snapshot.DeployedAt)
            && snapshot.Version == (snapshot.Trigger == "rollback" ? r.StableVersion : r.CanaryVersion)
        );
    }

    private static string Of(SnapshotBody snapshot) => snapshot.Agent.Length == 0 ? snapshot.AgentId : snapshot.Agent;

    private static string Verdict(SnapshotDiff diff) =>
        diff.Same
            ? diff.From.Version == diff.To.Version
                ? "Version and content are the same."
                : $"The content is the same; only the version's name differs from {diff.From.Version}."
            : $"{Components.Words.Many(diff.Changes.Count, "difference")} of content.";
}
