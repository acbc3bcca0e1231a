using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Views;

/// <summary>Views as the API and the pages show them.</summary>
internal static class ViewBodies
{
    public static ViewBody Of(SavedView view, ViewMark? mark, AccessSnapshot access)
    {
        var team = view.TeamId is { } id ? access.Teams.GetValueOrDefault(id) : null;
        return new ViewBody
        {
            Id = IdText.Format(IdText.View, view.Id),
            Page = KebabCase.Of(view.Page),
            Name = view.Name,
            Of =
                view.TeamId is not null ? "team"
                : view.Role is not null ? "role"
                : "person",
            Team = team is null ? null : new TeamRef(IdText.Format(IdText.Team, team.Id), team.Slug, team.Name),
            Role = view.Role,
            Query = view.Query,
            Columns = view.Columns,
            Density = view.Density,
            Pinned = mark?.Pinned ?? false,
            Default = mark?.Default ?? false,
            CreatedAt = view.CreatedAt,
            CreatedBy = view.CreatedBy,
            UpdatedAt = view.UpdatedAt,
            Revision = view.Revision,
        };
    }
}
