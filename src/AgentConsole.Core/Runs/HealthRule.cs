using System.Globalization;
using AgentConsole.Core.Agents;

namespace AgentConsole.Core.Runs;

/// <summary>What the figures of a window say about an agent.</summary>
/// <param name="Fact">Value and limit; null when all is well.</param>
internal readonly record struct HealthVerdict(Health Health, string? Fact)
{
    /// <summary>The sentence that stands beside the word.</summary>
    public string? Since(DateTimeOffset since) =>
        Fact is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Fact}, since {since.UtcDateTime:HH:mm} UTC");
}

/// <summary>Degraded from the limit on, failing from twice the limit on; with too few runs nothing is said.</summary>
internal static class HealthRule
{
    public static HealthVerdict Judge(RunSums sums, RunOptions options)
    {
        var errors =
            sums.Total >= options.HealthMinimum
                ? Judge("Error rate", sums.ErrorRate, options.ErrorRateLimit)
                : new HealthVerdict(Health.Ok, null);
        var blocks =
            sums.Decisions >= options.HealthMinimum
                ? Judge("Block rate", sums.BlockRate, options.BlockRateLimit)
                : new HealthVerdict(Health.Ok, null);
        return blocks.Health > errors.Health ? blocks : errors;
    }

    private static HealthVerdict Judge(string what, double? rate, double limit)
    {
        var percent = (rate ?? 0) * 100;
        if (percent < limit)
            return new HealthVerdict(Health.Ok, null);
        // A limit above 50 % leaves no room for twice as much: then everything is failing.
        var health = percent >= Math.Min(limit * 2, 100) ? Health.Failing : Health.Degraded;
        return new HealthVerdict(
            health,
            string.Create(CultureInfo.InvariantCulture, $"{what} {percent:0.#}\u00A0%, limit {limit:0.#}\u00A0%")
        );
    }
}
