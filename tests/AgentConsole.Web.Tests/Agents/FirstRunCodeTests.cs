using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Web.Agents;

namespace AgentConsole.Web.Tests.Agents;

/// <summary>The programs that a newcomer pastes are run as they stand on the page.</summary>
public sealed partial class FirstRunCodeTests : IAsyncLifetime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleServer _console = null!;

    public async ValueTask InitializeAsync() => _console = await ConsoleServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _console.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("curl", "bash")]
    [InlineData("python", "python3")]
    [InlineData("typescript", "node")]
    [InlineData("dotnet", "dotnet")]
    public async Task The_program_reports_a_run_with_a_step(string id, string program)
    {
        Assert.SkipUnless(IsInstalled(program) && (id != "curl" || IsInstalled("curl")), $"{program} is not installed here");
        var language = FirstRunCode.Find(id);
        var (_, key) = await _console.AgentAsync("first-agent");
        var file = Path.Combine(_folder, language.File ?? "first-run.sh");
        await File.WriteAllTextAsync(file, FirstRunCode.Of(language, _console.Address.ToString()), Stop);
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = _folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (id == "dotnet")
            start.ArgumentList.Add("run");
        if (id == "typescript" && await VersionAsync() < new Version(22, 18))
        {
            // Takes no types yet: the program without them.
            var text = await File.ReadAllTextAsync(file, Stop);
            file = Path.ChangeExtension(file, ".mjs");
            await File.WriteAllTextAsync(file, Types().Replace(text, "path, body)"), Stop);
        }
        start.ArgumentList.Add(file);
        start.Environment["AGENT_KEY"] = key;

        var (code, output) = await RunAsync(start);

        Assert.True(code == 0, output);
        using var olga = _console.Client(await _console.TokenAsync(_console.Cast.Olga));
        var runs = await olga.GetFromJsonAsync<Page<RunBody>>("/api/v1/runs?agent=first-agent", ConsoleJson.Options, Stop);
        var run = Assert.Single(runs!.Data);
        Assert.Equal(("completed", 1), (run.Status, run.EventCount));
        Assert.StartsWith("Counted ", run.Summary, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?:path: string, body: object)\): Promise<void>")]
    private static partial Regex Types();

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<Version> VersionAsync()
    {
        var (_, output) = await RunAsync(
            new ProcessStartInfo("node", "--version")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        );
        return Version.Parse(output.Trim().TrimStart('v'));
    }

    private static async Task<(int Code, string Output)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        return (process.ExitCode, await output + await errors);
    }
}
