using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentConsole.SampleFleet.Text;

/// <param name="Target">As it stands in the page.</param>
public sealed record MarkdownLink(int Line, string Target);

/// <summary>The links and the anchors of a Markdown page. What stands in code is neither.</summary>
public sealed partial record MarkdownPage(IReadOnlyList<MarkdownLink> Links, IReadOnlySet<string> Anchors)
{
    public static MarkdownPage Parse(string text)
    {
        var links = new List<MarkdownLink>();
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        var fence = "";
        var number = 0;
        foreach (var raw in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var marks = Fence().Match(raw).Value.TrimStart();
            if (marks.Length > 0 && (fence.Length == 0 || (marks[0] == fence[0] && marks.Length >= fence.Length)))
            {
                fence = fence.Length == 0 ? marks : "";
                continue;
            }
            if (fence.Length > 0)
                continue;
            if (Heading().Match(raw) is { Success: true } heading)
                AddAnchor(anchors, Slug(heading.Groups["text"].Value));
            foreach (Match anchor in HtmlAnchor().Matches(raw))
                anchors.Add(anchor.Groups["id"].Value);
            var line = InlineCode().Replace(raw, "");
            foreach (Match link in InlineLink().Matches(line))
                links.Add(new MarkdownLink(number, link.Groups["target"].Value));
            if (ReferenceLink().Match(line) is { Success: true } reference)
                links.Add(new MarkdownLink(number, reference.Groups["target"].Value));
        }
        return new MarkdownPage(links, anchors);
    }

    // As the common renderers do it: lower case, punctuation away, spaces to hyphens.
    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var c in LinkText().Replace(heading, "${text}").Trim().ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(c) || c is '-' or '_')
                slug.Append(c);
            else if (c == ' ')
                slug.Append('-');
        }
        return slug.ToString();
    }

    private static void AddAnchor(HashSet<string> anchors, string slug)
    {
        if (anchors.Add(slug))
            return;
        for (var n = 1; !anchors.Add(string.Create(CultureInfo.InvariantCulture, $"{slug}-{n}")); n++) { }
    }

    [GeneratedRegex(@"^ {0,3}(`{3,}|~{3,})", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^ {0,3}#{1,6}\s+(?<text>.+?)\s*#*\s*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex Heading();

    [GeneratedRegex("<a\\s+(?:id|name)=[\"'](?<id>[^\"']+)[\"']", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex HtmlAnchor();

    [GeneratedRegex("`[^`]*`", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex InlineCode();

    [GeneratedRegex(
        @"\]\(\s*<?(?<target>[^\s<>()]+)>?(?:\s+""[^""]*"")?\s*\)",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 200
    )]
    private static partial Regex InlineLink();

    [GeneratedRegex(@"^ {0,3}\[[^\]]+\]:\s*<?(?<target>[^\s<>]+)>?", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex ReferenceLink();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex LinkText();
}
