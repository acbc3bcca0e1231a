using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Rotations;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Rotations;

public sealed class RotationPageTests : ConsoleBunitContext
{
    private RotationService Rotations => Get<RotationService>();

    private NavigationManager Address => Services.GetRequiredService<NavigationManager>();

    private IRenderedComponent<RotationPage> Open(RotationBody rotation, string query = "")
    {
        Address.NavigateTo($"/rotations/{rotation.Id}{query}");
        return Render<RotationPage>(p => p.Add(page => page.Id, rotation.Id));
    }

    private async Task<(AgentBody Agent, RotationBody Rotation)> IssuedAsync(Person? by = null, CreateRotation? wish = null)
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Key = true });
        Use(agent.ApiKey!, "blue");
        await Get<KeyUse>().StepAsync(Stop);
        var rotation = await Rotations.CreateAsync(House.As(by ?? Cast.Ines), agent.Slug, wish ?? new CreateRotation(), Stop);
        Assert.Null(rotation.Problem);
        return (agent, rotation.Value);
    }

    private void Use(string secret, string instance)
    {
        var known = Get<KeyIndex>().Check(secret);
        Get<KeyUse>().Note(known.Card!, "198.51.100.4", "sdk/2", "/api/v1/heartbeat", instance);
    }

    private string State(IRenderedComponent<RotationPage> page) => page.Find("[data-testid=rotation-state]").GetAttribute("data-state")!;

    [Fact]
    public async Task A_colleague_takes_over_with_another_secret_and_never_sees_the_first()
    {
        var (_, rotation) = await IssuedAsync(Cast.Olga);
        var page = Open(rotation);
        Assert.Contains("was given the new secret", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Show it again", page.Markup, StringComparison.Ordinal);

        Address.NavigateTo($"/rotations/{rotation.Id}?act=reissue");
        await page.PressAsync("Make another");
        page.WaitForElement("[data-secret]");
        var shown = page.Find("[data-secret] [data-copy]").GetAttribute("data-copy")!;
        Assert.NotEqual(rotation.ApiKey, shown);
        Assert.Equal(KeyCheck.Revoked, Get<KeyIndex>().Check(rotation.ApiKey).Code);
        Assert.Equal(KeyCheck.Ok, Get<KeyIndex>().Check(shown).Code);

        await page.ActAsync("[data-secret] input", field => field.Input(shown[^4..]));
        await page.PressAsync("I stored it");
        page.WaitForAssertion(() => Assert.Equal("observing", State(page)));
        Assert.DoesNotContain(shown, page.Markup, StringComparison.Ordinal);
        Assert.Contains("step=observe", Address.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_what_its_browser_kept_the_issuer_is_told_how_to_go_on()
    {
        var (_, rotation) = await IssuedAsync();
        var page = Open(rotation);
        await page.InvokeAsync(() =>
            page.FindAll("form").First(f => f.TextContent.Contains("Show it again", StringComparison.Ordinal)).Submit()
        );
        page.WaitForAssertion(() => Assert.Contains("This tab cannot show the secret again", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("[data-secret]"));
    }

    [Fact]
    public async Task The_lock_names_who_is_late_opens_for_a_reason_and_a_cut_over_can_be_taken_back()
    {
        var (agent, rotation) = await IssuedAsync();
        var acknowledged = await Rotations.AcknowledgeAsync(
            House.As(Cast.Ines),
            rotation.Id,
            new AcknowledgeRotation { LastFour = rotation.ApiKey![^4..] },
            Stop
        );
        Assert.Null(acknowledged.Problem);
        var page = Open(rotation);
        var toasts = Render<ToastHost>();
        Assert.Contains("blue", page.Find("[data-testid=gate]").TextContent, StringComparison.Ordinal);
        Assert.Equal(
            "true",
            page.FindAll("[data-testid=gate] button")
                .First(b => b.TextContent.Contains("Disable", StringComparison.Ordinal))
                .GetAttribute("aria-disabled")
        );

        Address.NavigateTo($"/rotations/{rotation.Id}?act=override");
        await page.PressAsync("Override");
        page.WaitForAssertion(() => Assert.Contains("This is required", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.ActAsync("dialog input.inp", field => field.Change("Blue is switched off"));
        await page.PressAsync("Override");
        page.WaitForAssertion(() => Assert.Equal("ready", State(page)));
        Assert.Contains("Blue is switched off", page.Find("[data-testid=gate]").TextContent, StringComparison.Ordinal);

        await page.PressAsync("Disable the old secret");
        page.WaitForAssertion(() => Assert.Equal("old-disabled", State(page)));
        Assert.Equal(KeyCheck.Disabled, Get<KeyIndex>().Check(agent.ApiKey).Code);
        await toasts.ActAsync("[data-key=z]", e => e.Click());
        page.WaitForAssertion(() => Assert.Equal("observing", State(page)));
        Assert.Equal(KeyCheck.Ok, Get<KeyIndex>().Check(agent.ApiKey).Code);
    }

    [Fact]
    public async Task Who_may_look_only_reads_why()
    {
        var (_, rotation) = await IssuedAsync();
        LookAs(Cast.Victor);
        var page = Open(rotation);
        Assert.Contains("key-admin", page.FindAll(".act .tip").Single().TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("Override with a reason", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_finds_nothing()
    {
        var (_, rotation) = await IssuedAsync();
        LookAs(Cast.Sara);
        Assert.Contains("There is no such rotation", Open(rotation).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_chosen_is_planned_and_an_open_rotation_is_led_to()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Key = true });
        Address.NavigateTo("/rotations/new?agent=mailroom-1");
        var page = Render<RotationChoosePage>();
        Assert.Contains("Nobody in the last 24 hours", page.Markup, StringComparison.Ordinal);
        await page.InvokeAsync(() =>
            page.FindAll("select").First(s => s.TextContent.Contains("it leaked", StringComparison.Ordinal)).Change("0")
        );
        await page.ActAsync("input[type=checkbox]", box => box.Change(true));
        await page.ActAsync("form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Contains("/rotations/rot_", Address.Uri, StringComparison.Ordinal));

        var planned = Assert.Single(
            (await Get<RotationLists>().ListAsync(House.As(Cast.Ines), new RotationFilter(), new Core.Common.PageRequest(), Stop))
                .Value
                .Items
        );
        Assert.Equal(("planned", 0, true), (planned.State, planned.GraceSeconds, planned.RevokeImmediately));
        var wizard = Open(planned);
        Assert.Contains("is revoked the moment the new secret is made", wizard.Markup, StringComparison.Ordinal);
        await wizard.InvokeAsync(() => wizard.FindAll("form").First().Submit());
        wizard.WaitForElement("[data-secret]");
        Assert.Equal(KeyCheck.Revoked, Get<KeyIndex>().Check(agent.ApiKey).Code);

        Address.NavigateTo("/rotations/new?agent=mailroom-1&key=" + planned.KeyId);
        Assert.Contains("A rotation of this key is open.", Render<RotationChoosePage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_will_happen_is_said_with_its_times_and_a_busy_day_of_runs_is_not_counted_for_each_look()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Key = true });
        Address.NavigateTo("/rotations/new?agent=mailroom-1");
        var page = Render<RotationChoosePage>();
        var will = page.Find("[data-testid=will-happen]");
        Assert.Equal(
            [
                "In the next step a new secret is made, and shown to you once. Nothing changes before.",
                $"Both work until {Words.Exact(Clock.GetUtcNow().AddDays(1))}. You may cut over as soon as every caller has moved.",
                "Then version 1 is refused, and can be enabled again for 7 days. After those it is revoked, if the new one was ever used.",
                $"The new secret ends by itself on {Words.Exact(Clock.GetUtcNow().AddDays(90))}, unless it was rotated before.",
            ],
            will.QuerySelectorAll("li").Select(li => li.TextContent)
        );
        await page.ActAsync("#f-grace_seconds", field => field.Change("0"));
        Assert.Contains(
            "Version 1 is refused at that moment",
            page.Find("[data-testid=will-happen]").TextContent,
            StringComparison.Ordinal
        );

        var uses = Get<KeyUses>();
        var known = (await uses.GetAsync(House.As(Cast.Ines), agent.Slug, agent.KeyId!, Stop)).Value;
        var again = (await uses.GetAsync(House.As(Cast.Ines), agent.Slug, agent.KeyId!, Stop, runs: 41)).Value;
        Assert.Equal((known.KeyVersion, 0, 41), (again.KeyVersion, known.LastDay.Runs, again.LastDay.Runs));
    }

    [Fact]
    public async Task The_environment_for_OpenTelemetry_says_that_nothing_is_received_yet_and_sends_the_key_nowhere()
    {
        var (_, rotation) = await IssuedAsync();
        var page = Open(rotation, "?act=reissue");
        await page.PressAsync("Make another");
        page.WaitForElement("[data-secret]");
        Assert.Equal(["curl", ".NET", "TypeScript", "Python", "OpenTelemetry"], page.FindAll("nav.seg a").Select(a => a.TextContent));

        Address.NavigateTo($"/rotations/{rotation.Id}?step=hand-over&lang=otel");
        page.WaitForAssertion(() =>
            Assert.Contains("does not receive OpenTelemetry", page.Find("[role=note]").TextContent, StringComparison.Ordinal)
        );
        var lines = page.Find(".cmd code").TextContent.Split('\n');
        Assert.Contains("export OTEL_SERVICE_NAME=mailroom-1", lines);
        Assert.Contains("export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", lines);
        Assert.Contains("export OTEL_RESOURCE_ATTRIBUTES=\"service.namespace=payments,service.instance.id=$(hostname)\"", lines);
        Assert.All(
            lines.Where(l => l.Contains("ENDPOINT", StringComparison.Ordinal) || l.Contains("AGENT_KEY", StringComparison.Ordinal)),
            l => Assert.StartsWith("#", l, StringComparison.Ordinal)
        );
        Assert.Equal(2, lines.Count(l => l.StartsWith("#export", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Who_else_looks_at_it_is_named_for_as_long_as_they_do()
    {
        var (_, rotation) = await IssuedAsync();
        var all = Services.GetRequiredService<Onlookers>();
        var page = Open(rotation);
        string Also() => page.Find("[data-testid=also-here]").TextContent;
        Assert.Equal("", Also());

        var kim = all.Begin(rotation.Id, Guid.NewGuid(), "Kim", () => { });
        page.WaitForAssertion(() => Assert.Equal("Kim looks at this too", Also()));
        using var elsewhere = all.Begin("rot_other", Guid.NewGuid(), "Lee", () => { });
        using (all.Begin(rotation.Id, Guid.NewGuid(), "Ada", () => { }))
            page.WaitForAssertion(() => Assert.Equal("Ada and Kim look at this too", Also()));
        kim.Dispose();
        page.WaitForAssertion(() => Assert.Equal("", Also()));

        // Two tabs of one person are one, and whoever leaves is gone.
        Open(rotation);
        Assert.Equal([House.As(Cast.Ines).Label], all.Others(rotation.Id, Guid.NewGuid()));
        await DisposeComponentsAsync();
        Assert.Empty(all.Others(rotation.Id, Guid.NewGuid()));
    }
}
