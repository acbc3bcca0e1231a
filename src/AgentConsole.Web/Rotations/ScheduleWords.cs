using AgentConsole.Contracts;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>How policies are said.</summary>
internal static class ScheduleWords
{
    public static string Level(string level) =>
        level switch
        {
            "agent" => "One agent",
            "team-environment" => "Team and environment",
            "team" => "Team",
            "environment" => "Environment",
            _ => "Organization",
        };

    /// <summary>What a policy says, in one line; what it leaves out falls through.</summary>
    public static string Says(RotationPolicyBody policy)
    {
        var parts = new List<string>();
        if (policy.CadenceDays is { } cadence)
            parts.Add(cadence == 0 ? "never due" : $"every {Words.Many(cadence, "day")}");
        if (policy.MaxLifetimeDays is { } longest)
            parts.Add($"lives at most {Words.Many(longest, "day")}");
        if (policy.Automatic is { } automatic)
            parts.Add(automatic ? "by itself" : "by hand");
        if (policy.Sink is not null)
            parts.Add(policy.SinkName is null ? "into a sink that is gone" : $"into {policy.SinkName}");
        if (policy.LeadDays is { } lead)
            parts.Add($"begins {Words.Many(lead, "day")} before");
        if (policy.GraceSeconds is { } grace)
            parts.Add($"grace {RotationWords.Grace(grace)}");
        if (policy.AutoExtend is { } extend)
            parts.Add(extend ? "lengthened while used" : "never lengthened");
        return parts.Count == 0 ? "says nothing" : string.Join(" · ", parts);
    }
}
