using System.Reflection;
using System.Text.RegularExpressions;

namespace AgentConsole.Web.Tests.Architecture;

/// <summary>What a person types must outlive the circuit: every form and dialog with something to type keeps a draft.</summary>
public sealed partial class DraftRuleTests
{
    // Who is not signed in types little but secrets, which are never kept; a filter stands in the address.
    private static readonly string[] Exempt =
    [
        "SignInPage.razor",
        "RecoveryPage.razor",
        "ResetPage.razor",
        "TwoFactorPage.razor",
        "AccountPage.razor", // passwords and codes only
        "StepUpPage.razor",
        "BreakGlassPage.razor",
    ];

    [GeneratedRegex("""<form\b(?:[^>"]|"[^"]*")*>.*?</form>|<Dialog\b.*?</Dialog>""", RegexOptions.Singleline)]
    private static partial Regex Regions();

    [GeneratedRegex(
        """<textarea\b|<AgentFields\b|<PriceFields\b|<input\b(?!(?:[^>"]|"[^"]*")*type="(?:hidden|checkbox|radio|password|file|submit)")"""
    )]
    private static partial Regex Typed();

    private static readonly string Root = Path.Combine(
        typeof(DraftRuleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepoRoot").Value!,
        "src",
        "AgentConsole.Web"
    );

    [Fact]
    public void Every_form_with_something_to_type_keeps_a_draft()
    {
        var without = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Root, "*.razor", SearchOption.AllDirectories))
        {
            if (
                file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                || Exempt.Contains(Path.GetFileName(file))
            )
                continue;
            foreach (Match region in Regions().Matches(File.ReadAllText(file)))
            {
                if (
                    region.Value.Contains("method=\"get\"", StringComparison.Ordinal)
                    || region.Value.Contains("<Draft ", StringComparison.Ordinal)
                    || region.Value.Contains("data-secret", StringComparison.Ordinal)
                )
                    continue;
                if (Typed().IsMatch(region.Value))
                    without.Add($"{Path.GetFileName(file)}: {region.Value.Split('\n')[0].Trim()}");
            }
        }
        Assert.True(without.Count == 0, "Put a <Draft Of=\"…\" /> in (see Draft.razor): " + string.Join("; ", without));
    }
}
