namespace AgentConsole.Core.Search;

public enum SearchKind
{
    Agent,
    Key,
    Run,
    Step,
    User,
    ServiceAccount,
    Team,
    Token,
    Organization,
    Plan,
    View,
    Price,
    Rerating,

    /// <summary>A policy, or an exemption from one.</summary>
    InactivityPolicy,
    Unclaimed,
    Sink,
    Gateway,
    Rotation,
    RotationPolicy,

    /// <summary>One's own.</summary>
    CalendarLink,

    /// <summary>A bulk rotation, or another act on many keys.</summary>
    KeyBulk,
    Snapshot,
    Freeze,
    Rollout,
    RolloutPlan,
    Purge,
    Session,
    Passkey,

    /// <summary>An account, or a use of one.</summary>
    BreakGlass,

    /// <summary>One record of the trail.</summary>
    TrailRecord,

    /// <summary>All that one request left on the trail; the id is its correlation id.</summary>
    Request,

    /// <summary>All records of something that is gone, or has no page.</summary>
    Records,
}

/// <summary>Something that was found and that the actor may see.</summary>
/// <param name="Id">As it is printed.</param>
/// <param name="Detail">What tells it from its neighbours.</param>
public sealed record SearchHit(SearchKind Kind, string Id, string Title, string Detail)
{
    /// <summary>The agent to which it belongs, as its page is addressed: slug, or id once it is deleted.</summary>
    public string? Agent { get; init; }

    /// <summary>The run of a step.</summary>
    public string? Run { get; init; }

    /// <summary>Slug of a team.</summary>
    public string? Slug { get; init; }

    /// <summary>The list of which it is a view: <c>fleet</c>, <c>runs</c> or <c>keys</c>.</summary>
    public string? Page { get; init; }

    /// <summary>Id of the user whose it is; null for one's own.</summary>
    public string? User { get; init; }

    /// <summary>Of a key, a run or a name that is not registered, as it travels.</summary>
    public string? State { get; init; }

    /// <summary>What an act on many keys does with each, as it travels.</summary>
    public string? Action { get; init; }

    public Guid? TeamId { get; init; }

    /// <summary>The agent is paused.</summary>
    public bool Paused { get; init; }
}

/// <summary>What was found, best first within each kind.</summary>
/// <param name="Secret">The question was a whole secret, or began like one. It was looked up by its hash; keep it nowhere.</param>
public sealed record SearchAnswer(IReadOnlyList<SearchHit> Hits, bool Secret)
{
    public static SearchAnswer Nothing { get; } = new([], false);
}
