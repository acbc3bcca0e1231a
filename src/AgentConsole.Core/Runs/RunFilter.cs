using System.Globalization;
using System.Text.Json;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>Which runs: the address of the runs page and the query of the API's list. Newest first by time of receipt, always.</summary>
public sealed record RunFilter
{
    /// <summary>A run's id, external id or error code exactly, or part of its agent's name.</summary>
    public string? Text { get; init; }

    /// <summary>Agent slug or id.</summary>
    public string? Agent { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }

    /// <summary>Any of these; all when empty. Without repetition, in the order of the vocabulary.</summary>
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];
    public string? Version { get; init; }

    /// <summary>Received at or after.</summary>
    public RunMoment? Since { get; init; }

    /// <summary>Received before.</summary>
    public RunMoment? Until { get; init; }
    public long? MinDurationMs { get; init; }
    public long? MinCostMicros { get; init; }

    public bool IsEmpty => !ToQuery().Any();

    /// <summary>Two filters are the same when their addresses are.</summary>
    public bool Equals(RunFilter? other) => other is not null && ToQuery().SequenceEqual(other.ToQuery());

    public override int GetHashCode() => ToQuery().Aggregate(17, (hash, member) => HashCode.Combine(hash, member.Key, member.Value));

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null; several values of one name are joined by commas.</param>
    public static RunFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        string? Text(string name, int most) => Texts.Line(value(name), name, most, errors);
        return new RunFilter
        {
            Text = Text("q", 200),
            Agent = Text("agent", 100),
            Team = Text("team", 100),
            Statuses = ReadStatuses(Text("status", 200), errors),
            Version = Text("version", 100),
            Since = RunMoment.Read(Text("since", 40), "since", errors),
            Until = RunMoment.Read(Text("until", 40), "until", errors),
            MinDurationMs = ReadDuration(Text("min_duration_ms", 20), errors),
            MinCostMicros = ReadCost(Text("min_cost", 40), errors),
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
        if (Statuses.Count > 0)
            yield return new("status", string.Join(',', Statuses.Select(KebabCase.Of)));
        if (Version is not null)
            yield return new("version", Version);
        if (Since is { } since)
            yield return new("since", since.ToString());
        if (Until is { } until)
            yield return new("until", until.ToString());
        if (MinDurationMs is { } duration)
            yield return new("min_duration_ms", duration.ToString(CultureInfo.InvariantCulture));
        if (MinCostMicros is { } cost)
            yield return new("min_cost", Money.Format(cost));
    }

    private static RunStatus[] ReadStatuses(string? text, FieldErrors errors)
    {
        if (text is null)
            return [];
        var read = new SortedSet<RunStatus>();
        foreach (var name in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (KebabCase.TryParse<RunStatus>(name, out var status))
                read.Add(status);
            else
                errors.Add("status", $"Must be one or more of {string.Join(", ", KebabCase.All<RunStatus>())}, with commas between.");
        }
        return [.. read];
    }

    private static long? ReadDuration(string? text, FieldErrors errors)
    {
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms <= RunReader.MostDurationMs)
            return ms;
        errors.Add("min_duration_ms", $"Must be a whole number of milliseconds from 0 to {RunReader.MostDurationMs}.");
        return null;
    }

    private static long? ReadCost(string? text, FieldErrors errors) =>
        text is null ? null : Money.Read(JsonSerializer.SerializeToElement(text), "min_cost", errors);
}
