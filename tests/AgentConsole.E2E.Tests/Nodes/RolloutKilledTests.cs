using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Testing.Processes;
using Npgsql;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>The node that moves a rollout on is killed in the middle of it. Nodes of its own: which one runs what is known by the order of their starts.</summary>
public sealed class RolloutKilledTests
{
    private const string Agent = "node-00000";

    private static readonly object Plan = new
    {
        steps = new[]
        {
            new
            {
                percent = 10,
                minimum_runs = 50,
                planned_runs = 150,
            },
            new
            {
                percent = 50,
                minimum_runs = 50,
                planned_runs = 150,
            },
        },
        metrics = new[] { new { metric = "error-rate", margin = 0.2 } },
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_other_node_goes_on_and_takes_each_step_once()
    {
        string token = "",
            key = "";
        await using var nodes = await TwoNodes.StartAsync(
            async (folder, services) =>
            {
                token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
                key = (await folder.AgentsAsync(services, 1, "node"))[0].Secret;
            },
            cancellationToken: Stop
        );
        await using var store = await nodes.OpenStoreAsync(Stop);
        await nodes.B.KillAsync();
        var ofA = await SoonAsync(store, "SELECT min(instance_name) FROM qrtz_scheduler_state HAVING count(*) = 1");
        await nodes.B.StartAsync(Stop);
        string id;
        using (var olga = nodes.A.Client(token))
        {
            await SendAsync(olga, $"/api/v1/agents/{Agent}/snapshots", new { version = "2.1.0", status = "active" });
            var started = await SendAsync(
                olga,
                $"/api/v1/agents/{Agent}/rollouts",
                new { snapshot = new { version = "2.2.0" }, plan = Plan }
            );
            id = started.GetProperty("id").GetString()!;
        }

        // Whoever moves it on next stands in the middle of it, for as long as this is held.
        string runner;
        await using (var held = await nodes.OpenStoreAsync(Stop))
        {
            await using var transaction = await held.BeginTransactionAsync(Stop);
            await ScalarAsync(held, "SELECT count(*) FROM (SELECT 1 FROM trail_heads FOR UPDATE) AS heads");
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, Stop); // from then on every node knows of the step
            await ReportAsync(nodes.B, key);
            await SoonAsync(
                store,
                "SELECT min(pid)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%trail_heads%' HAVING count(*) > 0"
            );
            runner = await SoonAsync(
                store,
                "SELECT min(instance_name) FROM qrtz_fired_triggers WHERE state = 'EXECUTING' HAVING count(*) > 0"
            );
            await (runner == ofA ? nodes.A : nodes.B).KillAsync();
        }
        var other = runner == ofA ? nodes.B : nodes.A;
        using var survivor = other.Client(token);
        await UntilAsync(survivor, id, rollout => rollout.GetProperty("step").GetInt32() == 2);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, Stop);
        await ReportAsync(other, key);
        await (runner == ofA ? nodes.A : nodes.B).StartAsync(Stop);
        await UntilAsync(survivor, id, rollout => rollout.GetProperty("state").GetString() == "promoted");

        var decisions = await survivor.GetFromJsonAsync<JsonElement>($"/api/v1/rollouts/{id}/decisions", Stop);
        Assert.Equal(["promote", "advance"], decisions.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("act").GetString()));
        var snapshots = await survivor.GetFromJsonAsync<JsonElement>($"/api/v1/agents/{Agent}/snapshots", Stop);
        Assert.Equal(
            ["2.2.0 active", "2.2.0 canary", "2.2.0 canary", "2.1.0 active"],
            snapshots.GetProperty("data").EnumerateArray().Select(s => $"{s.GetProperty("version")} {s.GetProperty("status")}")
        );
        Assert.Equal("0", await SoonAsync(store, "SELECT count(*)::text FROM arm_entries"));
    }

    private static async Task ReportAsync(ConsoleNode node, string key)
    {
        using var agent = node.Client(key);
        foreach (var (version, runs) in new[] { ("2.2.0", 150), ("2.1.0", 300) })
        {
            var rows = Enumerable.Range(0, runs).Select(i => new { status = i % 50 == 0 ? "failed" : "completed", version });
            var answer = await SendAsync(agent, "/api/v1/runs/batch", rows);
            Assert.Equal(runs, answer.GetProperty("created").GetInt32());
        }
    }

    private static async Task<JsonElement> SendAsync(HttpClient by, string address, object body)
    {
        using var answer = await by.PostAsJsonAsync(new Uri(address, UriKind.Relative), body, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
    }

    private static async Task UntilAsync(HttpClient by, string id, Func<JsonElement, bool> seen)
    {
        var startedAt = Stopwatch.GetTimestamp();
        JsonElement rollout;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Stop);
            rollout = await by.GetFromJsonAsync<JsonElement>($"/api/v1/rollouts/{id}", Stop);
            Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromMinutes(2), rollout.ToString());
        } while (!seen(rollout));
    }

    private static async Task<string> SoonAsync(NpgsqlConnection store, string sql)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await ScalarAsync(store, sql) is string found)
                return found;
            Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromMinutes(1), sql);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Stop);
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection store, string sql)
    {
#pragma warning disable CA2100 // constants of this test
        await using var command = new NpgsqlCommand(sql, store);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(Stop);
    }
}
