using AgentConsole.Core.Common;
using AgentConsole.Core.Outgoing;

namespace AgentConsole.Core.Gateways;

/// <summary>Refusals of this feature.</summary>
public static class GatewayProblems
{
    public static readonly Problem NotFound = Problem.NotFound("gateway");

    /// <summary>Names are unique in the organization, whoever may see them.</summary>
    public static readonly Problem NameTaken = new(
        ProblemKind.Conflict,
        "name_taken",
        "There is a gateway of this name already in the organization. Choose another name.",
        new Dictionary<string, string[]>(StringComparer.Ordinal) { ["name"] = ["Is taken by another gateway of the organization."] }
    );

    public static readonly Problem NotFor = new(
        ProblemKind.Conflict,
        "gateway_not_for_agent",
        "This gateway belongs to another team than the agent. Link the agent to one of its team, or of the organization."
    );

    public static Problem InUse(int agents) =>
        new(
            ProblemKind.Conflict,
            "gateway_in_use",
            agents == 1
                ? "One agent is linked to this gateway. Unlink it first."
                : $"{agents} agents are linked to this gateway. Unlink them first."
        );

    /// <summary>What a probe met, in a sentence; never what the other side said.</summary>
    internal static string Of(OutgoingAnswer answer) =>
        answer.Fault switch
        {
            null => $"It answers {(int)answer.Status}.",
            OutgoingFault.AddressRefused =>
                $"Its name leads to an address that is not on the public internet. An operator can allow its network with {GatewayOptions.Section}:AllowedAddresses.",
            OutgoingFault.Untrusted => "Its certificate is not trusted by the console's machine, or is for another name.",
            OutgoingFault.TimedOut => "It did not answer within 5 seconds.",
            OutgoingFault.TooLarge => "Its answer was longer than 64 KiB.",
            _ => "It cannot be reached: its name is not known, nobody listens, or the connection broke.",
        };
}
