using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>Plans as the API and the pages show them.</summary>
internal static class PlanBodies
{
    public static PlanBody Of(BulkPlan plan, AccessSnapshot access, DateTimeOffset now)
    {
        var owner = plan.OwnerId is { } id ? access.Principals.GetValueOrDefault(id) : null;
        var team = plan.TargetTeamId is { } target ? access.Teams.GetValueOrDefault(target) : null;
        return new PlanBody
        {
            Id = IdText.Format(IdText.Plan, plan.Id),
            Action = KebabCase.Of(plan.Action),
            AddTags = plan.Action == BulkAction.Tag ? plan.AddTags : null,
            RemoveTags = plan.Action == BulkAction.Tag ? plan.RemoveTags : null,
            Owner = owner is null ? null : new OwnerRef(IdText.Format(IdText.User, owner.Id), owner.Label, owner.DisplayName),
            Team = team is null ? null : new TeamRef(IdText.Format(IdText.Team, team.Id), team.Slug, team.Name),
            Reason = plan.Reason,
            Filter = plan.Filter is null ? null : QueryText.Read(plan.Filter),
            Digest = plan.Digest,
            State = plan.StateAt(now),
            Maker = plan.MakerLabel,
            CreatedAt = plan.CreatedAt,
            ExpiresAt = plan.ExpiresAt,
            Rows = new PlanCounts(
                plan.Total,
                plan.Change,
                plan.NoChange,
                plan.Refused,
                plan.Pending,
                plan.Done,
                plan.Failed,
                plan.Undone,
                plan.UndoFailed
            ),
            StartedAt = plan.StartedAt,
            FinishedAt = plan.FinishedAt,
            UndoUntil = plan.UndoUntil is { } end && end > now ? end : null,
            Stopped = plan.Stopped,
        };
    }

    public static PlanRowBody Of(BulkPlanRow row, AccessSnapshot access) =>
        new()
        {
            Row = row.Ordinal,
            AgentId = IdText.Format(IdText.Agent, row.AgentId),
            Agent = row.Name,
            DisplayName = row.DisplayName,
            Team = row.TeamId is { } team ? access.Teams.GetValueOrDefault(team)?.Slug : null,
            Effect = KebabCase.Of(row.Effect),
            Changes = row.After is null ? null : Changes(row.Before, row.After),
            Outcome = row.Outcome is { } outcome ? KebabCase.Of(outcome) : null,
            Code = row.Code,
            Detail = row.Detail,
        };

    private static Dictionary<string, MemberChange> Changes(string? before, string after)
    {
        var from = before is null ? default : JsonElement.Parse(before);
        return JsonElement
            .Parse(after)
            .EnumerateObject()
            .ToDictionary(
                m => m.Name,
                m => new MemberChange(
                    from.ValueKind == JsonValueKind.Object && from.TryGetProperty(m.Name, out var old) ? old : null,
                    m.Value
                ),
                StringComparer.Ordinal
            );
    }
}

/// <summary>A filter between a plan, its row in the store, and its body.</summary>
internal static class PlanFilters
{
    public static string Text(AgentFilter filter) => QueryText.Write(filter.ToQuery());

    public static AgentFilter Parse(string text) => AgentFilter.Parse(QueryText.Read(text).GetValueOrDefault, new FieldErrors());

    /// <summary>
    /// Reads the filter of a body. A name that no filter has is an error, and so is a team or an owner that is none: left out of an exclusion, it would hit
    /// more than was meant.
    /// </summary>
    public static AgentFilter Read(AccessSnapshot now, Actor by, IReadOnlyDictionary<string, string> members, FieldErrors errors)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var found = new FieldErrors();
        var filter = AgentFilter.Parse(
            name =>
            {
                asked.Add(name);
                return members.GetValueOrDefault(name);
            },
            found
        );
        foreach (var (field, sentences) in found.ToDictionary())
        {
            foreach (var sentence in sentences)
                errors.Add("filter." + field, sentence);
        }
        foreach (var name in members.Keys.Where(name => !asked.Contains(name)).Take(20))
            errors.Add("filter." + Texts.Clip(name, 60), "Is no member of a filter.");
        var scope = by.TeamsWith(Permission.ReadFleet);
        foreach (var name in Named(filter.Team))
        {
            if (now.FindTeam(by.OrganizationId, name) is not { } team || !scope.Has(team.Id))
                errors.Add("filter.team", $"{name} is no team that you see.");
        }
        foreach (var name in Named(filter.Owner).Where(name => name != AgentFilter.Ownerless))
        {
            if (AgentFilter.Owners([name], now, by.OrganizationId).Users.Count == 0)
                errors.Add("filter.owner", $"{name} is no user here who could own an agent.");
        }
        return filter with { Order = default };
    }

    private static IEnumerable<string> Named(Choice? choice) => choice is null ? [] : choice.Wanted.Concat(choice.Unwanted);
}
