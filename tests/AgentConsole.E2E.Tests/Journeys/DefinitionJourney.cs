using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Somebody writes what an agent is made of, changes it, and sees what was deployed of it.</summary>
public sealed class DefinitionJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const string Tab = "/agents/mailroom-1/definition";

    [Fact]
    public async Task A_definition_is_written_mended_kept_through_a_reload_and_compared()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Otto);
        await page.GotoAsync(Tab);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await AssertAccessibleAsync(page);
        await Button(page, "Write the first…").ClickAsync();
        var (text, check) = (page.GetByTestId("definition-text"), page.GetByTestId("definition-check"));
        await Expect(text).ToHaveValueAsync(new Regex("name: mailroom-1"));

        // Checked while it is written, without a press.
        await text.FillAsync("name: Mailroom\nmodel: small-4\nadress: x\n");
        await Expect(check).ToContainTextAsync("Line 2: Must be an object");
        await Expect(check).ToContainTextAsync("adress");
        await AssertAccessibleAsync(page);
        await text.FillAsync("name: Mailroom\nmodel:\n  name: small-4\n# " + new string('x', 100_000) + "\n"); // more than one message of the circuit
        await Expect(check).ToContainTextAsync("Valid. It becomes number 1.");
        await Button(page, "Save").ClickAsync();
        await Expect(page.GetByTestId("definition")).ToContainTextAsync("small-4");

        // What is typed outlives the page, and says what it changes before it is saved.
        await Button(page, "Edit…").ClickAsync();
        await text.FillAsync("name: Mailroom\nmodel:\n  name: small-5\n");
        await Expect(page.GetByTestId("diff-row")).ToContainTextAsync("model.name");
        await page.WaitForFunctionAsync("() => JSON.stringify(sessionStorage).includes('small-5')");
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(text).ToHaveValueAsync(new Regex("small-5"));
        await Expect(check).ToContainTextAsync("1\u00a0difference from number 1");
        await AssertAccessibleAsync(page);
        await page.GetByLabel("What changed, and why").FillAsync("Faster");
        await Button(page, "Save").ClickAsync();
        await Expect(page.GetByTestId("definition")).ToContainTextAsync("small-5");
        await Expect(page.GetByTestId("definition-row").First).ToContainTextAsync("Faster");

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Compare number 1" }).ClickAsync();
        await page.WaitForURLAsync("**" + Tab + "?number=2&against=1");
        await Expect(page.GetByTestId("diff-row")).ToContainTextAsync("small-5");
        await AssertAccessibleAsync(page);
    }

    [Fact]
    public async Task What_is_deployed_says_which_definition_and_leads_there()
    {
        await Console.AgentAsync("mailroom-1");
        using var otto = Console.Client(await Console.TokenAsync(Console.Cast.Otto));
        foreach (var model in (string[])["small-4", "small-5"])
        {
            var body = new { definition = new { name = "Mailroom", model = new { name = model } } };
            using var saved = await otto.PostAsJsonAsync("/api/v1/agents/mailroom-1/definitions", body, Stop);
            Assert.True(saved.IsSuccessStatusCode);
        }
        var page = await OpenAsync(Console.Cast.Otto);
        await page.GotoAsync("/agents/mailroom-1/deployments?act=deploy");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("Version").FillAsync("2.1.0");
        await page.GetByLabel("Definition").SelectOptionAsync("1");
        await Button(page, "Deploy").ClickAsync();
        await page.GetByTestId("snapshot-row").GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "2.1.0" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Number 1" }).ClickAsync();
        await Expect(page.GetByTestId("definition")).ToContainTextAsync("small-4");
        await Expect(page.GetByTestId("definition-row").Last).ToContainTextAsync("2.1.0");
    }

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });
}
