using AgentConsole.Core.Common;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>Writes the rows of a plan: up to 100,000 of them, which change tracking would make slow.</summary>
internal static class PlanRows
{
    private const string Sql =
        "INSERT INTO bulk_plan_rows (organization_id, plan_id, ordinal, agent_id, name, display_name, team_id, agent_revision, effect, before, after, outcome, code, detail) "
        + "VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)";

    public static async Task InsertAsync(
        Write write,
        BulkPlan plan,
        IReadOnlyList<PlannedRow> rows,
        int after,
        CancellationToken cancellationToken
    )
    {
        await using var insert = new RawCommand(write, Sql);
        foreach (var row in rows)
            await insert.RunAsync(
                cancellationToken,
                plan.OrganizationId,
                plan.Id,
                ++after,
                row.AgentId,
                row.Name,
                row.DisplayName,
                row.TeamId,
                row.Revision,
                KebabCase.Of(row.Effect),
                row.Before,
                row.After,
                row.Effect == RowEffect.Change ? KebabCase.Of(RowOutcome.Pending) : null,
                row.Refusal?.Code,
                Texts.Clip(row.Refusal?.Detail, 300)
            );
    }
}
