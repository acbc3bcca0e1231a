using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AgentConsole.Web.Tests.Architecture;

/// <summary>Who may know whom, read from the project files and the <c>using</c> lines.</summary>
public sealed partial class DependencyRuleTests
{
    private static readonly string Root = typeof(DependencyRuleTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepoRoot")
        .Value!;

    // A floor uses those below it and its neighbours on the same line only where that line says so.
    private static readonly string[][] Floors =
    [
        ["Common", "Data", "Jobs", "Live", "Trail", "People"],
        ["Agents", "Prices", "Outgoing"],
        ["Unclaimed"],
        ["Keys", "Runs"],
        ["Sinks", "Freezes"],
        ["Rotations"],
        ["Views"],
        ["Inactivity"],
        ["Samples"],
        ["Retention", "Spend"],
        ["Gateways"],
        ["Definitions"],
        ["Deployments"],
        ["Routes"],
        ["Drift"],
        ["Retirements"],
        ["Search"],
    ];

    private static readonly Dictionary<string, string[]> ProjectReferences = new(StringComparer.Ordinal)
    {
        ["AgentConsole.Contracts"] = [],
        ["AgentConsole.Core"] = ["AgentConsole.Contracts"],
        ["AgentConsole.Data.Sqlite"] = ["AgentConsole.Core"],
        ["AgentConsole.Data.PostgreSql"] = ["AgentConsole.Core"],
        ["AgentConsole.SampleFleet"] = ["AgentConsole.Contracts"],
        ["AgentConsole.Web"] = ["AgentConsole.Data.PostgreSql", "AgentConsole.Data.Sqlite"],
    };

    [GeneratedRegex(@"^\s*(?:global )?using (?:static )?(AgentConsole\.[A-Za-z.]+)", RegexOptions.Multiline)]
    private static partial Regex UsingLines { get; }

    [Fact]
    public void Projects_reference_what_the_house_plan_says()
    {
        foreach (var (project, allowed) in ProjectReferences)
        {
            var file = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
            // A reference without its assembly only orders the build.
            var references = file.Descendants("ProjectReference")
                .Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
                .Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));
            Assert.Equal(allowed.Order(), references.Order());
        }
    }

    [Fact]
    public void A_feature_of_the_core_uses_the_floors_below_it()
    {
        var floorOf = Floors
            .SelectMany((names, floor) => names.Select(name => (name, floor)))
            .ToDictionary(f => f.name, f => f.floor, StringComparer.Ordinal);
        var broken = new List<string>();
        var core = Path.Combine(Root, "src", "AgentConsole.Core");
        foreach (var file in Directory.EnumerateFiles(core, "*.cs", SearchOption.AllDirectories).Where(IsSource))
        {
            var feature = Path.GetRelativePath(core, file).Split(Path.DirectorySeparatorChar)[0];
            if (feature.EndsWith(".cs", StringComparison.Ordinal))
                continue; // the list of features
            Assert.True(floorOf.TryGetValue(feature, out var floor), $"{feature} stands on no floor: give it one in this test.");
            foreach (Match line in UsingLines.Matches(File.ReadAllText(file)))
            {
                var parts = line.Groups[1].Value.Split('.');
                if (
                    parts is ["AgentConsole", "Core", var used, ..]
                    && used != feature
                    && floorOf.TryGetValue(used, out var other)
                    && (other > floor || (other == floor && floor > 0))
                )
                    broken.Add($"{Path.GetRelativePath(Root, file)} ({feature}) uses {used}");
                if (parts is ["AgentConsole", "Web", ..] or ["AgentConsole", "Data", ..])
                    broken.Add($"{Path.GetRelativePath(Root, file)} uses {line.Groups[1].Value}");
            }
        }
        Assert.Empty(broken);
    }

    [Fact]
    public void The_core_knows_no_page_and_no_request()
    {
        string[] banned = ["Microsoft.AspNetCore.Components", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Mvc", "Radzen"];
        var broken =
            from file in Directory
                .EnumerateFiles(Path.Combine(Root, "src", "AgentConsole.Core"), "*.cs", SearchOption.AllDirectories)
                .Where(IsSource)
            from line in File.ReadLines(file)
            where banned.Any(name => line.StartsWith("using " + name, StringComparison.Ordinal))
            select $"{Path.GetRelativePath(Root, file)}: {line}";
        Assert.Empty(broken);
    }

    [Fact]
    public void A_feature_of_the_web_uses_no_other_features_folder()
    {
        string[] shared = ["Components", "Api", "Hosting"];
        var web = Path.Combine(Root, "src", "AgentConsole.Web");
        var broken = new List<string>();
        foreach (
            var file in Directory
                .EnumerateFiles(web, "*.*", SearchOption.AllDirectories)
                .Where(f => IsSource(f) && f.EndsWith(".cs", StringComparison.Ordinal) | f.EndsWith(".razor", StringComparison.Ordinal))
        )
        {
            var feature = Path.GetRelativePath(web, file).Split(Path.DirectorySeparatorChar)[0];
            if (feature.Contains('.', StringComparison.Ordinal) || feature is "Hosting" or "Api")
                continue; // the list of features
            foreach (Match line in UsingLines.Matches(File.ReadAllText(file).Replace("@using", "using", StringComparison.Ordinal)))
            {
                if (
                    line.Groups[1].Value.Split('.') is ["AgentConsole", "Web", var used, ..]
                    && used != feature
                    && !shared.Contains(used)
                    && Directory.Exists(Path.Combine(web, used))
                )
                    broken.Add($"{Path.GetRelativePath(Root, file)} uses {used}");
            }
        }
        Assert.Empty(broken);
    }

    private static bool IsSource(string path) =>
        !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
}
