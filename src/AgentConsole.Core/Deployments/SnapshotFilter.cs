using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Deployments;

/// <summary>Which snapshots: the query of the list, and of the page that shows it.</summary>
public sealed record SnapshotFilter
{
    /// <summary>Agent slug or id.</summary>
    public string? Agent { get; init; }

    /// <summary>Team slug or id, of the time of the snapshot.</summary>
    public string? Team { get; init; }
    public string? Environment { get; init; }
    public string? Version { get; init; }
    public SnapshotStatus? Status { get; init; }
    public SnapshotOutcome? Outcome { get; init; }
    public SnapshotTrigger? Trigger { get; init; }

    /// <summary>Deployed at this instant or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Deployed before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Number of the agent's definition.</summary>
    public int? Definition { get; init; }
    public static SnapshotFilter None { get; } = new();

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    public static SnapshotFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        var definition = Text("definition", 10);
        if (definition is not null && !int.TryParse(definition, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            errors.Add("definition", "Must be the number of a definition.");
        return new SnapshotFilter
        {
            Agent = Text("agent", 100),
            Team = Text("team", 100),
            Environment = Text("environment", 60),
            Version = Text("version", Snapshot.MostVersion),
            Status = KebabCase.Read<SnapshotStatus>(Text("status", 20), "status", errors),
            Outcome = KebabCase.Read<SnapshotOutcome>(Text("outcome", 20), "outcome", errors),
            Trigger = KebabCase.Read<SnapshotTrigger>(Text("trigger", 20), "trigger", errors),
            From = Instant(value("from"), "from", errors),
            To = Instant(value("to"), "to", errors),
            Definition = int.TryParse(definition, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        };
    }

    /// <summary>Whether it says which snapshots of a lane are meant, and not only which lanes.</summary>
    internal bool Picks => Version is not null || Status is not null || Outcome is not null || Trigger is not null;

    private static DateTimeOffset? Instant(string? text, string field, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (
            DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && at.Year is >= 2000 and < 2200
        )
            return at.ToUniversalTime();
        errors.Add(field, "Must be an instant, as 2026-11-19T09:00:00Z.");
        return null;
    }

    /// <summary>Members of an address that <see cref="Parse"/> reads back.</summary>
    public IEnumerable<KeyValuePair<string, string>> Members()
    {
        foreach (
            var (name, text) in ((string, string?)[])
                [
                    ("agent", Agent),
                    ("team", Team),
                    ("environment", Environment),
                    ("version", Version),
                    ("status", Status is { } status ? KebabCase.Of(status) : null),
                    ("outcome", Outcome is { } outcome ? KebabCase.Of(outcome) : null),
                    ("trigger", Trigger is { } trigger ? KebabCase.Of(trigger) : null),
                    ("from", From is { } from ? Utc.Text(from) : null),
                    ("to", To is { } to ? Utc.Text(to) : null),
                    ("definition", Definition?.ToString(CultureInfo.InvariantCulture)),
                ]
        )
        {
            if (text is not null)
                yield return KeyValuePair.Create(name, text);
        }
    }

    internal IQueryable<Snapshot> Apply(IQueryable<Snapshot> snapshots, AccessSnapshot access, AgentDirectory directory, Guid organization)
    {
        if (Agent is not null)
        {
            var agent = IdText.TryParse(IdText.Agent, Agent, out var id) ? id : directory.FindBySlug(organization, Agent)?.Id ?? Guid.Empty;
            snapshots = snapshots.Where(s => s.AgentId == agent);
        }
        if (Team is not null)
        {
            var team = access.FindTeam(organization, Team)?.Id ?? Guid.Empty;
            snapshots = snapshots.Where(s => s.TeamId == team);
        }
        if (Environment is { } environment)
            snapshots = snapshots.Where(s => s.Environment == environment);
        if (From is { } from)
            snapshots = snapshots.Where(s => s.DeployedAt >= from);
        if (To is { } to)
            snapshots = snapshots.Where(s => s.DeployedAt < to);
        return Pick(snapshots);
    }

    internal IQueryable<Snapshot> Pick(IQueryable<Snapshot> snapshots)
    {
        if (Version is { } version)
            snapshots = snapshots.Where(s => s.Version == version);
        if (Status is { } status)
            snapshots = snapshots.Where(s => s.Status == status);
        if (Outcome is { } outcome)
            snapshots = snapshots.Where(s => s.Outcome == outcome);
        if (Trigger is { } trigger)
            snapshots = snapshots.Where(s => s.Trigger == trigger);
        if (Definition is { } definition)
            snapshots = snapshots.Where(s => s.DefinitionNumber == definition);
        return snapshots;
    }
}
