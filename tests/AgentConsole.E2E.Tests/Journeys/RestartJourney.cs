using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Trail;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Core.Views;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>
/// A page in the middle of something when the console is killed. Fill runs before, Back and Send after it was started anew; Count is how many of the
/// thing there are then.
/// </summary>
public sealed record Interrupted(
    string Path,
    Func<IPage, Task> Fill,
    Func<IPage, Task> Back,
    Func<IPage, Task>? Send = null,
    Func<ConsoleDbContext, Task<int>>? Count = null
);

/// <summary>One console under many open pages, each in the middle of something; it is killed once and started again on the same port and folder.</summary>
public class RestartedConsole(Chromium chromium) : IAsyncLifetime
{
    private const int Many = 101; // more than this is asked for by number

    private readonly Dictionary<string, IPage> _pages = [];
    private ConsoleFolder? _folder;
    private ConsoleProcess? _process;
    private IBrowserContext? _context;
    private IBrowserContext? _stranger;
    private int _port;

    public ConsoleFolder Folder => _folder!;

    public IPage Page(string name) => _pages[name];

    /// <summary>The page of somebody who was invited and had begun to fill in the form when the console went away.</summary>
    public IPage Invited { get; private set; } = null!;

    /// <summary>What is in the middle of something here.</summary>
    private protected virtual IReadOnlyDictionary<string, Interrupted> Cases => RestartJourney.All;

    /// <summary>What else lies in the store before the console starts.</summary>
    protected virtual void Prepare(Write write) { }

    private IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(Folder.Settings) { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_port}" };

    public async ValueTask InitializeAsync()
    {
        _port = ConsoleProcess.FreePort();
        _folder = await ConsoleFolder.CreateAsync();
        string key,
            agent,
            token;
        string[] leaked;
        await using (var services = Folder.Open())
        {
            var agents = await Folder.AgentsAsync(services, 400, "mailroom");
            (agent, key) = (agents[0].Secret, agents[11].Secret);
            leaked = [agents[50].Secret, agents[51].Secret];
            token = await ConsoleFolder.TokenAsync(services, Folder.Cast.Olga);
            await ConsoleFolder.SightingsAsync(services, Folder.Cast.Olga, "stray-claim", "stray-block", "stray-filter");
            await using (var write = await ((ConsoleStore)services.GetService(typeof(ConsoleStore))!).WriteAsync(CancellationToken.None))
            {
                foreach (var ownerless in write.Db.Agents.Where(a => a.Slug == "mailroom-00390" || a.Slug == "mailroom-00391"))
                    ownerless.OwnerId = null;
                Prepare(write);
                await write.TryCommitAsync(CancellationToken.None);
            }
            var price = new AddPrice
            {
                Model = "wrong-model",
                InputPerMillion = JsonSerializer.SerializeToElement("1"),
                OutputPerMillion = JsonSerializer.SerializeToElement("1"),
                EffectiveFrom = "2026-01-01",
                Source = "contract",
            };
            var prices = (PriceService)services.GetService(typeof(PriceService))!;
            await prices.AddAsync(Actor.ForSystem(Folder.Cast.Acme, "tests"), price, CancellationToken.None);
        }
        var (name, value) = await Folder.CookieAsync(Folder.Cast.Olga);
        _process = await ConsoleProcess.StartAsync(Settings, CancellationToken.None);
        await ReportAsync(agent, "Kept in the list", "Kept on its page");
        _context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = $"http://127.0.0.1:{_port}",
                ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
            }
        );
        _context.SetDefaultTimeout(60_000); // some sixty pages of one browser, beside what else runs
        await _context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = $"http://127.0.0.1:{_port}",
            },
        ]);
        var ids = await FurnishAsync(key, token, leaked);
        foreach (var (journey, interrupted) in Cases)
        {
            var page = await _context.NewPageAsync();
            await page.GotoAsync(
                ids.Aggregate(interrupted.Path, (path, id) => path.Replace($"{{{id.Key}}}", id.Value, StringComparison.Ordinal))
            );
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
            await interrupted.Fill(page);
            await page.EvaluateAsync("() => { document.marked = true; }");
            _pages[journey] = page;
        }
        _stranger = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = $"http://127.0.0.1:{_port}" });
        _stranger.SetDefaultTimeout(20_000);
        Invited = await _stranger.NewPageAsync();
        await Invited.GotoAsync(ids["invitation"]);
        await Invited.GetByLabel("Your name").FillAsync("Kept Guest");
        await Task.Delay(TimeSpan.FromMilliseconds(400), TimeProvider.System); // what is typed is kept a quarter of a second later
        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = await ConsoleProcess.StartAsync(Settings, CancellationToken.None);
        // All of them load anew at once beside what else runs: the first one waits for its share of the machine.
        const int AllAtOnce = 120_000;
        foreach (var page in _pages.Values)
        {
            await page.WaitForFunctionAsync("() => document.marked !== true", null, new() { Timeout = AllAtOnce });
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live", new() { Timeout = AllAtOnce });
        }
    }

    // Runs that are still at work, by what they are called.
    private async Task ReportAsync(string agent, params string[] summaries)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", agent);
        foreach (var summary in summaries)
        {
            using var reported = await http.PostAsJsonAsync("/api/v1/runs", new { status = "running", summary });
            reported.EnsureSuccessStatusCode();
        }
    }

    // Three runs of one agent, a pause for the trail, an inactivity policy, two keys that were found somewhere, and what has an id: plans that wait,
    // a view, an invitation.
    private async Task<Dictionary<string, string>> FurnishAsync(string key, string token, IEnumerable<string> leaked)
    {
        using var agent = _process!.Client(key);
        foreach (var status in (string[])["completed", "failed", "completed"])
            await SendAsync(agent, "/api/v1/runs", new { status, summary = "Kept run" });
        foreach (var found in leaked)
            await SendAsync(agent, "/api/v1/keys/report-leak", new { key = found });
        using var olga = _process.Client(token);
        await SendAsync(olga, "/api/v1/agents/mailroom-00030/pause", new { reason = "Kept for the trail" });
        await SendAsync(olga, "/api/v1/inactivity-policies", new { enabled = false });
        Task<JsonElement> PlanAsync(string tag, IEnumerable<int> agents) =>
            SendAsync(
                olga,
                "/api/v1/agents/plans",
                new
                {
                    action = "tag",
                    add_tags = new[] { tag },
                    agents = agents.Select(i => $"mailroom-{i:00000}"),
                }
            );
        var view = new
        {
            page = "keys",
            name = "before",
            query = "state=retiring",
        };
        return new()
        {
            ["plan"] = IdOf(await PlanAsync("plan-tag", [26, 27])),
            ["large-plan"] = IdOf(await PlanAsync("large-tag", Enumerable.Range(200, Many))),
            ["view"] = IdOf(await SendAsync(olga, "/api/v1/views", view)),
            ["invitation"] = (await SendAsync(olga, "/api/v1/users", new { email = "guest@acme.test", display_name = "Guest" }))
                .GetProperty("link")
                .GetString()!,
        };
    }

    private static string IdOf(JsonElement made) => made.GetProperty("id").GetString()!;

    private static async Task<JsonElement> SendAsync(HttpClient by, string address, object body)
    {
        using var answer = await by.PostAsJsonAsync(new Uri(address, UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Looks into the database beside the running console.</summary>
    public async Task<int> CountAsync(Func<ConsoleDbContext, Task<int>> count)
    {
        await using var services = Folder.Open();
        await using var db = await ((ConsoleStore)services.GetService(typeof(ConsoleStore))!).ReadAsync(CancellationToken.None);
        return await count(db);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in (IBrowserContext?[])[_context, _stranger])
        {
            if (context is not null)
                await context.DisposeAsync();
        }
        if (_process is not null)
            await _process.DisposeAsync();
        if (_folder is not null)
            await _folder.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same, where a sealed code was used: its banner stands on every page until somebody writes the review.</summary>
public sealed class OpenedConsole(Chromium chromium) : RestartedConsole(chromium)
{
    private protected override IReadOnlyDictionary<string, Interrupted> Cases => RestartOfAReview.Cases;

    protected override void Prepare(Write write) =>
        write.Db.Add(
            new BreakGlassUse
            {
                Id = write.NewId(),
                OrganizationId = Folder.Cast.Acme,
                AccountId = write.NewId(),
                Name = "Safe in Oslo",
                SessionId = write.NewId(),
                UsedAt = write.Now,
                EndsAt = write.Now,
                Reason = "Both admins are on one plane",
            }
        );
}

/// <summary>Every form and every filtered list outlives a console that is killed under it; what is sent then is there once.</summary>
public sealed class RestartJourney(RestartedConsole console) : IClassFixture<RestartedConsole>
{
    internal static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    internal static ILocator Label(IPage page, string name) => page.GetByLabel(name, new PageGetByLabelOptions { Exact = true });

    internal static async Task RestoredAsync(IPage page, ILocator field, string value)
    {
        await Expect(field).ToHaveValueAsync(value);
        await Expect(page.Locator(".draft[data-said]").First).ToContainTextAsync("Draft restored.");
    }

    private static async Task FilteredAsync(IPage page, string testId, int rows, string? text = null)
    {
        await Expect(page.GetByTestId(testId)).ToHaveCountAsync(rows);
        if (text is not null)
            await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync(text);
    }

    // What was sent is no draft any more.
    private static Task ForgottenAsync(IPage page) =>
        page.WaitForFunctionAsync(
            "() => !Object.entries(sessionStorage).some(([key, value]) => key.startsWith('draft|') && Object.keys(JSON.parse(value).fields).length > 0)"
        );

    private static Interrupted Enable(string path, string why) =>
        new(
            path,
            async page =>
            {
                await Button(page, "Enable…").ClickAsync();
                await Label(page, "Why it may be trusted").FillAsync(why);
            },
            page => RestoredAsync(page, Label(page, "Why it may be trusted"), why),
            async page =>
            {
                await Button(page, "Enable it").DblClickAsync();
                await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
            },
            db => db.Set<TrailRecord>().CountAsync(r => r.Reason == why)
        );

    private static Interrupted Cancel(Func<IPage, Task> open, string why) =>
        new(
            "/runs",
            async page =>
            {
                await open(page);
                await page.Locator("dialog[open] input").Last.FillAsync(why);
            },
            page => RestoredAsync(page, page.Locator("dialog[open] input").Last, why),
            async page =>
            {
                await Button(page, "Ask to cancel").DblClickAsync();
                await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
            },
            db => db.RunCancels.CountAsync(c => c.Reason == why)
        );

    internal static Interrupted Form(
        string path,
        Dictionary<string, string> fields,
        string button,
        Func<ConsoleDbContext, Task<int>> count,
        Func<IPage, Task>? more = null,
        Func<IPage, Task>? sent = null
    ) =>
        new(
            path,
            async page =>
            {
                foreach (var (label, value) in fields)
                    await Label(page, label).FillAsync(value);
                if (more is not null)
                    await more(page);
            },
            async page =>
            {
                foreach (var (label, value) in fields)
                    await RestoredAsync(page, Label(page, label), value);
            },
            async page =>
            {
                await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                await Button(page, button).DblClickAsync(); // twice is once
                if (sent is not null)
                    await sent(page);
                else
                    await ForgottenAsync(page);
            },
            count
        );

    private static Func<IPage, Task> SaysOnce(string text) =>
        page => Expect(page.Locator("main, dialog[open]").GetByText(text).First).ToBeVisibleAsync();

    private const string Prices =
        "model,input_per_million,output_per_million,effective_from,source\nkept-list-1,1,2,2026-01-01,kept list\nkept-list-2,3,4,2026-01-01,kept list\n";

    private static readonly string SigningSecret = "whsec_" + Convert.ToBase64String(new byte[32]);

    private static ILocator Member(IPage page, string name) =>
        page.GetByTestId("member-row").Filter(new LocatorFilterOptions { HasText = name + "@" });

    internal static IReadOnlyDictionary<string, Interrupted> All { get; } =
        new Dictionary<string, Interrupted>
        {
            ["register"] = Form(
                "/fleet/register",
                new()
                {
                    ["Slug"] = "kept-1",
                    ["Name"] = "Kept one",
                    ["What it does"] = "Reads invoices\nand files them",
                    ["Tags"] = "billing, eu",
                },
                "Register",
                db => db.Agents.CountAsync(a => a.Slug == "kept-1" && a.Description!.StartsWith("Reads")),
                async page =>
                {
                    await page.GetByText("Version, liveness, capture").ClickAsync();
                    await Label(page, "Version").FillAsync("2.2.0");
                },
                SaysOnce("I stored it")
            ),
            ["bulk"] = new(
                "/fleet/bulk",
                page => Label(page, "Paste the list").FillAsync("slug,team\nlist-1,payments\nlist-2,payments\n"),
                page => RestoredAsync(page, Label(page, "Paste the list"), "slug,team\nlist-1,payments\nlist-2,payments\n"),
                async page =>
                {
                    await Button(page, "Check the list").ClickAsync();
                    await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("^Register 2") })
                        .DblClickAsync();
                    await Expect(page.GetByText("2 registered").First).ToBeVisibleAsync();
                },
                db => db.Agents.CountAsync(a => a.Slug == "list-1" || a.Slug == "list-3")
            ),
            ["settings"] = Form(
                "/agents/mailroom-00010/settings",
                new() { ["What it does"] = "Settings that were kept", ["Environment"] = "staging" },
                "Save",
                db => db.Agents.CountAsync(a => a.Description == "Settings that were kept" && a.Environment == "staging")
            ),
            ["team"] = Form(
                "/admin/teams",
                new() { ["Name"] = "Kept team", ["Slug"] = "kept-team" },
                "Create team",
                db => db.Set<Team>().CountAsync(t => t.Slug == "kept-team" && t.Name == "Kept team")
            ),
            ["member"] = new(
                "/admin/teams/research",
                async page =>
                {
                    await Label(page, "User or service account").FillAsync("ines@acme.example");
                    await page.GetByLabel("operator").CheckAsync();
                },
                async page =>
                {
                    await RestoredAsync(page, Label(page, "User or service account"), "ines@acme.example");
                    await Expect(page.GetByLabel("operator")).ToBeCheckedAsync();
                },
                async page =>
                {
                    await Button(page, "Add to team").DblClickAsync();
                    await Expect(page.GetByTestId("member-row").Filter(new LocatorFilterOptions { HasText = "ines@acme.example" }))
                        .ToHaveCountAsync(1);
                },
                null
            ),
            ["rename"] = Form(
                "/admin/teams/default",
                new() { ["Name"] = "Renamed while away" },
                "Save",
                db => db.Set<Team>().CountAsync(t => t.Name == "Renamed while away")
            ),
            ["invite"] = Form(
                "/admin/users",
                new() { ["E-mail address"] = "kept@acme.test", ["Name"] = "Kept Person" },
                "Make the invitation",
                db => db.Set<User>().CountAsync(u => u.Email == "kept@acme.test"),
                page => page.GetByLabel("auditor").CheckAsync(),
                SaysOnce("I stored it")
            ),
            ["service-account"] = Form(
                "/admin/service-accounts",
                new() { ["Name"] = "kept-robot" },
                "Create service account",
                db => db.Set<ServiceAccount>().CountAsync(a => a.Name == "kept-robot"),
                page => page.GetByLabel("auditor").CheckAsync()
            ),
            ["token"] = Form(
                "/admin/tokens",
                new() { ["Name"] = "kept-token" },
                "Create token",
                db => db.Set<ApiToken>().CountAsync(t => t.Name == "kept-token" && t.Scopes == "agents:read"),
                async page =>
                {
                    await page.GetByLabel("agents:read").CheckAsync();
                    await Label(page, "Ends").SelectOptionAsync("7");
                },
                SaysOnce("I stored it")
            ),
            ["organization"] = Form(
                "/admin/teams",
                new() { ["Organization name"] = "Kept Acme" },
                "Save organization",
                db => db.Set<Organization>().CountAsync(o => o.Name == "Kept Acme")
            ),
            ["mint"] = Form(
                "/agents/mailroom-00020/keys?act=mint",
                new() { ["Name"] = "kept key" },
                "Make it",
                db => db.Set<AgentKey>().CountAsync(k => k.Name == "kept key"),
                page => Label(page, "Expires after").SelectOptionAsync("30"),
                SaysOnce("I stored it")
            ),
            ["made"] = new(
                "/agents/mailroom-00021/keys",
                async page =>
                {
                    await Button(page, "Make a key").ClickAsync();
                    await Button(page, "Make it").ClickAsync();
                    await Expect(page.Locator("dialog .secret")).ToBeVisibleAsync();
                },
                async page =>
                {
                    await Expect(page.Locator("dialog[open]")).ToContainTextAsync("its secret was shown once");
                    await Expect(page.Locator("dialog .secret")).ToHaveCountAsync(0);
                }
            ),
            ["revoke"] = new(
                "/agents/mailroom-00022/keys",
                async page =>
                {
                    await Button(page, "Revoke…").ClickAsync();
                    await page.Locator("dialog[open] input").Last.FillAsync("kept reason");
                },
                page => RestoredAsync(page, page.Locator("dialog[open] input").Last, "kept reason"),
                async page =>
                {
                    await Button(page, "Revoke the key").DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                db => db.Set<KeyVersion>().CountAsync(v => v.Reason == "kept reason" && v.RevokedAt != null)
            ),
            ["expiry"] = new(
                "/agents/mailroom-00023/keys",
                async page =>
                {
                    await Button(page, "Expiry…").ClickAsync();
                    await Label(page, "Expires").FillAsync("2031-01-01T10:00");
                },
                page => RestoredAsync(page, Label(page, "Expires"), "2031-01-01T10:00"),
                async page =>
                {
                    await Button(page, "Set the expiry").DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                db =>
                    db.Set<KeyVersion>()
                        .CountAsync(v => v.ExpiresAt != null && v.ExpiresAt > new DateTimeOffset(2030, 12, 31, 0, 0, 0, TimeSpan.Zero))
            ),
            ["delete"] = new(
                "/agents/mailroom-00024",
                async page =>
                {
                    await Button(page, "Delete…").ClickAsync();
                    await page.Locator("dialog[open] input").Last.FillAsync("kept reason of the end");
                },
                page => RestoredAsync(page, page.Locator("dialog[open] input").Last, "kept reason of the end"),
                async page =>
                {
                    await Button(page, "Delete the agent").DblClickAsync();
                    await Expect(Button(page, "Restore")).ToBeVisibleAsync();
                },
                db => db.Agents.CountAsync(a => a.Slug == "mailroom-00024" && a.DeletedAt != null)
            ),
            ["cancel-in-list"] = Cancel(page => Button(page, "Cancel Kept in the list…").ClickAsync(), "kept why of the list"),
            ["cancel-on-page"] = Cancel(
                async page =>
                {
                    await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Kept on its page" }).ClickAsync();
                    await Button(page, "Cancel…").ClickAsync();
                },
                "kept why of the page"
            ),
            ["price"] = Form(
                "/admin/prices",
                new()
                {
                    ["Model"] = "kept-model",
                    ["Input, USD per 1,000,000 tokens"] = "1.25",
                    ["Output, USD per 1,000,000 tokens"] = "5",
                    ["Counts from"] = "2026-03-01",
                    ["Source"] = "kept contract",
                },
                "Enter price",
                db => db.Set<Price>().CountAsync(p => p.Model == "kept-model")
            ),
            ["price-correct"] = new(
                "/admin/prices",
                async page =>
                {
                    await Button(page, "Correct").ClickAsync();
                    await Label(page, "Reason").FillAsync("kept reason of the price");
                },
                page => RestoredAsync(page, Label(page, "Reason"), "kept reason of the price"),
                async page =>
                {
                    await Button(page, "Put this in its place").DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                db => db.Set<Price>().CountAsync(p => p.SupersedeReason == "kept reason of the price")
            ),
            ["retention"] = new(
                "/admin/retention",
                page => page.GetByLabel(new Regex("^Runs")).First.FillAsync("365"),
                page => RestoredAsync(page, page.GetByLabel(new Regex("^Runs")).First, "365"),
                async page =>
                {
                    await Button(page, "See what would go").ClickAsync();
                    await Expect(page.GetByTestId("retention-preview")).ToBeVisibleAsync();
                    await Button(page, "Save and apply").DblClickAsync();
                    await ForgottenAsync(page);
                },
                db => db.Set<RetentionPolicy>().CountAsync(p => p.RunDays == 365)
            ),
            ["rerate"] = new(
                "/spend/re-rate",
                async page =>
                {
                    await Label(page, "First day").FillAsync("2026-01-01");
                    await Label(page, "Model").FillAsync("kept-model");
                },
                async page =>
                {
                    await RestoredAsync(page, Label(page, "First day"), "2026-01-01");
                    await RestoredAsync(page, Label(page, "Model"), "kept-model");
                },
                async page =>
                {
                    await Button(page, "See what would change").DblClickAsync();
                    await Expect(page.GetByTestId("rerate-state")).ToBeVisibleAsync();
                    await ForgottenAsync(page);
                },
                db => db.Set<Rerating>().CountAsync(r => r.Model == "kept-model")
            ),
            ["price-import"] = new(
                "/admin/prices",
                page => Label(page, "List").FillAsync(Prices),
                page => RestoredAsync(page, Label(page, "List"), Prices),
                async page =>
                {
                    await Button(page, "Check the list").ClickAsync();
                    await Button(page, "Import 2 prices").DblClickAsync();
                    await Expect(page.GetByText("Imported.")).ToBeVisibleAsync();
                },
                async db => await db.Set<Price>().CountAsync(p => p.Source == "kept list") - 1
            ),
            ["inactivity"] = Form(
                "/admin/inactivity?of=research",
                new() { ["Idle after, days"] = "45", ["Environment"] = "kept-environment" },
                "Save",
                db => db.Set<InactivityPolicy>().CountAsync(p => p.Days == 45 && p.Environment == "kept-environment")
            ),
            ["sink"] = new(
                "/admin/sinks",
                async page =>
                {
                    await Label(page, "Name").FillAsync("kept-sink");
                    await Label(page, "Kind").SelectOptionAsync("webhook");
                    await page.Locator("#f-webhook-url").FillAsync("https://receiver.example/kept"); // the other kind has an address, too
                    await Label(page, "Signing secret").FillAsync(SigningSecret);
                },
                async page =>
                {
                    await RestoredAsync(page, Label(page, "Name"), "kept-sink");
                    await RestoredAsync(page, Label(page, "Kind"), "webhook");
                    await RestoredAsync(page, page.Locator("#f-webhook-url"), "https://receiver.example/kept");
                    await Expect(Label(page, "Signing secret")).ToHaveValueAsync(""); // a secret is never kept
                },
                async page =>
                {
                    await Label(page, "Signing secret").FillAsync(SigningSecret);
                    await Button(page, "Make the sink").DblClickAsync();
                    await Expect(page.GetByTestId("sink-row")).ToHaveCountAsync(1);
                },
                db => db.Set<SecretSink>().CountAsync(s => s.Name == "kept-sink" && s.Kind == SinkKind.Webhook)
            ),
            ["key-enable"] = Enable("/agents/mailroom-00050/keys", "kept trust of an agent's key"),
            ["keys-enable"] = Enable("/keys?q=mailroom-00051", "kept trust of a key in the list"),
            ["member-edit"] = new(
                "/admin/teams/payments",
                async page =>
                {
                    await Member(page, "otto").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Change" }).ClickAsync();
                    await page.GetByLabel("approver").CheckAsync();
                },
                async page =>
                {
                    await Expect(page.GetByLabel("approver")).ToBeCheckedAsync();
                    await Expect(page.GetByLabel("operator")).ToBeCheckedAsync();
                    await Expect(page.Locator(".draft[data-said]").First).ToContainTextAsync("Draft restored.");
                },
                async page =>
                {
                    await Button(page, "Save roles").DblClickAsync();
                    await Expect(Member(page, "otto")).ToContainTextAsync("approver");
                    await ForgottenAsync(page);
                }
            ),
            ["view-rename"] = new(
                "/keys?view={view}",
                async page =>
                {
                    await page.Locator(".view-menu summary").ClickAsync();
                    await Button(page, "Rename…").ClickAsync();
                    await Label(page, "Name").FillAsync("kept new name");
                },
                page => RestoredAsync(page, Label(page, "Name"), "kept new name"),
                async page =>
                {
                    await page.Locator("dialog footer button").First.DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                db => db.SavedViews.CountAsync(v => v.Name == "kept new name")
            ),
            ["plan-number"] = new(
                "/fleet/plans/{large-plan}",
                page => page.Locator("#plan-count").FillAsync("101"),
                page => RestoredAsync(page, page.Locator("#plan-count"), "101"),
                async page =>
                {
                    await Button(page, "Tag 101 agents").DblClickAsync();
                    await Expect(page.GetByTestId("plan-state")).ToHaveAttributeAsync("data-state", "applied");
                    await ForgottenAsync(page);
                },
                async db => await db.AgentTags.CountAsync(t => t.Tag == "large-tag") - 100
            ),
            ["fleet-filter"] = new(
                "/fleet?sort=slug",
                async page =>
                {
                    await page.GetByTestId("filter-text").FillAsync("00012");
                    await page.WaitForURLAsync("**q=00012*");
                },
                page => FilteredAsync(page, "agent-row", 1, "00012")
            ),
            ["fleet-scroll"] = new(
                "/fleet?sort=slug",
                async page =>
                {
                    await ScrollAsync(page, 9000);
                    await page.WaitForFunctionAsync($"() => {TopRow} && (sessionStorage.before = {TopRow})");
                },
                async page =>
                {
                    await ScrolledAsync(page, 9000);
                    await page.WaitForFunctionAsync($"() => {TopRow} === sessionStorage.before");
                }
            ),
            ["keys-filter"] = new(
                "/keys",
                async page =>
                {
                    await page.GetByTestId("filter-text").FillAsync("00013");
                    await page.GetByTestId("filter-text").PressAsync("Enter");
                    await page.WaitForURLAsync("**q=00013*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                page => FilteredAsync(page, "key-row", 1, "00013")
            ),
            ["fleet-all-selected"] = new(
                "/fleet?sort=slug&q=0001",
                async page =>
                {
                    await page.Locator("[data-select]").First.CheckAsync();
                    await Button(page, "Select all 11 matching").ClickAsync();
                    await Expect(page.GetByTestId("bulk-bar")).ToContainTextAsync("11 selected");
                },
                async page =>
                {
                    await Expect(page.GetByTestId("bulk-bar")).ToContainTextAsync("11 selected");
                    await Expect(Button(page, "Select all 11 matching")).ToHaveCountAsync(0);
                }
            ),
            ["fleet-tag"] = new(
                "/fleet?sort=slug&q=0003",
                async page =>
                {
                    await page.Locator("[data-select]").Nth(0).CheckAsync();
                    await page.Locator("[data-select]").Nth(1).CheckAsync();
                    await Button(page, "Tag…").ClickAsync();
                    await page.Locator("#bulk-add").FillAsync("kept-tag");
                },
                page => RestoredAsync(page, page.Locator("#bulk-add"), "kept-tag"),
                async page =>
                {
                    await Button(page, "Tag 2 agents").DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                async db => await db.AgentTags.CountAsync(t => t.Tag == "kept-tag") - 1
            ),
            ["keys-further"] = new(
                "/keys",
                async page =>
                {
                    var rows = await page.GetByTestId("key-row").CountAsync();
                    await Button(page, "Show more").ClickAsync();
                    await Expect(page.GetByTestId("key-row").Nth(rows)).ToBeAttachedAsync();
                    await page.EvaluateAsync(
                        "() => { const list = document.querySelector('main .scroll'); list.scrollTop = list.scrollHeight; sessionStorage.bottom = list.scrollTop; }"
                    );
                },
                page =>
                    page.WaitForFunctionAsync(
                        "() => Math.abs(document.querySelector('main .scroll').scrollTop - Number(sessionStorage.bottom)) <= 2"
                    )
            ),
            ["keys-scroll"] = new("/keys", page => ScrollAsync(page, 700), page => ScrolledAsync(page, 700)),
            ["trail-filter"] = new(
                "/trail",
                async page =>
                {
                    await Label(page, "Action").FillAsync("agent.paused");
                    await page.GetByTestId("filter-text").FillAsync("mailroom-00030");
                    await Button(page, "Filter").ClickAsync();
                    await page.WaitForURLAsync("**action=agent.paused*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                async page =>
                {
                    await FilteredAsync(page, "trail-row", 1, "mailroom-00030");
                    await Expect(Label(page, "Action")).ToHaveValueAsync("agent.paused");
                }
            ),
            ["agent-runs"] = new(
                "/agents/mailroom-00011/runs",
                async page =>
                {
                    await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(3);
                    await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Failed", Exact = true }).ClickAsync();
                    await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(1);
                },
                page => FilteredAsync(page, "run-row", 1)
            ),
            ["runs-filter"] = new(
                "/runs?status=completed",
                async page =>
                {
                    await page.GetByTestId("filter-text").FillAsync("mailroom-00011");
                    await page.GetByTestId("filter-text").PressAsync("Enter");
                    await page.WaitForURLAsync("**q=mailroom-00011*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                page => FilteredAsync(page, "run-row", 2, "mailroom-00011")
            ),
            ["runs-chosen"] = new(
                "/runs",
                async page =>
                {
                    await page.Locator("[data-select]").Nth(0).CheckAsync();
                    await page.Locator("[data-select]").Nth(2).CheckAsync();
                    await Expect(page.GetByText("2 runs selected")).ToBeVisibleAsync();
                },
                async page =>
                {
                    await Expect(page.GetByText("2 runs selected")).ToBeVisibleAsync();
                    await Expect(page.Locator("[data-select]").Nth(2)).ToBeCheckedAsync();
                    await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Compare", Exact = true }).ClickAsync();
                    await page.WaitForURLAsync("**/runs/compare?a=run_*&b=run_*");
                }
            ),
            ["unclaimed-filter"] = new(
                "/fleet/unclaimed",
                async page =>
                {
                    await page.GetByTestId("filter-text").FillAsync("stray-f");
                    await page.GetByTestId("filter-text").PressAsync("Enter");
                    await page.WaitForURLAsync("**q=stray-f*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                page => FilteredAsync(page, "unclaimed-row", 1, "stray-f")
            ),
            ["spend-filter"] = new(
                "/spend?by=agent",
                async page =>
                {
                    await Label(page, "Time zone").FillAsync("Asia/Kathmandu");
                    await Button(page, "Show").ClickAsync();
                    await page.WaitForURLAsync("**zone=Asia*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                async page =>
                {
                    await Expect(Label(page, "Time zone")).ToHaveValueAsync("Asia/Kathmandu");
                    await Expect(page.GetByTestId("spend-row")).ToHaveCountAsync(1);
                }
            ),
            ["claim"] = new(
                "/fleet/unclaimed?q=stray-claim",
                async page =>
                {
                    await Button(page, "Claim…").ClickAsync();
                    await Label(page, "Team").SelectOptionAsync("research");
                },
                page => RestoredAsync(page, Label(page, "Team"), "research"),
                async page =>
                {
                    await Button(page, "Claim it").DblClickAsync();
                    await Expect(page.Locator("dialog .secret")).ToBeVisibleAsync();
                },
                db => db.Agents.CountAsync(a => a.Slug == "stray-claim")
            ),
            ["block"] = new(
                "/fleet/unclaimed?q=stray-block",
                async page =>
                {
                    await Button(page, "Block…").ClickAsync();
                    await page.Locator("dialog[open] input").Last.FillAsync("kept reason of a block");
                },
                page => RestoredAsync(page, page.Locator("dialog[open] input").Last, "kept reason of a block"),
                async page =>
                {
                    await Button(page, "Block it").DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                },
                db => db.Sightings.CountAsync(s => s.State == SightingState.Blocked && s.Reason == "kept reason of a block")
            ),
            ["view"] = new(
                "/keys?state=active",
                async page =>
                {
                    await Button(page, "Save view…").ClickAsync();
                    await Label(page, "Name").FillAsync("kept view");
                    await page.GetByLabel("Pin it to the navigation").CheckAsync();
                },
                async page =>
                {
                    await RestoredAsync(page, Label(page, "Name"), "kept view");
                    await Expect(page.GetByLabel("Pin it to the navigation")).ToBeCheckedAsync();
                },
                async page =>
                {
                    await page.Locator("dialog footer button").First.DblClickAsync();
                    await page.WaitForURLAsync("**view=view_*");
                },
                db => db.SavedViews.CountAsync(v => v.Name == "kept view")
            ),
            ["columns"] = new(
                "/fleet?sort=slug&columns=health,liveness",
                async page =>
                {
                    await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Columns and density" }).ClickAsync();
                    await Label(page, "Tags").CheckAsync();
                    await page.WaitForURLAsync("**tags*");
                },
                async page =>
                {
                    await Expect(page.Locator("dialog[open]").GetByLabel("Tags", new LocatorGetByLabelOptions { Exact = true }))
                        .ToBeCheckedAsync();
                    await Button(page, "Done").ClickAsync();
                    await Expect(page.GetByRole(AriaRole.Columnheader, new PageGetByRoleOptions { Name = "Tags" })).ToBeVisibleAsync();
                }
            ),
            ["facets"] = new(
                "/fleet?sort=slug&q=0001",
                async page =>
                {
                    await page.SetViewportSizeAsync(390, 844);
                    await Button(page, "Facets").ClickAsync();
                    await page.Locator("dialog[open] .fc a").First.ClickAsync();
                    await page.WaitForURLAsync("**health=*act=facets*");
                },
                async page =>
                {
                    await Expect(page.Locator("dialog[open] h2").First).ToHaveTextAsync("Facets");
                    await Expect(page.Locator("dialog[open] .fc a").First).ToHaveAttributeAsync("aria-current", "true");
                }
            ),
            ["start"] = Form(
                "/start",
                new() { ["Slug"] = "kept-first" },
                "Register",
                db => db.Agents.CountAsync(a => a.Slug == "kept-first"),
                sent: SaysOnce("I stored it")
            ),
            ["hand-over"] = Form(
                "/fleet/hand-over?from=none",
                new() { ["New owner"] = "olga@acme.example", ["Why"] = "kept reason of handing over" },
                "Hand over 2 agents",
                db => db.Agents.CountAsync(a => a.Slug == "mailroom-00390" && a.OwnerId != null),
                sent: SaysOnce("2 agents now belong to olga@acme.example")
            ),
            ["seal"] = Form(
                "/admin/break-glass",
                new() { ["Where will the envelope lie?"] = "kept safe" },
                "Seal a code",
                db => db.BreakGlassAccounts.CountAsync(a => a.Name == "kept safe"),
                sent: SaysOnce("Break-glass code: kept safe")
            ),
            ["exempt"] = Form(
                "/admin/inactivity",
                new() { ["Agent, or tag: and a tag"] = "mailroom-00040", ["Why"] = "kept exemption" },
                "Exempt it",
                db => db.InactivityExemptions.CountAsync(e => e.Reason == "kept exemption")
            ),
            ["plan"] = new(
                "/fleet/plans/{plan}",
                _ => Task.CompletedTask,
                page => Expect(page.GetByTestId("plan-row")).ToHaveCountAsync(2),
                async page =>
                {
                    await Button(page, "Tag 2 agents").DblClickAsync();
                    await Expect(page.GetByTestId("plan-state")).ToHaveAttributeAsync("data-state", "applied");
                },
                async db => await db.AgentTags.CountAsync(t => t.Tag == "plan-tag") - 1
            ),
            ["keys-revoke"] = new(
                "/keys?q=00025",
                page => Button(page, "Revoke…").ClickAsync(),
                page => Expect(page.Locator("dialog[open] h2").First).ToContainTextAsync("Revoke "),
                async page =>
                {
                    await page.Locator("dialog footer button").First.DblClickAsync();
                    await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
                    await Expect(page.GetByTestId("key-row")).ToContainTextAsync("Revoked");
                },
                db => db.Set<KeyVersion>().CountAsync(v => v.RevokedAt != null && v.Reason == null)
            ),
            ["users-filter"] = new(
                "/admin/users",
                async page =>
                {
                    await page.GetByTestId("filter-text").FillAsync("victor");
                    await page.GetByTestId("filter-text").PressAsync("Enter");
                    await page.WaitForURLAsync("**q=victor*");
                    await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
                },
                page => FilteredAsync(page, "user-row", 1, "victor")
            ),
        };

    // The name in the row at the top of what is seen of the list.
    private const string TopRow =
        "document.elementFromPoint(700, 400)?.closest('[data-testid=agent-row]')?.querySelector('a')?.textContent";

    // A list that is drawn as one scrolls has its length a moment after its first rows.
    private static Task ScrollAsync(IPage page, int top) =>
        page.WaitForFunctionAsync(
            "top => { const list = document.querySelector('main .scroll'); list.scrollTop = top; return Math.abs(list.scrollTop - top) <= 1; }",
            top
        );

    private static Task ScrolledAsync(IPage page, int top) =>
        page.WaitForFunctionAsync("top => Math.abs(document.querySelector('main .scroll').scrollTop - top) <= 2", top);

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Comes_back_and_is_sent_once(string name)
    {
        var interrupted = All[name];
        var page = console.Page(name);
        await interrupted.Back(page);
        if (interrupted.Send is null)
            return;
        await interrupted.Send(page);
        if (interrupted.Count is { } count)
            Assert.Equal(1, await console.CountAsync(count));
        // What was sent is no draft any more.
        Assert.Equal(
            0,
            await page.EvaluateAsync<int>(
                "() => Object.entries(sessionStorage).filter(([key, value]) => key.startsWith('draft|') && value.includes('kept')).length"
            )
        );
    }

    [Fact]
    public async Task Who_was_invited_finds_what_was_typed_and_comes_in()
    {
        var page = console.Invited;
        await page.ReloadAsync(); // a page without a circuit hears of nothing
        await RestoredAsync(page, Label(page, "Your name"), "Kept Guest");
        await page.GetByLabel("Password").FillAsync("nine green bottles hang");
        await page.Locator("button[type=submit]").ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        Assert.Equal(1, await console.CountAsync(db => db.Set<User>().CountAsync(u => u.DisplayName == "Kept Guest")));
    }
}

/// <summary>The review of a used break-glass code outlives a console that is killed under it.</summary>
public sealed class RestartOfAReview(OpenedConsole console) : IClassFixture<OpenedConsole>
{
    internal static IReadOnlyDictionary<string, Interrupted> Cases { get; } =
        new Dictionary<string, Interrupted>
        {
            ["review"] = RestartJourney.Form(
                "/admin/break-glass",
                new() { ["Review"] = "Two people were let in again.\nA new code is kept in the safe." },
                "Write the review",
                db => db.Set<BreakGlassUse>().CountAsync(u => u.Review!.EndsWith("kept in the safe.") && u.ReviewedAt != null),
                sent: page => Expect(page.GetByTestId("reviewed-row")).ToHaveCountAsync(1)
            ),
        };

    [Fact]
    public async Task Comes_back_and_is_sent_once()
    {
        var (review, page) = (Cases["review"], console.Page("review"));
        await review.Back(page);
        await review.Send!(page);
        Assert.Equal(1, await console.CountAsync(review.Count!));
        await Expect(page.GetByTestId("break-glass-banner")).ToHaveCountAsync(0);
    }
}
