using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>Which due keys: the query of the list and the address of its page.</summary>
public sealed record DueFilter
{
    /// <summary>Agent slug or id.</summary>
    public string? Agent { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }

    /// <summary>User id, e-mail address or <c>none</c>.</summary>
    public string? Owner { get; init; }
    public DueState? State { get; init; }

    /// <summary>Only keys that are due within so many days; overdue ones too.</summary>
    public int? WithinDays { get; init; }

    /// <summary>Only keys with a notice that nobody has dismissed.</summary>
    public bool Noticed { get; init; }

    /// <summary>Key id.</summary>
    public string? Key { get; init; }

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    public static DueFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        var within = Text("within", 20);
        int? days = null;
        if (within is not null)
        {
            var digits = within.EndsWith('d') ? within.AsSpan(0, within.Length - 1) : within;
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 3650)
                days = number;
            else
                errors.Add("within", "Must be a number of days from 1 to 3650, as 30d.");
        }
        var noticed = Text("noticed", 10);
        if (noticed is not (null or "true" or "false"))
            errors.Add("noticed", "Must be true or false.");
        return new DueFilter
        {
            Agent = Text("agent", 100),
            Team = Text("team", 100),
            Owner = Text("owner", 256),
            Key = Text("key", 100),
            State = KebabCase.Read<DueState>(Text("state", 20), "state", errors),
            WithinDays = days,
            Noticed = noticed == "true",
        };
    }

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (State is { } state)
            yield return new("state", KebabCase.Of(state));
        if (Team is not null)
            yield return new("team", Team);
        if (Agent is not null)
            yield return new("agent", Agent);
        if (Key is not null)
            yield return new("key", Key);
        if (Owner is not null)
            yield return new("owner", Owner);
        if (WithinDays is { } days)
            yield return new("within", string.Create(CultureInfo.InvariantCulture, $"{days}d"));
        if (Noticed)
            yield return new("noticed", "true");
    }

    internal IQueryable<KeySchedule> Apply(
        IQueryable<KeySchedule> schedules,
        IQueryable<Agent> agents,
        AccessSnapshot access,
        AgentDirectory directory,
        Guid organization,
        DateTimeOffset now
    )
    {
        if (State is { } state)
        {
            var (from, to) = KeySchedule.Orders(state, now);
            schedules = schedules.Where(s => s.DueOrder > from && s.DueOrder <= to);
        }
        if (WithinDays is { } days)
        {
            var until = Utc.ToMicros(now.AddDays(days));
            schedules = schedules.Where(s => s.DueOrder <= until);
        }
        if (Noticed)
            schedules = schedules.Where(s => s.NoticeDays != null);
        if (Key is not null)
        {
            var key = IdText.TryParse(IdText.Key, Key, out var id) ? id : Guid.Empty;
            schedules = schedules.Where(s => s.KeyId == key);
        }
        if (Agent is not null)
        {
            var agent = IdText.TryParse(IdText.Agent, Agent, out var id) ? id : directory.FindBySlug(organization, Agent)?.Id ?? Guid.Empty;
            schedules = schedules.Where(s => s.AgentId == agent);
        }
        if (Team is not null)
        {
            var team = access.FindTeam(organization, Team)?.Id ?? Guid.Empty;
            agents = agents.Where(a => a.TeamId == team);
        }
        if (Owner is not null)
            agents = agents.OwnedBy(Owner, access, organization);
        return schedules.Where(s => agents.Any(a => a.OrganizationId == s.OrganizationId && a.Id == s.AgentId));
    }
}
