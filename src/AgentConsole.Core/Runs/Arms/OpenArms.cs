using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs.Arms;

/// <summary>The two versions that an open rollout compares.</summary>
/// <param name="Since">Runs that began before it belong to no step.</param>
/// <param name="Fields">Names of numeric members of a run's metadata that it watches.</param>
/// <param name="ForeignGateways">Gateways of environments in which the agent has something else deployed: what comes through them is not compared.</param>
public sealed record OpenArm(
    Guid OrganizationId,
    Guid RolloutId,
    Guid AgentId,
    string Environment,
    string CanaryVersion,
    string StableVersion,
    DateTimeOffset Since,
    IReadOnlyList<string> Fields,
    FrozenSet<string> ForeignGateways
);

/// <summary>Which runs are to be set aside for rollouts, in memory: most agents have none, and nothing need be looked up for them.</summary>
public sealed class OpenArms(IdSource ids)
{
    private readonly ConcurrentDictionary<Guid, ImmutableList<OpenArm>> _byAgent = new();

    /// <summary>Call after the commit.</summary>
    public void Put(OpenArm arm) =>
        _byAgent.AddOrUpdate(arm.AgentId, [arm], (_, known) => known.RemoveAll(a => a.RolloutId == arm.RolloutId).Add(arm));

    /// <summary>The rollout is over. Call after the commit.</summary>
    public void Remove(Guid rolloutId)
    {
        foreach (var (agent, arms) in _byAgent)
        {
            if (!arms.Exists(a => a.RolloutId == rolloutId))
                continue;
            var left = _byAgent.AddOrUpdate(agent, [], (_, known) => known.RemoveAll(a => a.RolloutId == rolloutId));
            if (left.IsEmpty)
                _byAgent.TryRemove(new KeyValuePair<Guid, ImmutableList<OpenArm>>(agent, left));
        }
    }

    /// <summary>Adds what the run adds to open rollouts, or takes back; nothing for most runs.</summary>
    internal void Note(List<ArmEntry> entries, Run run, int sign)
    {
        if (_byAgent.IsEmpty || !run.Status.IsTerminal() || !_byAgent.TryGetValue(run.AgentId, out var arms))
            return;
        // Cancelled and skipped ones say nothing about the version.
        if (run.Status is RunStatus.Cancelled or RunStatus.Skipped || run.Version is not { } version)
            return;
        var started = run.StartedAt ?? run.ReceivedAt;
        foreach (var arm in arms)
        {
            var isCanary = version == arm.CanaryVersion;
            if (
                (!isCanary && version != arm.StableVersion)
                || started < arm.Since
                || (run.Gateway is { } gateway && arm.ForeignGateways.Contains(gateway))
            )
                continue;
            entries.Add(
                new ArmEntry
                {
                    OrganizationId = run.OrganizationId,
                    RolloutId = arm.RolloutId,
                    Id = ids.Next(),
                    RunId = run.Id,
                    IsCanary = isCanary,
                    Sign = sign,
                    StartedAt = started,
                    Failed = run.Status is RunStatus.Failed or RunStatus.TimedOut or RunStatus.Lost,
                    ToolFailed = run.ToolFailures > 0,
                    Blocked = run.Blocked > 0,
                    DurationMs = run.DurationMs,
                    CostMicros = run.CostMicros,
                    Fields = FieldsOf(run.Metadata, arm.Fields),
                }
            );
        }
    }

    private static string? FieldsOf(string? metadata, IReadOnlyList<string> fields)
    {
        if (fields.Count == 0)
            return null;
        var values = new string[fields.Count];
        Array.Fill(values, "");
        if (metadata is not null)
        {
            using var document = JsonDocument.Parse(metadata);
            for (var i = 0; i < values.Length; i++)
            {
                if (
                    document.RootElement.TryGetProperty(fields[i], out var value)
                    && value.ValueKind == JsonValueKind.Number
                    && value.TryGetDecimal(out var number)
                    && Math.Abs(number) <= MostField
                )
                    values[i] = ((long)decimal.Round(number * 1_000_000m)).ToString(CultureInfo.InvariantCulture);
            }
        }
        return string.Join(',', values);
    }

    private const decimal MostField = 1_000_000_000;
}
