using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>
/// A decision with everything it was reached by, as canonical JSON (RFC 8785). The same evidence gives the same bytes on every machine,
/// in every culture and for metrics in any order, so that anybody can reach the decision again and compare.
/// </summary>
public static class DecisionRecord
{
    /// <summary>Of the record's shape and of the arithmetic; an older one is replayed as it was written.</summary>
    public const int Format = 1;

    public static byte[] Write(Evidence evidence, Decision decision) =>
        CanonicalJson.Write(
            new JsonObject
            {
                ["format"] = Format,
                ["evidence"] = Of(evidence),
                ["decision"] = Of(decision),
            }
        );

    /// <summary>SHA-256, lowercase hexadecimal.</summary>
    public static string Digest(ReadOnlySpan<byte> record) => Convert.ToHexStringLower(SHA256.HashData(record));

    /// <summary>Whether its evidence gives the same record again, to the last byte. One that cannot be read does not.</summary>
    public static bool Replays(ReadOnlySpan<byte> record)
    {
        try
        {
            var evidence = ReadEvidence(record);
            return Write(evidence, VerdictEngine.Decide(evidence)).AsSpan().SequenceEqual(record);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <exception cref="FormatException">It is no record of this format, or there can be no verdict on what it holds.</exception>
    public static Evidence ReadEvidence(ReadOnlySpan<byte> record)
    {
        try
        {
            var root = JsonNode.Parse(record)!;
            if ((int)root["format"]! != Format)
                throw new FormatException("A record of another format.");
            var evidence = Read(root["evidence"]!);
            return evidence.Fault() is { } fault ? throw new FormatException(fault) : evidence;
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentException or OverflowException)
        {
            throw new FormatException("This is no decision record.", e);
        }
    }

    private static JsonObject Of(Evidence evidence) =>
        new()
        {
            ["budget"] = new JsonObject { ["false_rollback"] = evidence.Budget.FalseRollback, ["false_pass"] = evidence.Budget.FalsePass },
            ["look"] = new JsonObject
            {
                ["step"] = evidence.Look.Step,
                ["steps"] = evidence.Look.Steps,
                ["planned_runs"] = evidence.Look.PlannedRuns,
                ["minimum_runs"] = evidence.Look.MinimumRuns,
                ["runs_before"] = evidence.Look.RunsBefore,
                ["runs_now"] = evidence.Look.RunsNow,
                ["is_last"] = evidence.Look.IsLast,
            },
            ["metrics"] = new JsonArray([.. evidence.Metrics.OrderBy(m => m.Metric.Key, StringComparer.Ordinal).Select(Of)]),
        };

    private static JsonObject Of(Observed observed)
    {
        var metric = observed.Metric;
        return new JsonObject
        {
            ["kind"] = KebabCase.Of(metric.Kind),
            ["field"] = metric.Field,
            ["margin"] = metric.Margin,
            ["relative"] = metric.Relative,
            ["dry_run"] = metric.DryRun,
            ["lower_is_worse"] = metric.LowerIsWorse,
            ["canary"] = metric.CountsRuns ? Of(observed.Canary) : Of(observed.CanarySample),
            ["stable"] = metric.CountsRuns ? Of(observed.Stable) : Of(observed.StableSample),
        };
    }

    private static JsonObject Of(Tally tally) => new() { ["hits"] = tally.Hits, ["runs"] = tally.Runs };

    private static JsonObject Of(Sample sample) =>
        new() { ["runs"] = sample.Runs, ["values"] = new JsonArray([.. sample.Values.Select(v => JsonValue.Create(v))]) };

    private static JsonObject Of(Decision decision) =>
        new()
        {
            ["verdict"] = KebabCase.Of(decision.Verdict),
            ["spent"] = decision.Spent,
            ["fail_z"] = decision.FailZ,
            ["pass_z"] = decision.PassZ,
            ["readings"] = new JsonArray([.. decision.Readings.Select(Of)]),
        };

    private static JsonObject Of(Reading reading) =>
        new()
        {
            ["metric"] = reading.Key,
            ["dry_run"] = reading.DryRun,
            ["verdict"] = KebabCase.Of(reading.Verdict),
            ["measure"] = KebabCase.Of(reading.Measure),
            ["canary_runs"] = reading.CanaryRuns,
            ["stable_runs"] = reading.StableRuns,
            ["canary"] = reading.Canary,
            ["stable"] = reading.Stable,
            ["estimate"] = reading.Estimate,
            ["lower"] = reading.Lower,
            ["upper"] = reading.Upper,
            ["limit"] = reading.Limit,
            ["rank_z"] = reading.RankZ,
        };

    private static Evidence Read(JsonNode evidence)
    {
        var (budget, look) = (evidence["budget"]!, evidence["look"]!);
        return new Evidence(
            new Look(
                (int)look["step"]!,
                (int)look["steps"]!,
                (long)look["planned_runs"]!,
                (long)look["minimum_runs"]!,
                (long)look["runs_before"]!,
                (long)look["runs_now"]!,
                (bool)look["is_last"]!
            ),
            new ErrorBudget((decimal)budget["false_rollback"]!, (decimal)budget["false_pass"]!),
            [.. evidence["metrics"]!.AsArray().Select(m => ReadObserved(m!))]
        );
    }

    private static Observed ReadObserved(JsonNode observed)
    {
        var metric = new Metric(
            KebabCase.Parse<MetricKind>((string)observed["kind"]!),
            (decimal)observed["margin"]!,
            (bool)observed["relative"]!,
            (bool)observed["dry_run"]!,
            (string?)observed["field"],
            (bool)observed["lower_is_worse"]!
        );
        var (canary, stable) = (observed["canary"]!, observed["stable"]!);
        return metric.CountsRuns
            ? Observed.Counts(metric, ReadTally(canary), ReadTally(stable))
            : Observed.Values(metric, ReadSample(canary), ReadSample(stable));
    }

    private static Tally ReadTally(JsonNode tally) => new((long)tally["hits"]!, (long)tally["runs"]!);

    private static Sample ReadSample(JsonNode sample) => new((long)sample["runs"]!, [.. sample["values"]!.AsArray().Select(v => (long)v!)]);
}
