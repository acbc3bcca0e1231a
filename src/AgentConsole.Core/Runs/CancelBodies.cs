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
        // Also after it ended: what it started may go on without anybody having asked for that.
        var tree = await CancelTree.WalkAsync(db, by, run, cancellationToken);
        var asked = await AskedAsync(db, run.OrganizationId, tree, cancellationToken);
        var with = children.Select(c => c.Id).ToHashSet();
        return Of(
            run,
            row,
            [
                .. children.Select(c => Child(c.Id, c.AgentId, c.Status, c.Row, now)),
                // Asked for by itself, or with another run.
                .. tree
                    .Seen.Where(r => r.Id != run.Id && !with.Contains(r.Id) && IsAsked(asked, r, now))
                    .Select(r => Child(r.Id, r.AgentId, r.Status, asked[r.Id], now)),
            ],
            tree,
            asked,
            now
        );
    }

    /// <summary>The requests for runs of a tree, whether they still stand or not.</summary>
    internal static async Task<Dictionary<Guid, RunCancel>> AskedAsync(
        ConsoleDbContext db,
        Guid organizationId,
        CancelTree tree,
        CancellationToken cancellationToken
    )
    {
        var ids = tree.Seen.Concat(tree.Hidden).Select(r => r.Id).ToArray();
        return await db
            .RunCancels.AsTracking()
            .Where(c => c.OrganizationId == organizationId && ids.Contains(c.RunId))
            .ToDictionaryAsync(c => c.RunId, cancellationToken);
    }

    internal static bool IsAsked(Dictionary<Guid, RunCancel> asked, TreeRun run, DateTimeOffset now) =>
        asked.TryGetValue(run.Id, out var row) && RunCancel.IsOpen(row.StateOf(run.Status, now));

    /// <param name="asked">See <see cref="AskedAsync"/>: what is asked for already is neither left out nor forgotten.</param>
    internal CancelBody Of(
        Run run,
        RunCancel row,
        IEnumerable<CancelledRun> children,
        CancelTree tree,
        Dictionary<Guid, RunCancel> asked,
        DateTimeOffset now
    )
    {
        var state = row.StateOf(run.Status, now);
        bool IsLeft(TreeRun one) => one.Id != run.Id && !IsAsked(asked, one, now);
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
                .. tree
                    .NotIncluded.Where(IsLeft)
                    .Select(r => new NotCancelledRun(
                        IdText.Format(IdText.Run, r.Id),
                        agents.Find(r.AgentId)?.Slug ?? "",
                        KebabCase.Of(r.Status),
                        Permissions.Explain(Permission.EditAgents, TeamName(r.TeamId))
                    )),
            ],
            NotAsked =
            [
                .. tree
                    .Included.Where(IsLeft)
                    .Select(r => new OpenRun(IdText.Format(IdText.Run, r.Id), agents.Find(r.AgentId)?.Slug ?? "", KebabCase.Of(r.Status))),
            ],
            NotVisible = tree.Hidden.Count(IsLeft),
            More = tree.More,
        };
    }

    internal CancelledRun Child(Guid id, Guid agent, RunStatus status, RunCancel row, DateTimeOffset now) =>
        new(IdText.Format(IdText.Run, id), agents.Find(agent)?.Slug ?? "", KebabCase.Of(row.StateOf(status, now)), KebabCase.Of(status));

    private string? TeamName(Guid team) => access.Current.Teams.GetValueOrDefault(team)?.Name;
}
