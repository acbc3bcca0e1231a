using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>One node is stopped and started again while agents report through both.</summary>
[Collection(NodesCollection.Name)]
public sealed class RollingRestartTests(NodesFixture fixture, ITestOutputHelper output)
{
    private const int Reporters = 6;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_accepted_report_is_lost_the_node_says_so_before_it_goes_and_the_other_serves_on()
    {
        var agents = Enumerable.Range(0, Reporters).Select(_ => fixture.NextAgent()).ToList();
        var reports = new Reports(fixture.Nodes);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var reporting = agents.Select((agent, i) => reports.KeepReportingAsync(agent, i % 2 == 0, over.Token)).ToList();
        var others = WatchAsync(over.Token);
        await UntilAsync(() => reports.AcceptedByB >= 20);

        using var prober = fixture.Nodes.B.Client();
        var stopping = fixture.Nodes.B.StopAsync(Stop);
        var said = await SaysNotReadyAsync(prober);
        var whileLeaving = reports.AcceptedByB;
        var code = await stopping;

        Assert.Equal("This node is stopping.", said);
        Assert.Equal(0, code);
        var (a, b) = (reports.Accepted, reports.AcceptedByB);
        await UntilAsync(() => reports.Accepted >= a + 100);
        Assert.Equal(b, reports.AcceptedByB); // it is away
        await fixture.Nodes.B.StartAsync(Stop);
        await UntilAsync(() => reports.AcceptedByB >= b + 20);
        await over.CancelAsync();
        await Task.WhenAll(reporting);

        Assert.All(await others, status => Assert.Equal(HttpStatusCode.OK, status));
        foreach (var agent in agents)
        {
            var accepted = reports.Of(agent);
            Assert.Equal(accepted.Order(), (await ReadAsync(agent)).Intersect(accepted).Order());
        }
        output.WriteLine($"{reports.Accepted} accepted, {b - whileLeaving} by the node after it said that it goes");
    }

    private static async Task UntilAsync(Func<bool> done)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!done())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(20), "Reports stand still.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Stop);
        }
    }

    /// <summary>Asks until the node is not ready; why it is not.</summary>
    private static async Task<string?> SaysNotReadyAsync(HttpClient prober)
    {
        while (true)
        {
            using var answer = await prober.GetAsync(new Uri("/health/ready", UriKind.Relative), Stop);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                return (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("detail").GetString();
        }
    }

    /// <summary>What the other node answers meanwhile.</summary>
    private async Task<IReadOnlyList<HttpStatusCode>> WatchAsync(CancellationToken over)
    {
        var answers = new List<HttpStatusCode>();
        using var client = fixture.Nodes.A.Client();
        while (!over.IsCancellationRequested)
        {
            using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), Stop);
            answers.Add(answer.StatusCode);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
        return answers;
    }

    private async Task<List<string>> ReadAsync(NodeAgent agent)
    {
        using var client = fixture.Nodes.A.Client(agent.Secret);
        var found = new List<string>();
        for (string? cursor = ""; cursor is not null; )
        {
            var page = await client.GetFromJsonAsync<JsonElement>(
                "/api/v1/runs?limit=500" + (cursor.Length == 0 ? "" : "&cursor=" + Uri.EscapeDataString(cursor)),
                Stop
            );
            found.AddRange(page.GetProperty("data").EnumerateArray().Select(run => run.GetProperty("external_id").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        Assert.Equal(found.Count, found.Distinct().Count()); // sent again is one run
        return found;
    }

    private sealed class Reports(TwoNodes nodes)
    {
        private readonly ConcurrentDictionary<NodeAgent, ConcurrentQueue<string>> _accepted = new();
        private int _all;
        private int _byB;

        public int Accepted => Volatile.Read(ref _all);
        public int AcceptedByB => Volatile.Read(ref _byB);

        public IReadOnlyCollection<string> Of(NodeAgent agent) => _accepted[agent];

        /// <summary>Reports run after run to the node it began with, and to the other while that one is away or refuses.</summary>
        public async Task KeepReportingAsync(NodeAgent agent, bool beginsWithA, CancellationToken over)
        {
            using var client = new HttpClient();
            client.DefaultRequestHeaders.Authorization = new("Bearer", agent.Secret);
            var accepted = _accepted.GetOrAdd(agent, _ => new());
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                var run = $"rolling-{i}";
                for (var toA = beginsWithA; !await IsTakenAsync(client, toA, run); )
                    toA = !toA;
                accepted.Enqueue(run);
            }
        }

        private async Task<bool> IsTakenAsync(HttpClient client, bool toA, string run)
        {
            try
            {
                using var answer = await client.PostAsJsonAsync(
                    new Uri((toA ? nodes.A : nodes.B).Address, "/api/v1/runs"),
                    new { status = "completed", external_id = run },
                    Stop
                );
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                    return false;
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
            }
            catch (HttpRequestException)
            {
                return false; // gone, or not there yet
            }
            Interlocked.Increment(ref _all);
            if (!toA)
                Interlocked.Increment(ref _byB);
            return true;
        }
    }
}
