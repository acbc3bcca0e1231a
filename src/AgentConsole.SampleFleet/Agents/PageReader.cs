using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Reads pages that the console serves to everybody and extracts facts: titles, headings and links of a page, operations of the API's description.</summary>
public sealed partial class PageReader(Uri console) : FleetAgent
{
    private const int MostBytes = 4 << 20;
    private static readonly string[] Pages = ["/docs", "/openapi/v1.json", "/account/sign-in"];
    private int _turn;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "page-reader",
            DisplayName = "Page reader",
            Description = "Reads pages served on this machine and extracts facts: titles, headings, links, operations of an API.",
            Team = "support",
            Environment = "production",
            Tags = ["http", "extraction"],
            Cadence = TimeSpan.FromSeconds(28),
            CaptureMode = "full",
        };

    public override Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken) =>
        ReadAsync(new Uri(console, Pages[_turn++ % Pages.Length]), work, cancellationToken);

    /// <summary>Reads one page.</summary>
    internal static async Task<Finding> ReadAsync(Uri address, Work work, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MostBytes };
        try
        {
            var (status, type, text) = await work.UseAsync(
                "http-get",
                new { url = address.ToString() },
                async token =>
                {
                    using var answer = await http.GetAsync(address, token);
                    return (
                        answer.StatusCode,
                        answer.Content.Headers.ContentType?.MediaType,
                        await answer.Content.ReadAsStringAsync(token)
                    );
                },
                page => new
                {
                    status = (int)page.StatusCode,
                    type = page.MediaType,
                    characters = page.Item3.Length,
                },
                cancellationToken
            );
            work.CountWords(text);
            if (status != HttpStatusCode.OK)
                return Finding.Failed(
                    $"http_{(int)status}",
                    $"{address} answered {(int)status}.",
                    $"{address.AbsolutePath} could not be read."
                );
            return type == "application/json"
                ? await DescriptionAsync(address, text, work, cancellationToken)
                : await PageAsync(address, text, work, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            return Finding.Failed("unreachable", $"{address}: {e.Message}", $"{address.AbsolutePath} could not be read.");
        }
        catch (JsonException e)
        {
            return Finding.Failed("json_malformed", e.Message, $"{address.AbsolutePath} is not the JSON it says it is.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.TimedOut("no_answer", $"{address} did not answer in time.", $"{address.AbsolutePath} could not be read.");
        }
    }

    private static async Task<Finding> PageAsync(Uri address, string text, Work work, CancellationToken cancellationToken)
    {
        var facts = await work.UseAsync(
            "extract-facts",
            new { page = address.AbsolutePath },
            () =>
                new PageFacts(
                    WebUtility.HtmlDecode(Title().Match(text).Groups["text"].Value).Trim(),
                    Heading().Count(text),
                    [.. Link().Matches(text).Select(m => WebUtility.HtmlDecode(m.Groups["href"].Value))]
                ),
            found => new
            {
                found.Title,
                found.Headings,
                links = found.Links.Count,
            },
            cancellationToken
        );
        // A page of the console that needs something from elsewhere would not work without internet.
        var elsewhere = facts
            .Links.Where(link =>
                Uri.TryCreate(address, link, out var target) && target.Scheme is "http" or "https" && target.Authority != address.Authority
            )
            .Distinct(StringComparer.Ordinal)
            .ToList();
        foreach (var link in elsewhere)
            work.Decide("no traffic off this machine", "blocked", new { link });
        if (facts.Title.Length == 0)
            return Finding.Failed("no_title", "The page has no <title>.", $"{address.AbsolutePath} has no title.");
        return Finding.Completed(
            $"{address.AbsolutePath}: “{facts.Title}”, {facts.Headings} headings, {facts.Links.Count} links, {elsewhere.Count} of them elsewhere."
        ) with
        {
            Figures = new
            {
                facts.Headings,
                links = facts.Links.Count,
                elsewhere = elsewhere.Count,
            },
        };
    }

    private static async Task<Finding> DescriptionAsync(Uri address, string text, Work work, CancellationToken cancellationToken)
    {
        var (version, operations, silent) = await work.UseAsync(
            "count-operations",
            new { page = address.AbsolutePath },
            () => Operations(text),
            found => new
            {
                found.Version,
                operations = found.Operations,
                without_summary = found.Silent,
            },
            cancellationToken
        );
        return Finding.Completed($"{address.AbsolutePath}: OpenAPI {version}, {operations} operations, {silent} without a summary.") with
        {
            Figures = new { operations, without_summary = silent },
        };
    }

    private static (string Version, int Operations, int Silent) Operations(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        if (!root.TryGetProperty("openapi", out var version) || !root.TryGetProperty("paths", out var paths))
            throw new JsonException("There is no 'openapi' or no 'paths' in it.");
        var operations = paths
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject())
            .Where(member => member.Name is "get" or "post" or "put" or "patch" or "delete")
            .ToList();
        return (version.GetString() ?? "?", operations.Count, operations.Count(o => !o.Value.TryGetProperty("summary", out _)));
    }

    private sealed record PageFacts(string Title, int Headings, IReadOnlyList<string> Links);

    [GeneratedRegex(
        "<title[^>]*>(?<text>[^<]*)</title>",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Title();

    [GeneratedRegex("<h[1-6][\\s>]", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(
        "<(?:a|link|script|img)\\s[^>]*?(?:href|src)=[\"'](?<href>[^\"']+)[\"']",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Link();
}
