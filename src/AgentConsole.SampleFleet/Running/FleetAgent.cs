using AgentConsole.Contracts;

namespace AgentConsole.SampleFleet.Running;

/// <summary>How an agent comes by the next version of its key.</summary>
public enum KeyCare
{
    /// <summary>It keeps the one it has until a person changes it.</summary>
    Kept,

    /// <summary>The console's secret sink puts it into a file.</summary>
    File,

    /// <summary>It asks for it with the one it has.</summary>
    Self,
}

/// <summary>What the console is told about an agent, and how often it works.</summary>
public sealed record Passport
{
    public required string Slug { get; init; }
    public required string DisplayName { get; init; }
    public required string Description { get; init; }

    /// <summary>Slug of one of the demo's teams.</summary>
    public required string Team { get; init; }
    public required string Environment { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>From the end of a run to the next; spread by a sixth so that the fleet does not work in step.</summary>
    public required TimeSpan Cadence { get; init; }

    /// <summary>A run that takes longer is ended and reported as timed out.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(45);

    public KeyCare KeyCare { get; init; }

    /// <summary>What the console keeps of its steps: <c>none</c>, <c>metadata</c> or <c>full</c>.</summary>
    public string CaptureMode { get; init; } = "metadata";
    public IReadOnlyList<string> Redactions { get; init; } = [];
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();
}

/// <summary>A small agent: one job, done again and again on what it finds on this machine.</summary>
public abstract class FleetAgent
{
    public abstract Passport Passport { get; }

    /// <summary>Versions that it can work as, besides the usual one.</summary>
    public virtual IReadOnlyList<string> OtherVersions => [];

    /// <summary>Does the job once. An exception is a failure of the run, not of the fleet.</summary>
    public abstract Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken);
}

/// <summary>How a run ended, in the words of the API.</summary>
/// <param name="ErrorCode">Short machine word, searchable exactly.</param>
public sealed record Finding(string Status, string Summary, string? ErrorCode = null, string? Error = null)
{
    /// <summary>Figures of the run, as a JSON object.</summary>
    public object? Figures { get; init; }

    public static Finding Completed(string summary) => new("completed", summary);

    public static Finding Skipped(string why) => new("skipped", why);

    public static Finding Failed(string code, string error, string summary) => new("failed", summary, code, error);

    public static Finding TimedOut(string code, string error, string summary) => new("timed-out", summary, code, error);

    public static Finding Cancelled(string why) => new("cancelled", why);
}

/// <summary>Takes the steps of a run to the console.</summary>
public interface IStepSink
{
    Task SendAsync(IReadOnlyList<ReportEvent> steps, CancellationToken cancellationToken);
}
