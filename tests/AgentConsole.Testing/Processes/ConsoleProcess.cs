using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using AgentConsole.Web.Hosting;

namespace AgentConsole.Testing.Processes;

/// <summary>The console as a process of its own, so that it can be killed, and measured from outside.</summary>
public sealed class ConsoleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ConsoleProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    /// <summary>From the start of the process until <c>/health/ready</c> said yes.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>What the process wrote to its console.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <param name="settings">
    /// Environment variables, <see cref="ConsoleFolder.Settings"/> among them. With <c>ASPNETCORE_URLS</c> it listens there, else on a free port.
    /// </param>
    public static async Task<ConsoleProcess> StartAsync(
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        var address = settings.GetValueOrDefault("ASPNETCORE_URLS") is { } given
            ? new Uri(given)
            : new Uri($"http://127.0.0.1:{FreePort()}");
        var start = Program(settings, arguments);
        start.Environment["ASPNETCORE_URLS"] = address.GetLeftPart(UriPartial.Authority);
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        var startedAt = Stopwatch.GetTimestamp();
        var console = new ConsoleProcess(Process.Start(start)!, address);
        try
        {
            await console.WaitUntilReadyAsync(cancellationToken);
        }
        catch
        {
            await console.DisposeAsync();
            throw;
        }
        console.ReadyAfter = Stopwatch.GetElapsedTime(startedAt);
        return console;
    }

    /// <summary>An offline command, from its start to its end.</summary>
    /// <returns>The exit code, and what it wrote to its output and its errors.</returns>
    public static async Task<(int Code, string Output)> CommandAsync(
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        using var process = Process.Start(Program(settings, arguments))!;
        try
        {
            var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var complained = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await said + await complained);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static ProcessStartInfo Program(IReadOnlyDictionary<string, string?> settings, string[] arguments)
    {
        var assembly = typeof(ConsoleHost).Assembly.Location;
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Path.GetDirectoryName(assembly),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return start;
    }

    public int ProcessId => _process.Id;

    /// <summary>Resident memory in bytes, from <c>/proc</c>.</summary>
    public long ResidentBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim()[..^3], CultureInfo.InvariantCulture) * 1024;
    }

    public HttpClient Client(string? secret = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (secret is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return client;
    }

    /// <summary>The first match in what the process writes; waits until there is one.</summary>
    public async Task<System.Text.RegularExpressions.Match> SaysAsync(string pattern, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            if (System.Text.RegularExpressions.Regex.Match(Output, pattern) is { Success: true } match)
                return match;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }

    /// <summary>SIGKILL: the process cannot finish anything.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM: the process ends in order.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsOurs(string name) =>
        name.StartsWith("AgentConsole", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.Equals("DOTNET_ENVIRONMENT", StringComparison.OrdinalIgnoreCase);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
            _output.AppendLine(line.Data);
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var client = Client();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The console ended with code {_process.ExitCode}: {Output}");
            try
            {
                using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The console was not ready after {Patience.TotalSeconds} s: {Output}", e);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken);
        }
    }
}
