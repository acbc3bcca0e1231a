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

    [Fact]
    public async Task An_agent_whose_registration_was_not_answered_is_registered_once_and_its_key_is_shown_after_all()
    {
        await using var folder = await ConsoleFolder.CreateAsync();
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
        await page.GotoAsync("/fleet/register");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("Slug", new PageGetByLabelOptions { Exact = true }).FillAsync("unanswered-1");
        await page.EvaluateAsync("() => { document.marked = true; }");

        wire.Swallow();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Register", Exact = true }).ClickAsync();
        for (var tries = 0; await CountAsync(folder, db => db.Agents.CountAsync(a => a.Slug == "unanswered-1")) == 0; tries++)
        {
            Assert.True(tries < 200, "The agent was not registered.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
        await first.KillAsync();
        wire.Cut();
        await using var second = await ConsoleProcess.StartAsync(folder.Settings, Stop);
        wire.LayTo(second.Address);

        await page.WaitForFunctionAsync("() => document.marked !== true");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByLabel("Slug", new PageGetByLabelOptions { Exact = true })).ToHaveValueAsync("unanswered-1");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Register", Exact = true }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { NameRegex = new Regex("is registered$") }))
            .ToBeVisibleAsync();
        var secret = await page.Locator("[data-save]").GetAttributeAsync("data-text");
        using var agent = second.Client(secret);
        using var beat = await agent.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        Assert.True(beat.IsSuccessStatusCode, beat.StatusCode.ToString());
        Assert.Equal(1, await CountAsync(folder, db => db.Agents.CountAsync(a => a.Slug == "unanswered-1")));
        Assert.Equal(1, await CountAsync(folder, db => db.Set<KeyVersion>().CountAsync()));
        // Nowhere in the browser's store: neither the secret nor a draft of what was sent.
        var kept = await page.EvaluateAsync<string>("() => JSON.stringify(sessionStorage) + JSON.stringify(localStorage)");
        Assert.DoesNotContain(secret!, kept, StringComparison.Ordinal);
        Assert.DoesNotContain("draft|", kept, StringComparison.Ordinal);
    }
}
