using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AgentConsole.Web.Hosting.Demo;

/// <summary>The fleet as a process of its own. It gets its token through its input, and ends when that closes: with us, however we end.</summary>
internal sealed class FleetProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private readonly Process _process;

    private FleetProcess(Process process) => _process = process;

    /// <exception cref="InvalidOperationException">The fleet is not installed beside the console.</exception>
    public static FleetProcess Start(
        Uri console,
        DemoMode demo,
        string workingDirectory,
        Action<string> said,
        Action<string> complained,
        params string[] verbs
    )
    {
        var program = Path.Combine(AppContext.BaseDirectory, "fleet", "AgentConsole.SampleFleet.dll");
        if (!File.Exists(program))
            throw new InvalidOperationException($"The sample fleet is not installed: there is no {program}.");
        var start = new ProcessStartInfo(Runtime())
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (
            var argument in new[] { program }.Concat(verbs).Concat(["--url", console.ToString(), "--token", "-", "--state", demo.Folder])
        )
            start.ArgumentList.Add(argument);
        if (demo.KeyFolder is { } keys)
        {
            start.ArgumentList.Add("--keys");
            start.ArgumentList.Add(keys);
        }
        // The fleet is a stranger: it learns the console's settings no more than any other program would.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("AgentConsole", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The sample fleet could not be started.");
        process.OutputDataReceived += (_, line) => Pass(line.Data, said);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, complained);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.WriteLine(demo.Token);
        process.StandardInput.Flush();
        return new FleetProcess(process);
    }

    /// <returns>The exit code.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks it to end its runs and go; after a while it is ended.</summary>
    public async Task StopAsync(TimeProvider clock)
    {
        if (_process.HasExited)
            return;
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience, clock);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _process.Dispose();

    private static void Pass(string? line, Action<string> to)
    {
        if (!string.IsNullOrEmpty(line))
            to(line);
    }

    // The runtime this console runs on, so that the demo needs nothing on the PATH.
    private static string Runtime()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var here = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(here) ? here : name;
    }
}
