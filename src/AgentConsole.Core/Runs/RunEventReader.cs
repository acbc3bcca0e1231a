using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>Checks reported steps, and applies capture mode and redaction before anything is handed to the writer.</summary>
public static class RunEventReader
{
    public const int MostAtOnce = 500;
    public const int PayloadBytes = 64 * 1024;
    private static readonly string[] Statuses = ["ok", "error"];
    private static readonly string[] Roles = ["system", "user", "assistant", "tool", "debug", "info", "warn", "error"];

    /// <summary>The steps without their run; errors name the element, as <c>[3].kind</c>.</summary>
    public static Outcome<IReadOnlyList<RunEvent>> Read(
        IReadOnlyList<ReportEvent> bodies,
        AgentCard agent,
        DateTimeOffset now,
        Func<Guid> newId
    )
    {
        if (bodies.Count is 0 or > MostAtOnce)
            return Problem.Invalid("body", $"Send 1 to {MostAtOnce} events at a time; this has {bodies.Count}.");
        var errors = new FieldErrors();
        var events = new List<RunEvent>(bodies.Count);
        for (var i = 0; i < bodies.Count; i++)
        {
            if (bodies[i] is { } body)
                events.Add(Read(body, bodies.Count == 1 ? "" : $"[{i}].", agent, now, newId, errors));
            else
                errors.Add($"[{i}]", "Must be an object.");
        }
        return errors.ToProblem() is { } problem ? problem : events;
    }

    private static RunEvent Read(ReportEvent body, string at, AgentCard agent, DateTimeOffset now, Func<Guid> newId, FieldErrors errors)
    {
        var kind = KebabCase.Read<RunEventKind>(body.Kind, at + "kind", errors);
        if (body.Kind is null)
            errors.Add(at + "kind", "This is required.");
        var decision = KebabCase.Read<Decision>(body.Decision, at + "decision", errors);
        if (kind == RunEventKind.Decision && body.Decision is null)
            errors.Add(at + "decision", "A decision event says what was decided.");
        else if (kind is { } other && other != RunEventKind.Decision && decision is not null)
            errors.Add(at + "decision", "Belongs to events of kind decision only.");
        var happened = RunReader.ReadTime(body.At, at + "at", now, errors);
        return new RunEvent
        {
            Id = newId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            TeamId = agent.TeamId,
            Kind = kind ?? default,
            ExternalId = RunReader.ReadExternalId(body.ExternalId, at + "external_id", errors),
            Parent = Texts.Line(body.Parent, at + "parent", 200, errors),
            Name = Texts.Line(body.Name, at + "name", 200, errors),
            At = happened is { } time && time <= now + RunReader.Ahead ? time : now,
            ReceivedAt = now,
            DurationMs = RunReader.ReadCount(body.DurationMs, at + "duration_ms", RunReader.MostDurationMs, errors),
            Decision = decision,
            Status = OneOf(body.Status, Statuses, at + "status", errors),
            Role = OneOf(body.Role, Roles, at + "role", errors),
            Model = Texts.Line(body.Model, at + "model", 100, errors),
            InputTokens = RunReader.ReadCount(body.InputTokens, at + "input_tokens", RunReader.MostTokens, errors),
            OutputTokens = RunReader.ReadCount(body.OutputTokens, at + "output_tokens", RunReader.MostTokens, errors),
            CostMicros = Money.Read(body.Cost, at + "cost", errors),
            Error = RunReader.Keep(agent, Texts.Block(body.Error, at + "error", 4000, errors), 4000),
            Payload = ReadPayload(body, at, agent, errors),
        };
    }

    private static string? ReadPayload(ReportEvent body, string at, AgentCard agent, FieldErrors errors)
    {
        var payload = new JsonObject();
        var size = 0;
        void Take(string name, JsonElement? value, bool keep)
        {
            if (value is not { } element || element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
                return;
            // Checked whether it is kept or not: an agent's mode must not change what is valid.
            var text = JsonObjects.Read(JsonElement.Parse($"{{\"v\":{element.GetRawText()}}}"), at + name, PayloadBytes, errors);
            if (text is null)
                return;
            size += text.Length;
            if (keep)
                payload[name] = JsonNode.Parse(RunReader.RedactJson(text, agent.Redactions))!["v"]?.DeepClone();
        }
        var full = agent.CaptureMode == CaptureMode.Full;
        Take("content", body.Content, full);
        Take("arguments", body.Arguments, full);
        Take("result", body.Result, full);
        Take("metadata", body.Metadata, agent.CaptureMode != CaptureMode.None);
        if (body.Metadata is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined) })
            errors.Add(at + "metadata", "Must be a JSON object.");
        if (size > PayloadBytes)
            errors.Add(at + "content", $"Content, arguments, result and metadata together have at most {PayloadBytes} bytes.");
        return payload.Count == 0 ? null : payload.ToJsonString();
    }

    private static string? OneOf(string? value, string[] allowed, string field, FieldErrors errors)
    {
        if (value is null || allowed.Contains(value))
            return value;
        errors.Add(field, $"Must be one of {string.Join(", ", allowed)}.");
        return null;
    }
}
