using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

public enum AgentOrder
{
    /// <summary>What needs attention first.</summary>
    Attention,
    Slug,

    /// <summary>Most recently heard of first.</summary>
    LastSeen,

    /// <summary>Newest first.</summary>
    Created,
}

/// <summary>Which agents, and in which order: the address of the fleet page and the query of the API's list.</summary>
public sealed record AgentFilter
{
    /// <summary>Part of slug or display name.</summary>
    public string? Text { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }

    /// <summary>E-mail address or user id; <c>none</c> for ownerless agents.</summary>
    public string? Owner { get; init; }
    public Lifecycle? Lifecycle { get; init; }
    public Liveness? Liveness { get; init; }
    public Health? Health { get; init; }
    public string? Environment { get; init; }
    public string? Tag { get; init; }

    /// <summary>Only deleted ones instead of only others.</summary>
    public bool Deleted { get; init; }
    public AgentOrder Order { get; init; }

    /// <summary>The value of <see cref="Owner"/> for agents without an owner, or whose owner was disabled.</summary>
    public const string Ownerless = "none";

    public bool IsEmpty => this with { Order = default } == new AgentFilter();

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null.</param>
    public static AgentFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        return new AgentFilter
        {
            Text = Text("q", 100),
            Team = Text("team", 100),
            Owner = Flag(value, "ownerless", errors) ? Ownerless : Text("owner", 256),
            Lifecycle = KebabCase.Read<Lifecycle>(Text("lifecycle", 20), "lifecycle", errors),
            Liveness = KebabCase.Read<Liveness>(Text("liveness", 20), "liveness", errors),
            Health = KebabCase.Read<Health>(Text("health", 20), "health", errors),
            Environment = Text("environment", 60),
            Tag = Text("tag", 60),
            Deleted = Flag(value, "deleted", errors),
            Order = KebabCase.Read<AgentOrder>(Text("sort", 20), "sort", errors) ?? default,
        };
    }

    private static bool Flag(Func<string, string?> value, string name, FieldErrors errors)
    {
        if (value(name) is not (null or "" or "false" or "true"))
            errors.Add(name, "Must be true or false.");
        return value(name) == "true";
    }

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (Text is not null)
            yield return new("q", Text);
        if (Team is not null)
            yield return new("team", Team);
        if (Owner is not null)
            yield return new("owner", Owner);
        if (Lifecycle is { } lifecycle)
            yield return new("lifecycle", KebabCase.Of(lifecycle));
        if (Liveness is { } liveness)
            yield return new("liveness", KebabCase.Of(liveness));
        if (Health is { } health)
            yield return new("health", KebabCase.Of(health));
        if (Environment is not null)
            yield return new("environment", Environment);
        if (Tag is not null)
            yield return new("tag", Tag);
        if (Deleted)
            yield return new("deleted", "true");
        if (Order != default)
            yield return new("sort", KebabCase.Of(Order));
    }

    /// <summary>Narrows agents that the actor may see. A team or owner that nobody may know of gives nothing.</summary>
    internal IQueryable<Agent> Apply(ConsoleQuery query)
    {
        var (agents, tags, access, organization) = query;
        agents = Deleted ? agents.Where(a => a.DeletedAt != null) : agents.Where(a => a.DeletedAt == null);
        if (Team is not null)
        {
            var team = access.FindTeam(organization, Team)?.Id ?? Guid.Empty;
            agents = agents.Where(a => a.TeamId == team);
        }
        if (Owner == Ownerless)
            agents = agents.Ownerless(access, organization);
        else if (Owner is not null)
        {
            var owner = AgentDraft.FindUser(access, organization, Owner)?.Id ?? Guid.Empty;
            agents = agents.Where(a => a.OwnerId == owner);
        }
        if (Lifecycle is { } lifecycle)
            agents = agents.Where(a => a.Lifecycle == lifecycle);
        if (Liveness is { } liveness)
            agents = agents.Where(a => a.Liveness == liveness);
        if (Health is { } health)
            agents = agents.Where(a => a.Health == health);
        if (Environment is not null)
            agents = agents.Where(a => a.Environment == Environment);
        if (Tag is not null)
            agents = agents.Where(a => tags.Any(t => t.OrganizationId == organization && t.Tag == Tag && t.AgentId == a.Id));
        if (Text is not null)
            agents = agents.Containing(Text);
        return agents;
    }
}

/// <summary>What a filter is applied to.</summary>
internal sealed record ConsoleQuery(IQueryable<Agent> Agents, IQueryable<AgentTag> Tags, AccessSnapshot Access, Guid Organization);
