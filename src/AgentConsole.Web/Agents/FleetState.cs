using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Agents;

/// <summary>All that the address of the fleet's page says: which agents in which order, by which columns, how dense.</summary>
public sealed record FleetState
{
    public AgentFilter Filter { get; init; } = new();

    /// <summary>As <see cref="FleetColumn.Write"/> has it; null for the default columns.</summary>
    public string? Columns { get; init; }

    /// <summary>One of <see cref="Look.Densities"/>; null for the one of the browser.</summary>
    public string? Density { get; init; }

    /// <summary>Reads an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="value">The value of a name, or null.</param>
    public static FleetState Parse(Func<string, string?> value, FieldErrors errors)
    {
        var density = value("density") is { Length: > 0 } given ? given : null;
        if (density is not null && !Look.Densities.Contains(density))
        {
            errors.Add("density", $"Must be one of {string.Join(", ", Look.Densities)}.");
            density = null;
        }
        return new FleetState
        {
            Filter = AgentFilter.Parse(value, errors),
            Columns = FleetColumn.Write(FleetColumn.Read(value("columns"), errors)),
            Density = density,
        };
    }

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<(string Name, string? Value)> ToQuery()
    {
        foreach (var (name, value) in Filter.ToQuery())
            yield return (name, value);
        if (Columns is not null)
            yield return ("columns", Columns);
        if (Density is not null)
            yield return ("density", Density);
    }
}

/// <summary>The fleet's address; <see cref="FleetState.Parse"/> reads it back.</summary>
internal static class FleetAddress
{
    public static string Of(AgentFilter filter) => Of(new FleetState { Filter = filter });

    public static string Of(FleetState state) => ConsoleUrls.With(ConsoleUrls.Fleet, [.. state.ToQuery()]);
}
