using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Api;

/// <summary>
/// Every endpoint, found in the running console, under bad input of every kind: never a fault, never an echo of a secret, always a problem with a code.
/// A failure names the seed, from which the same calls come again.
/// </summary>
public sealed class FuzzTests
{
    private const int CallsToEach = 40;

    private static readonly string[] Values =
    [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e308",
        "99999999999999999999",
        "-9223372036854775808",
        "\"\"",
        "\" \"",
        "\"" + new string('n', 10_000) + "\"",
        "\"a\\u0000b\"",
        "\"bell\\u0007\"",
        "\"\\u202Egnp.exe\"",
        "\"\\ud800\"",
        "\"é\\u0301\"",
        "\"2026-13-45T99:99:99Z\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59.9999999+14:00\"",
        "\"' OR 1=1 --\"",
        "\"../../etc/passwd\"",
        "\"running\"",
        "\"payments\"",
        "\"run_00000000000000000000000000\"",
        "\"agt_zzzzzzzzzzzzzzzzzzzzzzzzzz\"",
        "\"(((((((((((a+)+)+)+)+)+)+)+)+)+)+\"",
        "[]",
        "{}",
        "[null]",
        "[\"a\",\"a\"]",
        "{\"a\":{\"b\":[1]}}",
        new string('[', 40) + new string(']', 40),
        string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40),
    ];

    private static readonly string[] Segments =
    [
        "mailroom-1",
        "payments",
        "x",
        "%00",
        "%E2%80%AE",
        "%FF%FE",
        "..%2f..",
        "%25",
        "agt_00000000000000000000000000",
        "agt_zzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "run_00000000000000000000000001",
        "key_00000000000000000000000001",
        "-1",
        new('a', 3000),
    ];

    private static readonly string[] Queries =
    [
        "",
        "0",
        "-1",
        "501",
        "99999999999999999999",
        "%00",
        "%FF",
        "%E2%80%AE",
        "nonsense",
        "true",
        "9999-12-31T23:59:59Z",
        "2026-02-30",
        "AAAA",
        "running,failed,nonsense",
        "%27%20OR%201%3D1",
        new('q', 4000),
    ];

    private static readonly byte[][] Bodies =
    [
        [],
        "{"u8.ToArray(),
        "{\"status\":\"comp"u8.ToArray(),
        "not json"u8.ToArray(),
        "null"u8.ToArray(),
        "\"text\""u8.ToArray(),
        "[[]]"u8.ToArray(),
        "{\"a\":1,\"a\":2}"u8.ToArray(),
        [0xEF, 0xBB, 0xBF, 0x7B, 0x7D],
        [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D],
        [0x7B, 0x22, 0x6E, 0x22, 0x3A, 0x22, 0xFF, 0xFE, 0x22, 0x7D],
        [0, 0, 0, 0],
        Encoding.UTF8.GetBytes(new string('[', 5000)),
        "slug,team\n\"unclosed"u8.ToArray(),
        "{\"status\":\"completed\"}\n{\"status\":"u8.ToArray(),
    ];

    private static readonly string[] Types =
    [
        "application/json",
        "application/json; charset=utf-16",
        "text/csv",
        "text/plain",
        "application/x-ndjson",
        "multipart/form-data; boundary=x",
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task No_endpoint_falls_over_bad_input(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var token = await console.TokenAsync(console.Cast.Olga);
        var key = (await console.AgentAsync("mailroom-1")).Secret;
        using var client = console.Client();
        var endpoints = console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteFigures>() is not null)
            .ToList();
        Assert.NotEmpty(endpoints);
        const int seed = 2026;
        var faults = new List<string>();

        for (var i = 0; i < endpoints.Count; i++)
        {
            var random = new Random(seed + i);
            for (var call = 0; call < CallsToEach; call++)
            {
                var secret = random.Next(5) switch
                {
                    0 => null,
                    1 or 2 => key,
                    _ => token,
                };
                using var request = Request(console.Address, endpoints[i], random, secret);
                var said = $"seed {seed}, call {call}: {await SaidAsync(request)}";
                using var answer = await client.SendAsync(request, Stop);
                var text = await answer.Content.ReadAsStringAsync(Stop);
                if ((int)answer.StatusCode >= 500)
                    faults.Add($"{said} answered {(int)answer.StatusCode}: {text}");
                else if (RefusedByServer(request) is { } status)
                    faults.AddRange(answer.StatusCode == status ? [] : [$"{said} should not get past the server"]);
                else if ((int)answer.StatusCode >= 400 && !IsProblem(answer, text))
                    faults.Add($"{said} answered {(int)answer.StatusCode} without a problem: {text}");
                var whole = answer.Headers.ToString() + answer.Content.Headers + text;
                if (whole.Contains(token, StringComparison.Ordinal) || whole.Contains(key, StringComparison.Ordinal))
                    faults.Add($"{said} gave a secret back");
            }
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(30)));
        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics", "/openapi/v1.json", "/docs"])
        {
            using var odd = new HttpRequestMessage(HttpMethod.Get, Raw(console.Address, path + "?x=%00&" + new string('y', 4000)));
            odd.Headers.TryAddWithoutValidation("Accept", "\u0001;q=nonsense");
            odd.Headers.TryAddWithoutValidation("Authorization", "Bearer");
            using var answer = await client.SendAsync(odd, Stop);
            Assert.True((int)answer.StatusCode < 500, path);
        }
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready", Stop)).StatusCode);
    }

    [Fact]
    public async Task No_page_falls_over_nonsense_in_its_address()
    {
        await using var console = await ConsoleServer.StartAsync();
        await console.AgentAsync("mailroom-1");
        using var client = console.Browser(console.Cast.Olga);
        var pages = console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null)
            .ToList();
        Assert.NotEmpty(pages);
        string[] names = ["q", "status", "sort", "since", "until", "agent", "team", "state", "step", "said", "returnUrl", "handler"];
        var random = new Random(7);
        var faults = new List<string>();
        foreach (var page in pages)
        {
            for (var i = 0; i < 20; i++)
            {
                var query = string.Join(
                    '&',
                    Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(names, random) + "=" + Pick(Queries, random))
                );
                var path = PathOf(page, random) + "?" + query;
                using var request = new HttpRequestMessage(HttpMethod.Get, Raw(client.BaseAddress!, path));
                request.Headers.Add("Accept", "text/html");
                using var answer = await client.SendAsync(request, Stop);
                if ((int)answer.StatusCode >= 500)
                    faults.Add($"{path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Stop)}");
            }
        }
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(30)));
    }

    private static HttpRequestMessage Request(Uri address, RouteEndpoint endpoint, Random random, string? secret)
    {
        var path = PathOf(endpoint, random);
        var names = endpoint
            .Metadata.OfType<QueryParameter>()
            .Select(parameter => parameter.Name)
            .Append("limit")
            .Append("cursor")
            .ToList();
        if (random.Next(2) == 0)
            path.Append('?')
                .AppendJoin('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(names, random) + "=" + Pick(Queries, random)));
        var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "GET";
        var request = new HttpRequestMessage(new HttpMethod(method), Raw(address, path.ToString()));
        if (secret is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        if (random.Next(4) == 0)
            request.Headers.TryAddWithoutValidation(
                "If-Match",
                Pick(["\"1\"", "*", "W/\"1\"", "1", "\"99999999999999999999\"", ""], random)
            );
        if (random.Next(6) == 0)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", Pick(["a b", "", new string('k', 300), "same"], random));
        if (method is "GET" or "DELETE" && random.Next(8) > 0)
            return request;
        // The server answers such a line and closes at once: who still sends a body then may meet a broken pipe instead of the answer.
        if (RefusedByServer(request) is not null)
            return request;
        request.Content = new ByteArrayContent(random.Next(3) == 0 ? Pick(Bodies, random) : Shaped(endpoint, random));
        if (random.Next(5) > 0)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(4) > 0 ? Types[0] : Pick(Types, random));
        return request;
    }

    private static StringBuilder PathOf(RouteEndpoint endpoint, Random random)
    {
        var path = new StringBuilder();
        foreach (var segment in endpoint.RoutePattern.PathSegments)
        {
            path.Append('/');
            foreach (var part in segment.Parts)
                path.Append(
                    part is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : Pick(Segments, random)
                );
        }
        return path.Length == 0 ? path.Append('/') : path;
    }

    /// <summary>An object of the documented shape, with a value of any kind in each member.</summary>
    private static byte[] Shaped(RouteEndpoint endpoint, Random random)
    {
        var type = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var members =
            type is null || type.IsArray || type.IsGenericType
                ? ["slug", "status", "key", "kind", "external_id"]
                : type.GetProperties().Select(member => JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name)).ToArray();
        var chosen = members.Where(_ => random.Next(2) == 0).Select(member => $"\"{member}\":{Pick(Values, random)}");
        var body = "{" + string.Join(',', chosen) + "}";
        return Encoding.UTF8.GetBytes(random.Next(6) == 0 ? $"[{body},{Pick(Values, random)}]" : body);
    }

    /// <summary>What Kestrel answers before anything of ours is asked: a NUL in the path, a request line over 8 KiB.</summary>
    // The server reads a first line of at most 8,192 bytes: method, target, version and the end of the line.
    private static HttpStatusCode? RefusedByServer(HttpRequestMessage request)
    {
        var address = request.RequestUri!.OriginalString;
        var target = address[address.IndexOf('/', address.IndexOf("//", StringComparison.Ordinal) + 2)..];
        return request.Method.Method.Length + 1 + target.Length + " HTTP/1.1\r\n".Length > 8192 ? HttpStatusCode.RequestUriTooLong
            : target.Split('?')[0].Contains("%00", StringComparison.Ordinal) ? HttpStatusCode.BadRequest
            : null;
    }

    private static bool IsProblem(HttpResponseMessage answer, string text)
    {
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return false;
        var problem = JsonSerializer.Deserialize<ProblemBody>(text, ConsoleJson.Options);
        return !string.IsNullOrEmpty(problem?.Code) && problem.Status == (int)answer.StatusCode;
    }

    /// <summary>The call as it was made, without what it proved itself with, so that a failure can be read.</summary>
    private static async Task<string> SaidAsync(HttpRequestMessage request)
    {
        static string Short(string text) => text.Length <= 300 ? text : text[..300] + "…";
        var headers = request.Headers.Where(h => h.Key != "Authorization").Select(h => $"{h.Key}: {string.Join(", ", h.Value)}");
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(Stop);
        return $"{request.Method} {Short(request.RequestUri!.OriginalString)} [{Short(string.Join("; ", headers))}] {request.Content?.Headers.ContentType} {Short(body)}";
    }

    private static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];

    // As it stands: the framework would tidy the path up before it is sent.
    private static Uri Raw(Uri address, string path) =>
        new(
            address.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
        );
}
