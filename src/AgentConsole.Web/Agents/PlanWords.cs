using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>Plans in the words of the pages.</summary>
internal static class PlanWords
{
    /// <summary>More than this is no small thing: it is looked at before it is done.</summary>
    public const int Small = 100;

    /// <summary>More than this is deleted only by whoever types the number.</summary>
    public const int FewDeleted = 20;

    public static bool IsRisky(PlanBody plan) => plan.Rows.Change > (plan.Action == "delete" ? FewDeleted : Small);

    /// <summary>What it is, as a heading: <c>Pause 3 agents</c>.</summary>
    public static string Title(PlanBody plan, long agents) =>
        plan.Action switch
        {
            "pause" => $"Pause {Agents(agents)}",
            "resume" => $"Resume {Agents(agents)}",
            "tag" => $"Tag {Agents(agents)}",
            "assign" when plan.Owner is { } owner => $"Assign {Agents(agents)} to {owner.DisplayName}",
            "assign" => $"Make {Agents(agents)} ownerless",
            "move" => $"Move {Agents(agents)} to {plan.Team?.Name}",
            "delete" => $"Delete {Agents(agents)}",
            _ => $"Restore {Agents(agents)}",
        };

    /// <summary>What was done: <c>Paused 3 agents</c>.</summary>
    public static string Done(PlanBody plan) =>
        plan.Action switch
        {
            "pause" => $"Paused {Agents(plan.Rows.Done)}",
            "resume" => $"Resumed {Agents(plan.Rows.Done)}",
            "tag" => $"Tagged {Agents(plan.Rows.Done)}",
            "assign" when plan.Owner is { } owner => $"Assigned {Agents(plan.Rows.Done)} to {owner.DisplayName}",
            "assign" => $"Made {Agents(plan.Rows.Done)} ownerless",
            "move" => $"Moved {Agents(plan.Rows.Done)} to {plan.Team?.Name}",
            "delete" => $"Deleted {Agents(plan.Rows.Done)}",
            _ => $"Restored {Agents(plan.Rows.Done)}",
        };

    /// <summary>Why there is nothing to do, where all stand already as they should.</summary>
    public static string Nothing(PlanBody plan) =>
        plan.Rows.Refused > 0 ? "None of them can be changed so." : "Nothing to do: they stand so already.";

    /// <summary>What follows from it.</summary>
    public static string Consequence(PlanBody plan) =>
        plan.Action switch
        {
            "pause" => "Their keys answer 403 agent_paused until they are resumed. Runs in progress are not cut off.",
            "resume" => "Their keys work again at once.",
            "tag" => string.Join(
                " ",
                new[]
                {
                    plan.AddTags is { Count: > 0 } add ? $"Adds {string.Join(", ", add)}." : null,
                    plan.RemoveTags is { Count: > 0 } remove ? $"Removes {string.Join(", ", remove)}." : null,
                }.OfType<string>()
            ),
            "assign" when plan.Owner is { } owner => $"{owner.DisplayName} answers for them from then on.",
            "assign" => "Nobody answers for them from then on; they appear among the ownerless.",
            "move" =>
                $"What they do from then on belongs to {plan.Team?.Name}; what they did stays with the team of its time. Who sees them changes with the team.",
            "delete" =>
                "Their keys are refused at once, and their slugs are free for others. Their history stays. For an hour the plan can be taken back; later each can be restored while its slug is free.",
            _ => "They come back as they were, with the keys they had.",
        };

    public static string Agents(long count) => Words.Many(count, "agent");

    /// <summary>One member, before and after, as markup.</summary>
    public static string Change(string member, MemberChange change)
    {
        var name = member.Replace('_', ' ');
        if (member == "tags")
        {
            var (from, to) = (List(change.From), List(change.To));
            var parts = to.Except(from)
                .Select(t => $"<ins>+{Markup.Text(t)}</ins>")
                .Concat(from.Except(to).Select(t => $"<del>{Markup.Text(t)}</del>"));
            return $"<span class=\"chg-l\"><span class=\"x3\">{name}</span> {string.Join(" ", parts)}</span>";
        }
        var before = change.From is { ValueKind: not JsonValueKind.Null } old ? $"<del>{Markup.Text(Value(old))}</del> " : "";
        var after = change.To is { ValueKind: not JsonValueKind.Null } now
            ? $"<ins>{Markup.Text(Value(now))}</ins>"
            : "<span class=\"x3\">none</span>";
        return $"<span class=\"chg-l\"><span class=\"x3\">{Markup.Text(name)}</span> {before}{(before.Length > 0 ? "→ " : "")}{after}</span>";
    }

    public static MarkupString Changes(IReadOnlyDictionary<string, MemberChange>? changes) =>
        new(changes is null ? "" : string.Concat(changes.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => Change(c.Key, c.Value))));

    private static string Value(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length > 300 ? Core.Common.Texts.Clip(text, 299) + "…" : text;
    }

    private static List<string> List(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(i => i.GetString() ?? "")] : [];
}
