using AgentConsole.Core.Data;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>Whose keys a policy is for, most specific first; the order in which its fields are looked for.</summary>
public enum PolicyLevel
{
    Agent,
    TeamEnvironment,
    Team,
    Environment,
    Organization,

    /// <summary>No policy says it.</summary>
    Default,
}

/// <summary>
/// How often keys get a new version, how long a version may live, and whether that happens by itself. A field that is null falls through to the next
/// level; the longest lifetime is a ceiling that no level below can lift.
/// </summary>
public sealed class RotationPolicy : IRevised, IHeldInMemory
{
    public const int MostDays = 3650;

    /// <summary>Days before the due date at which an automatic rotation begins where no policy says.</summary>
    public const int UsualLeadDays = 7;

    HeldRow IHeldInMemory.Held => new(HeldNouns.RotationPolicy, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid? TeamId { get; init; }
    public string? Environment { get; init; }

    /// <summary>A policy of one agent names neither team nor environment: it goes with the agent.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Team, environment and agent in one text, so that no two policies are for the same.</summary>
    public required string Scope { get; init; }

    /// <summary>Days after which a version is due for replacement; 0 for never, whatever the levels above say.</summary>
    public int? CadenceDays { get; set; }

    /// <summary>Most days from a version's making to its expiry. A ceiling: of all levels that say one, the shortest holds.</summary>
    public int? MaxLifetimeDays { get; set; }

    /// <summary>Where automatic rotations put the new secret.</summary>
    public Guid? SinkId { get; set; }
    public bool? Automatic { get; set; }

    /// <summary>Days before the due date at which an automatic rotation begins.</summary>
    public int? LeadDays { get; set; }
    public int? GraceSeconds { get; set; }
    public bool? AutoExtend { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }
    public long Revision { get; set; } = 1;

    public PolicyLevel Level =>
        AgentId is not null ? PolicyLevel.Agent
        : TeamId is null
            ? Environment is null ? PolicyLevel.Organization
                : PolicyLevel.Environment
        : Environment is null ? PolicyLevel.Team
        : PolicyLevel.TeamEnvironment;

    public static string ScopeOf(Guid? teamId, string? environment, Guid? agentId) =>
        agentId is { } agent ? $"agent {agent:n}" : $"{teamId:n} {environment}";
}

/// <summary>A sweep over an organization's keys after a policy changed; it goes on where a killed one stopped.</summary>
public sealed class SchedulePass
{
    public Guid OrganizationId { get; init; }

    /// <summary>The last key that was looked at; empty at the start.</summary>
    public Guid After { get; set; }

    /// <summary>Another sweep follows, for what another node wrote while it did not know of the change yet.</summary>
    public bool Again { get; set; }
    public DateTimeOffset NotBefore { get; set; }
}

/// <summary>A field and the level that says it.</summary>
public readonly record struct Ruled<T>(T Value, PolicyLevel From);

/// <summary>What holds for one agent's keys, field by field.</summary>
/// <param name="CadenceDays">Null for none.</param>
/// <param name="MaxLifetimeDays">Null for no limit.</param>
public sealed record EffectivePolicy(
    Ruled<int?> CadenceDays,
    Ruled<int?> MaxLifetimeDays,
    Ruled<Guid?> SinkId,
    Ruled<bool> Automatic,
    Ruled<int> LeadDays,
    Ruled<int> GraceSeconds,
    Ruled<bool> AutoExtend
);

/// <summary>An organization's policies at one moment.</summary>
public sealed class RotationPolicies
{
    public static readonly RotationPolicies None = new([]);
    private readonly Dictionary<string, RotationPolicy> _byScope;

    public RotationPolicies(IEnumerable<RotationPolicy> policies)
    {
        _byScope = policies.ToDictionary(p => p.Scope, StringComparer.Ordinal);
    }

    public EffectivePolicy For(Guid agentId, Guid teamId, string? environment)
    {
        // Most agents of most organizations have none: nothing is put together for them.
        var levels = new List<RotationPolicy>(5);
        void Add(string scope)
        {
            if (_byScope.TryGetValue(scope, out var policy))
                levels.Add(policy);
        }
        if (_byScope.Count > 0)
        {
            Add(RotationPolicy.ScopeOf(null, null, agentId));
            if (environment is not null)
                Add(RotationPolicy.ScopeOf(teamId, environment, null));
            Add(RotationPolicy.ScopeOf(teamId, null, null));
            if (environment is not null)
                Add(RotationPolicy.ScopeOf(null, environment, null));
            Add(RotationPolicy.ScopeOf(null, null, null));
        }
        var cadence = First(levels, p => p.CadenceDays);
        // Nobody stands by when a key is rotated by itself: a caller that is late is not cut off where no policy says so.
        var extend = First(levels, p => p.AutoExtend);
        var automatic = First(levels, p => p.Automatic);
        var lead = First(levels, p => p.LeadDays);
        var grace = First(levels, p => p.GraceSeconds);
        return new EffectivePolicy(
            cadence.Value == 0 ? cadence with { Value = null } : cadence,
            Least(levels, p => p.MaxLifetimeDays),
            First(levels, p => p.SinkId),
            new(automatic.Value ?? false, automatic.From),
            new(lead.Value ?? RotationPolicy.UsualLeadDays, lead.From),
            new(grace.Value ?? (int)Rotation.UsualGrace.TotalSeconds, grace.From),
            new(extend.Value ?? true, extend.From)
        );
    }

    private static Ruled<T?> First<T>(List<RotationPolicy> levels, Func<RotationPolicy, T?> field)
        where T : struct
    {
        foreach (var policy in levels)
        {
            if (field(policy) is { } value)
                return new Ruled<T?>(value, policy.Level);
        }
        return new Ruled<T?>(null, PolicyLevel.Default);
    }

    // Of two that say the same, the wider one is named: it would hold without the other.
    private static Ruled<int?> Least(List<RotationPolicy> levels, Func<RotationPolicy, int?> field)
    {
        var least = new Ruled<int?>(null, PolicyLevel.Default);
        foreach (var policy in levels)
        {
            if (field(policy) is { } value && !(least.Value < value))
                least = new Ruled<int?>(value, policy.Level);
        }
        return least;
    }
}
