using AgentConsole.Core.Data;

namespace AgentConsole.Core.Views;

/// <summary>The lists that have saved views.</summary>
public enum ViewPage
{
    Fleet,
    Runs,
    Keys,
}

/// <summary>
/// A list as somebody wants to find it again: which page, filtered and sorted how, by which columns. It is of one person, of a team, or the default of
/// everybody with a role; exactly one of <see cref="OwnerId"/>, <see cref="TeamId"/> and <see cref="Role"/> is set.
/// </summary>
public sealed class SavedView : IRevised
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public ViewPage Page { get; init; }
    public required string Name { get; set; }
    public Guid? OwnerId { get; init; }
    public Guid? TeamId { get; init; }

    /// <summary>A role as it travels; its view is what people with that role find when they open the page.</summary>
    public string? Role { get; init; }

    /// <summary>Filter and order as members of an address, in the form the page's filter writes; empty for everything.</summary>
    public string Query { get; set; } = "";

    /// <summary>Names with commas between; null for the usual ones.</summary>
    public string? Columns { get; set; }
    public string? Density { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public long Revision { get; set; } = 1;
}

/// <summary>What a view is to one person.</summary>
public sealed class ViewMark
{
    public Guid OrganizationId { get; init; }
    public Guid UserId { get; init; }
    public Guid ViewId { get; init; }
    public ViewPage Page { get; init; }

    /// <summary>It stands in the navigation, with its count.</summary>
    public bool Pinned { get; set; }

    /// <summary>The page opens with it; one per person and page.</summary>
    public bool Default { get; set; }
    public DateTimeOffset At { get; set; }
}

/// <summary>The columns and density with which somebody looks at a page when no view says otherwise.</summary>
public sealed class PageHabit
{
    public Guid OrganizationId { get; init; }
    public Guid UserId { get; init; }
    public ViewPage Page { get; init; }
    public string? Columns { get; set; }
    public string? Density { get; set; }
}
