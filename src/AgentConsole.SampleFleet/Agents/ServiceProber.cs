using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Asks services on this machine whether they are well: the console twice as often as a port where nothing listens and one where nobody answers.</summary>
public sealed class ServiceProber(Uri console) : FleetAgent
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private int _turn;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "service-prober",
            DisplayName = "Service prober",
            Description =
                "Asks services on this machine whether they are ready, and says what it got: an answer, a refused connection, or silence.",
            Team = "support",
            Environment = "production",
            Tags = ["probes", "http"],
            Cadence = TimeSpan.FromSeconds(18),
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        var turn = _turn++ % 6;
        if (turn == 0)
        {
            // A socket that is bound and closed again: a port of which is known that nothing listens on it.
            using var closed = new TcpListener(IPAddress.Loopback, 0);
            closed.Start();
            var address = AddressOf(closed);
            closed.Stop();
            return await ProbeAsync("a service that is down", address, work, cancellationToken);
        }
        if (turn == 3)
        {
            // Connections are taken by the system and never looked at, as with a process that hangs.
            using var mute = new TcpListener(IPAddress.Loopback, 0);
            mute.Start();
            return await ProbeAsync("a service that hangs", AddressOf(mute), work, cancellationToken);
        }
        return await ProbeAsync("the console", new Uri(console, turn % 2 == 0 ? "/health/ready" : "/health/live"), work, cancellationToken);
    }

    /// <summary>One probe of one address.</summary>
    internal static async Task<Finding> ProbeAsync(string name, Uri address, Work work, CancellationToken cancellationToken)
    {
        if (!address.IsLoopback)
            work.Decide(
                "address beyond this machine",
                "allowed",
                new { host = address.Authority, why = "it is the console this fleet reports to" }
            );
        using var http = new HttpClient { Timeout = Patience };
        var began = Stopwatch.GetTimestamp();
        try
        {
            var (status, body) = await work.UseAsync(
                "http-get",
                new { url = address.ToString() },
                async token =>
                {
                    using var answer = await http.GetAsync(address, token);
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync(token));
                },
                answer => new { status = (int)answer.StatusCode, characters = answer.Item2.Length },
                cancellationToken
            );
            work.CountWords(body);
            var took = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            var figures = new { status = (int)status, took_ms = took };
            return status == HttpStatusCode.OK
                ? Finding.Completed($"{name} answered {address.AbsolutePath} in {took} ms{Details(body)}.") with
                {
                    Figures = figures,
                }
                : Finding.Failed("not_ready", $"{address} answered {(int)status}.", $"{name} is not ready.") with
                {
                    Figures = figures,
                };
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.TimedOut(
                "no_answer",
                $"{address} took the connection and said nothing for {Patience.TotalSeconds} s.",
                $"{name} does not answer."
            );
        }
        catch (HttpRequestException e)
        {
            return Finding.Failed("connection_refused", $"{address}: {e.Message}", $"{name} cannot be reached.");
        }
    }

    private static string Details(string body)
    {
        if (!body.StartsWith('{'))
            return "";
        using var document = JsonDocument.Parse(body);
        var wells = document.RootElement.EnumerateObject().Count(p => p.Value.ValueKind == JsonValueKind.True);
        return $", {wells} of its checks are good";
    }

    private static Uri AddressOf(TcpListener listener) => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/health");
}
