using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Rotations;

/// <summary>Which rotations: the query of the list.</summary>
public sealed record RotationFilter
{
    /// <summary>Agent slug or id.</summary>
    public string? Agent { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }

    /// <summary>Key id.</summary>
    public string? Key { get; init; }
    public RotationState? State { get; init; }
    public RotationTrigger? Trigger { get; init; }

    /// <summary>Only open ones, or only closed ones.</summary>
    public bool? Open { get; init; }

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    public static RotationFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        return new RotationFilter
        {
            Agent = Text("agent", 100),
            Team = Text("team", 100),
            Key = Text("key", 100),
            State = KebabCase.Read<RotationState>(Text("state", 20), "state", errors),
            Trigger = KebabCase.Read<RotationTrigger>(Text("trigger", 20), "trigger", errors),
            Open = ReadFlag(Text("open", 10), errors),
        };
    }

    private static bool? ReadFlag(string? text, FieldErrors errors)
    {
        if (text is not (null or "true" or "false"))
            errors.Add("open", "Must be true or false.");
        return text is null ? null : text == "true";
    }

    internal IQueryable<Rotation> Apply(IQueryable<Rotation> rotations, AccessSnapshot access, AgentDirectory directory, Guid organization)
    {
        if (State is { } state)
            rotations = rotations.Where(r => r.State == state);
        if (Trigger is { } trigger)
            rotations = rotations.Where(r => r.Trigger == trigger);
        if (Open is { } open)
            rotations = open ? rotations.Where(r => r.ClosedAt == null) : rotations.Where(r => r.ClosedAt != null);
        if (Key is not null)
        {
            var key = IdText.TryParse(IdText.Key, Key, out var id) ? id : Guid.Empty;
            rotations = rotations.Where(r => r.KeyId == key);
        }
        if (Agent is not null)
        {
            var agent = IdText.TryParse(IdText.Agent, Agent, out var id) ? id : directory.FindBySlug(organization, Agent)?.Id ?? Guid.Empty;
            rotations = rotations.Where(r => r.AgentId == agent);
        }
        if (Team is not null)
        {
            var team = access.FindTeam(organization, Team)?.Id ?? Guid.Empty;
            rotations = rotations.Where(r => r.TeamId == team);
        }
        return rotations;
    }
}
