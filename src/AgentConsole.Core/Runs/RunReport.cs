using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>A report that passed every bound, redacted as its agent's capture mode says; null is "not said".</summary>
public sealed record RunReport
{
    public string? ExternalId { get; init; }
    public RunStatus? Status { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public long? DurationMs { get; init; }
    public string? Version { get; init; }
    public string? Gateway { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? CostMicros { get; init; }
    public string? Summary { get; init; }
    public string? Error { get; init; }
    public string? ErrorCode { get; init; }
    public string? ParentRun { get; init; }
    public string? Metadata { get; init; }
}

/// <summary>Checks reports of runs against the bounds of the vocabulary.</summary>
public static class RunReader
{
    public const long MostTokens = 1_000_000_000_000;
    public const long MostDurationMs = 366L * 86_400_000;
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="creates">A new run may come of it: a status is required.</param>
    public static Outcome<RunReport> Read(ReportRun body, AgentCard agent, DateTimeOffset now, bool creates)
    {
        var errors = new FieldErrors();
        var status = KebabCase.Read<RunStatus>(body.Status, "status", errors);
        if (status == RunStatus.Lost)
            errors.Add("status", "'lost' is given by the console alone.");
        if (creates && body.Status is null)
            errors.Add("status", "This is required.");
        var report = new RunReport
        {
            ExternalId = ReadExternalId(body.ExternalId, "external_id", errors),
            Status = status,
            StartedAt = ReadTime(body.StartedAt, "started_at", now, errors),
            EndedAt = ReadTime(body.EndedAt, "ended_at", now, errors),
            DurationMs = ReadCount(body.DurationMs, "duration_ms", MostDurationMs, errors),
            Version = Texts.Line(body.Version, "version", 100, errors),
            Gateway = Texts.Line(body.Gateway, "gateway", 100, errors),
            Model = Texts.Line(body.Model, "model", 100, errors),
            InputTokens = ReadCount(body.InputTokens, "input_tokens", MostTokens, errors),
            OutputTokens = ReadCount(body.OutputTokens, "output_tokens", MostTokens, errors),
            CostMicros = Money.Read(body.Cost, "cost", errors),
            Summary = Keep(agent, Texts.Block(body.Summary, "summary", 500, errors), 500),
            Error = Keep(agent, Texts.Block(body.Error, "error", 4000, errors), 4000),
            ErrorCode = Texts.Line(body.ErrorCode, "error_code", 100, errors),
            ParentRun = Texts.Line(body.ParentRun, "parent_run", 200, errors),
            Metadata = ReadMetadata(body.Metadata, agent, errors),
        };
        if (report is { StartedAt: { } start, EndedAt: { } end } && end < start && start <= now + Ahead)
            errors.Add("ended_at", "Lies before started_at.");
        if (report.EndedAt is not null && status is { } open && !open.IsTerminal())
            errors.Add("ended_at", $"A run that is {KebabCase.Of(open)} has no end yet.");
        return errors.ToProblem() is { } problem ? problem : report;
    }

    internal static string? ReadExternalId(string? value, string field, FieldErrors errors)
    {
        if (value is null)
            return null;
        var id = Texts.Line(value, field, 200, errors);
        if (id is null && !string.IsNullOrEmpty(value))
            return null;
        if (string.IsNullOrEmpty(id))
            errors.Add(field, "Must not be empty; leave it away instead.");
        else if (id.StartsWith(IdText.Run + "_", StringComparison.Ordinal))
            errors.Add(field, "May not begin with run_, which marks the console's own ids.");
        return id;
    }

    internal static DateTimeOffset? ReadTime(DateTimeOffset? value, string field, DateTimeOffset now, FieldErrors errors)
    {
        if (value is not { } at)
            return null;
        if (at < Earliest)
            errors.Add(field, "Lies before the year 2000.");
        else if (at > now.AddDays(30))
            errors.Add(field, "Lies more than 30 days ahead.");
        else
            return Utc.FromMicros(Utc.ToMicros(at));
        return null;
    }

    internal static long? ReadCount(long? value, string field, long most, FieldErrors errors)
    {
        if (value is not { } number || (number >= 0 && number <= most))
            return value;
        errors.Add(field, $"Must be from 0 to {most}.");
        return null;
    }

    /// <summary>Redacts a text of the run that is kept in every capture mode but <c>none</c>.</summary>
    internal static string? Keep(AgentCard agent, string? text, int most) =>
        text is null || agent.CaptureMode == CaptureMode.None ? null
        : agent.Redactions.Count == 0 ? text
        : Texts.Clip(Redaction.Apply(text, agent.Redactions), most);

    internal static string? ReadMetadata(JsonElement? metadata, AgentCard agent, FieldErrors errors)
    {
        if (metadata is not { } element || element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return null;
        var text = JsonObjects.Read(element, "metadata", 16 * 1024, errors);
        return text is null || agent.CaptureMode == CaptureMode.None ? null : RedactJson(text, agent.Redactions);
    }

    /// <summary>Redacts the text values within JSON, so that what is stored stays JSON.</summary>
    internal static string RedactJson(string json, IReadOnlyList<string> patterns)
    {
        if (patterns.Count == 0)
            return json;
        var node = System.Text.Json.Nodes.JsonNode.Parse(json);
        return Redacted(node, patterns)?.ToJsonString(RelaxedJson) ?? "null";
    }

    private static readonly JsonSerializerOptions RelaxedJson = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static System.Text.Json.Nodes.JsonNode? Redacted(System.Text.Json.Nodes.JsonNode? node, IReadOnlyList<string> patterns)
    {
        switch (node)
        {
            case System.Text.Json.Nodes.JsonObject members:
                var copy = new System.Text.Json.Nodes.JsonObject();
                foreach (var (name, value) in members)
                    copy[Redaction.Apply(name, patterns)] = Redacted(value, patterns);
                return copy;
            case System.Text.Json.Nodes.JsonArray items:
                return new System.Text.Json.Nodes.JsonArray([.. items.Select(item => Redacted(item, patterns))]);
            case System.Text.Json.Nodes.JsonValue value when value.GetValueKind() == JsonValueKind.String:
                return Redaction.Apply(value.GetValue<string>(), patterns);
            default:
                return node?.DeepClone();
        }
    }
}

public static class RunStatusExtensions
{
    public static bool IsTerminal(this RunStatus status) => status is not (RunStatus.Queued or RunStatus.Running or RunStatus.Waiting);

    /// <summary>Ended for good: no report changes it any more.</summary>
    public static bool IsFinal(this RunStatus status) => status.IsTerminal() && status != RunStatus.Lost;

    /// <summary>Ended in a way that counts against the agent.</summary>
    public static bool IsFailure(this RunStatus status) => status is RunStatus.Failed or RunStatus.TimedOut or RunStatus.Lost;
}
