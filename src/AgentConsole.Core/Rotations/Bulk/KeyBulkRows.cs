using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>Writes and reads the rows of a plan: thousands of them, which change tracking would make slow.</summary>
internal static class KeyBulkRows
{
    private const string Sql =
        "INSERT INTO key_bulk_rows (organization_id, bulk_id, ordinal, key_id, agent_id, agent, key_name, team_id, version, made_at, last_used_at, callers, self_rotation, effect, outcome, code, detail) "
        + "VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16)";

    private const string Outcome =
        "UPDATE key_bulk_rows SET outcome = @p3, code = @p4, detail = @p5, rotation_id = @p6, to_version = @p7, issued_at = @p8, sealed = @p9, ended_at = @p10 "
        + "WHERE organization_id = @p0 AND bulk_id = @p1 AND ordinal = @p2";

    /// <summary>Writes what came of these rows.</summary>
    public static async Task UpdateAsync(Write write, IEnumerable<KeyBulkRow> rows, CancellationToken cancellationToken)
    {
        await using var update = new RawCommand(write, Outcome);
        foreach (var row in rows)
            await update.RunAsync(
                cancellationToken,
                row.OrganizationId,
                row.BulkId,
                row.Ordinal,
                KebabCase.Of(row.Outcome!.Value),
                row.Code,
                row.Detail,
                row.RotationId,
                row.ToVersion,
                row.IssuedAt,
                row.Sealed,
                row.EndedAt
            );
    }

    public static async Task InsertAsync(Write write, KeyBulk bulk, IReadOnlyList<PlannedKey> rows, CancellationToken cancellationToken)
    {
        await using var insert = new RawCommand(write, Sql);
        var ordinal = 0;
        foreach (var row in rows)
            await insert.RunAsync(
                cancellationToken,
                bulk.OrganizationId,
                bulk.Id,
                ++ordinal,
                row.KeyId,
                row.AgentId,
                row.Agent,
                row.KeyName,
                row.TeamId,
                row.Version,
                row.MadeAt,
                row.LastUsedAt,
                row.Callers,
                row.SelfRotation,
                KebabCase.Of(row.Effect),
                row.Effect == KeyBulkEffect.Change ? KebabCase.Of(KeyBulkOutcome.Pending) : null,
                row.Refusal?.Code,
                Texts.Clip(row.Refusal?.Detail, 500)
            );
    }

    /// <summary>The rows as they were planned.</summary>
    public static Task<List<PlannedKey>> ReadAsync(ConsoleDbContext db, KeyBulk bulk, CancellationToken cancellationToken) =>
        db
            .KeyBulkRows.AsNoTracking()
            .Where(r => r.OrganizationId == bulk.OrganizationId && r.BulkId == bulk.Id)
            .OrderBy(r => r.Ordinal)
            .Select(r => new PlannedKey(
                r.KeyId,
                r.AgentId,
                r.Agent,
                r.KeyName,
                r.TeamId,
                r.Version,
                r.MadeAt,
                r.LastUsedAt,
                r.Callers,
                r.SelfRotation,
                r.Effect,
                r.Code == null ? null : new Problem(ProblemKind.Conflict, r.Code, "")
            ))
            .ToListAsync(cancellationToken);
}
