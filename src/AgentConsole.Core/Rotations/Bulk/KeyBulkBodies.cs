using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>Bulk acts as the API and the pages show them.</summary>
internal static class KeyBulkBodies
{
    public static KeyBulkBody Of(KeyBulk bulk, DateTimeOffset now)
    {
        var selection = KeySelection.Read(bulk.Selection);
        var rotates = bulk.Action == KeyBulkAction.Rotate;
        return new KeyBulkBody
        {
            Id = IdText.Format(IdText.Bulk, bulk.Id),
            Action = KebabCase.Of(bulk.Action),
            State = bulk.StateAt(now),
            Digest = bulk.Digest,
            GraceSeconds = rotates ? bulk.GraceSeconds : null,
            RevokeImmediately = rotates ? bulk.RevokeImmediately : null,
            AutoExtend = rotates ? bulk.AutoExtend : null,
            TtlDays = bulk.TtlDays,
            Sink = bulk.Sink,
            Reason = bulk.Reason,
            Filter = selection.Filter is { } filter ? QueryText.Read(filter) : null,
            AgentFilter = selection.AgentFilter is { } agents ? QueryText.Read(agents) : null,
            Maker = bulk.MakerLabel,
            CreatedAt = bulk.CreatedAt,
            ExpiresAt = bulk.ExpiresAt,
            StartedAt = bulk.StartedAt,
            FinishedAt = bulk.FinishedAt,
            CancelledAt = bulk.CancelledAt,
            Stopped = bulk.Stopped,
            Rows = new KeyBulkCounts(
                bulk.Total,
                bulk.Change,
                bulk.NoChange,
                bulk.Refused,
                bulk.Pending,
                bulk.Issued,
                bulk.Done,
                bulk.Failed,
                bulk.Cancelled
            ),
        };
    }

    public static KeyBulkRowBody Of(KeyBulk bulk, KeyBulkRow row, AccessSnapshot access, RotationState? state, int? waiting) =>
        new()
        {
            Row = row.Ordinal,
            KeyId = IdText.Format(IdText.Key, row.KeyId),
            KeyName = row.KeyName,
            Agent = row.Agent,
            AgentId = IdText.Format(IdText.Agent, row.AgentId),
            Team = row.TeamId is { } team ? access.Teams.GetValueOrDefault(team)?.Slug : null,
            Version = row.Version,
            MadeAt = row.MadeAt,
            LastUsedAt = row.LastUsedAt,
            Callers = row.Callers,
            Effect = KebabCase.Of(row.Effect),
            Taker =
                bulk.Action != KeyBulkAction.Rotate || row.Effect != KeyBulkEffect.Change ? null
                : bulk.Sink is not null ? "sink"
                : row.SelfRotation ? "agent"
                : "person",
            Outcome = row.Outcome is { } outcome ? KebabCase.Of(outcome) : null,
            Code = row.Code,
            Detail = row.Detail,
            Rotation = IdText.Format(IdText.Rotation, row.RotationId),
            RotationState = state is { } known ? KebabCase.Of(known) : null,
            Waiting = waiting,
            ToVersion = row.ToVersion,
            EndedAt = row.EndedAt,
        };
}
