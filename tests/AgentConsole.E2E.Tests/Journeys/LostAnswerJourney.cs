using System.Text.RegularExpressions;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>The change is on disk, its answer is lost, and the console is killed then: the same press again gives the first result.</summary>
public sealed class LostAnswerJourney(Chromium chromium)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<int> CountAsync(ConsoleFolder folder, Func<ConsoleDbContext, Task<int>> count)
    {
        await using var services = folder.Open();
        await using var db = await ((ConsoleStore)services.GetService(typeof(ConsoleStore))!).ReadAsync(Stop);
        return await count(db);
    }

    /// <summary>Presses a button whose answer is lost and the console is killed; the same page of the console that comes after it is then looked at.</summary>
    private async Task LoseAsync(
        ConsoleFolder folder,
        string address,
        Func<IPage, Task<ILocator>> prepare,
        Func<ConsoleDbContext, Task<int>> done,
        Func<IPage, ConsoleProcess, Task> after
    )
    {
        var (name, value) = await folder.CookieAsync(folder.Cast.Olga);
        await using var first = await ConsoleProcess.StartAsync(folder.Settings, Stop);
        await using var wire = new Wire(first.Address);
        await using var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions { BaseURL = wire.Address.ToString() }
        );
        context.SetDefaultTimeout(30_000);
        await context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = wire.Address.ToString(),
            },
        ]);
        var page = await context.NewPageAsync();
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.EvaluateAsync("() => { document.marked = true; }");

        var last = await prepare(page);
        wire.Swallow();
        await last.ClickAsync();
        for (var tries = 0; await CountAsync(folder, done) == 0; tries++)
        {
            Assert.True(tries < 200, "It was not done.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
        await first.KillAsync();
        wire.Cut();
        await using var second = await ConsoleProcess.StartAsync(folder.Settings, Stop);
        wire.LayTo(second.Address);

        await page.WaitForFunctionAsync("() => document.marked !== true");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await after(page, second);
    }

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    // The secret is good, was made once, and is kept nowhere in the browser; nor is a draft of what was sent.
    private static async Task WorksOnceAsync(ConsoleFolder folder, IPage page, ConsoleProcess console, string slug)
    {
        var secret = await page.Locator("[data-save]").GetAttributeAsync("data-text");
        using var agent = console.Client(secret);
        using var beat = await agent.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        Assert.True(beat.IsSuccessStatusCode, beat.StatusCode.ToString());
        Assert.Equal(1, await CountAsync(folder, db => db.Agents.CountAsync(a => a.Slug == slug)));
        Assert.Equal(1, await CountAsync(folder, db => db.Set<KeyVersion>().CountAsync()));
        var kept = await page.EvaluateAsync<string>("() => JSON.stringify(sessionStorage) + JSON.stringify(localStorage)");
        Assert.DoesNotContain(secret!, kept, StringComparison.Ordinal);
        Assert.DoesNotContain("draft|", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_whose_registration_was_not_answered_is_registered_once_and_its_key_is_shown_after_all()
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        await LoseAsync(
            folder,
            "/fleet/register",
            async page =>
            {
                await page.GetByLabel("Slug", new PageGetByLabelOptions { Exact = true }).FillAsync("unanswered-1");
                return Button(page, "Register");
            },
            db => db.Agents.CountAsync(a => a.Slug == "unanswered-1"),
            async (page, console) =>
            {
                await Expect(page.GetByLabel("Slug", new PageGetByLabelOptions { Exact = true })).ToHaveValueAsync("unanswered-1");
                await Button(page, "Register").ClickAsync();
                await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { NameRegex = new Regex("is registered$") }))
                    .ToBeVisibleAsync();
                await WorksOnceAsync(folder, page, console, "unanswered-1");
            }
        );
    }

    [Fact]
    public async Task An_agent_whose_claim_was_not_answered_waits_no_longer_and_its_key_is_shown_after_all()
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        await using (var services = folder.Open())
            await ConsoleFolder.SightingsAsync(services, folder.Cast.Olga, "unanswered-2");
        await LoseAsync(
            folder,
            "/fleet/unclaimed",
            async page =>
            {
                await Button(page, "Claim…").ClickAsync();
                await Expect(Button(page, "Claim it")).ToBeVisibleAsync(); // while answers still come
                return Button(page, "Claim it");
            },
            db => db.Agents.CountAsync(a => a.Slug == "unanswered-2"),
            async (page, console) =>
            {
                await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "This one waits no longer" }))
                    .ToBeVisibleAsync();
                await Button(page, "Show what I claimed").ClickAsync();
                await Expect(
                        page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { NameRegex = new Regex("^unanswered-2 is registered") })
                    )
                    .ToBeVisibleAsync();
                await WorksOnceAsync(folder, page, console, "unanswered-2");
            }
        );
    }
}
