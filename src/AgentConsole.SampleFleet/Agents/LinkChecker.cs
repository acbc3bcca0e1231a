using System.Globalization;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Follows every link and anchor of a folder of Markdown: by turns the documentation of this installation and the fleet's handbook.</summary>
public sealed class LinkChecker(Surroundings here) : FleetAgent
{
    private const int MostPages = 200;
    private int _turn;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "link-checker",
            DisplayName = "Link checker",
            Description = "Follows every link and anchor of the documentation and of the team's handbook, and names the broken ones.",
            Team = "platform",
            Environment = "production",
            Tags = ["docs", "quality"],
            Cadence = TimeSpan.FromSeconds(24),
            CaptureMode = "full",
        };

    public override Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken) =>
        _turn++ % 2 == 0
            ? CheckAsync(new Fence(here.Root), "docs", work, cancellationToken)
            : CheckAsync(new Fence(Path.Combine(here.Fixtures, "handbook")), ".", work, cancellationToken);

    private static async Task<Finding> CheckAsync(Fence fence, string within, Work work, CancellationToken cancellationToken)
    {
        var files = fence.Files("*.md", within).Take(MostPages).ToList();
        if (files.Count == 0)
            return Finding.Skipped($"There is no Markdown page in {within} of {fence.Folder}.");
        var pages = new Dictionary<string, MarkdownPage>(StringComparer.Ordinal);
        work.BeginRound("read pages");
        foreach (var file in files)
            await PageAsync(file);

        work.BeginRound("follow links");
        var broken = new List<string>();
        var hosts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var followed = 0;
        foreach (var file in files)
        {
            foreach (var link in pages[file].Links)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Uri.TryCreate(link.Target, UriKind.Absolute, out var address) && !address.IsFile)
                {
                    if (address.Scheme is "http" or "https")
                        hosts[address.Authority] = hosts.GetValueOrDefault(address.Authority) + 1;
                    continue;
                }
                followed++;
                if (await FaultAsync(file, link) is not { } fault)
                    continue;
                broken.Add(string.Create(CultureInfo.InvariantCulture, $"{fence.Name(file)}:{link.Line} {link.Target}: {fault}"));
                work.Say("error", broken[^1]);
            }
        }
        foreach (var (host, count) in hosts)
            work.Decide("no traffic off this machine", "blocked", new { host, links = count });
        var figures = new
        {
            pages = files.Count,
            links = followed,
            broken = broken.Count,
            not_followed = hosts.Values.Sum(),
        };
        var where = within == "." ? Path.GetFileName(fence.Folder) : within;
        return broken.Count == 0
            ? Finding.Completed($"{followed} links on {files.Count} pages of {where} lead somewhere.") with
            {
                Figures = figures,
            }
            : Finding.Failed(
                "broken_links",
                string.Join("\n", broken.Take(10)),
                $"{broken.Count} of {followed} links on {files.Count} pages of {where} are broken."
            ) with
            {
                Figures = figures,
            };

        async Task<MarkdownPage> PageAsync(string file)
        {
            if (pages.TryGetValue(file, out var known))
                return known;
            return pages[file] = await work.UseAsync(
                "read-page",
                new { file = fence.Name(file) },
                async token =>
                {
                    var text = await File.ReadAllTextAsync(file, token);
                    work.CountWords(text);
                    return MarkdownPage.Parse(text);
                },
                page => new { links = page.Links.Count, anchors = page.Anchors.Count },
                cancellationToken
            );
        }

        async Task<string?> FaultAsync(string file, MarkdownLink link)
        {
            var hash = link.Target.IndexOf('#', StringComparison.Ordinal);
            var path = Uri.UnescapeDataString(hash < 0 ? link.Target : link.Target[..hash]);
            var anchor = hash < 0 ? "" : Uri.UnescapeDataString(link.Target[(hash + 1)..]);
            var target = path.Length == 0 ? file : Path.GetFullPath(path, Path.GetDirectoryName(file)!);
            if (!fence.Holds(target))
            {
                work.Decide(
                    "file outside the root",
                    "blocked",
                    new
                    {
                        page = fence.Name(file),
                        link.Line,
                        link.Target,
                    }
                );
                return null;
            }
            if (!File.Exists(target) && !Directory.Exists(target))
                return "there is no such file";
            if (anchor.Length == 0 || !target.EndsWith(".md", StringComparison.Ordinal))
                return null;
            return (await PageAsync(target)).Anchors.Contains(anchor) ? null : $"the page has no heading #{anchor}";
        }
    }
}
