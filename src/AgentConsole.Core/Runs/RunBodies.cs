using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Runs;

/// <summary>Runs and events as the API and the pages show them.</summary>
public sealed class RunBodies(AgentDirectory agents, AccessDirectory access, OpenCancels cancels)
{
    public RunBody Of(Run run) =>
        new()
        {
            Id = IdText.Format(IdText.Run, run.Id),
            ExternalId = run.ExternalId,
            Agent = agents.Find(run.AgentId)?.Slug ?? "",
            AgentId = IdText.Format(IdText.Agent, run.AgentId),
            Team = access.Current.Teams.GetValueOrDefault(run.TeamId)?.Slug ?? "",
            Status = KebabCase.Of(run.Status),
            StartedAt = run.StartedAt,
            EndedAt = run.EndedAt,
            ReceivedAt = run.ReceivedAt,
            DurationMs = run.DurationMs,
            Version = run.Version,
            Gateway = run.Gateway,
            Model = run.Model,
            InputTokens = run.InputTokens,
            OutputTokens = run.OutputTokens,
            Cost = Money.Format(run.CostMicros),
            CostSource = run.CostSource is { } source ? KebabCase.Of(source) : null,
            Summary = run.Summary,
            Error = run.Error,
            ErrorCode = run.ErrorCode,
            ParentRun = IdText.Format(IdText.Run, run.ParentRunId),
            KeyVersion = IdText.Format(IdText.KeyVersion, run.KeyVersionId),
            CaptureMode = run.CaptureMode,
            ClockSkewed = run.ClockSkewed,
            EventCount = run.EventCount,
            Metadata = run.Metadata is { } json ? JsonElement.Parse(json) : null,
            Cancel = run.Status.IsFinal() ? null : cancels.NoticeOf(run.Id),
        };

    public static EventBody Of(RunEvent step)
    {
        var payload = step.Payload is { } json ? JsonElement.Parse(json) : default;
        JsonElement? Member(string name) =>
            payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty(name, out var value) ? value : null;
        return new EventBody
        {
            Id = IdText.Format(IdText.Event, step.Id),
            Run = IdText.Format(IdText.Run, step.RunId),
            ExternalId = step.ExternalId,
            Parent = step.Parent,
            Kind = KebabCase.Of(step.Kind),
            Name = step.Name,
            At = step.At,
            DurationMs = step.DurationMs,
            Decision = step.Decision is { } decision ? KebabCase.Of(decision) : null,
            Status = step.Status,
            Role = step.Role,
            Content = Member("content"),
            Arguments = Member("arguments"),
            Result = Member("result"),
            Error = step.Error,
            Model = step.Model,
            InputTokens = step.InputTokens,
            OutputTokens = step.OutputTokens,
            Cost = Money.Format(step.CostMicros),
            Metadata = Member("metadata"),
        };
    }
}
