using System.Data.Common;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>How a column travels to a database.</summary>
public enum ColumnKind
{
    Id,
    Text,
    Number,
    Flag,
    Bytes,
}

/// <summary>One column of a table that ingest writes with its own statements.</summary>
/// <param name="Value">Guid, string, long, bool or byte[]; null for NULL.</param>
public sealed record RawColumn<T>(string Name, ColumnKind Kind, Func<T, object?> Value);

/// <summary>The columns of runs and steps for raw statements; a test holds them equal to the model.</summary>
public static class RunColumns
{
    private static object? Micros(DateTimeOffset? at) => at is { } value ? Utc.ToMicros(value) : null;

    /// <summary>Key and what never changes after the insert come first; <see cref="Mutable"/> is the rest.</summary>
    public static readonly IReadOnlyList<RawColumn<Run>> All =
    [
        new("organization_id", ColumnKind.Id, r => r.OrganizationId),
        new("id", ColumnKind.Id, r => r.Id),
        new("agent_id", ColumnKind.Id, r => r.AgentId),
        new("team_id", ColumnKind.Id, r => r.TeamId),
        new("external_id", ColumnKind.Text, r => r.ExternalId),
        new("received_at", ColumnKind.Number, r => Utc.ToMicros(r.ReceivedAt)),
        new("key_version_id", ColumnKind.Id, r => r.KeyVersionId),
        new("capture_mode", ColumnKind.Text, r => r.CaptureMode),
        new("status", ColumnKind.Text, r => KebabCase.Of(r.Status)),
        new("started_at", ColumnKind.Number, r => Micros(r.StartedAt)),
        new("ended_at", ColumnKind.Number, r => Micros(r.EndedAt)),
        new("finished_at", ColumnKind.Number, r => Micros(r.FinishedAt)),
        new("updated_at", ColumnKind.Number, r => Utc.ToMicros(r.UpdatedAt)),
        new("duration_ms", ColumnKind.Number, r => r.DurationMs),
        new("version", ColumnKind.Text, r => r.Version),
        new("gateway", ColumnKind.Text, r => r.Gateway),
        new("model", ColumnKind.Text, r => r.Model),
        new("input_tokens", ColumnKind.Number, r => r.InputTokens),
        new("output_tokens", ColumnKind.Number, r => r.OutputTokens),
        new("cost_micros", ColumnKind.Number, r => r.CostMicros),
        new("summary", ColumnKind.Text, r => r.Summary),
        new("error", ColumnKind.Text, r => r.Error),
        new("error_code", ColumnKind.Text, r => r.ErrorCode),
        new("parent_run_id", ColumnKind.Id, r => r.ParentRunId),
        new("metadata", ColumnKind.Text, r => r.Metadata),
        new("clock_skewed", ColumnKind.Flag, r => r.ClockSkewed),
        new("lease_deadline", ColumnKind.Number, r => Micros(r.LeaseDeadline)),
        new("event_count", ColumnKind.Number, r => (long)r.EventCount),
    ];

    public static readonly IReadOnlyList<RawColumn<Run>> Mutable = [.. All.Skip(8)];

    public static readonly IReadOnlyList<RawColumn<RunEvent>> Events =
    [
        new("organization_id", ColumnKind.Id, e => e.OrganizationId),
        new("run_id", ColumnKind.Id, e => e.RunId),
        new("id", ColumnKind.Id, e => e.Id),
        new("agent_id", ColumnKind.Id, e => e.AgentId),
        new("team_id", ColumnKind.Id, e => e.TeamId),
        new("kind", ColumnKind.Text, e => KebabCase.Of(e.Kind)),
        new("external_id", ColumnKind.Text, e => e.ExternalId),
        new("parent", ColumnKind.Text, e => e.Parent),
        new("name", ColumnKind.Text, e => e.Name),
        new("at", ColumnKind.Number, e => Utc.ToMicros(e.At)),
        new("received_at", ColumnKind.Number, e => Utc.ToMicros(e.ReceivedAt)),
        new("duration_ms", ColumnKind.Number, e => e.DurationMs),
        new("decision", ColumnKind.Text, e => e.Decision is { } decision ? KebabCase.Of(decision) : null),
        new("status", ColumnKind.Text, e => e.Status),
        new("role", ColumnKind.Text, e => e.Role),
        new("model", ColumnKind.Text, e => e.Model),
        new("input_tokens", ColumnKind.Number, e => e.InputTokens),
        new("output_tokens", ColumnKind.Number, e => e.OutputTokens),
        new("cost_micros", ColumnKind.Number, e => e.CostMicros),
        new("error", ColumnKind.Text, e => e.Error),
        new("payload", ColumnKind.Text, e => e.Payload),
    ];

    /// <summary>Additive counters of a rollup row.</summary>
    public static readonly IReadOnlyList<RawColumn<RollupFigures>> Figures =
    [
        new("completed", ColumnKind.Number, f => f.Completed),
        new("failed", ColumnKind.Number, f => f.Failed),
        new("cancelled", ColumnKind.Number, f => f.Cancelled),
        new("timed_out", ColumnKind.Number, f => f.TimedOut),
        new("skipped", ColumnKind.Number, f => f.Skipped),
        new("lost", ColumnKind.Number, f => f.Lost),
        new("allowed", ColumnKind.Number, f => f.Allowed),
        new("blocked", ColumnKind.Number, f => f.Blocked),
        new("redacted", ColumnKind.Number, f => f.Redacted),
        new("escalated", ColumnKind.Number, f => f.Escalated),
        new("input_tokens", ColumnKind.Number, f => f.InputTokens),
        new("output_tokens", ColumnKind.Number, f => f.OutputTokens),
        new("cost_micros", ColumnKind.Number, f => f.CostMicros),
        new("unpriced", ColumnKind.Number, f => f.Unpriced),
    ];

    public static string Names<T>(this IEnumerable<RawColumn<T>> columns) => string.Join(", ", columns.Select(c => c.Name));

    /// <summary>Reads a run whose columns were selected in the order of <see cref="All"/>.</summary>
    public static Run Read(DbDataReader row, Func<DbDataReader, int, Guid> id)
    {
        string? Text(int i) => row.IsDBNull(i) ? null : row.GetString(i);
        long? Number(int i) => row.IsDBNull(i) ? null : row.GetInt64(i);
        DateTimeOffset? At(int i) => row.IsDBNull(i) ? null : Utc.FromMicros(row.GetInt64(i));
        return new Run
        {
            OrganizationId = id(row, 0),
            Id = id(row, 1),
            AgentId = id(row, 2),
            TeamId = id(row, 3),
            ExternalId = Text(4),
            ReceivedAt = Utc.FromMicros(row.GetInt64(5)),
            KeyVersionId = row.IsDBNull(6) ? null : id(row, 6),
            CaptureMode = row.GetString(7),
            Status = KebabCase.Parse<RunStatus>(row.GetString(8)),
            StartedAt = At(9),
            EndedAt = At(10),
            FinishedAt = At(11),
            UpdatedAt = Utc.FromMicros(row.GetInt64(12)),
            DurationMs = Number(13),
            Version = Text(14),
            Gateway = Text(15),
            Model = Text(16),
            InputTokens = Number(17),
            OutputTokens = Number(18),
            CostMicros = Number(19),
            Summary = Text(20),
            Error = Text(21),
            ErrorCode = Text(22),
            ParentRunId = row.IsDBNull(23) ? null : id(row, 23),
            Metadata = Text(24),
            ClockSkewed = row.GetBoolean(25),
            LeaseDeadline = At(26),
            EventCount = (int)row.GetInt64(27),
        };
    }
}
