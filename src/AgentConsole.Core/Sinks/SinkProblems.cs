using AgentConsole.Core.Common;
using AgentConsole.Core.Outgoing;

namespace AgentConsole.Core.Sinks;

/// <summary>Refusals of this feature. What a sink's other side said is never repeated: it could hold what was sent to it.</summary>
public static class SinkProblems
{
    public static readonly Problem NotFound = Problem.NotFound("sink");
    public static readonly Problem NameTaken = new(
        ProblemKind.Conflict,
        "name_taken",
        "There is a sink of this name already. Choose another name, or change that one."
    );

    /// <summary>The agent of the key is not one that this sink serves.</summary>
    public static readonly Problem NotFor = new(
        ProblemKind.Conflict,
        "sink_not_for_agent",
        "This sink does not serve the team of this agent. Choose a sink of its team, or one of the organization."
    );
    public static readonly Problem FilesOff = Failed(
        "sink_files_off",
        "File sinks are off: an operator names the folders for them in AgentConsole:Sinks:FileRoots."
    );
    public static readonly Problem FilesNeedLinux = Failed(
        "sink_files_off",
        "File sinks work on Linux only: elsewhere the console cannot be sure that it follows no link."
    );
    public static readonly Problem Unreadable = Failed(
        "sink_credential_unreadable",
        "The sink's credential cannot be opened with the master key of this console. Give it again."
    );
    public static readonly Problem Unverified = Failed(
        "sink_unverified",
        "What was read back is not what was written. Look at who else writes there; the old secret stays valid."
    );

    public static Problem Of(OutgoingFault fault) =>
        fault switch
        {
            OutgoingFault.AddressRefused => Failed(
                "sink_address_refused",
                "The host's name leads to an address that is not on the public internet, or plain HTTP would go to one. An operator can allow its network with AgentConsole:Sinks:AllowedAddresses."
            ),
            OutgoingFault.Untrusted => Failed(
                "sink_untrusted",
                "The other side's certificate is not trusted by this machine, or is for another name."
            ),
            OutgoingFault.TimedOut => Failed("sink_timeout", "The other side did not answer within 10 seconds."),
            OutgoingFault.TooLarge => Failed("sink_answer_odd", "The other side's answer was longer than 64 KiB."),
            _ => Failed(
                "sink_unreachable",
                "The other side cannot be reached: its name is not known, nobody listens, or the connection broke."
            ),
        };

    /// <summary>A delivery that did not come to its end; trying again later may help.</summary>
    internal static Problem Failed(string code, string detail) => Problem.Unavailable(code, detail, retryAfterSeconds: 30);
}
