using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Keys;

public enum KeyOrder
{
    /// <summary>Youngest first.</summary>
    Newest,
    Oldest,

    /// <summary>Most recently used first; never used ones last.</summary>
    LastUsed,

    /// <summary>Never used ones first, then those not used for longest.</summary>
    LongestUnused,
}

/// <summary>Which key versions, and in which order: the address of the page of keys and the query of the API's list.</summary>
public sealed record KeyFilter
{
    /// <summary>Part of an agent's slug or display name, or a key's shown prefix or last 4 characters.</summary>
    public string? Text { get; init; }

    /// <summary>Agent slug or id.</summary>
    public string? Agent { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }
    public KeyState? State { get; init; }

    /// <summary>Only versions that were reported as leaked.</summary>
    public bool Leaked { get; init; }
    public KeyOrder Order { get; init; }

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null.</param>
    public static KeyFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        return new KeyFilter
        {
            Text = Text("q", 100),
            Agent = Text("agent", 100),
            Team = Text("team", 100),
            State = KebabCase.Read<KeyState>(Text("state", 20), "state", errors),
            Leaked = value("leaked") == "true",
            Order = KebabCase.Read<KeyOrder>(Text("sort", 20), "sort", errors) ?? default,
        };
    }

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (Text is not null)
            yield return new("q", Text);
        if (Agent is not null)
            yield return new("agent", Agent);
        if (Team is not null)
            yield return new("team", Team);
        if (State is { } state)
            yield return new("state", KebabCase.Of(state));
        if (Leaked)
            yield return new("leaked", "true");
        if (Order != default)
            yield return new("sort", KebabCase.Of(Order));
    }

    /// <summary>Narrows versions whose agents the actor may see.</summary>
    internal IQueryable<KeyVersion> Apply(
        IQueryable<KeyVersion> versions,
        IQueryable<Agent> agents,
        AccessSnapshot access,
        AgentDirectory directory,
        Guid organization
    )
    {
        if (State is { } state)
            versions = versions.Where(v => v.State == state);
        if (Leaked)
            versions = versions.Where(v => v.LeakReportedAt != null);
        if (Agent is not null)
        {
            var agent = IdText.TryParse(IdText.Agent, Agent, out var id) ? id : directory.FindBySlug(organization, Agent)?.Id ?? Guid.Empty;
            versions = versions.Where(v => v.AgentId == agent);
        }
        if (Team is not null)
        {
            var team = access.FindTeam(organization, Team)?.Id ?? Guid.Empty;
            agents = agents.Where(a => a.TeamId == team);
        }
        if (Text is not null)
        {
            var text = Text;
            var named = agents.Containing(text);
            return versions
                .Where(v => v.Last4 == text || v.Prefix == text || named.Any(a => a.Id == v.AgentId))
                .Where(v => agents.Any(a => a.OrganizationId == v.OrganizationId && a.Id == v.AgentId));
        }
        return versions.Where(v => agents.Any(a => a.OrganizationId == v.OrganizationId && a.Id == v.AgentId));
    }
}
