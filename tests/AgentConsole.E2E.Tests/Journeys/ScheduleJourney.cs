using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;
using HttpStatusCode = System.Net.HttpStatusCode;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A key that is due rotates by itself into a file, and its date stands in a calendar until the link is revoked.</summary>
public sealed class ScheduleJourney(Chromium chromium) : JourneyTest(chromium)
{
    private readonly string _root = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;

    protected override async Task<ConsoleServer> StartAsync() =>
        await ConsoleServer.StartAsync(settings: new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = _root });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    // What was done is as if it lay further back: so long a test does not wait.
    private async Task BackAsync(Func<ConsoleDbContext, Task> change)
    {
        await using var write = await Console.Get<ConsoleStore>().WriteAsync(Stop);
        await change(write.Db);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    private async Task<HttpStatusCode> CallAsync(string secret)
    {
        using var client = Console.Client(secret);
        using var answer = await client.PostAsync("/api/v1/heartbeat", null, Stop);
        return answer.StatusCode;
    }

    [Fact]
    public async Task A_key_that_is_due_rotates_by_itself_and_its_calendar_can_be_revoked()
    {
        var (_, first) = await Console.AgentAsync("mailroom-1");
        Assert.Equal(HttpStatusCode.OK, await CallAsync(first));
        var sink = new SecretSink
        {
            Id = Console.Get<ConsoleStore>().NewId(),
            OrganizationId = Console.Cast.Acme,
            TeamId = Console.Cast.Payments,
            Name = "Files",
            Kind = SinkKind.File,
            Settings = new SinkSettings(File: new FileSettings(_root, "{agent}.key", "raw")),
            UpdatedBy = "a test",
        };
        var made = Console.Get<TimeProvider>().GetUtcNow().AddDays(-84);
        await BackAsync(async db =>
        {
            db.Add(sink);
            await db.KeyVersions.ExecuteUpdateAsync(set => set.SetProperty(v => v.CreatedAt, made), Stop);
        });
        var page = await OpenAsync(Console.Cast.Ines);

        // Whose calendar it is sees when.
        await page.GotoAsync("/rotations/calendar");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("Where you use it").FillAsync("Outlook at work");
        await Button(page, "Make a link").ClickAsync();
        var url = (await page.GetByLabel("Address of the calendar").TextContentAsync())!;
        await AssertAccessibleAsync(page);

        await page.GotoAsync("/rotations/policies");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("Due after").FillAsync("90");
        await page.GetByLabel("Rotated").SelectOptionAsync("true");
        await page.GetByLabel("Sink").SelectOptionAsync(new SelectOptionValue { Label = "Files" });
        await Button(page, "Make the policy").ClickAsync();
        await Expect(page.GetByTestId("policy-row")).ToContainTextAsync("by itself");
        await AssertAccessibleAsync(page);

        // The week before it is due has begun: it goes by itself.
        await page.GotoAsync("/rotations/due");
        var row = page.GetByTestId("due-row");
        await Expect(row).ToContainTextAsync("A rotation is open", new LocatorAssertionsToContainTextOptions { Timeout = 30_000 });
        await AssertAccessibleAsync(page);
        var file = Path.Combine(_root, "mailroom-1.key");
        var secret = (await File.ReadAllTextAsync(file, Stop)).Trim();
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await CallAsync(first), await CallAsync(secret)));

        using var anybody = Console.Client();
        Assert.Contains("mailroom-1", await anybody.GetStringAsync(url, Stop), StringComparison.Ordinal);

        await row.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Open", Exact = true }).ClickAsync();
        var state = page.GetByTestId("rotation-state");
        await Expect(state).ToHaveAttributeAsync("data-state", "ready", new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        var over = Console.Get<TimeProvider>().GetUtcNow().AddSeconds(-1);
        await BackAsync(db =>
            db.KeyVersions.Where(v => v.RetiresAt != null).ExecuteUpdateAsync(set => set.SetProperty(v => v.RetiresAt, over), Stop)
        );
        await Expect(state)
            .ToHaveAttributeAsync("data-state", "old-disabled", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });
        await BackAsync(db => db.Rotations.ExecuteUpdateAsync(set => set.SetProperty(r => r.OldDisabledUntil, over), Stop));
        await Expect(state)
            .ToHaveAttributeAsync("data-state", "completed", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await CallAsync(first), await CallAsync(secret)));

        await page.GotoAsync("/rotations/calendar");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Button(page, "Revoke Outlook at work").ClickAsync();
        await Button(page, "Revoke").ClickAsync();
        await Expect(page.GetByText("No calendar link yet")).ToBeVisibleAsync();
        using var gone = await anybody.GetAsync(url, Stop);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }
}
