using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Agents;

public sealed class PlanPageTests : ConsoleBunitContext
{
    private static string State(IRenderedComponent<PlanPage> page) => page.Find("[data-testid=plan-state]").GetAttribute("data-state")!;

    private static string[] Groups(IRenderedComponent<PlanPage> page) =>
        [.. page.FindAll("[data-testid=plan-group]").Select(g => g.GetAttribute("data-group")!)];

    private async Task<PlanBody> PlanAsync(MakePlan body, Person? person = null) =>
        (await Get<BulkPlanService>().MakeAsync(House.As(person ?? Cast.Ines), body, Stop)).Value;

    private IRenderedComponent<PlanPage> Open(PlanBody plan) => Render<PlanPage>(p => p.Add(x => x.Id, plan.Id));

    [Fact]
    public async Task Conflicts_come_first_and_one_press_does_it_and_one_takes_it_back()
    {
        await RegisterAsync("a-1");
        await RegisterAsync("a-2");
        await Get<AgentService>().PauseAsync(House.As(Cast.Olga), "a-2", "", Stop);
        var page = Open(await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1", "a-2", "gone"] }));

        Assert.Equal(["refused", "pending", "no-change"], Groups(page));
        Assert.Contains("Nothing is done yet", page.Markup, StringComparison.Ordinal);
        Assert.Contains("agent_paused until they are resumed", page.Markup, StringComparison.Ordinal);
        await page.ActAsync("form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("applied", State(page)));
        Assert.Equal(["refused", "done", "no-change"], Groups(page));
        Assert.Contains("Paused 1\u00a0agent.", page.Markup, StringComparison.Ordinal);

        await page.InvokeAsync(() => page.FindAll("button").Single(b => b.TextContent.Contains("Undo", StringComparison.Ordinal)).Click());
        page.WaitForAssertion(() => Assert.Equal("undone", State(page)));
        Assert.Equal(Lifecycle.Registered, Get<AgentDirectory>().FindBySlug(Cast.Acme, "a-1")!.Lifecycle);
    }

    [Fact]
    public async Task Many_are_deleted_by_whoever_types_their_number()
    {
        foreach (var i in Enumerable.Range(0, PlanWords.FewDeleted + 1))
            await RegisterAsync($"a-{i}");
        var page = Open(
            await PlanAsync(new MakePlan { Action = "delete", Filter = new Dictionary<string, string>(StringComparer.Ordinal) })
        );

        Assert.Equal("true", page.Find("form .btn.df").GetAttribute("aria-disabled"));
        await page.ActAsync("form", form => form.Submit()); // Enter in the field is no way around
        Assert.Equal("planned", State(page));
        await page.ActAsync("#plan-count", field => field.Input("21"));
        await page.ActAsync("form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("applied", State(page)));
    }

    [Fact]
    public async Task A_fleet_that_moved_on_is_said_with_names_and_the_plan_is_made_anew()
    {
        await RegisterAsync("a-1");
        var plan = await PlanAsync(new MakePlan { Action = "pause", Filter = new Dictionary<string, string>(StringComparer.Ordinal) });
        var page = Open(plan);
        await RegisterAsync("a-2");

        await page.ActAsync("form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Contains("plan_changed", page.Markup, StringComparison.Ordinal));
        Assert.Contains("1 came", page.Markup, StringComparison.Ordinal);
        Assert.Equal("planned", State(page));
        await page.PressAsync("Make the plan anew");
        var address = Get2<Microsoft.AspNetCore.Components.NavigationManager>();
        page.WaitForAssertion(() => Assert.Contains("/fleet/plans/bpl_", address.Uri, StringComparison.Ordinal));
        Assert.DoesNotContain(plan.Id, address.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_that_is_not_wanted_is_discarded()
    {
        await RegisterAsync("a-1");
        var plan = await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1"] });
        var page = Open(plan);

        await page.PressAsync("Discard");

        page.WaitForAssertion(() =>
            Assert.EndsWith("/fleet", Get2<Microsoft.AspNetCore.Components.NavigationManager>().Uri, StringComparison.Ordinal)
        );
        Assert.Equal("plan_not_found", (await Get<BulkPlanService>().GetAsync(House.As(Cast.Ines), plan.Id, Stop)).Problem!.Code);
    }

    [Fact]
    public async Task How_a_plan_is_made_is_said_and_the_call_gives_the_same()
    {
        await RegisterAsync("a-1");
        var plan = await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1", "nobody"] });
        var page = Open(plan);

        var how = page.WaitForElement("details.how");

        Assert.Contains("it changes, it stands so already, or it is refused", how.TextContent, StringComparison.Ordinal);
        Assert.Equal($"GET /api/v1/agents/plans/{plan.Id}", how.QuerySelector("code")!.TextContent);
        // The digest covers the revision of each agent.
        Assert.Equal(plan.Digest, (await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1", "nobody"] })).Digest);
        var agents = Get<AgentService>();
        var olga = House.As(Cast.Olga);
        var revision = (await agents.GetAsync(olga, "a-1", Stop)).Value.Revision;
        await agents.ChangeAsync(olga, "a-1", revision, new ChangeAgent { DisplayName = "Another" }, Stop);
        Assert.NotEqual(plan.Digest, (await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1", "nobody"] })).Digest);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Another_persons_plan_is_looked_at_or_not_there(bool seesAll)
    {
        await RegisterAsync("a-1");
        var plan = await PlanAsync(new MakePlan { Action = "pause", Agents = ["a-1"] });

        LookAs(seesAll ? Cast.Olga : Cast.Sara);
        var page = Open(plan);
        if (seesAll)
            Assert.Contains("Only whoever made a plan", page.Find("form .tip").TextContent, StringComparison.Ordinal);
        else
            Assert.Contains("There is no such plan", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_at_work_tells_how_far_it_is_and_one_that_stopped_is_resumed()
    {
        var file = "slug,team,key\n" + string.Join('\n', Enumerable.Range(0, 600).Select(i => $"many-{i},payments,false"));
        await Get<BulkRegistration>().ApplyAsync(House.As(Cast.Olga), BulkFile.Read(System.Text.Encoding.UTF8.GetBytes(file)), null, Stop);
        var plan = await PlanAsync(new MakePlan { Action = "pause", Filter = new Dictionary<string, string>(StringComparer.Ordinal) });
        var page = Open(plan);
        await page.ActAsync("#plan-count", field => field.Input("600"));
        await page.ActAsync("form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("applying", State(page)));
        Assert.Equal("0", page.Find("progress").GetAttribute("value"));

        Clock.Advance(BulkPlan.Lease); // nobody works here, as after a crash
        page.WaitForAssertion(() => Assert.Equal("interrupted", State(page)));
        await page.PressAsync("Resume");
        page.WaitForAssertion(() => Assert.Equal("applying", State(page)));
        await Get<BulkPlanRunner>().StepAsync(Stop);
        await SoonAsync(page, () => Assert.Equal("applied", State(page)));
        Assert.Contains("Paused 600\u00a0agents.", page.Markup, StringComparison.Ordinal);
    }

    private T Get2<T>()
        where T : notnull => Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<T>(Services);
}
