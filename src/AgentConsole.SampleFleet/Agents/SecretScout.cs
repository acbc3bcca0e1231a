using System.Text.RegularExpressions;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>
/// Searches the files below the root, and the fleet's notes, for the published form of the console's secrets. A text with the right checksum is
/// escalated; what only looks like one is noted. Nothing of a secret but its last four characters is told.
/// </summary>
public sealed class SecretScout(Surroundings here) : FleetAgent
{
    private const long MostBytes = 1 << 20;
    private const int MostFiles = 5000;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "secret-scout",
            DisplayName = "Secret scout",
            Description =
                "Searches files for agent keys and API tokens in the published form, checksum included, and escalates what it finds.",
            Team = "platform",
            Environment = "staging",
            Tags = ["security"],
            Cadence = TimeSpan.FromSeconds(40),
            Redactions = ["(?:ak_live_|act_)[0-9A-Za-z]{38}"],
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        var places = new[] { new Fence(here.Root), new Fence(Path.Combine(here.Fixtures, "notes")) };
        int files = 0,
            lookAlikes = 0;
        var found = new List<string>();
        foreach (var fence in places.Where(place => place.Exists))
        {
            foreach (var folder in Fence.Folders(fence.Folder).Prepend(fence.Folder))
            {
                var name = folder == fence.Folder ? Path.GetFileName(fence.Folder) : fence.Name(folder);
                work.BeginRound(name);
                var inFolder =
                    folder == fence.Folder ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal) : fence.Files("*", folder);
                var result = await work.UseAsync(
                    "search-files",
                    new { folder = name },
                    token => SearchAsync(inFolder.Take(MostFiles), fence, work, token),
                    hits => new { hits.Files, matches = hits.Matches.Count },
                    cancellationToken
                );
                files += result.Files;
                foreach (var match in result.Matches)
                {
                    if (!match.IsGenuine)
                    {
                        lookAlikes++;
                        work.Decide("wrong checksum is a look-alike", "allowed", new { match.File, match.Line });
                        continue;
                    }
                    found.Add($"{match.File}:{match.Line} {match.Masked}");
                    work.Decide(
                        "secret in a file",
                        "escalated",
                        new
                        {
                            match.File,
                            match.Line,
                            secret = match.Masked,
                        }
                    );
                }
            }
        }
        var figures = new
        {
            files,
            secrets = found.Count,
            look_alikes = lookAlikes,
        };
        return found.Count == 0
            ? Finding.Completed($"{files} files hold no secret; {lookAlikes} texts look like one and fail the checksum.") with
            {
                Figures = figures,
            }
            : Finding.Failed(
                "secret_found",
                string.Join("\n", found.Take(10)),
                $"{found.Count} secrets stand in {files} files. Report them to the console."
            ) with
            {
                Figures = figures,
            };
    }

    private static async Task<Hits> SearchAsync(IEnumerable<string> paths, Fence fence, Work work, CancellationToken cancellationToken)
    {
        var files = 0;
        var matches = new List<Hit>();
        foreach (var path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var info = new FileInfo(path);
            if (!info.Exists || info.Length > MostBytes)
                continue;
            if (info.LinkTarget is not null && !fence.Holds(path))
            {
                work.Decide("file outside the root", "blocked", new { file = fence.Name(path) });
                continue;
            }
            // A secret in a file that only its owner may read is where it belongs.
            if (
                !OperatingSystem.IsWindows()
                && (info.UnixFileMode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) == UnixFileMode.None
            )
                continue;
            files++;
            string text;
            try
            {
                text = await File.ReadAllTextAsync(path, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                work.Say("debug", $"{fence.Name(path)} is not read: {e.GetType().Name}"); // gone meanwhile, held by a program, or another user's
                continue;
            }
            foreach (Match match in PublishedSecret.Pattern.Matches(text))
                matches.Add(
                    new Hit(
                        fence.Name(path),
                        text.AsSpan(0, match.Index).Count('\n') + 1,
                        PublishedSecret.Masked(match.Value),
                        PublishedSecret.HasValidChecksum(match.Value)
                    )
                );
        }
        return new Hits(files, matches);
    }

    private sealed record Hit(string File, int Line, string Masked, bool IsGenuine);

    private sealed record Hits(int Files, IReadOnlyList<Hit> Matches);
}
