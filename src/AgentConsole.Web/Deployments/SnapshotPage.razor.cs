using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>One snapshot, and how it differs from another: the one before it where the address names none.</summary>
public sealed partial class SnapshotPage
{
    private SnapshotBody? _snapshot;
    private SnapshotDiff? _diff;
    private Problem? _problem;
    private Problem? _diffProblem;
    private IReadOnlyList<SnapshotName> _others = [];
    private Guid _agent;
    private string? _shown;

    [Inject]
    public required SnapshotLists Lists { get; init; }

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
        var diff = await Lists.DiffAsync(Me, string.IsNullOrEmpty(Against) ? SnapshotLists.Previous : Against, Id, Left);
        _diff = diff.Problem is null ? diff.Value : null;
        _diffProblem = diff.Problem;
        _others = await Lists.OthersAsync(Me, Id, Left);
    }

    private static string Of(SnapshotBody snapshot) => snapshot.Agent.Length == 0 ? snapshot.AgentId : snapshot.Agent;

    private static string Verdict(SnapshotDiff diff) =>
        diff.Same
            ? diff.From.Version == diff.To.Version
                ? "Version and content are the same."
                : $"The content is the same; only the version's name differs from {diff.From.Version}."
            : $"{Components.Words.Many(diff.Changes.Count, "difference")} of content.";
}
