namespace AgentConsole.Core.Live;

/// <summary>
/// A row that every node holds in memory. Whoever saves a change of it, the other nodes of a shared store read it again: the save itself sees to that,
/// so that no service can forget it.
/// </summary>
public interface IHeldInMemory
{
    /// <summary>Noun of <see cref="HeldNouns"/>, and which row.</summary>
    HeldRow Held { get; }
}

public readonly record struct HeldRow(string Noun, Guid OrganizationId, Guid Id);

/// <summary>News for what nodes hold in memory; listeners do not hear of them.</summary>
public static class HeldNouns
{
    /// <summary>People, teams, tokens.</summary>
    public const string Access = "access";
    public const string Session = "session";
    public const string AgentCard = "agent-card";
    public const string KeyCard = "key-card";
    public const string Price = "price";

    // Not the noun of the live event, which pages are to hear.
    public const string RotationPolicy = "rotation-policy-card";

    // Not the noun of the live event, which pages are to hear.
    public const string Rollout = "rollout-card";

    /// <summary>A request to cancel a run.</summary>
    public const string RunCancel = "run-cancel";
    public const string Sighting = "sighting";

    /// <summary>What routes are made of: snapshots, gateways, links.</summary>
    public const string Route = "route-card";

    public static readonly IReadOnlyCollection<string> All =
    [
        Access,
        Session,
        AgentCard,
        KeyCard,
        Price,
        RotationPolicy,
        Rollout,
        RunCancel,
        Sighting,
        Route,
    ];
}

/// <summary>Something in memory that must follow what other nodes commit.</summary>
public interface IRefreshOnNews
{
    bool Concerns(string noun);

    /// <summary>Reads again what the news are about; the news are several commits' at once, the state read is the newest.</summary>
    Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken);
}

/// <summary>Something in memory that must follow the commits of this very node, in the same step.</summary>
public interface IFollowCommits
{
    /// <summary>After the commit and before the gate opens. Must return at once, and not fail.</summary>
    void Committed(IReadOnlyCollection<HeldRow> rows);
}
