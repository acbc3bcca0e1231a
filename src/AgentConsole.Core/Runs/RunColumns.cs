using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>How a column travels to a database.</summary>
public enum ColumnKind
{
    Id,
    Text,
    Number,
    Flag,
}

/// <summary>One column of a table that ingest writes with its own statements; its value is read as what it is, so that nothing is boxed on the way.</summary>
public sealed class RawColumn<T>
{
    public RawColumn(string name, Func<T, Guid?> id) => (Name, Kind, Id) = (name, ColumnKind.Id, id);

    public RawColumn(string name, Func<T, string?> text) => (Name, Kind, Text) = (name, ColumnKind.Text, text);

    public RawColumn(string name, Func<T, long?> number) => (Name, Kind, Number) = (name, ColumnKind.Number, number);

    public RawColumn(string name, Func<T, bool> flag) => (Name, Kind, Flag) = (name, ColumnKind.Flag, flag);

    public string Name { get; }
    public ColumnKind Kind { get; }

    /// <summary>Reads the value; only the one of the column's kind may be called.</summary>
    public Func<T, Guid?> Id { get; } = _ => throw new InvalidOperationException("Not an id.");

    /// <inheritdoc cref="Id"/>
    public Func<T, string?> Text { get; } = _ => throw new InvalidOperationException("Not a text.");

    /// <inheritdoc cref="Id"/>
    public Func<T, long?> Number { get; } = _ => throw new InvalidOperationException("Not a number.");

    /// <inheritdoc cref="Id"/>
    public Func<T, bool> Flag { get; } = _ => throw new InvalidOperationException("Not a flag.");

    /// <summary>Guid, string, long or bool; null for NULL.</summary>
    public object? Value(T row) =>
        Kind switch
        {
            ColumnKind.Id => Id(row),
            ColumnKind.Text => Text(row),
            ColumnKind.Number => Number(row),
            _ => Flag(row),
        };
}

/// <summary>A row that was selected; null where the column is NULL.</summary>
public interface IRawRow
{
    Guid? Id(int column);
    string? Text(int column);
    long? Number(int column);
    bool Flag(int column);
}

/// <summary>The columns of runs and steps for raw statements; a test holds them equal to the model.</summary>
public static class RunColumns
{
    private static long? Micros(DateTimeOffset? at) => at is { } value ? Utc.ToMicros(value) : null;

    /// <summary>Key and what never changes after the insert come first; <see cref="Mutable"/> is the rest.</summary>
    public static readonly IReadOnlyList<RawColumn<Run>> All =
    [
        new("organization_id", r => r.OrganizationId),
        new("id", r => r.Id),
        new("agent_id", r => r.AgentId),
        new("team_id", r => r.TeamId),
        new("external_id", r => r.ExternalId),
        new("received_at", r => Utc.ToMicros(r.ReceivedAt)),
        new("key_version_id", r => r.KeyVersionId),
        new("capture_mode", r => r.CaptureMode),
        new("status", r => KebabCase.Of(r.Status)),
        new("started_at", r => Micros(r.StartedAt)),
        new("ended_at", r => Micros(r.EndedAt)),
        new("finished_at", r => Micros(r.FinishedAt)),
        new("updated_at", r => Utc.ToMicros(r.UpdatedAt)),
        new("duration_ms", r => r.DurationMs),
        new("version", r => r.Version),
        new("gateway", r => r.Gateway),
        new("model", r => r.Model),
        new("input_tokens", r => r.InputTokens),
        new("output_tokens", r => r.OutputTokens),
        new("cost_micros", r => r.CostMicros),
        new("summary", r => r.Summary),
        new("error", r => r.Error),
        new("error_code", r => r.ErrorCode),
        new("parent_run_id", r => r.ParentRunId),
        new("metadata", r => r.Metadata),
        new("clock_skewed", r => r.ClockSkewed),
        new("lease_deadline", r => Micros(r.LeaseDeadline)),
        new("event_count", r => r.EventCount),
        new("cost_source", r => r.CostSource is { } source ? KebabCase.Of(source) : null),
        new("overruled_micros", r => r.OverruledMicros),
        new("tool_failures", r => r.ToolFailures),
        new("blocked", r => r.Blocked),
    ];

    public static readonly IReadOnlyList<RawColumn<Run>> Mutable = [.. All.Skip(8)];

    public static readonly IReadOnlyList<RawColumn<RunEvent>> Events =
    [
        new("organization_id", e => e.OrganizationId),
        new("run_id", e => e.RunId),
        new("id", e => e.Id),
        new("agent_id", e => e.AgentId),
        new("team_id", e => e.TeamId),
        new("kind", e => KebabCase.Of(e.Kind)),
        new("external_id", e => e.ExternalId),
        new("parent", e => e.Parent),
        new("name", e => e.Name),
        new("at", e => Utc.ToMicros(e.At)),
        new("received_at", e => Utc.ToMicros(e.ReceivedAt)),
        new("duration_ms", e => e.DurationMs),
        new("decision", e => e.Decision is { } decision ? KebabCase.Of(decision) : null),
        new("status", e => e.Status),
        new("role", e => e.Role),
        new("model", e => e.Model),
        new("input_tokens", e => e.InputTokens),
        new("output_tokens", e => e.OutputTokens),
        new("cost_micros", e => e.CostMicros),
        new("error", e => e.Error),
        new("payload", e => e.Payload),
    ];

    /// <summary>Additive counters of a rollup row.</summary>
    public static readonly IReadOnlyList<RawColumn<RollupFigures>> Figures =
    [
        new("completed", f => f.Completed),
        new("failed", f => f.Failed),
        new("cancelled", f => f.Cancelled),
        new("timed_out", f => f.TimedOut),
        new("skipped", f => f.Skipped),
        new("lost", f => f.Lost),
        new("allowed", f => f.Allowed),
        new("blocked", f => f.Blocked),
        new("redacted", f => f.Redacted),
        new("escalated", f => f.Escalated),
        new("input_tokens", f => f.InputTokens),
        new("output_tokens", f => f.OutputTokens),
        new("cost_micros", f => f.CostMicros),
        new("unpriced", f => f.Unpriced),
        new("unpriced_input_tokens", f => f.UnpricedInputTokens),
        new("unpriced_output_tokens", f => f.UnpricedOutputTokens),
    ];

    public static string Names<T>(this IEnumerable<RawColumn<T>> columns) => string.Join(", ", columns.Select(c => c.Name));

    /// <summary>Reads a run whose columns were selected in the order of <see cref="All"/>.</summary>
    public static Run Read(IRawRow row)
    {
        DateTimeOffset? At(int i) => row.Number(i) is { } micros ? Utc.FromMicros(micros) : null;
        return new Run
        {
            OrganizationId = row.Id(0)!.Value,
            Id = row.Id(1)!.Value,
            AgentId = row.Id(2)!.Value,
            TeamId = row.Id(3)!.Value,
            ExternalId = row.Text(4),
            ReceivedAt = At(5)!.Value,
            KeyVersionId = row.Id(6),
            CaptureMode = row.Text(7)!,
            Status = KebabCase.Parse<RunStatus>(row.Text(8)!),
            StartedAt = At(9),
            EndedAt = At(10),
            FinishedAt = At(11),
            UpdatedAt = At(12)!.Value,
            DurationMs = row.Number(13),
            Version = row.Text(14),
            Gateway = row.Text(15),
            Model = row.Text(16),
            InputTokens = row.Number(17),
            OutputTokens = row.Number(18),
            CostMicros = row.Number(19),
            Summary = row.Text(20),
            Error = row.Text(21),
            ErrorCode = row.Text(22),
            ParentRunId = row.Id(23),
            Metadata = row.Text(24),
            ClockSkewed = row.Flag(25),
            LeaseDeadline = At(26),
            EventCount = (int)row.Number(27)!.Value,
            CostSource = row.Text(28) is { } source ? KebabCase.Parse<CostSource>(source) : null,
            OverruledMicros = row.Number(29),
            ToolFailures = row.Number(30)!.Value,
            Blocked = row.Number(31)!.Value,
        };
    }
}
