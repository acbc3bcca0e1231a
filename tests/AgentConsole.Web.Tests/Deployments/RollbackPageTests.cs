using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class RollbackPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Somebody_looks_says_why_and_the_page_watches_who_follows()
    {
        await RegisterAsync("mailroom-1");
        var good = await SetAsync("2.1.0", body => body with { Model = "small-3", Secrets = ["vault:tax"] });
        await SetAsync("2.2.0", body => body with { Model = "small-4" });
        var page = Open("/agents/mailroom-1/rollback");
        page.WaitForAssertion(() => Assert.Contains("from 2.2.0 to 2.1.0", page.Find("h1").TextContent, StringComparison.Ordinal));
        Assert.Equal(["model", "secrets"], page.FindAll("[data-testid=diff-row] th").Select(th => th.TextContent));
        Assert.Contains("There is no sink vault", page.Find("[data-testid=secrets]").TextContent, StringComparison.Ordinal);
        Assert.Contains("No run of 2.2.0", page.Find("[data-testid=in-flight]").TextContent, StringComparison.Ordinal);

        await page.ActAsync("form.form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("Say why, in 3 to 500 characters.", page.Find(".bad-field").TextContent.Trim()));
        await page.ActAsync("#f-reason", why => why.Change("It books twice"));
        await page.ActAsync("form.form", form => form.Submit());

        var navigation = Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.Contains("done=dep_", navigation.Uri, StringComparison.Ordinal));
        page = Render<RollbackPage>(p => p.Add(r => r.Name, "mailroom-1"));
        page.WaitForAssertion(() =>
            Assert.Equal(
                "Rolled back from 2.2.0 because It books twice",
                page.Find("[data-testid=rolled-back]").TextContent.Trim(),
                ignoreWhiteSpaceDifferences: true
            )
        );
        Assert.Contains("Nobody has reported 2.2.0", page.Find("#drift-h").TextContent, StringComparison.Ordinal);
        var back = (await Get<SnapshotLists>().ListAsync(House.As(Cast.Olga), SnapshotFilter.None, new PageRequest(), Stop)).Value.Items[0];
        Assert.Equal((good.Digest, "rollback"), (back.Digest, back.Trigger));

        House.Clock.Advance(RollbackWatcher.Quiet + TimeSpan.FromSeconds(1));
        await SoonAsync(page, () => Assert.Contains("The fleet followed", page.Find("#drift-h").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_version_to_go_back_to_stands_in_the_address()
    {
        await RegisterAsync("mailroom-1");
        var first = await SetAsync("2.0.0");
        await SetAsync("2.1.0");
        await SetAsync("2.2.0");

        var page = Open("/agents/mailroom-1/rollback?to=" + first.Id);
        page.WaitForAssertion(() => Assert.Contains("from 2.2.0 to 2.0.0", page.Find("h1").TextContent, StringComparison.Ordinal));
        Assert.Equal(["2.1.0", "2.0.0"], page.FindAll("#to option").Select(o => o.TextContent.Split(' ')[0]));
        await page.ActAsync("#to", to => to.Change(page.FindAll("#to option")[0].GetAttribute("value")));
        Assert.EndsWith(
            "to=" + page.FindAll("#to option")[0].GetAttribute("value"),
            Services.GetRequiredService<NavigationManager>().Uri,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_somebody_deployed_meanwhile_is_seen_and_refuses_an_old_decision()
    {
        await RegisterAsync("mailroom-1");
        await SetAsync("2.1.0");
        await SetAsync("2.2.0");
        var page = Open("/agents/mailroom-1/rollback");
        page.WaitForAssertion(() => Assert.Contains("from 2.2.0", page.Find("h1").TextContent, StringComparison.Ordinal));

        await SetAsync("2.3.0");

        await SoonAsync(page, () => Assert.Contains("from 2.3.0 to 2.2.0", page.Find("h1").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_there_is_nothing_to_go_back_to_the_page_says_so_and_the_snapshot_carries_the_badge()
    {
        await RegisterAsync("mailroom-1");
        var first = await SetAsync("2.1.0");
        var page = Open("/agents/mailroom-1/rollback");
        page.WaitForAssertion(() => Assert.Contains("No other version was active", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("form.form"));

        await SetAsync("2.2.0");
        var body = new RollBack { Reason = "It books twice" };
        var back = (await Get<RollbackService>().RollBackAsync(House.As(Cast.Olga), "mailroom-1", body, Stop)).Value;
        var shown = Render<SnapshotPage>(p => p.Add(s => s.Id, back.Id));
        shown.WaitForAssertion(() =>
            Assert.Contains("It books twice", shown.Find("[data-testid=rolled-back]").TextContent, StringComparison.Ordinal)
        );
        Services.GetRequiredService<NavigationManager>().NavigateTo(ConsoleUrls.DeploymentsTable([]));
        var table = Render<DeploymentsPage>();
        table.WaitForAssertion(() =>
            Assert.Equal("Rolled back from 2.2.0 because “It books twice”", table.Find("[data-testid=rolled-back]").TextContent)
        );
        var earlier = Render<SnapshotPage>(p => p.Add(s => s.Id, first.Id));
        earlier.WaitForAssertion(() =>
            Assert.EndsWith("to=" + first.Id, earlier.Find("[data-testid=to-rollback]").GetAttribute("href"), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Who_only_looks_sees_the_preview_and_which_role_is_missing()
    {
        await RegisterAsync("mailroom-1");
        await SetAsync("2.1.0");
        var last = await SetAsync("2.2.0");
        LookAs(Cast.Victor);

        var page = Open("/agents/mailroom-1/rollback");
        page.WaitForAssertion(() => Assert.Contains("operator", page.Find("form.form .tip").TextContent, StringComparison.Ordinal));
        var shown = Render<SnapshotPage>(p => p.Add(s => s.Id, last.Id));
        shown.WaitForAssertion(() => Assert.Equal("true", shown.Find(".act [aria-disabled]").GetAttribute("aria-disabled")));
        Assert.Empty(shown.FindAll("[data-testid=to-rollback]"));
    }

    private IRenderedComponent<RollbackPage> Open(string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<RollbackPage>(p => p.Add(r => r.Name, "mailroom-1"));
    }

    private async Task<SnapshotBody> SetAsync(string version, Func<SetSnapshot, SetSnapshot>? more = null)
    {
        var body = new SetSnapshot { Version = version, Status = "active" };
        return (await Get<DeploymentService>().SetAsync(House.As(Cast.Olga), "mailroom-1", more?.Invoke(body) ?? body, Stop)).Value;
    }
}
