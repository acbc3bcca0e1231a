using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.Deployments;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.JSInterop;

namespace AgentConsole.Web.Tests.Definitions;

public sealed class AgentDefinitionTabTests : ConsoleBunitContext
{
    private const string First = "# Ours\nname: Mailroom\nmodel:\n  name: small-4\ninstructions: |\n  One\n  Two\n  Three\n  Four\n";

    private NavigationManager Browser => Services.GetRequiredService<NavigationManager>();

    [Fact]
    public async Task The_newest_stands_there_as_it_was_given_and_as_JSON()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SaveAsync(First);
        var tab = Open(agent);
        tab.WaitForAssertion(() => Assert.Equal(First, Shown(tab)));
        tab = Open(agent, "?as=json");
        tab.WaitForAssertion(() => Assert.StartsWith("{\n  \"name\": \"Mailroom\",\n  \"model\": {", Shown(tab), StringComparison.Ordinal));

        await SaveAsync(First.Replace("small-4", "small-5", StringComparison.Ordinal));

        await SoonAsync(tab, () => Assert.Contains("small-5", Shown(tab), StringComparison.Ordinal));
        tab = Open(agent, "?number=1");
        tab.WaitForAssertion(() => Assert.Contains("Not the newest, which is number 2", tab.Markup, StringComparison.Ordinal));
        tab = Open(agent, "?number=9");
        tab.WaitForAssertion(() => Assert.Contains("no such definition", tab.Find("[role=status]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_list_says_who_saved_what_why_and_where_it_was_deployed()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SaveAsync(First, "The first");
        await DeployAsync("2.1.0");
        await SaveAsync(First.Replace("  Two\n", "  Second\n", StringComparison.Ordinal));

        var tab = Open(agent);

        tab.WaitForAssertion(() => Assert.Equal(2, tab.FindAll("[data-testid=definition-row]").Count));
        var first = tab.FindAll("[data-testid=definition-row]")[1];
        foreach (var part in (string[])["Number 1", "The first", "2.1.0", "current", House.As(Cast.Olga).Label])
            Assert.Contains(part, first.TextContent, StringComparison.Ordinal);
        var compare = first.QuerySelector("a.end")!.GetAttribute("href")!;
        tab = Open(agent, compare[compare.IndexOf('?', StringComparison.Ordinal)..]);
        tab.WaitForAssertion(() =>
        {
            var row = Assert.Single(tab.FindAll("[data-testid=diff-row]"));
            Assert.Equal("instructions", row.QuerySelector("th")!.TextContent);
            Assert.Equal("One\nTwo\nThree\n… 1\u00a0line the same …", row.QuerySelector("del")!.TextContent);
            Assert.Equal("One\nSecond\nThree\n… 1\u00a0line the same …", row.QuerySelector("ins")!.TextContent);
        });
    }

    [Fact]
    public async Task Who_edits_sees_what_is_wrong_then_what_changes_and_saves()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SaveAsync(First);
        var text = Types();
        var tab = Open(agent, "?act=edit", Cast.Otto);
        tab.WaitForAssertion(() => Assert.Contains("name: Mailroom", tab.Find("textarea").TextContent, StringComparison.Ordinal));

        text.Value = First + "adress: x\n";
        await EditedAsync(tab);
        tab.WaitForAssertion(() =>
            Assert.Contains("Line 10: ", tab.Find("[data-testid=definition-check] .bad-field").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("true", tab.Find("textarea").GetAttribute("aria-invalid"));
        await tab.ActAsync("form", form => form.Submit());
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("[data-testid=definition-check] .bad-field")));
        Assert.Equal(1, await NewestAsync());

        text.Value = First.Replace("small-4", "small-5", StringComparison.Ordinal);
        await EditedAsync(tab);
        tab.WaitForAssertion(() =>
            Assert.Contains(
                "1\u00a0difference from number 1",
                tab.Find("[data-testid=definition-check]").TextContent,
                StringComparison.Ordinal
            )
        );
        Assert.Equal(["model.name"], tab.FindAll("[data-testid=diff-row] th").Select(th => th.TextContent));
        await tab.ActAsync("#f-note", e => e.Change("Faster"));
        await tab.ActAsync("form", form => form.Submit());
        tab.WaitForAssertion(() => Assert.Contains("small-5", Shown(tab), StringComparison.Ordinal));
        var saved = (await Get<DefinitionService>().GetAsync(House.As(Cast.Otto), "mailroom-1", "2", Stop)).Value;
        Assert.Equal(("Faster", "yaml"), (saved.Note, saved.Format));
    }

    [Fact]
    public async Task Two_who_edit_at_once_learn_of_each_other()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SaveAsync(First);
        var text = Types();
        var tab = Open(agent, "?act=edit", Cast.Otto);
        text.Value = """{"name": "Mailroom", "model": {"name": "small-6"}}""";
        await EditedAsync(tab);
        await SaveAsync(First.Replace("small-4", "small-5", StringComparison.Ordinal));
        await tab.ActAsync("form", form => form.Submit());
        await SoonAsync(tab, () => Assert.Contains("saved number 2 since you began", tab.Markup, StringComparison.Ordinal));
        Assert.Equal(2, await NewestAsync());

        await tab.ActAsync(".note button.s", button => button.Click());
        tab.WaitForAssertion(() =>
            Assert.Contains("from number 2", tab.Find("[data-testid=definition-check]").TextContent, StringComparison.Ordinal)
        );
        await tab.ActAsync("form", form => form.Submit());
        tab.WaitForAssertion(() => Assert.Contains("small-6", Shown(tab), StringComparison.Ordinal));
        Assert.Equal("json", (await Get<DefinitionService>().GetAsync(House.As(Cast.Otto), "mailroom-1", "3", Stop)).Value.Format);
    }

    [Fact]
    public async Task Who_may_not_edit_reads_and_is_told_which_role_is_missing()
    {
        var agent = await RegisterAsync("mailroom-1");
        var tab = Open(agent, "?act=edit", Cast.Victor);
        tab.WaitForAssertion(() => Assert.Contains("What this agent is made of", tab.Markup, StringComparison.Ordinal));
        Assert.Contains("operator", tab.Find(".tip").TextContent, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("textarea"));
    }

    [Fact]
    public async Task Whoever_deploys_sees_and_chooses_which_definition_goes_along()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SaveAsync(First, "The first");
        await SaveAsync(First.Replace("small-4", "small-5", StringComparison.Ordinal));
        Browser.NavigateTo("/agents/mailroom-1/deployments?act=deploy");
        var tab = Render<AgentDeploymentsTab>(p => p.Add(t => t.Agent, agent));
        tab.WaitForAssertion(() => Assert.Equal(3, tab.FindAll("#f-definition option").Count));
        Assert.Equal("Number 2, the newest", tab.Find("#f-definition option").TextContent);

        await tab.ActAsync("#f-version", e => e.Change("2.2.0"));
        await tab.ActAsync("#f-definition", e => e.Change("1"));
        await tab.ActAsync("#deploy", e => e.Submit());

        tab.WaitForAssertion(() => Assert.Contains("2.2.0", tab.Find("[data-testid=snapshot-row]").TextContent, StringComparison.Ordinal));
        var uses = await Get<DefinitionUses>().OfAsync(House.As(Cast.Olga), agent.Id, [1, 2], Stop);
        Assert.Equal([1], uses.Select(u => u.Key));
    }

    private sealed class Typed
    {
        public string Value { get; set; } = "";
    }

    // What the browser hands over when the page asks for the text.
    private Typed Types()
    {
        var text = new Typed();
        JSInterop.Setup<IJSStreamReference>("agentConsole.read", _ => true).SetResult(new TextStream(text));
        return text;
    }

    private sealed class TextStream(Typed text) : IJSStreamReference
    {
        public long Length => Encoding.UTF8.GetByteCount(text.Value);

        public ValueTask<Stream> OpenReadStreamAsync(long maxAllowedSize = 512000, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<Stream>(new MemoryStream(Encoding.UTF8.GetBytes(text.Value)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static Task EditedAsync(IRenderedComponent<AgentDefinitionTab> tab) =>
        tab.ActAsync("[data-edited]", area => area.TriggerEvent("onedited", EventArgs.Empty));

    private IRenderedComponent<AgentDefinitionTab> Open(AgentBody agent, string query = "", Person? who = null)
    {
        if (who is not null)
            LookAs(who);
        Browser.NavigateTo("/agents/mailroom-1/definition" + query);
        return Render<AgentDefinitionTab>(p => p.Add(t => t.Agent, agent));
    }

    private static string Shown(IRenderedComponent<AgentDefinitionTab> tab) => tab.Find("[data-testid=definition]").TextContent;

    private async Task<int> NewestAsync() =>
        (await Get<DefinitionService>().GetAsync(House.As(Cast.Olga), "mailroom-1", "latest", Stop)).Value.Number;

    private async Task SaveAsync(string text, string? note = null) =>
        Assert.Null(
            (
                await Get<DefinitionService>()
                    .SaveAsync(House.As(Cast.Olga), "mailroom-1", new DefinitionInput(text, DefinitionFormat.Yaml, note), Stop)
            ).Problem
        );

    private async Task DeployAsync(string version) =>
        Assert.Null(
            (
                await Get<DeploymentService>()
                    .SetAsync(House.As(Cast.Olga), "mailroom-1", new SetSnapshot { Version = version, Status = "active" }, Stop)
            ).Problem
        );
}
