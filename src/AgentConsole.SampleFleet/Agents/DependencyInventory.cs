using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Takes stock of what the projects below the root depend on, from project and lock files, and of versions that disagree.</summary>
public sealed class DependencyInventory(Surroundings here) : FleetAgent
{
    public override Passport Passport { get; } =
        new()
        {
            Slug = "dependency-inventory",
            DisplayName = "Dependency inventory",
            Description =
                "Takes stock of the packages that projects resolve to, and escalates packages that stand there in more than one version.",
            Team = "platform",
            Environment = "staging",
            Tags = ["supply-chain"],
            Cadence = TimeSpan.FromSeconds(38),
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        var fence = new Fence(here.Root);
        var projects = fence.Files("*.csproj").Take(200).ToList();
        if (projects.Count == 0)
            return Finding.Skipped($"There is no project in {fence.Folder}.");
        var versions = new SortedDictionary<string, SortedSet<string>>(StringComparer.OrdinalIgnoreCase);
        int direct = 0,
            unlocked = 0;
        foreach (var project in projects)
        {
            work.BeginRound(Path.GetFileNameWithoutExtension(project));
            try
            {
                direct += await ReadAsync(
                    "read-project",
                    project,
                    token => AskedForAsync(project, token),
                    asked => new { packages = asked }
                );
                var locked = Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");
                if (!File.Exists(locked))
                {
                    unlocked++;
                    work.Say("warn", $"{fence.Name(project)} has no lock file: what it restores to is not pinned.");
                    continue;
                }
                var resolved = await ReadAsync(
                    "read-lock",
                    locked,
                    token => ResolvedAsync(locked, token),
                    all => new { packages = all.Count }
                );
                foreach (var (package, version) in resolved)
                    (
                        versions.TryGetValue(package, out var known)
                            ? known
                            : versions[package] = new SortedSet<string>(StringComparer.Ordinal)
                    ).Add(version);
            }
            catch (Exception e) when (e is XmlException or JsonException)
            {
                return Finding.Failed("project_malformed", $"{fence.Name(project)}: {e.Message}", $"{fence.Name(project)} cannot be read.");
            }
        }
        var several = versions.Where(v => v.Value.Count > 1).ToList();
        foreach (var (package, all) in several)
            work.Decide("one version of a package", "escalated", new { package, versions = all });
        return Finding.Completed(
            $"{projects.Count} projects ask for {direct} packages and resolve to {versions.Count}; {several.Count} stand there in more than one version, {unlocked} projects are not locked."
        ) with
        {
            Figures = new
            {
                projects = projects.Count,
                direct,
                resolved = versions.Count,
                several = several.Count,
                unlocked,
            },
        };

        Task<T> ReadAsync<T>(string tool, string file, Func<CancellationToken, Task<T>> read, Func<T, object> result) =>
            work.UseAsync(tool, new { file = fence.Name(file) }, read, result, cancellationToken);
    }

    private static async Task<int> AskedForAsync(string project, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(project);
        var document = await XDocument.LoadAsync(file, LoadOptions.None, cancellationToken);
        return document.Descendants("PackageReference").Count(reference => reference.Attribute("Include") is not null);
    }

    private static async Task<List<(string Package, string Version)>> ResolvedAsync(string lockFile, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(lockFile);
        using var document = await JsonDocument.ParseAsync(file, cancellationToken: cancellationToken);
        return
        [
            .. document
                .RootElement.GetProperty("dependencies")
                .EnumerateObject()
                .SelectMany(framework => framework.Value.EnumerateObject())
                .Where(package => package.Value.TryGetProperty("resolved", out _))
                .Select(package => (package.Name, package.Value.GetProperty("resolved").GetString() ?? "")),
        ];
    }
}
