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
            Filter = plan.Filter is null ? null : PlanFilters.Members(plan.Filter),
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
    public static string Text(AgentFilter filter) =>
        string.Join('&', filter.ToQuery().Select(m => Uri.EscapeDataString(m.Key) + "=" + Uri.EscapeDataString(m.Value)));

    public static Dictionary<string, string> Members(string text)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = member.IndexOf('=', StringComparison.Ordinal);
            members[Uri.UnescapeDataString(member[..at])] = Uri.UnescapeDataString(member[(at + 1)..]);
        }
        return members;
    }

    public static AgentFilter Parse(string text)
    {
        var members = Members(text);
        return AgentFilter.Parse(members.GetValueOrDefault, new FieldErrors());
    }

    /// <summary>Reads the filter of a body; a name that no filter has is an error, lest more be hit than was meant.</summary>
    public static AgentFilter Read(IReadOnlyDictionary<string, string> members, FieldErrors errors)
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
        return filter with { Order = default };
    }
}
