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

/// <summary>A fact by which agents are chosen and counted.</summary>
public enum AgentFact
{
    Health,
    Liveness,
    Lifecycle,
    Team,
    Owner,
    Environment,
    Tag,
}

/// <summary>
/// Which agents, and in which order: the address of the fleet page and the query of the API's list. Several values of a fact are alternatives,
/// several facts hold together.
/// </summary>
public sealed record AgentFilter
{
    private const int LongestChoice = 4000;

    /// <summary>Part of slug or display name.</summary>
    public string? Text { get; init; }

    /// <summary>Team slugs or ids.</summary>
    public Choice? Team { get; init; }

    /// <summary>E-mail addresses, their parts before the @, or user ids; <c>none</c> for ownerless agents.</summary>
    public Choice? Owner { get; init; }
    public Choice? Lifecycle { get; init; }
    public Choice? Liveness { get; init; }
    public Choice? Health { get; init; }

    /// <summary>The empty value is an agent that names no environment.</summary>
    public Choice? Environment { get; init; }
    public Choice? Tag { get; init; }

    /// <summary>Only deleted ones instead of only others.</summary>
    public bool Deleted { get; init; }
    public AgentOrder Order { get; init; }

    /// <summary>The value of <see cref="Owner"/> for agents without an owner, or whose owner was disabled.</summary>
    public const string Ownerless = "none";

    public bool IsEmpty => this with { Order = default } == new AgentFilter();

    /// <summary>What is asked of a fact; null for nothing.</summary>
    public Choice? this[AgentFact fact] =>
        fact switch
        {
            AgentFact.Health => Health,
            AgentFact.Liveness => Liveness,
            AgentFact.Lifecycle => Lifecycle,
            AgentFact.Team => Team,
            AgentFact.Owner => Owner,
            AgentFact.Environment => Environment,
            _ => Tag,
        };

    /// <summary>The same filter with another choice of this fact.</summary>
    public AgentFilter With(AgentFact fact, Choice? choice) =>
        fact switch
        {
            AgentFact.Health => this with { Health = choice },
            AgentFact.Liveness => this with { Liveness = choice },
            AgentFact.Lifecycle => this with { Lifecycle = choice },
            AgentFact.Team => this with { Team = choice },
            AgentFact.Owner => this with { Owner = choice },
            AgentFact.Environment => this with { Environment = choice },
            _ => this with { Tag = choice },
        };

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null.</param>
    public static AgentFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Line(string name, int most) => Texts.Line(value(name), name, most, errors);
        var filter = new AgentFilter
        {
            Text = Line("q", 100),
            Deleted = Flag(value, "deleted", errors),
            Order = KebabCase.Read<AgentOrder>(Line("sort", 20), "sort", errors) ?? default,
        };
        foreach (var fact in Enum.GetValues<AgentFact>())
            filter = filter.With(fact, ReadChoice(fact, Line(KebabCase.Of(fact), LongestChoice), errors));
        return Flag(value, "ownerless", errors) ? filter with { Owner = Ownerless } : filter;
    }

    /// <summary>Reads what is asked of one fact, as it stands in an address.</summary>
    public static Choice? ReadChoice(AgentFact fact, string? text, FieldErrors errors)
    {
        var field = KebabCase.Of(fact);
        return Choice.Parse(
            text,
            field,
            errors,
            value =>
                fact switch
                {
                    AgentFact.Health => One<Health>(value, field, errors),
                    AgentFact.Liveness => One<Liveness>(value, field, errors),
                    AgentFact.Lifecycle => One<Lifecycle>(value, field, errors),
                    AgentFact.Environment when value.Length == 0 => value,
                    AgentFact.Owner => Texts.Line(value, field, 256, errors),
                    AgentFact.Team => Texts.Line(value, field, 100, errors),
                    _ => Texts.Line(value, field, 60, errors),
                }
        );
    }

    private static string? One<T>(string value, string field, FieldErrors errors)
        where T : struct, Enum => KebabCase.Read<T>(value, field, errors) is { } read ? KebabCase.Of(read) : null;

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
        foreach (var fact in Enum.GetValues<AgentFact>())
        {
            if (this[fact] is { } choice)
                yield return new(KebabCase.Of(fact), choice.ToString());
        }
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
        if (Team is { } team)
        {
            var (wanted, unwanted) = (Teams(team.Wanted, access, organization), Teams(team.Unwanted, access, organization));
            if (team.Wanted.Count > 0)
                agents = wanted is [var only] ? agents.Where(a => a.TeamId == only) : agents.Where(a => wanted.Contains(a.TeamId));
            if (unwanted.Length > 0)
                agents = agents.Where(a => !unwanted.Contains(a.TeamId));
        }
        if (Owner is { } owner)
            agents = ApplyOwner(agents, owner, access, organization);
        if (Lifecycle is { } lifecycle)
        {
            var (wanted, unwanted) = (Values<Lifecycle>(lifecycle.Wanted), Values<Lifecycle>(lifecycle.Unwanted));
            if (wanted.Length > 0)
                agents = wanted is [var only] ? agents.Where(a => a.Lifecycle == only) : agents.Where(a => wanted.Contains(a.Lifecycle));
            if (unwanted.Length > 0)
                agents = agents.Where(a => !unwanted.Contains(a.Lifecycle));
        }
        if (Liveness is { } liveness)
        {
            var (wanted, unwanted) = (Values<Liveness>(liveness.Wanted), Values<Liveness>(liveness.Unwanted));
            if (wanted.Length > 0)
                agents = wanted is [var only] ? agents.Where(a => a.Liveness == only) : agents.Where(a => wanted.Contains(a.Liveness));
            if (unwanted.Length > 0)
                agents = agents.Where(a => !unwanted.Contains(a.Liveness));
        }
        if (Health is { } health)
        {
            var (wanted, unwanted) = (Values<Health>(health.Wanted), Values<Health>(health.Unwanted));
            if (wanted.Length > 0)
                agents = wanted is [var only] ? agents.Where(a => a.Health == only) : agents.Where(a => wanted.Contains(a.Health));
            if (unwanted.Length > 0)
                agents = agents.Where(a => !unwanted.Contains(a.Health));
        }
        if (Environment is { } environment)
        {
            var (wanted, unwanted) = (environment.Wanted.ToArray(), environment.Unwanted.ToArray());
            if (wanted is [var only])
                agents = agents.Where(a => (a.Environment ?? "") == only);
            else if (wanted.Length > 0)
                agents = agents.Where(a => wanted.Contains(a.Environment ?? ""));
            if (unwanted.Length > 0)
                agents = agents.Where(a => !unwanted.Contains(a.Environment ?? ""));
        }
        if (Tag is { } tag)
        {
            var (wanted, unwanted) = (tag.Wanted.ToArray(), tag.Unwanted.ToArray());
            if (wanted is [var only])
                agents = agents.Where(a => tags.Any(t => t.OrganizationId == organization && t.Tag == only && t.AgentId == a.Id));
            else if (wanted.Length > 0)
                agents = agents.Where(a => tags.Any(t => t.OrganizationId == organization && wanted.Contains(t.Tag) && t.AgentId == a.Id));
            if (unwanted.Length > 0)
                agents = agents.Where(a =>
                    !tags.Any(t => t.OrganizationId == organization && unwanted.Contains(t.Tag) && t.AgentId == a.Id)
                );
        }
        if (Text is not null)
            agents = agents.Containing(Text);
        return agents;
    }

    private static IQueryable<Agent> ApplyOwner(IQueryable<Agent> agents, Choice owner, AccessSnapshot access, Guid organization)
    {
        if (owner.Wanted is [Ownerless])
            agents = agents.Ownerless(access, organization);
        else if (owner.Wanted.Count > 0)
        {
            var (ids, nobody) = Owners(owner.Wanted, access, organization);
            var wanted = ids.Select(id => (Guid?)id).ToArray();
            if (nobody)
                agents = agents.Where(a => a.OwnerId == null || wanted.Contains(a.OwnerId));
            else
                agents = wanted is [var only] ? agents.Where(a => a.OwnerId == only) : agents.Where(a => wanted.Contains(a.OwnerId));
        }
        if (owner.Unwanted.Count > 0)
        {
            var (ids, nobody) = Owners(owner.Unwanted, access, organization);
            var unwanted = ids.Select(id => (Guid?)id).ToArray();
            agents = nobody
                ? agents.Where(a => a.OwnerId != null && !unwanted.Contains(a.OwnerId))
                : agents.Where(a => a.OwnerId == null || !unwanted.Contains(a.OwnerId));
        }
        return agents;
    }

    /// <summary>The teams that are meant; a name that is none means none.</summary>
    internal static Guid[] Teams(IReadOnlyList<string> names, AccessSnapshot access, Guid organization) =>
        [.. names.Select(name => access.FindTeam(organization, name)?.Id).OfType<Guid>()];

    /// <summary>The users that are meant, and whether agents that belong to nobody are meant too: whoever was disabled owns nothing any more.</summary>
    internal static (HashSet<Guid> Users, bool Nobody) Owners(IReadOnlyList<string> names, AccessSnapshot access, Guid organization)
    {
        var found = new HashSet<Guid>();
        var users = access.Principals.Values.Where(p => p.OrganizationId == organization && p.Kind == ActorKind.User).ToList();
        foreach (var name in names)
        {
            if (name == Ownerless)
                found.UnionWith(OwnerlessAgents.DisabledUsers(access, organization).OfType<Guid>());
            else if (IdText.TryParse(IdText.User, name, out var id))
                found.UnionWith(users.Where(u => u.Id == id && u.Enabled).Select(u => u.Id));
            else if (name.Contains('@', StringComparison.Ordinal))
                found.UnionWith(users.Where(u => u.Enabled && u.Label.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(u => u.Id));
            else
                found.UnionWith(
                    users.Where(u => u.Enabled && u.Label.StartsWith(name + "@", StringComparison.OrdinalIgnoreCase)).Select(u => u.Id)
                );
        }
        return (found, names.Contains(Ownerless));
    }

    private static T[] Values<T>(IReadOnlyList<string> names)
        where T : struct, Enum => [.. names.Select(KebabCase.Parse<T>)];
}

/// <summary>What a filter is applied to.</summary>
internal sealed record ConsoleQuery(IQueryable<Agent> Agents, IQueryable<AgentTag> Tags, AccessSnapshot Access, Guid Organization);
