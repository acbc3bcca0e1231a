using System.Globalization;
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

    /// <summary>The versions that are to be replaced first; only the newest accepted one of each key has a date.</summary>
    Due,
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

    /// <summary>Only versions that were never used.</summary>
    public bool NeverUsed { get; init; }

    /// <summary>Only versions that nobody used for this many days; one that was never used counts from when it was made.</summary>
    public int? IdleDays { get; init; }

    /// <summary>Only these versions: ids, separated by commas.</summary>
    public string? Ids { get; init; }
    public const int MostIds = 100;

    /// <summary>Only versions that a call from this address came with.</summary>
    public string? Address { get; init; }

    /// <summary>Only versions of agents without an owner, or whose owner was disabled.</summary>
    public bool Ownerless { get; init; }

    /// <summary>Only versions that were made at least this many days ago.</summary>
    public int? OlderDays { get; init; }

    /// <summary>Only versions that do not expire.</summary>
    public bool NoExpiry { get; init; }

    /// <summary>Only versions of agents that have active versions of several keys.</summary>
    public bool Several { get; init; }

    /// <summary>How near the key is to its due date; only its newest accepted version counts.</summary>
    public DueState? Due { get; init; }

    /// <summary>User id, e-mail address or <c>none</c>: whose agents.</summary>
    public string? Owner { get; init; }
    public const int MostIdleDays = 3650;

    /// <summary>Days after which a key counts as idle where nobody says otherwise.</summary>
    public const int UsualIdleDays = 30;

    /// <summary>Days after which a key counts as unused.</summary>
    public const int UnusedDays = 90;

    public static readonly KeyFilter NeverUsedNow = new() { State = KeyState.Active, NeverUsed = true };
    public static readonly KeyFilter IdleNow = new()
    {
        State = KeyState.Active,
        IdleDays = UsualIdleDays,
        Order = KeyOrder.LongestUnused,
    };
    public static readonly KeyFilter UnusedNow = new()
    {
        State = KeyState.Active,
        IdleDays = UnusedDays,
        Order = KeyOrder.LongestUnused,
    };
    public static readonly KeyFilter NoExpiryNow = new()
    {
        State = KeyState.Active,
        NoExpiry = true,
        Order = KeyOrder.Oldest,
    };
    public static readonly KeyFilter OverdueNow = new() { Due = DueState.Overdue, Order = KeyOrder.Due };
    public static readonly KeyFilter SeveralNow = new() { State = KeyState.Active, Several = true };
    public static readonly KeyFilter OwnerlessNow = new() { State = KeyState.Active, Ownerless = true };
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
            NeverUsed = ReadNever("used", Text("used", 20), errors),
            IdleDays = ReadDays("idle", Text("idle", 20), errors),
            Ids = ReadIds(Text("ids", 40 * MostIds), errors),
            Address = Text("address", 64),
            Ownerless = ReadFlag("ownerless", Text("ownerless", 20), errors),
            OlderDays = ReadDays("older", Text("older", 20), errors),
            NoExpiry = ReadNever("expires", Text("expires", 20), errors),
            Several = ReadFlag("several", Text("several", 20), errors),
            Due = KebabCase.Read<DueState>(Text("due", 20), "due", errors),
            Owner = Text("owner", 256),
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
        if (NeverUsed)
            yield return new("used", "never");
        if (IdleDays is { } days)
            yield return new("idle", string.Create(CultureInfo.InvariantCulture, $"{days}d"));
        if (Ids is not null)
            yield return new("ids", Ids);
        if (Address is not null)
            yield return new("address", Address);
        if (Ownerless)
            yield return new("ownerless", "true");
        if (OlderDays is { } age)
            yield return new("older", string.Create(CultureInfo.InvariantCulture, $"{age}d"));
        if (NoExpiry)
            yield return new("expires", "never");
        if (Several)
            yield return new("several", "true");
        if (Due is { } due)
            yield return new("due", KebabCase.Of(due));
        if (Owner is not null)
            yield return new("owner", Owner);
        if (Order != default)
            yield return new("sort", KebabCase.Of(Order));
    }

    private static string? ReadIds(string? text, FieldErrors errors)
    {
        if (text is null || text.Split(',') is { Length: <= MostIds } ids && ids.All(id => IdText.TryParse(IdText.KeyVersion, id, out _)))
            return text;
        errors.Add("ids", $"Must be at most {MostIds} ids of key versions, separated by commas.");
        return null;
    }

    private static bool ReadNever(string name, string? text, FieldErrors errors)
    {
        if (text is not (null or "never"))
            errors.Add(name, "Must be never.");
        return text == "never";
    }

    private static bool ReadFlag(string name, string? text, FieldErrors errors)
    {
        if (text is not (null or "true" or "false"))
            errors.Add(name, "Must be true or false.");
        return text == "true";
    }

    private static int? ReadDays(string name, string? text, FieldErrors errors)
    {
        if (text is null)
            return null;
        var digits = text.EndsWith('d') ? text.AsSpan(0, text.Length - 1) : text;
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= MostIdleDays)
            return days;
        errors.Add(name, $"Must be a number of days from 1 to {MostIdleDays}, as 30d.");
        return null;
    }

    /// <summary>Narrows versions whose agents the actor may see.</summary>
    /// <param name="now">From which idle days are counted back.</param>
    internal IQueryable<KeyVersion> Apply(
        IQueryable<KeyVersion> versions,
        IQueryable<Agent> agents,
        IQueryable<KeyCaller> callers,
        AccessSnapshot access,
        AgentDirectory directory,
        Guid organization,
        DateTimeOffset now,
        IQueryable<KeySchedule> schedules
    )
    {
        var all = versions;
        if (State is { } state)
            versions = versions.Where(v => v.State == state);
        if (Leaked)
            versions = versions.Where(v => v.LeakReportedAt != null);
        if (NeverUsed)
            versions = versions.Where(v => v.UsedOrder == 0);
        if (IdleDays is { } days)
        {
            var since = now.AddDays(-days);
            var order = Utc.ToMicros(since);
            versions = versions.Where(v => v.UsedOrder <= order && v.CreatedAt <= since);
        }
        if (Ids is not null)
        {
            Guid[] ids = [.. Ids.Split(',').Select(id => IdText.Parse(IdText.KeyVersion, id))];
            versions = versions.Where(v => ids.Contains(v.Id));
        }
        if (Address is not null)
        {
            var address = Address;
            versions = versions.Where(v =>
                v.LastUsedAddress == address
                || callers.Any(c =>
                    c.OrganizationId == v.OrganizationId && c.KeyId == v.KeyId && c.Version == v.Number && c.Address == address
                )
            );
        }
        if (OlderDays is { } age)
        {
            var until = now.AddDays(-age);
            versions = versions.Where(v => v.CreatedAt <= until);
        }
        if (NoExpiry)
            versions = versions.Where(v => v.ExpiresAt == null);
        if (Several)
            versions = versions.Where(v =>
                all.Any(o =>
                    o.OrganizationId == v.OrganizationId && o.AgentId == v.AgentId && o.State == KeyState.Active && o.KeyId != v.KeyId
                )
            );
        if (Due is { } due)
        {
            var (from, until) = KeySchedule.Orders(due, now);
            versions = versions.Where(v =>
                schedules.Any(s =>
                    s.OrganizationId == v.OrganizationId
                    && s.KeyId == v.KeyId
                    && s.Version == v.Number
                    && s.DueOrder > from
                    && s.DueOrder <= until
                )
            );
        }
        if (Owner is not null)
            agents = agents.OwnedBy(Owner, access, organization);
        if (Ownerless)
            agents = agents.Ownerless(access, organization);
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
