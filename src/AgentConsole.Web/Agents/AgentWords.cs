using AgentConsole.Core.Agents;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Agents;

/// <summary>Sentences about agents that several pages say.</summary>
internal static class AgentWords
{
    /// <summary>Why an agent counts as live, late or silent: what was heard, and what is allowed.</summary>
    public static string WhyLiveness(Liveness liveness, DateTimeOffset? seen, int lease, int grace, DateTimeOffset now)
    {
        if (seen is not { } at)
            return "Nothing was ever heard of it. It counts as live from its first heartbeat or run.";
        var late = at.AddSeconds(lease);
        var silent = late.AddSeconds(grace);
        var heard = $"Last heard {Words.Ago(at, now)} ago. Lease {lease} s, grace {grace} s";
        return liveness switch
        {
            Liveness.Live => $"{heard}: late at {Words.ClockSeconds(late)} if nothing comes, silent at {Words.ClockSeconds(silent)}.",
            Liveness.Late => $"{heard}: late since {Words.ClockSeconds(late)}, silent at {Words.ClockSeconds(silent)} if nothing comes.",
            Liveness.Silent => $"{heard}: silent since {Words.Exact(silent)}.",
            _ => heard + ".",
        };
    }
}
