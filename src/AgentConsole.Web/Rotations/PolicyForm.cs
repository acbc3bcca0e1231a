using System.Globalization;
using AgentConsole.Contracts;

namespace AgentConsole.Web.Rotations;

/// <summary>What stands in the fields of one rotation policy; empty falls through.</summary>
internal sealed class PolicyForm
{
    private static readonly string[] Usual = ["", "3600", "86400", "604800", "2592000"];

    public string Team { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Agent { get; set; } = "";
    public int? CadenceDays { get; set; }
    public int? MaxLifetimeDays { get; set; }
    public string Automatic { get; set; } = "";
    public string Sink { get; set; } = "";
    public int? LeadDays { get; set; }
    public string GraceSeconds { get; set; } = "";
    public string AutoExtend { get; set; } = "";

    /// <summary>A grace that was set with the API and is none of those to choose from.</summary>
    public bool HasOtherGrace => !Usual.Contains(GraceSeconds);

    public static PolicyForm Of(RotationPolicyBody policy) =>
        new()
        {
            Team = policy.Team ?? "",
            Environment = policy.Environment ?? "",
            Agent = policy.Agent ?? "",
            CadenceDays = policy.CadenceDays,
            MaxLifetimeDays = policy.MaxLifetimeDays,
            Automatic = Text(policy.Automatic),
            Sink = policy.SinkName is null ? "" : policy.Sink ?? "",
            LeadDays = policy.LeadDays,
            GraceSeconds = policy.GraceSeconds?.ToString(CultureInfo.InvariantCulture) ?? "",
            AutoExtend = Text(policy.AutoExtend),
        };

    public SetRotationPolicy ToBody() =>
        new()
        {
            Team = Agent.Length > 0 || Team.Length == 0 ? null : Team,
            Environment = Agent.Length > 0 || Environment.Length == 0 ? null : Environment,
            Agent = Agent.Length == 0 ? null : Agent,
            CadenceDays = CadenceDays,
            MaxLifetimeDays = MaxLifetimeDays,
            Automatic = Flag(Automatic),
            Sink = Sink.Length == 0 ? null : Sink,
            LeadDays = LeadDays,
            GraceSeconds = int.TryParse(GraceSeconds, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null,
            AutoExtend = Flag(AutoExtend),
        };

    private static bool? Flag(string text) => text.Length == 0 ? null : text == "true";

    private static string Text(bool? flag) =>
        flag switch
        {
            null => "",
            true => "true",
            false => "false",
        };
}
