using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Drift;

/// <summary>Section <c>AgentConsole:Drift</c>.</summary>
public sealed class DriftOptions
{
    public const string Section = "AgentConsole:Drift";

    /// <summary>
    /// Seconds after a deployment in which instances may still report what it replaced, and for which a version may be reported before it is declared.
    /// What was rolled back has none. 0 to 86400.
    /// </summary>
    public int GraceSeconds { get; set; } = 120;

    internal TimeSpan Grace => TimeSpan.FromSeconds(GraceSeconds);
}

internal sealed class DriftOptionsCheck : IValidateOptions<DriftOptions>
{
    public ValidateOptionsResult Validate(string? name, DriftOptions options) =>
        options.GraceSeconds is >= 0 and <= 86_400
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{DriftOptions.Section}:GraceSeconds: must be from 0 to 86400, not {options.GraceSeconds}.");
}
