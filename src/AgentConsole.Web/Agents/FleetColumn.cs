using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Agents;

/// <summary>A column of the fleet's table.</summary>
/// <param name="Name">As it stands in an address.</param>
/// <param name="Class">Of its cells and head; the width is the column's <c>w-</c> class of the same name.</param>
/// <param name="Tone">Further classes of its cells.</param>
/// <param name="Sort">The order that pressing its head gives.</param>
public sealed record FleetColumn(string Name, string Title, string Class, AgentOrder? Sort = null, string? Why = null, string? Tone = null)
{
    public int At { get; private init; }

    public bool Number => Class.StartsWith("n ", StringComparison.Ordinal);

    /// <summary>The class of its <c>col</c>.</summary>
    public string Width => "w-" + Class[(Class.LastIndexOf("c-", StringComparison.Ordinal) + 2)..];

    /// <summary>The agent itself; always the first, and never to be taken away.</summary>
    public static readonly FleetColumn Agent = new("agent", "Agent", "c-nm", AgentOrder.Slug);

    /// <summary>In the order in which they are offered.</summary>
    public static readonly IReadOnlyList<FleetColumn> All =
    [
        .. new FleetColumn[]
        {
            Agent,
            new("health", "Health", "c-he", AgentOrder.Attention),
            new("liveness", "Liveness", "c-lv", AgentOrder.LastSeen),
            new("lifecycle", "Lifecycle", "c-lf"),
            new("version", "Version", "c-v", Tone: "tn"),
            new("environment", "Environment", "c-en", Tone: "x2"),
            new("runs", "Runs, 24 h", "c-sp"),
            new("total", "Total", "n c-n"),
            new("errors", "Errors", "n c-er", Why: "Share of runs that failed, timed out or were lost, last 24 h"),
            new("last-run", "Last run", "c-lr"),
            new("team", "Team", "c-tm", Tone: "x2"),
            new("owner", "Owner", "c-ow"),
            new("tags", "Tags", "c-tg", Tone: "x2"),
            new("cost", "Cost, 24 h", "n c-co"),
            new("tokens", "Tokens, 24 h", "n c-to", Why: "Input and output tokens, last 24 h"),
            new("last-seen", "Last seen", "c-ls", AgentOrder.LastSeen, Tone: "x2"),
            new("created", "Created", "c-cr", AgentOrder.Created, Tone: "x2"),
            new("seen-version", "Seen version", "c-sv", Tone: "tn", Why: "The version that the latest run or heartbeat reported"),
        }.Select((column, at) => column with { At = at }),
    ];

    /// <summary>What stands there unless somebody chooses.</summary>
    public static readonly IReadOnlyList<FleetColumn> Default = [.. All.Take(10)];

    /// <summary>Columns in their order, as an address names them; null for the default ones.</summary>
    public static string? Write(IReadOnlyList<FleetColumn> columns) =>
        columns.SequenceEqual(Default) ? null : string.Join(',', columns.Where(c => c.At > 0).Select(c => c.Name));

    /// <summary>Reads them back; names that are none are named in <paramref name="errors"/> and left out.</summary>
    public static IReadOnlyList<FleetColumn> Read(string? text, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(text))
            return Default;
        var columns = new List<FleetColumn> { All[0] };
        foreach (var name in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(40))
        {
            if (All.FirstOrDefault(c => c.Name == name) is not { } column)
                errors.Add(
                    "columns",
                    $"There is no column {Texts.Clip(name, 40)}; there are {string.Join(", ", All.Skip(1).Select(c => c.Name))}."
                );
            else if (!columns.Contains(column))
                columns.Add(column);
        }
        return columns.SequenceEqual(Default) ? Default : columns;
    }
}
