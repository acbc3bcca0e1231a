using System.Reflection;
using System.Text.RegularExpressions;
using AgentConsole.Core.Data;
using AgentConsole.SampleFleet.Agents;
using AgentConsole.Web.Tests.SampleFleet;

namespace AgentConsole.Web.Tests.Docs;

/// <summary>What the documentation must not forget.</summary>
public sealed partial class DocsTests
{
    private static readonly string Root = typeof(DocsTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepoRoot")
        .Value!;

    [Fact]
    public void Every_setting_stands_in_the_operators_table()
    {
        var table = Page("operate.md");
        var settings =
            from type in typeof(ConsoleOptions).Assembly.GetTypes()
            let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string
            where section is not null
            from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            where property.CanWrite
            select $"| `{section}:{property.Name}` |";

        Assert.All(settings, setting => Assert.Contains(setting, table, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_code_of_a_refusal_stands_in_the_table_of_codes()
    {
        var table = Page("api.md");
        var codes = Directory
            .EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Codes().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["code"].Value)
            .ToHashSet();

        Assert.True(codes.Count > 20);
        Assert.All(codes, code => Assert.Contains($"`{code}`", table, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_link_of_the_documentation_leads_somewhere()
    {
        using var bench = new AgentBench();

        var finding = await bench.LetWorkAsync(new LinkChecker(bench.Surroundings with { Root = Root }));

        Assert.Equal(("completed", null), (finding.Status, finding.Error));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(Root, "docs", name));

    [GeneratedRegex(@"(?:ProblemKind\.\w+,|Problem\.Unavailable\()\s*""(?<code>[a-z_]+)""")]
    private static partial Regex Codes();
}
