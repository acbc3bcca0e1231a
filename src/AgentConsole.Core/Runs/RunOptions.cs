namespace AgentConsole.Core.Runs;

/// <summary>Section <c>AgentConsole:Runs</c>.</summary>
public sealed class RunOptions
{
    public const string Section = "AgentConsole:Runs";

    /// <summary>Minutes without a report after which an open run is <c>lost</c>; an agent's own lease and grace count where they are longer. 1 to 10080.</summary>
    public int LeaseMinutes { get; set; } = 30;

    /// <summary>Most bytes of reports that wait to be written; more is refused with 429. 1 MiB to 1 GiB.</summary>
    public int QueueBytes { get; set; } = 64 << 20;

    /// <summary>Error rate in percent over the window from which on an agent is degraded; from twice this on it is failing. 1 to 100.</summary>
    public double ErrorRateLimit { get; set; } = 10;

    /// <summary>Share of blocked decisions in percent from which on an agent is degraded; from twice this on it is failing. 1 to 100.</summary>
    public double BlockRateLimit { get; set; } = 20;

    /// <summary>Minutes that the rates look back. 5 to 1440.</summary>
    public int HealthWindowMinutes { get; set; } = 60;

    /// <summary>Fewest ended runs (or decisions) in the window for a judgement; with fewer an agent is ok. 1 to 10000.</summary>
    public int HealthMinimum { get; set; } = 5;

    /// <summary>Seconds after which a request to cancel a run counts as not confirmed. 1 to 3600.</summary>
    public int CancelConfirmSeconds { get; set; } = 30;

    /// <summary>What is out of range, each fault with its key.</summary>
    public IEnumerable<string> Faults()
    {
        if (LeaseMinutes is < 1 or > 10_080)
            yield return $"{Section}:LeaseMinutes: must be from 1 to 10080, not {LeaseMinutes}.";
        if (QueueBytes is < 1 << 20 or > 1 << 30)
            yield return $"{Section}:QueueBytes: must be from {1 << 20} to {1 << 30}, not {QueueBytes}.";
        if (ErrorRateLimit is not (>= 1 and <= 100))
            yield return $"{Section}:ErrorRateLimit: must be from 1 to 100, not {ErrorRateLimit}.";
        if (BlockRateLimit is not (>= 1 and <= 100))
            yield return $"{Section}:BlockRateLimit: must be from 1 to 100, not {BlockRateLimit}.";
        if (HealthWindowMinutes is < 5 or > 1440)
            yield return $"{Section}:HealthWindowMinutes: must be from 5 to 1440, not {HealthWindowMinutes}.";
        if (HealthMinimum is < 1 or > 10_000)
            yield return $"{Section}:HealthMinimum: must be from 1 to 10000, not {HealthMinimum}.";
        if (CancelConfirmSeconds is < 1 or > 3600)
            yield return $"{Section}:CancelConfirmSeconds: must be from 1 to 3600, not {CancelConfirmSeconds}.";
    }
}
