using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Runs;

/// <summary>Requests to cancel as the API and the pages show them.</summary>
public sealed class CancelBodies(OpenCancels open, AgentDirectory agents, AccessDirectory access, TimeProvider clock)
{
    /// <summary>How the request stands, with what was asked for with it as far as the reader sees it; null when nobody asked.</summary>
    internal async Task<CancelBody?> OfAsync(ConsoleDbContext db, Actor by, Run run, CancellationToken cancellationToken)
    {
        var row = await db.RunCancels.FirstOrDefaultAsync(
            c => c.OrganizationId == run.OrganizationId && c.RunId == run.Id,
            cancellationToken
        );
        if (row is null)
            return null;
        var now = clock.GetUtcNow();
        var visible = db.Runs.VisibleTo(by);
        var children = await (
            from cancel in db.RunCancels.Where(c => c.OrganizationId == run.OrganizationId && c.RootRunId == run.Id && c.RunId != run.Id)
            join child in visible on cancel.RunId equals child.Id
            orderby child.Id
            select new
            {
                child.Id,
                child.AgentId,
                child.Status,
                Row = cancel,
            }
        )
            .Take(RunCancelService.MostRuns)
            .ToListAsync(cancellationToken);
        var tree = RunCancel.IsOpen(row.StateOf(run.Status, now))
            ? await CancelTree.WalkAsync(db, by, run, cancellationToken)
            : CancelTree.None;
        return Of(run, row, children.Select(c => Child(c.Id, c.AgentId, c.Status, c.Row, now)), tree, now);
    }

    internal CancelBody Of(Run run, RunCancel row, IEnumerable<CancelledRun> children, CancelTree tree, DateTimeOffset now)
    {
        var state = row.StateOf(run.Status, now);
        return new CancelBody
        {
            Run = IdText.Format(IdText.Run, run.Id),
            Agent = agents.Find(run.AgentId)?.Slug ?? "",
            State = KebabCase.Of(state),
            RunStatus = KebabCase.Of(run.Status),
            RequestedAt = row.RequestedAt,
            RequestedBy = row.RequestedBy,
            Reason = row.Reason,
            AcknowledgedAt = row.AcknowledgedAt,
            EndedAt =
                state is CancelState.Cancelled or CancelState.FinishedFirst ? run.FinishedAt
                : state == CancelState.Expired ? row.RequestedAt + RunCancel.Stands
                : null,
            ConfirmBy = open.ConfirmBy(row.RequestedAt),
            NotConfirmed = RunCancel.IsOpen(state) ? now >= open.ConfirmBy(row.RequestedAt) : state == CancelState.Expired,
            With = row.RootRunId == run.Id ? null : IdText.Format(IdText.Run, row.RootRunId),
            Children = [.. children],
            NotIncluded =
            [
                .. tree.NotIncluded.Select(r => new NotCancelledRun(
                    IdText.Format(IdText.Run, r.Id),
                    agents.Find(r.AgentId)?.Slug ?? "",
                    KebabCase.Of(r.Status),
                    Permissions.Explain(Permission.EditAgents, TeamName(r.TeamId))
                )),
            ],
            NotVisible = tree.Hidden,
            More = tree.More,
        };
    }

    internal CancelledRun Child(Guid id, Guid agent, RunStatus status, RunCancel row, DateTimeOffset now) =>
        new(IdText.Format(IdText.Run, id), agents.Find(agent)?.Slug ?? "", KebabCase.Of(row.StateOf(status, now)), KebabCase.Of(status));

    private string? TeamName(Guid team) => access.Current.Teams.GetValueOrDefault(team)?.Name;
}
