namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/views</c>. Of a team with <c>team</c>, the default of a role with <c>role</c>, else of the caller.</summary>
public sealed record SaveView
{
    /// <summary><c>fleet</c>, <c>runs</c> or <c>keys</c>.</summary>
    public string? Page { get; init; }
    public string? Name { get; init; }

    /// <summary>Filter and order as in the page's address: <c>health=failing&amp;sort=slug</c>; everything when absent.</summary>
    public string? Query { get; init; }

    /// <summary>Names of columns with commas between; the usual ones when absent.</summary>
    public string? Columns { get; init; }

    /// <summary><c>comfortable</c> or <c>compact</c>; as the browser has it when absent.</summary>
    public string? Density { get; init; }

    /// <summary>Team slug or id.</summary>
    public string? Team { get; init; }
    public string? Role { get; init; }
    public bool? Pinned { get; init; }
    public bool? Default { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/views/{id}</c>; what is absent stays.</summary>
public sealed record ChangeView
{
    public string? Name { get; init; }
    public string? Query { get; init; }
    public string? Columns { get; init; }
    public string? Density { get; init; }
}

/// <summary>Body of <c>POST /api/v1/views/{id}/mark</c>: what the view is to the caller; what is absent stays.</summary>
public sealed record MarkView
{
    /// <summary>It stands in the navigation with its count.</summary>
    public bool? Pinned { get; init; }

    /// <summary>The page opens with it; another view is it no longer.</summary>
    public bool? Default { get; init; }
}

/// <summary>A saved view of a list.</summary>
public sealed record ViewBody
{
    public required string Id { get; init; }
    public required string Page { get; init; }
    public required string Name { get; init; }

    /// <summary><c>person</c>, <c>team</c> or <c>role</c>.</summary>
    public required string Of { get; init; }
    public TeamRef? Team { get; init; }
    public string? Role { get; init; }
    public required string Query { get; init; }
    public string? Columns { get; init; }
    public string? Density { get; init; }

    /// <summary>By the caller.</summary>
    public bool Pinned { get; init; }

    /// <summary>For the caller.</summary>
    public bool Default { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required long Revision { get; init; }
}
