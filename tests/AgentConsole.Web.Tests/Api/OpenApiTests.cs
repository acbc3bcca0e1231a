using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.Web.Api;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Api;

public sealed partial class OpenApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_endpoint_is_described_with_a_summary_an_example_and_its_problems()
    {
        await using var console = await ConsoleServer.StartAsync();
        var document = await console.Client().GetFromJsonAsync<JsonElement>("/openapi/v1.json", Stop);
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var described = new HashSet<string>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var name = $"{operation.Name.ToUpperInvariant()} {path.Name}";
                described.Add(name);
                if (!operation.Value.TryGetProperty("summary", out _))
                    faults.Add(name + " has no summary");
                if (!operation.Value.TryGetProperty("operationId", out _))
                    faults.Add(name + " has no name");
                if (operation.Value.TryGetProperty("requestBody", out var body) && !HasExample(body))
                    faults.Add(name + " has no example of its body");
                foreach (var response in operation.Value.GetProperty("responses").EnumerateObject())
                {
                    if (response.Name.StartsWith('2') && response.Value.TryGetProperty("content", out _) && !HasExample(response.Value))
                        faults.Add(name + " has no example of its answer");
                }
                if (!operation.Value.GetProperty("responses").EnumerateObject().Any(r => r.Name.StartsWith('4')))
                    faults.Add(name + " names no problem");
            }
        }
        Assert.Empty(faults);

        var mapped = console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(s => s.Endpoints)
            .Where(e => e.Metadata.GetMetadata<RouteFigures>() is not null)
            .Select(e => e.Metadata.GetMetadata<RouteFigures>()!)
            .Select(f => $"{f.Method} {Template(f.Route)}")
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(mapped.Order(), described.Order());
    }

    [Fact]
    public async Task Every_call_that_a_page_says_of_itself_is_one_of_the_api()
    {
        await using var console = await ConsoleServer.StartAsync();
        var document = await console.Client().GetFromJsonAsync<JsonElement>("/openapi/v1.json", Stop);
        var routes = document
            .GetProperty("paths")
            .EnumerateObject()
            .Where(path => path.Value.TryGetProperty("get", out _))
            .Select(path => Placeholder().Replace(path.Name, "{}"))
            .ToHashSet(StringComparer.Ordinal);
        var root = typeof(OpenApiTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepoRoot").Value!;
        var said = new List<(string File, string Call)>();
        foreach (
            var file in Directory.EnumerateFiles(Path.Combine(root, "src", "AgentConsole.Web"), "*.razor", SearchOption.AllDirectories)
        )
        {
            foreach (Match part in Calls().Matches(await File.ReadAllTextAsync(file, Stop)))
            {
                // As written in the page: a text, a text with places, or a text and what comes after it.
                var call = part.Groups["call"].Value;
                call =
                    call.StartsWith('$') || !call.Contains(" + ", StringComparison.Ordinal)
                        ? call
                        : call[..call.IndexOf(" + ", StringComparison.Ordinal)] + "{}";
                call = Placeholder().Replace(call.Trim('$', '"').Replace("\"", "", StringComparison.Ordinal), "{}").Split('?')[0];
                said.Add((Path.GetFileName(file), call));
            }
        }
        said.AddRange(AdminTabs.All.Select(tab => AdminTabs.CallOf(tab.Part)).OfType<string>().Select(call => ("AdminTabs.razor", call)));
        Assert.True(said.Count >= 20, $"Only {said.Count} calls were found.");
        Assert.DoesNotContain(said, s => !routes.Contains(s.Call));
    }

    [GeneratedRegex(@"<(?:CopyAs|HowComputed)\s[^>]*?\bCall=""(?:@\((?<call>[^)]*)\)|(?<call>/[^""]*))""")]
    private static partial Regex Calls();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();

    [Fact]
    public async Task The_reference_page_works_without_internet()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var client = console.Client();

        var page = await client.GetStringAsync("/docs/index.html", Stop);

        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.True((await client.GetAsync("/docs/swagger-ui-bundle.js", Stop)).IsSuccessStatusCode);
    }

    private static bool HasExample(JsonElement part) =>
        part.TryGetProperty("content", out var content)
        && content
            .EnumerateObject()
            .All(media => media.Value.TryGetProperty("example", out var example) && example.ValueKind != JsonValueKind.Null);

    private static string Template(string route) =>
        "/" + System.Text.RegularExpressions.Regex.Replace(route.Trim('/'), @"\{\**(\w+)[^}]*\}", "{$1}");
}
