using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>Works off one part of a plan, forwards or backwards, within a write that its caller commits.</summary>
internal sealed class PlanWork(AccessDirectory access, AgentDirectory directory)
{
    /// <summary>Rows of one transaction: other writers wait that long and no longer.</summary>
    public const int Part = 250;

    /// <summary>Does the next rows; the plan is finished with the last.</summary>
    public async Task DoPartAsync(Write write, BulkPlan plan, Actor by, CancellationToken cancellationToken)
    {
        var undo = plan.State == PlanState.Undoing;
        var waits = undo ? RowOutcome.Done : RowOutcome.Pending;
        var (organization, id) = (plan.OrganizationId, plan.Id);
        var rows = await write
            .Db.BulkPlanRows.Where(r => r.OrganizationId == organization && r.PlanId == id && r.Outcome == waits)
            .OrderBy(r => r.Ordinal)
            .Take(Part)
            .ToListAsync(cancellationToken);
        var ids = rows.Select(r => r.AgentId!.Value).ToArray();
        var agents = await write.Db.Agents.VisibleTo(by).Where(a => ids.Contains(a.Id)).ToDictionaryAsync(a => a.Id, cancellationToken);
        // Each record tells which plan it belongs to.
        var told = by with
        {
            CorrelationId = IdText.Format(IdText.Plan, plan.Id),
            Retry = null,
        };
        foreach (var row in rows)
        {
            var agent = agents.GetValueOrDefault(row.AgentId!.Value);
            var refusal =
                agent is null ? AgentProblems.NotFound
                : undo ? await TakeBackAsync(write, plan, told, row, agent, cancellationToken)
                : await CarryOutAsync(write, plan, told, row, agent, cancellationToken);
            Note(plan, row, refusal, undo);
        }
        if ((undo ? plan.Done : plan.Pending) == 0)
            plan.Finish(write.Now);
        else
            plan.Work(plan.WorkId!.Value, write.Now);
    }

    /// <summary>Whoever looks at the plan hears of each part.</summary>
    public static void Tell(Write write, BulkPlan plan) => write.Tell(new LiveEvent("plan", plan.OrganizationId, null, null, plan.Id));

    private static void Note(BulkPlan plan, BulkPlanRow row, Problem? refusal, bool undo)
    {
        row.Code = refusal?.Code;
        row.Detail = Texts.Clip(refusal?.Detail, 300);
        (row.Outcome, plan.Done, plan.Failed, plan.Undone, plan.UndoFailed) = (undo, refusal is null) switch
        {
            (false, true) => (RowOutcome.Done, plan.Done + 1, plan.Failed, plan.Undone, plan.UndoFailed),
            (false, false) => (RowOutcome.Failed, plan.Done, plan.Failed + 1, plan.Undone, plan.UndoFailed),
            (true, true) => (RowOutcome.Undone, plan.Done - 1, plan.Failed, plan.Undone + 1, plan.UndoFailed),
            (true, false) => (RowOutcome.UndoFailed, plan.Done - 1, plan.Failed, plan.Undone, plan.UndoFailed + 1),
        };
    }

    // Exactly what was planned, for the agent as it was seen: whatever is another by now is left alone.
    private async Task<Problem?> CarryOutAsync(
        Write write,
        BulkPlan plan,
        Actor by,
        BulkPlanRow row,
        Agent agent,
        CancellationToken cancellationToken
    )
    {
        if (agent.Revision != row.AgentRevision)
            return PlanProblems.Changed;
        var order = BulkOrder.Of(plan);
        var state = AgentState.Of(agent);
        var done = order.Do(access.Current, by, agent, IsTaken(agent), write.Now);
        if (done.Problem is null && PlanReading.Sides(done.Value).After == row.After)
        {
            row.Undo = JsonSerializer.Serialize(state, ConsoleJson.Options);
            row.DoneRevision = agent.Revision + 1;
            if (done.Value.ContainsKey("tags"))
                await AgentService.RewriteTagsAsync(write, agent, cancellationToken);
            AgentService.Record(write, directory, by, agent, order.TrailAction, done.Value, plan.Reason);
            return null;
        }
        await write.Db.Entry(agent).ReloadAsync(cancellationToken);
        return done.Problem ?? PlanProblems.Changed;
    }

    private async Task<Problem?> TakeBackAsync(
        Write write,
        BulkPlan plan,
        Actor by,
        BulkPlanRow row,
        Agent agent,
        CancellationToken cancellationToken
    )
    {
        if (agent.Revision != row.DoneRevision)
            return PlanProblems.Changed;
        var now = access.Current;
        var was = JsonSerializer.Deserialize<AgentState>(row.Undo!, ConsoleJson.Options)!;
        foreach (var team in new[] { agent.TeamId, was.TeamId })
        {
            if (!by.May(Permission.EditAgents, team))
                return Actor.MissingRole(Permission.EditAgents, now.Teams.GetValueOrDefault(team)?.Name);
        }
        if (agent.DeletedAt is not null && was.DeletedAt is null && IsTaken(agent))
            return AgentProblems.SlugTaken(agent.Slug);
        was.PutBack(agent, write.Now);
        await AgentService.RewriteTagsAsync(write, agent, cancellationToken);
        AgentService.Record(
            write,
            directory,
            by,
            agent,
            BulkOrder.Of(plan).UndoTrailAction,
            Backwards(row),
            $"Undo of {IdText.Format(IdText.Plan, plan.Id)}"
        );
        return null;
    }

    private bool IsTaken(Agent agent) => directory.FindBySlug(agent.OrganizationId, agent.Slug) is { } other && other.Id != agent.Id;

    private static Dictionary<string, (object? Before, object? After)> Backwards(BulkPlanRow row)
    {
        var before = JsonElement.Parse(row.Before!);
        return JsonElement
            .Parse(row.After!)
            .EnumerateObject()
            .ToDictionary(
                m => m.Name,
                m => ((object?)m.Value, (object?)(before.TryGetProperty(m.Name, out var was) ? was : null)),
                StringComparer.Ordinal
            );
    }
}
