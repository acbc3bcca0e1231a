using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Benchmarks.Baselines;

/// <summary>
/// Kestrel and nothing else, as a process of its own: parses the body of a POST as the console's contract with the console's JSON options and answers
/// bytes that were given.
/// </summary>
internal sealed class BareKestrel : IAsyncDisposable
{
    public const string Command = "--bare-kestrel";
    private readonly Process _process;
    private readonly string _answer;

    private BareKestrel(Process process, string answer, Uri address) => (_process, _answer, Address) = (process, answer, address);

    public Uri Address { get; }

    /// <param name="parse">Name of a contract in <see cref="Parsers"/>.</param>
    /// <param name="answer">What every call is answered with.</param>
    public static async Task<BareKestrel> StartAsync(
        string parse,
        byte[] answer,
        CancellationToken cancellationToken,
        string type = "application/json"
    )
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, answer, cancellationToken);
        var port = ConsoleProcess.FreePort();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(BareKestrel).Assembly.Location);
        foreach (var argument in (string[])[Command, port.ToString(CultureInfo.InvariantCulture), parse, file, type])
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_gcServer"] = "1"; // what a web project has
        var process = Process.Start(start)!;
        await process.StandardOutput.ReadLineAsync(cancellationToken); // says that it listens
        return new BareKestrel(process, file, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>Instead of a contract: every call is answered that nothing changed, with this tag.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>The child's side.</summary>
    public static async Task ServeAsync(string port, string parse, string answerFile, string type)
    {
        var answer = await File.ReadAllBytesAsync(answerFile);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:" + port);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        if (parse == Unchanged)
        {
            var tag = System.Text.Encoding.ASCII.GetString(answer);
            app.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                context.Response.Headers.ETag = tag;
                return Task.CompletedTask;
            });
        }
        var parser = Parsers.GetValueOrDefault(parse) ?? Parsers["nothing"];
        app.Run(async context =>
        {
            if (HttpMethods.IsPost(context.Request.Method))
                await parser(context.Request);
            context.Response.ContentType = type;
            context.Response.ContentLength = answer.Length;
            await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        });
        await app.StartAsync();
        await Console.Out.WriteLineAsync("listening");
        await app.WaitForShutdownAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        File.Delete(_answer);
    }

    private static readonly IReadOnlyDictionary<string, Func<HttpRequest, ValueTask>> Parsers = new Dictionary<
        string,
        Func<HttpRequest, ValueTask>
    >(StringComparer.Ordinal)
    {
        ["run"] = ParseAsync<ReportRun>,
        ["key"] = ParseAsync<KeyProof>,
        ["nothing"] = _ => ValueTask.CompletedTask,
    };

    private static async ValueTask ParseAsync<T>(HttpRequest request)
    {
        if (await JsonSerializer.DeserializeAsync<T>(request.BodyReader, ConsoleJson.Options, request.HttpContext.RequestAborted) is null)
            throw new InvalidOperationException("Nothing in the body.");
    }
}
