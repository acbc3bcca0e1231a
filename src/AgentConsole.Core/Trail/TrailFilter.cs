using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Trail;

/// <summary>Which records: the address of the trail page, the query of the API's list, and the statement of an export.</summary>
public sealed record TrailFilter
{
    /// <summary>Id of a user, service account or agent, or the exact label it had (e-mail address, name, slug).</summary>
    public string? Actor { get; init; }

    /// <summary>The whole action, or its beginning up to a point: <c>key.</c> is every change of a key.</summary>
    public string? Action { get; init; }
    public string? TargetKind { get; init; }

    /// <summary>Id of what the record is about, with its prefix.</summary>
    public string? Target { get; init; }

    /// <summary>Id of one record.</summary>
    public string? Record { get; init; }

    /// <summary>What one request did: the id that its answer and each of its records carry.</summary>
    public string? Correlation { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }
    public TrailOutcome? Outcome { get; init; }
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Part of the label of actor or target.</summary>
    public string? Text { get; init; }

    public bool IsEmpty => this == new TrailFilter();

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null.</param>
    public static TrailFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Line(string name, int most) => Texts.Line(value(name), name, most, errors);
        DateTimeOffset? Instant(string name)
        {
            if (Line(name, 40) is not { } text)
                return null;
            if (
                DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var at
                )
            )
                return at;
            errors.Add(name, "Must be a moment as in 2026-03-02T09:00:00Z.");
            return null;
        }
        string? RecordId()
        {
            var text = Line("record", 40);
            if (text is null || IdText.TryParse(IdText.Trail, text, out _))
                return text;
            errors.Add("record", "Must be the id of a record, as trl_….");
            return null;
        }
        var target = Line("target", 60);
        if (target is not null && !TrailNames.TryParseId(target, out _))
        {
            errors.Add("target", "Must be an id with its prefix, as agt_… or key_….");
            target = null;
        }
        return new TrailFilter
        {
            Actor = Line("actor", 256),
            Action = Line("action", 80),
            TargetKind = Line("target_kind", 40),
            Target = target,
            Record = RecordId(),
            Correlation = Line("correlation_id", 64),
            Team = Line("team", 100),
            Outcome = KebabCase.Read<TrailOutcome>(Line("outcome", 20), "outcome", errors),
            Since = Instant("since"),
            Until = Instant("until"),
            Text = Line("q", 100),
        };
    }

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (Actor is not null)
            yield return new("actor", Actor);
        if (Action is not null)
            yield return new("action", Action);
        if (TargetKind is not null)
            yield return new("target_kind", TargetKind);
        if (Target is not null)
            yield return new("target", Target);
        if (Record is not null)
            yield return new("record", Record);
        if (Correlation is not null)
            yield return new("correlation_id", Correlation);
        if (Team is not null)
            yield return new("team", Team);
        if (Outcome is { } outcome)
            yield return new("outcome", KebabCase.Of(outcome));
        if (Since is { } since)
            yield return new("since", since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        if (Until is { } until)
            yield return new("until", until.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        if (Text is not null)
            yield return new("q", Text);
    }

    /// <summary>The records of the actor's organization that match and that the actor may read; the scope is part of the query.</summary>
    /// <returns>Null when the filter names a team that the actor may not read the trail of: nothing can match then.</returns>
    internal IQueryable<TrailRecord>? Apply(ConsoleDbContext db, Actor by, AccessSnapshot access)
    {
        var organization = by.OrganizationId;
        var scope = by.TeamsWith(Permission.ReadTrail);
        var records = db.TrailRecords.Where(r => r.OrganizationId == organization);
        if (Team is not null)
        {
            if (access.FindTeam(organization, Team) is not { } team || !scope.Has(team.Id))
                return null;
            var id = team.Id;
            records = records.Where(r => r.TeamId == id);
        }
        else if (!scope.All)
        {
            var ids = scope.Ids.Select(id => (Guid?)id).ToArray();
            records = records.Where(r => ids.Contains(r.TeamId));
        }
        if (Actor is { } actor)
            records = TrailNames.TryParseId(actor, out var id)
                ? records.Where(r => r.ActorId == id)
                : records.Where(r => r.ActorLabel == actor);
        if (Action is { } action)
            records = action.EndsWith('.') ? records.Where(r => r.Action.StartsWith(action)) : records.Where(r => r.Action == action);
        if (TargetKind is { } kind)
            records = records.Where(r => r.TargetKind == kind);
        if (Target is not null && TrailNames.TryParseId(Target, out var target))
            records = records.Where(r => r.TargetId == target);
        if (IdText.TryParse(IdText.Trail, Record, out var recordId))
            records = records.Where(r => r.Id == recordId);
        if (Correlation is { } correlation)
            records = records.Where(r => r.CorrelationId == correlation);
        if (Outcome is { } outcome)
            records = records.Where(r => r.Outcome == outcome);
        if (Since is { } since)
            records = records.Where(r => r.At >= since);
        if (Until is { } until)
            records = records.Where(r => r.At < until);
        if (Text is { } text)
        {
            var lower = text.ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862, MA0011 // translated: lower() of the database
            records = records.Where(r => r.ActorLabel!.ToLower().Contains(lower) || r.TargetLabel!.ToLower().Contains(lower));
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        }
        return records;
    }
}
