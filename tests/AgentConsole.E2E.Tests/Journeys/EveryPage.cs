using System.Net.Http.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A console with something on every page.</summary>
public sealed class FurnishedConsole : IAsyncLifetime
{
    public ConsoleServer Console { get; private set; } = null!;
    public string Run { get; private set; } = "";
    public string Step { get; private set; } = "";
    public string Plan { get; private set; } = "";
    public string Rotation { get; private set; } = "";
    public string Freeze { get; private set; } = "";
    public string Snapshot { get; private set; } = "";
    public string Past { get; private set; } = "";
    public string Stable { get; private set; } = "";
    public string Rolled { get; private set; } = "";
    public string Rollout { get; private set; } = "";
    public string RolloutAhead { get; private set; } = "";
    public string RolloutPlan { get; private set; } = "";
    public string Bulk { get; private set; } = "";
    public string BulkDone { get; private set; } = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Console = await ConsoleServer.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["AgentConsole:Drift:GraceSeconds"] = "0" }
        );
        var (_, key) = await Console.AgentAsync("mailroom-1");
        var price = new AddPrice
        {
            Model = "small-1*",
            InputPerMillion = System.Text.Json.JsonElement.Parse("\"150\""),
            OutputPerMillion = System.Text.Json.JsonElement.Parse("\"600\""),
            EffectiveFrom = "2020-01-01",
            Source = "Contract of March",
        };
        await Console.Get<AgentConsole.Core.Prices.PriceService>().AddAsync(Console.As(Console.Cast.Olga), price, Stop);
        var (_, readerKey) = await Console.AgentAsync("reader-1", Console.Cast.Research);
        await Console.AgentAsync("quiet-1");
        using var agent = Console.Client(key);
        for (var i = 0; i < 12; i++)
        {
            await agent.PostAsJsonAsync(
                "/api/v1/runs",
                new
                {
                    external_id = $"invoice-{i}",
                    status = i % 5 == 3 ? "failed" : "completed",
                    duration_ms = 1400 + i * 3100,
                    version = "2.2.0",
                    model = i % 2 == 0 ? "small-1" : "big-1",
                    input_tokens = 900 + i,
                    output_tokens = 40,
                    summary = $"Invoice 2026-11-{i:0000}",
                    error = i % 5 == 3 ? "tax.lookup, unknown rate code FR-20b" : null,
                },
                Stop
            );
        }
        var started = Console.Get<TimeProvider>().GetUtcNow().AddSeconds(-38);
        var answer = await agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                external_id = "open",
                status = "running",
                started_at = started,
                summary = "Invoice 2026-11-0958",
            },
            Stop
        );
        Run = (await answer.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        var steps = await agent.PostAsJsonAsync(
            $"/api/v1/runs/{Run}/events",
            new object[]
            {
                new
                {
                    kind = "iteration",
                    external_id = "1",
                    name = "invoke_agent",
                    at = started,
                    duration_ms = 38_000,
                },
                new
                {
                    kind = "message",
                    parent = "1",
                    external_id = "2",
                    name = "chat",
                    model = "small-4",
                    at = started.AddSeconds(1),
                    duration_ms = 6_600,
                    input_tokens = 12_400,
                    output_tokens = 210,
                },
                new
                {
                    kind = "tool-call",
                    parent = "1",
                    external_id = "3",
                    name = "tax.lookup",
                    at = started.AddSeconds(9),
                    duration_ms = 1_400,
                    status = "error",
                    error = "422 unknown rate code",
                },
                new
                {
                    kind = "decision",
                    parent = "1",
                    external_id = "4",
                    name = "amount-limit",
                    at = started.AddSeconds(12),
                    decision = "blocked",
                },
                new
                {
                    kind = "log",
                    external_id = "5",
                    name = "retry",
                    role = "warn",
                    at = started.AddSeconds(13),
                    metadata = new { attempt = 2 },
                },
            },
            Stop
        );
        Step = (await steps.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("ids")[2].GetString()!;
        // Something for the trail: a pause taken back, with a reason.
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        foreach (var act in (string[])["pause", "resume"])
        {
            using var done = await olga.PostAsJsonAsync($"/api/v1/agents/mailroom-1/{act}", new { reason = "The mail server moves" }, Stop);
            Assert.True(done.IsSuccessStatusCode, await done.Content.ReadAsStringAsync(Stop));
        }
        using var planned = await olga.PostAsJsonAsync(
            "/api/v1/agents/plans",
            new
            {
                action = "move",
                team = "research",
                agents = new[] { "mailroom-1", "reader-1", "nobody-1" },
                reason = "The mail server moves",
            },
            Stop
        );
        Plan = (await planned.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        foreach (
            var (name, region) in ((string, string)[])
                [("gateway-canary", "eu-central-1"), ("gateway-prod-eu", "eu-central-1"), ("gateway-prod-us", "us-east-1")]
        )
        {
            using var made = await olga.PostAsJsonAsync(
                "/api/v1/gateways",
                new
                {
                    name,
                    region,
                    environment = "production",
                    url = $"https://{name}.example/healthz",
                },
                Stop
            );
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
            using var linked = await olga.PutAsync($"/api/v1/agents/mailroom-1/gateways/{name}", null, Stop);
            Assert.True(linked.IsSuccessStatusCode, await linked.Content.ReadAsStringAsync(Stop));
        }
        using var out_ = await olga.PostAsJsonAsync("/api/v1/gateways/gateway-prod-us/take-out", new { reason = "It drops calls" }, Stop);
        Assert.True(out_.IsSuccessStatusCode);
        using var through = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "failed", gateway = "gateway-prod-eu" }, Stop);
        Assert.True(through.IsSuccessStatusCode);
        using var rotated = await olga.PostAsJsonAsync("/api/v1/agents/mailroom-1/rotations", new { reason = "Yearly" }, Stop);
        Rotation = (await rotated.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        await PastAsync();
        object[] snapshots =
        [
            new
            {
                version = "2.1.0",
                status = "active",
                model = "small-3",
                parameters = new { temperature = 0.2, stop = new[] { "END" } },
                tools = new[] { "mail.send", "tax.lookup" },
                commit = "9d03e11",
                reason = "Weekly",
            },
            new
            {
                version = "2.2.0-rc1",
                status = "canary",
                traffic_percent = 5,
                model = "small-4",
                parameters = new { temperature = 0.1, stop = new[] { "END" } },
                tools = new[] { "tax.lookup", "tax.rates" },
                secrets = new[] { "vault:payments/tax-service" },
                commit = "4f2a9d1",
                reason = "The new tax rates of January, asked for by the accountants",
            },
        ];
        var definition = """
            # Made by the team that answers for the mail
            name: Mailroom
            description: Sorts and answers what comes in
            model:
              name: small-3
              parameters: { temperature: 0.2, stop: [END] }
            instructions: |
              Sort the mail by subject.
              Answer what is asked often; hand on what is not.
            tools:
              - name: mail.send
                description: Sends one message
                schema: { type: object, required: [to, text] }
              - name: tax.lookup
            secrets: [vault:payments/mail]
            limits: { max_cost_usd: 2.5, timeout: 30m }
            """;
        foreach (var body in snapshots)
        {
            using var text = new StringContent(definition, System.Text.Encoding.UTF8, "application/yaml");
            using var saved = await olga.PostAsync("/api/v1/agents/mailroom-1/definitions?note=For+the+tax+rates+of+January", text, Stop);
            Assert.True(saved.IsSuccessStatusCode, await saved.Content.ReadAsStringAsync(Stop));
            definition = definition
                .Replace("small-3", "small-4", StringComparison.Ordinal)
                .Replace("often; hand on what is not", "often. Hand on the rest", StringComparison.Ordinal)
                .Replace("mail.send", "tax.rates", StringComparison.Ordinal);
            using var set = await olga.PostAsJsonAsync("/api/v1/agents/mailroom-1/snapshots", body, Stop);
            Stable = Snapshot;
            Snapshot = (await set.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        }
        foreach (
            var (instance, version, runs) in ((string, string, int)[])
                [("pod-6", "2.1.0", 40), ("pod-8", "2.2.0-rc1", 3), ("pod-7", "2.0.3", 6)]
        )
        {
            using var reports = new HttpRequestMessage(HttpMethod.Post, "/api/v1/runs/batch");
            reports.Headers.Add("X-AgentConsole-Instance", instance);
            reports.Content = JsonContent.Create(
                Enumerable
                    .Range(0, runs)
                    .Select(_ => new
                    {
                        status = "completed",
                        version,
                        duration_ms = 900,
                    })
            );
            using var reported = await agent.SendAsync(reports, Stop);
            Assert.True(reported.IsSuccessStatusCode, await reported.Content.ReadAsStringAsync(Stop));
        }
        await Console.Get<AgentConsole.Core.Drift.InstanceBook>().StepAsync(Stop);
        await Console.Get<AgentConsole.Core.Drift.DriftWatch>().StepAsync(Stop);
        foreach (var version in (string[])["4.0.0", "4.1.0"])
        {
            using var set = await olga.PostAsJsonAsync("/api/v1/agents/reader-1/snapshots", new { version, status = "active" }, Stop);
            Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Stop));
        }
        using var back = await olga.PostAsJsonAsync(
            "/api/v1/agents/reader-1/rollback",
            new { reason = "It reads the last page of every letter twice" },
            Stop
        );
        Rolled = (await back.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        await LeaveAsync(olga);
        var now = Console.Get<TimeProvider>().GetUtcNow();
        object[] freezes =
        [
            new
            {
                name = "Year's end",
                environment = "production",
                starts_at = now.AddHours(-2),
                ends_at = now.AddDays(3),
                override_role = "org-admin",
                reason = "The books are closed",
            },
            new
            {
                name = "Weekend",
                team = "payments",
                cron = "0 18 * * FRI",
                duration_minutes = 3720,
                zone = "Europe/Berlin",
                reason = "Nobody is here to look after what was deployed on a Friday evening",
            },
        ];
        foreach (var body in freezes)
        {
            using var frozen = await olga.PostAsJsonAsync("/api/v1/freezes", body, Stop);
            Freeze = (await frozen.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        }
        using var many = await olga.PostAsJsonAsync(
            "/api/v1/rotations/bulk?dry_run=true",
            new { filter = new { expires = "never" }, reason = "Quarterly" },
            Stop
        );
        Bulk = (await many.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        using var few = await olga.PostAsJsonAsync(
            "/api/v1/rotations/bulk",
            new { agents = new[] { "quiet-1" }, reason = "Quarterly" },
            Stop
        );
        BulkDone = (await few.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        using var stray = await olga.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                agent = "sorter-9",
                status = "completed",
                cost = "0.21",
            },
            Stop
        );
        Assert.Equal(System.Net.HttpStatusCode.Accepted, stray.StatusCode);
        await Console.Get<AgentConsole.Core.Unclaimed.SightingBook>().StepAsync(Stop);
        await RollOutAsync(olga, readerKey);
    }

    // One that a person must decide, one before its first look, and a plan.
    private async Task RollOutAsync(HttpClient olga, string readerKey)
    {
        object[] metrics =
        [
            new { metric = "error-rate", margin = 0.02 },
            new
            {
                metric = "duration-p95",
                margin = 0.2,
                relative = true,
            },
            new
            {
                metric = "cost",
                margin = 0.1,
                relative = true,
                dry_run = true,
            },
        ];
        object Plan(int minimum) =>
            new
            {
                steps = new[] { (5, 10), (25, 30), (50, 60) }.Select(step => new
                {
                    percent = step.Item1,
                    hold_minutes = step.Item2,
                    minimum_runs = minimum,
                    planned_runs = minimum * 3,
                }),
                metrics,
                on_fail = "pause",
            };
        RolloutPlan = await PostAsync(
            olga,
            "/api/v1/rollout-plans",
            new
            {
                name = "Careful",
                description = "For agents that move money",
                plan = Plan(1_000),
            }
        );
        foreach (var agent in (string[])["reader-1", "quiet-1"])
            await PostAsync(olga, $"/api/v1/agents/{agent}/snapshots", new { version = "1.4.0", status = "active" });
        var snapshot = new { version = "1.5.0", reason = "A shorter prompt" };
        RolloutAhead = await PostAsync(olga, "/api/v1/agents/quiet-1/rollouts", new { snapshot, template = "Careful" });
        Rollout = await PostAsync(olga, "/api/v1/agents/reader-1/rollouts", new { snapshot, plan = Plan(30) });
        using var reader = Console.Client(readerKey);
        var started = Console.Get<TimeProvider>().GetUtcNow();
        foreach (var (version, count, every) in ((string, int, int)[])[("1.5.0", 90, 4), ("1.4.0", 900, 50)])
        {
            var runs = Enumerable
                .Range(1, count)
                .Select(i => new
                {
                    status = i % every == 0 ? "failed" : "completed",
                    version,
                    started_at = started,
                    duration_ms = 800 + (i % 90 * (version == "1.5.0" ? 19 : 14)),
                    cost = version == "1.5.0" ? "0.0021" : "0.0012",
                });
            using var told = await reader.PostAsJsonAsync("/api/v1/runs/batch", runs, Stop);
            Assert.True(told.IsSuccessStatusCode, await told.Content.ReadAsStringAsync(Stop));
        }
        await Console.Get<AgentConsole.Core.Deployments.Rollouts.RolloutWatch>().StepAsync(Stop);
    }

    private static async Task<string> PostAsync(HttpClient client, string address, object body)
    {
        using var made = await client.PostAsJsonAsync(address, body, Stop);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
        return (await made.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
    }

    // What was deployed on the days before: canaries that went on, went back and crowd.
    private async Task PastAsync()
    {
        foreach (var slug in (string[])["ledger-1", "freight-1", "stock-1"])
            await Console.AgentAsync(slug);
        foreach (var slug in (string[])["triage-1", "returns-1"])
            await Console.AgentAsync(slug, Console.Cast.Research);
        var (active, canary, rollout) = (SnapshotStatus.Active, SnapshotStatus.Canary, SnapshotTrigger.Rollout);
        await Console.Services.DeployedAsync("ledger-1", "production", new(80, "4.3.1"), new(13.2, "4.3.2"));
        await Console.Services.DeployedAsync(
            "freight-1",
            "production",
            new(200, "1.12.3"),
            new(12.7, "1.13.0", canary, 5),
            new(11.9, "1.12.3", TakesBack: true, Reason: "p95 rose by 64 %")
        );
        var stock = await Console.Services.DeployedAsync(
            "stock-1",
            "production",
            new(300, "2.7.0"),
            new(11.7, "2.7.1", canary, 5, rollout),
            new(10.2, "2.7.1", canary, 25, rollout),
            new(8.2, "2.7.1", active, null, rollout),
            new(1.5, "2.8.0", canary, 50, rollout)
        );
        Past = IdText.Format(IdText.Snapshot, stock[0]);
        await Console.Services.DeployedAsync(
            "triage-1",
            "production",
            [.. Enumerable.Range(0, 30).Select(i => new DeploymentHistory.Step(9 - (0.05 * i), $"3.8.{i}"))]
        );
        await Console.Services.DeployedAsync("triage-1", "staging", new(30, "3.9.0", canary, 10), new(2, "3.9.0"));
        await Console.Services.DeployedAsync(
            "returns-1",
            "production",
            new(500, "2.4.3"),
            new(13, "2.4.4"),
            new(0.7, "2.4.4", SnapshotStatus.Retired)
        );
    }

    // One agent on its way out, and one that is gone.
    private async Task LeaveAsync(HttpClient olga)
    {
        var (_, key) = await Console.AgentAsync("leaver-1");
        await Console.AgentAsync("leaver-2");
        using var leaver = Console.Client(key);
        (string Path, object Body)[] acts =
        [
            ("leaver-1/retirement", new { reason = "Its work is done by mailroom-1" }),
            ("leaver-1/retirement/steps/gateways", new { }),
            ("leaver-1/retirement/steps/runs", new { mode = "drain" }),
            ("leaver-2/retirement", new { reason = "Its work is done by mailroom-1" }),
            ("leaver-2/retirement/steps/keys", new { }),
            ("leaver-2/retirement/steps/export", new { skip = true, reason = "It never ran" }),
            ("leaver-2/retirement/finish", new { }),
        ];
        foreach (var external in (string[])["job-1", "job-2"])
            await leaver.PostAsJsonAsync("/api/v1/runs", new { external_id = external, status = "running" }, Stop);
        foreach (var (path, body) in acts)
        {
            using var done = await olga.PostAsJsonAsync("/api/v1/agents/" + path, body, Stop);
            Assert.True(done.IsSuccessStatusCode, path + await done.Content.ReadAsStringAsync(Stop));
        }
    }

    /// <summary>An address of <see cref="EveryPage.Addresses"/> with the ids of what is here.</summary>
    public string Fill(string address) =>
        address
            .Replace("{run}", Run, StringComparison.Ordinal)
            .Replace("{step}", Step, StringComparison.Ordinal)
            .Replace("{past}", Past, StringComparison.Ordinal)
            .Replace("{plan}", Plan, StringComparison.Ordinal)
            .Replace("{rotation}", Rotation, StringComparison.Ordinal)
            .Replace("{snapshot}", Snapshot, StringComparison.Ordinal)
            .Replace("{stable}", Stable, StringComparison.Ordinal)
            .Replace("{rolled}", Rolled, StringComparison.Ordinal)
            .Replace("{freeze}", Freeze, StringComparison.Ordinal)
            .Replace("{rollout}", Rollout, StringComparison.Ordinal)
            .Replace("{rollout-ahead}", RolloutAhead, StringComparison.Ordinal)
            .Replace("{rollout-plan}", RolloutPlan, StringComparison.Ordinal)
            .Replace("{bulk}", Bulk, StringComparison.Ordinal)
            .Replace("{bulk-done}", BulkDone, StringComparison.Ordinal);

    public ValueTask DisposeAsync() => Console.DisposeAsync();
}

/// <summary>
/// Every page in every look at this width: no finding of axe, no sideways scrolling, no error in the browser's console. With SHOTS set to a
/// folder each of them is also saved there as a picture, to be looked at.
/// </summary>
public abstract class EveryPage(Chromium chromium, FurnishedConsole scene) : JourneyTest(chromium)
{
    protected override ConsoleServer Shared => scene.Console;

    protected string Fill(string path) => scene.Fill(path);

    // What can differ where a page differs by its colours only.
    internal static readonly string[] Colours = ["color-contrast", "link-in-text-block"];

    // PAGES=spend,fleet looks at these alone, while somebody works on them.
    public static IEnumerable<TheoryDataRow<string, string>> Pages =>
        Environment.GetEnvironmentVariable("PAGES") is { Length: > 0 } only
            ? All.Where(page => only.Split(',').Contains(page.Data.Item1))
            : All;

    public static IEnumerable<string> Addresses => All.Select(page => page.Data.Item2);

    private static TheoryData<string, string> All =>
        new()
        {
            { "overview", "/" },
            { "start", "/start" },
            { "start-waiting", "/start?agent=quiet-1&lang=python" },
            { "start-done", "/start?agent=mailroom-1" },
            { "fleet", "/fleet" },
            {
                "fleet-columns",
                "/fleet?health=ok,failing&team=-nowhere&columns=team,owner,tags,health,cost,tokens,last-seen,created&density=compact"
            },
            { "fleet-filtered-out", "/fleet?q=nothing-has-this-name" },
            { "fleet-nonsense", "/fleet?health=purple&limit=-1" },
            { "fleet-chooser", "/fleet?act=columns" },
            { "fleet-facets", "/fleet?act=facets" },
            { "fleet-view", "/fleet?q=mail&act=save-view" },
            { "register", "/fleet/register" },
            { "bulk", "/fleet/bulk" },
            { "plan", "/fleet/plans/{plan}" },
            { "unclaimed", "/fleet/unclaimed" },
            { "unclaimed-blocked", "/fleet/unclaimed?state=blocked" },
            { "unclaimed-gone", "/fleet/unclaimed?act=claim&of=unc_00000000000000000000000001" },
            { "unclaimed-claimed", "/fleet/unclaimed?act=claimed&of=sorter-8" },
            { "hand-over", "/fleet/hand-over?from=none" },
            { "agent", "/agents/mailroom-1" },
            { "agent-runs", "/agents/mailroom-1/runs" },
            { "agent-keys", "/agents/mailroom-1/keys" },
            { "agent-trail", "/agents/mailroom-1/trail" },
            { "agent-settings", "/agents/mailroom-1/settings" },
            { "runs", "/runs" },
            { "run", "/runs/{run}" },
            { "run-step", "/runs/{run}?step={step}" },
            { "run-compare", "/runs/compare?a=previous&b={run}" },
            { "run-compare-nothing", "/runs/compare" },
            { "keys", "/keys" },
            { "keys-never-used", "/keys?state=active&used=never" },
            { "rotations", "/rotations" },
            { "rotations-due", "/rotations/due" },
            { "rotations-policies", "/rotations/policies" },
            { "rotations-calendar", "/rotations/calendar" },
            { "rotations-bulk", "/rotations?open=bulk" },
            { "bulk-choose", "/rotations/new?set=keys&team=payments" },
            { "bulk-plan", "/rotations/bulk/{bulk}" },
            { "bulk-hand-over", "/rotations/bulk/{bulk-done}?step=hand-over" },
            { "bulk-observe", "/rotations/bulk/{bulk-done}?step=observe" },
            { "bulk-cut-over", "/rotations/bulk/{bulk-done}?step=cut-over" },
            { "bulk-finish", "/rotations/bulk/{bulk-done}?step=finish" },
            { "bulk-none", "/keys/bulk/bulk_x" },
            { "rotation-choose", "/rotations/new?agent=reader-1" },
            { "rotation-choose-whose", "/rotations/new" },
            { "rotation-chosen", "/rotations/{rotation}?step=choose" },
            { "rotation-hand-over", "/rotations/{rotation}" },
            { "rotation-observe", "/rotations/{rotation}?step=observe" },
            { "rotation-extend", "/rotations/{rotation}?step=observe&act=extend" },
            { "rotation-finish", "/rotations/{rotation}?step=finish" },
            { "deployments", "/deployments" },
            { "deployments-open", "/deployments?mark={past}" },
            { "deployments-quarter", "/deployments?zoom=quarter&version=2.7.0" },
            { "deployments-hour", "/deployments?zoom=hour&team=payments" },
            { "deployments-table", "/deployments?view=table&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z" },
            { "deployments-filtered-out", "/deployments?version=9.9.9" },
            { "deployments-table-filtered-out", "/deployments?view=table&version=9.9.9" },
            { "deployments-nonsense", "/deployments?zoom=century&from=yesterday" },
            { "snapshot", "/deployments/{snapshot}" },
            { "snapshot-rolled-back", "/deployments/{rolled}" },
            { "rollback", "/agents/mailroom-1/rollback?to={stable}" },
            { "rollback-none", "/agents/mailroom-1/rollback" },
            { "rollback-done", "/agents/reader-1/rollback?done={rolled}" },
            { "agent-deployments", "/agents/mailroom-1/deployments" },
            { "agent-deploy", "/agents/mailroom-1/deployments?act=deploy" },
            { "retire-begin", "/agents/mailroom-1/retire" },
            { "retire", "/agents/leaver-1/retire" },
            { "retire-skip", "/agents/leaver-1/retire?act=skip&of=runs" },
            { "retire-done", "/agents/leaver-2/retire" },
            { "agent-retired", "/agents/leaver-2" },
            { "rollouts", "/rollouts" },
            { "rollouts-over", "/rollouts?open=false" },
            { "rollout", "/rollouts/{rollout}" },
            { "rollout-ahead", "/rollouts/{rollout-ahead}" },
            { "rollout-abort", "/rollouts/{rollout}?act=abort" },
            { "rollout-none", "/rollouts/rol_x" },
            { "rollout-new", "/rollouts/new?agent=mailroom-1" },
            { "rollout-new-whose", "/rollouts/new" },
            { "rollout-plans", "/rollouts/plans" },
            { "rollout-plan-change", "/rollouts/plans?act=change&of={rollout-plan}" },
            { "agent-definition", "/agents/mailroom-1/definition" },
            { "agent-definition-diff", "/agents/mailroom-1/definition?number=2&against=1" },
            { "agent-definition-edit", "/agents/mailroom-1/definition?act=edit" },
            { "agent-definition-none", "/agents/reader-1/definition" },
            { "freezes", "/deployments/freezes" },
            { "freeze-change", "/deployments/freezes?act=change&of={freeze}" },
            { "gateways", "/gateways" },
            { "gateways-nothing", "/gateways?q=nothing-has-this-name" },
            { "gateway", "/gateways/gateway-prod-eu" },
            { "agent-gateways", "/agents/mailroom-1/gateways" },
            { "trail", "/trail" },
            { "spend", "/spend" },
            { "spend-model", "/spend?by=model&zone=Asia/Kathmandu&bucket=day" },
            { "spend-nonsense", "/spend?from=yesterday&zone=Mars" },
            { "admin-retention", "/admin/retention" },
            { "re-rate", "/spend/re-rate" },
            { "admin-prices", "/admin/prices?model=small-1" },
            { "admin-teams", "/admin/teams" },
            { "admin-team", "/admin/teams/payments" },
            { "admin-users", "/admin/users" },
            { "admin-service-accounts", "/admin/service-accounts" },
            { "admin-tokens", "/admin/tokens" },
            { "admin-roles", "/admin/roles" },
            { "admin-inactivity", "/admin/inactivity" },
            { "admin-sinks", "/admin/sinks" },
            { "admin-system", "/admin/system" },
            { "admin-break-glass", "/admin/break-glass" },
            { "account", "/account" },
            { "account-step-up", "/account/step-up" },
            { "account-break-glass", "/account/break-glass" },
            { "not-found", "/nonsense" },
        };

    /// <summary>Looks at the page as it stands in a window of this size, in both schemes.</summary>
    /// <param name="more">What else is looked at, before the page closes.</param>
    protected async Task LookAsync(string name, string path, int width, int height, Func<IPage, Task> more)
    {
        var page = await OpenAsync(Console.Cast.Olga, width, height);
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("404", StringComparison.Ordinal))
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(scene.Fill(path));
        await Expect(page.Locator("h1").First).ToBeVisibleAsync();
        if (name is not ("account" or "account-step-up" or "account-break-glass")) // it writes cookies and is static
            await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await AssertFitsAsync(page, name, width);
        await PictureAsync(page, $"{name}-{width}-Light");
        await AssertAccessibleAsync(page);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await PictureAsync(page, $"{name}-{width}-Dark");
        await more(page);
        Assert.Empty(complaints);
        await page.CloseAsync();
    }

    internal static async Task AssertFitsAsync(IPage page, string name, int width)
    {
        var beyond = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(beyond <= 0, $"{name} scrolls {beyond} px sideways at {width} px");
        var squeezed = await page.EvaluateAsync<int>(
            "[...document.querySelectorAll('main td .nm')].filter(name => name.offsetParent && name.closest('td').offsetWidth < 72).length"
        );
        Assert.True(squeezed == 0, $"{name} leaves {squeezed} names without room at {width} px");
    }

    internal static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }
}

public sealed class EveryPageAtADesk(Chromium chromium, FurnishedConsole scene)
    : EveryPage(chromium, scene),
        IClassFixture<FurnishedConsole>
{
    [Theory, MemberData(nameof(Pages))]
    public Task Is_accessible_and_fits(string name, string path) =>
        LookAsync(
            name,
            path,
            1440,
            900,
            async page =>
            {
                await AssertAccessibleAsync(page, Colours);
                await page.EvaluateAsync("document.documentElement.dataset.look = 'system.more.comfortable.on.local'");
                await Expect(page.Locator("html")).ToHaveAttributeAsync("data-contrast", "more");
                foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
                {
                    await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                    await PictureAsync(page, $"{name}-1440-{scheme}-contrast");
                    await AssertAccessibleAsync(page, ["color-contrast-enhanced", .. Colours]);
                }
            }
        );

    [Theory]
    [InlineData("/spend")]
    [InlineData("/keys")]
    [InlineData("/admin/inactivity")]
    [InlineData("/admin/retention", "See what would go")]
    [InlineData("/runs/compare?a=previous&b={run}")]
    [InlineData("/fleet/unclaimed")]
    [InlineData("/admin/prices")]
    [InlineData("/spend/re-rate")]
    [InlineData("/rotations/{rotation}?step=observe")]
    [InlineData("/fleet/plans/{plan}")]
    [InlineData("/deployments/freezes")]
    [InlineData("/rollouts/{rollout}")]
    [InlineData("/deployments/{snapshot}")]
    [InlineData("/agents/mailroom-1/rollback?to={stable}")]
    [InlineData("/agents/reader-1/rollback?done={rolled}")]
    [InlineData("/agents/leaver-1/retire")]
    public async Task Says_how_its_figures_are_computed_and_which_call_answers_them(string path, string? press = null)
    {
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync(Fill(path));
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        if (press is not null)
            await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = press }).ClickAsync();
        var how = page.Locator("main .how").First;
        await how.Locator("summary").ClickAsync();
        await Expect(how.Locator("p").First).ToBeVisibleAsync();
        var call = await how.Locator("code").InnerTextAsync();
        Assert.StartsWith("GET /api/v1/", call, StringComparison.Ordinal);
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        using var answer = await olga.GetAsync(new Uri(call[4..], UriKind.Relative), Stop);
        Assert.True(answer.IsSuccessStatusCode, $"{call}: {await answer.Content.ReadAsStringAsync(Stop)}");
    }
}

public sealed class EveryPageOnAPhone(Chromium chromium, FurnishedConsole scene)
    : EveryPage(chromium, scene),
        IClassFixture<FurnishedConsole>
{
    [Theory, MemberData(nameof(Pages))]
    public Task Is_accessible_and_fits(string name, string path) =>
        LookAsync(
            name,
            path,
            390,
            844,
            async page =>
            {
                // The narrowest window that must do, and a usual one at 200 %.
                foreach (var narrow in (int[])[320, 720])
                {
                    await page.SetViewportSizeAsync(narrow, 640);
                    await AssertFitsAsync(page, name, narrow);
                    await PictureAsync(page, $"{name}-{narrow}");
                }
            }
        );
}

/// <summary>A console with links that wait for somebody who has not signed in.</summary>
public sealed class ConsoleOfStrangers : IAsyncLifetime
{
    private readonly Dictionary<string, string> _links = [];

    public ConsoleServer Console { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Console = await ConsoleServer.StartAsync();
        var users = Console.Get<UserService>();
        var olga = Console.As(Console.Cast.Olga);
        var guest = new InviteUser { Email = "guest@acme.example", DisplayName = "Guest" };
        _links["{invite}"] = (await users.InviteAsync(olga, guest, CancellationToken.None)).Value.Link!;
        var ines = IdText.Format(IdText.User, Console.Cast.Ines.Id);
        _links["{reset}"] = (await users.ResetAsync(olga, ines, CancellationToken.None)).Value.Link!;
    }

    public string Fill(string path) => _links.GetValueOrDefault(path, path);

    public ValueTask DisposeAsync() => Console.DisposeAsync();
}

/// <summary>The pages before the sign-in, opened without a cookie, in every look and width. What is seen only on the way, the setup form and the second step, is looked at there: SetupJourney, TwoFactorJourney.</summary>
public sealed class EveryPageOfStrangers(Chromium chromium, ConsoleOfStrangers scene)
    : JourneyTest(chromium),
        IClassFixture<ConsoleOfStrangers>
{
    protected override ConsoleServer Shared => scene.Console;

    [Theory]
    [InlineData("sign-in", "/account/sign-in")]
    [InlineData("sign-in-after", "/account/sign-in?said=signed-out")]
    [InlineData("sign-in-refused", "/account/sign-in", "E-mail=nobody@acme.example", "Password=wrong horse battery")]
    [InlineData("break-glass", "/account/break-glass")]
    [InlineData("break-glass-refused", "/account/break-glass", "Sealed code=nonsense", "Why you need it=A test")]
    [InlineData("invite", "{invite}")]
    [InlineData("invite-refused", "{invite}", "Password=password1234")]
    [InlineData("invite-over", "/invite/nonsense")]
    [InlineData("reset", "{reset}")]
    [InlineData("reset-refused", "{reset}", "Password=password1234")]
    [InlineData("reset-over", "/account/reset/nonsense")]
    [InlineData("setup-over", "/setup/nonsense")]
    public async Task Is_accessible_and_fits(string name, string path, params string[] typed)
    {
        var page = await OpenAsync(null);
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        await page.GotoAsync(scene.Fill(path));
        foreach (var field in typed)
        {
            var (label, value) = (field[..field.IndexOf('=')], field[(field.IndexOf('=') + 1)..]);
            await page.GetByLabel(label).FillAsync(value);
        }
        if (typed.Length > 0)
        {
            await page.Locator("form:not(.pk) button[type=submit]").ClickAsync();
            await Expect(page.Locator(".note.failing, .bad-field:not([hidden]), [aria-invalid=true]").First).ToBeVisibleAsync();
        }
        await LookAllAroundAsync(page, "stranger-" + name);
        Assert.Empty(errors);
    }

    /// <summary>Looks at a page that is open, in light, dark and high contrast, from a desk down to the narrowest window that must do, and leaves it at the desk.</summary>
    internal static async Task LookAllAroundAsync(IPage page, string name)
    {
        await Expect(page.Locator("h1")).ToHaveCountAsync(1);
        foreach (var width in (int[])[1440, 720, 390, 320])
        {
            await page.SetViewportSizeAsync(width, 720);
            await EveryPage.AssertFitsAsync(page, name, width);
            await EveryPage.PictureAsync(page, $"{name}-{width}");
            await AssertAccessibleAsync(page);
        }
        foreach (var contrast in new[] { "no", "more" })
        {
            await page.EvaluateAsync(
                "contrast => { document.documentElement.dataset.look = `system.${contrast}.comfortable.on.local`; }",
                contrast
            );
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                await EveryPage.PictureAsync(page, $"{name}-{scheme}-{contrast}");
                await AssertAccessibleAsync(
                    page,
                    contrast == "more" ? ["color-contrast-enhanced", .. EveryPage.Colours] : EveryPage.Colours
                );
            }
        }
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-contrast", "more");
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
        await page.SetViewportSizeAsync(1440, 900);
    }
}
