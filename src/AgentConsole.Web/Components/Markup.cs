using System.Net;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>
/// Small ready-made pieces of pages. What a circuit keeps of a page grows with its elements and attributes; a piece of markup counts as one,
/// whatever is in it. Use it for what repeats and has no event of its own: links work as elsewhere.
/// </summary>
public static class Markup
{
    /// <summary>Text as markup.</summary>
    public static string Text(string? text) => WebUtility.HtmlEncode(text) ?? "";

    /// <summary>A link.</summary>
    /// <param name="inner">Markup.</param>
    /// <param name="current">Value of <c>aria-current</c>; none when null.</param>
    /// <param name="go">The letter that goes there after <c>g</c>; its tooltip says so.</param>
    public static MarkupString Link(string url, string inner, string? css = null, string? current = null, char? go = null)
    {
        var styled = string.IsNullOrEmpty(css) ? "" : $" class=\"{css}\"";
        var marked = current is null ? "" : $" aria-current=\"{current}\"";
        var keyed = go is null ? "" : $" data-go=\"{go}\" title=\"g then {go}\"";
        return new MarkupString($"<a{styled} href=\"{Text(url)}\"{marked}{keyed}>{inner}</a>");
    }

    /// <summary>A cell of a table.</summary>
    /// <param name="inner">Markup.</param>
    public static MarkupString Cell(string css, string inner) => new($"<td class=\"{css}\">{inner}</td>");

    /// <summary>The head of a column, which sorts by it when it is pressed.</summary>
    /// <param name="sorted"><c>ascending</c> or <c>descending</c> when the table is sorted by it.</param>
    public static MarkupString SortHead(string url, string title, string? sorted, string? css = null)
    {
        var order = sorted is null ? "" : $" aria-sort=\"{sorted}\"";
        var styled = css is null ? "" : $" class=\"{css}\"";
        return new MarkupString($"<th scope=\"col\"{styled}{order}><a href=\"{Text(url)}\">{Text(title)}</a></th>");
    }
}
