using AgentConsole.Core.Agents;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class FleetSelectionTests : ConsoleBunitContext
{
    private async Task<IRenderedComponent<FleetPage>> OpenAsync(int agents, string address = "/fleet?sort=slug")
    {
        for (var i = 0; i < agents; i++)
            await RegisterAsync($"a-{i:00}");
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<FleetPage>();
    }

    private static Task PickAsync(IRenderedComponent<FleetPage> page, bool on, string? from, params string[] names) =>
        page.InvokeAsync(() =>
            page.Find("table.fleet")
                .TriggerEventAsync(
                    "onpick",
                    new PickEventArgs
                    {
                        Names = names,
                        On = on,
                        From = from,
                    }
                )
        );

    private static string[] Picked(IRenderedComponent<FleetPage> page) =>
        [.. page.FindAll("tr[data-picked]").Select(row => row.GetAttribute("data-slug")!)];

    private Toasts Toasts => Services.GetRequiredService<Toasts>();

    private Lifecycle LifecycleOf(string slug) => Get<AgentDirectory>().FindBySlug(Cast.Acme, slug)!.Lifecycle;

    [Fact]
    public async Task Rows_are_selected_by_name_and_a_range_is_taken_from_the_order_of_the_list()
    {
        var page = await OpenAsync(8);
        Assert.Equal("none", page.Find("[data-select-all]").GetAttribute("data-select-all"));

        await PickAsync(page, true, null, "a-01");
        await PickAsync(page, true, "a-03", "a-05");
        Assert.Equal(["a-01", "a-03", "a-04", "a-05"], Picked(page));
        Assert.Contains("4 selected", page.Find("[data-testid=bulk-bar]").TextContent, StringComparison.Ordinal);
        Assert.Equal("a-01 a-03 a-04 a-05", page.Find("[data-selection]").GetAttribute("data-selection"));
        Assert.Equal("some", page.Find("[data-select-all]").GetAttribute("data-select-all"));

        await PickAsync(page, false, null, "a-04");
        Assert.Equal(["a-01", "a-03", "a-05"], Picked(page));
        await page.ActAsync("[data-escape]", clear => clear.Click());
        Assert.Empty(Picked(page));
        Assert.Empty(page.FindAll("[data-testid=bulk-bar]"));
    }

    [Fact]
    public async Task A_small_reversible_act_happens_at_once_and_is_taken_back_by_the_toast()
    {
        var page = await OpenAsync(3);
        await PickAsync(page, true, null, "a-00", "a-01");
        await page.InvokeAsync(() =>
            page.FindAll("[data-testid=bulk-bar] .btn").First(b => b.TextContent.Contains("Pause", StringComparison.Ordinal)).Click()
        );

        page.WaitForAssertion(() => Assert.Equal("Paused 2\u00a0agents", Toasts.Current?.Text));
        Assert.Equal((Lifecycle.Paused, Lifecycle.Registered), (LifecycleOf("a-01"), LifecycleOf("a-02")));
        Assert.Empty(Picked(page));
        await page.InvokeAsync(Toasts.Current!.Undo!);
        Assert.Equal(Lifecycle.Registered, LifecycleOf("a-01"));
        Assert.Equal("Undone: 2\u00a0agents as before", Toasts.Current?.Text);
    }

    [Fact]
    public async Task All_that_match_are_more_than_are_drawn_and_a_deletion_goes_to_its_plan()
    {
        var page = await OpenAsync(35);
        await PickAsync(page, true, null, "a-00");
        await page.InvokeAsync(() =>
            page.FindAll("[data-testid=bulk-bar] .btn")
                .First(b => b.TextContent.Contains("Select all 35", StringComparison.Ordinal))
                .Click()
        );
        Assert.Contains("35 selected", page.Find("[data-testid=bulk-bar]").TextContent, StringComparison.Ordinal);
        Assert.Equal("all", page.Find("[data-select-all]").GetAttribute("data-select-all"));

        await page.InvokeAsync(() =>
            page.FindAll("[data-testid=bulk-bar] .btn").First(b => b.TextContent.Contains("Delete…", StringComparison.Ordinal)).Click()
        );
        var address = Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.Contains("/fleet/plans/bpl_", address.Uri, StringComparison.Ordinal));
        Assert.Equal(Lifecycle.Registered, LifecycleOf("a-00"));
    }

    [Fact]
    public async Task Rows_keep_their_places_while_selected_and_another_filter_lets_go()
    {
        var page = await OpenAsync(3);
        await PickAsync(page, true, null, "a-01");
        await RegisterAsync("a-000");
        await SoonAsync(page, () => Assert.Contains("Order held while you select", page.Markup, StringComparison.Ordinal));
        Assert.Equal("a-00", page.Find("[data-testid=agent-row]").GetAttribute("data-slug"));

        Services.GetRequiredService<NavigationManager>().NavigateTo("/fleet?q=a-0&sort=slug");
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=bulk-bar]")));
    }

    [Fact]
    public async Task Who_may_not_act_is_told_why()
    {
        LookAs(Cast.Victor);
        var page = await OpenAsync(2);
        await PickAsync(page, true, null, "a-01");

        Assert.All(
            page.FindAll("[data-testid=bulk-bar] [aria-disabled=true]"),
            act =>
                Assert.Contains(
                    act.TextContent.StartsWith("Rotate keys", StringComparison.Ordinal) ? "role key-admin" : "role operator",
                    page.Find("#" + act.GetAttribute("aria-describedby")).TextContent,
                    StringComparison.Ordinal
                )
        );
        Assert.NotEmpty(page.FindAll("[data-testid=bulk-bar] [aria-disabled=true]"));
    }
}
