using AgentConsole.Core.Outgoing;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Sinks;

/// <summary>Section <c>AgentConsole:Sinks</c>: what the operator of the machine lets the users of the console reach with secrets.</summary>
public sealed class SinkOptions
{
    public const string Section = "AgentConsole:Sinks";

    /// <summary>Folders below which files may be written, as absolute paths without links; none turns file sinks off.</summary>
    public string[] FileRoots { get; set; } = [];

    /// <summary>Networks beyond the public internet that sinks may call, as <c>10.20.0.0/16</c>; also the only ones for plain HTTP.</summary>
    public string[] AllowedAddresses { get; set; } = [];

    internal AddressRules Rules => AddressRules.Read(AllowedAddresses).Rules!;
}

internal sealed class SinkOptionsCheck : IValidateOptions<SinkOptions>
{
    public ValidateOptionsResult Validate(string? name, SinkOptions options)
    {
        var faults = new List<string>();
        if (AddressRules.Read(options.AllowedAddresses).Fault is { } fault)
            faults.Add($"{SinkOptions.Section}:AllowedAddresses: {fault}");
        foreach (var root in options.FileRoots)
        {
            if (
                !Path.IsPathFullyQualified(root)
                || Path.GetFullPath(root) != root
                || root.Length < 2
                || Path.EndsInDirectorySeparator(root)
            )
                faults.Add(
                    $"{SinkOptions.Section}:FileRoots: must be absolute paths without . or .. or a slash at the end, such as /run/agent-keys; one is '{root}'."
                );
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
