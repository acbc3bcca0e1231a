using AgentConsole.Core.Common;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.Sinks;
using AgentConsole.Web.Sinks;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Sinks;

public sealed class SinksPageTests : ConsoleBunitContext
{
    private static readonly string Signing = "whsec_" + Convert.ToBase64String(new byte[32]);

    private NavigationManager Address => Services.GetRequiredService<NavigationManager>();

    [Fact]
    public async Task A_sink_is_made_on_the_page_and_its_credential_does_not_stay_there()
    {
        LookAs(Cast.Kurt);
        var page = Render<SinksPage>();
        page.WaitForAssertion(() => Assert.Contains("No sink yet", page.Markup, StringComparison.Ordinal));
        await page.ActAsync("#f-name", field => field.Change("Receiver"));
        await page.ActAsync("#f-kind", field => field.Change("webhook"));
        await page.ActAsync("#f-webhook-url", field => field.Change("https://receiver.example/keys"));
        await page.ActAsync("#f-credential", field => field.Change(Signing));
        await page.InvokeAsync(() => page.Find("form").Submit());

        page.WaitForAssertion(() => Assert.Equal("Receiver", page.Find("[data-testid=sink-row] .nm").TextContent));
        Assert.Contains("Untried", page.Find("[data-testid=sink-row]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(Signing, page.Markup, StringComparison.Ordinal);
        var sink = Assert.Single((await Get<SinkService>().ListAsync(House.As(Cast.Kurt), new PageRequest(), Stop)).Value.Items);
        Assert.Equal(("webhook", "payments"), (sink.Kind, sink.Team));
    }

    [Fact]
    public async Task What_is_wrong_stands_at_its_field_and_what_was_typed_stays()
    {
        LookAs(Cast.Kurt);
        var page = Render<SinksPage>();
        await page.ActAsync("#f-name", field => field.Change("Receiver"));
        await page.ActAsync("#f-kind", field => field.Change("webhook"));
        await page.ActAsync("#f-webhook-url", field => field.Change("https://10.0.0.7/keys"));
        await page.InvokeAsync(() => page.Find("form").Submit());

        page.WaitForAssertion(() => Assert.Contains("10.0.0.7 is not on the public internet", page.Markup, StringComparison.Ordinal));
        Assert.Equal("https://10.0.0.7/keys", page.Find("#f-webhook-url").GetAttribute("value"));
        Assert.Equal("true", page.Find("#f-credential").GetAttribute("aria-invalid"));
    }

    [Fact]
    public async Task A_test_that_fails_says_why_beside_the_sink_and_in_its_row()
    {
        var sink = await MakeAsync();
        LookAs(Cast.Kurt);
        var page = Render<SinksPage>();
        await page.PressAsync("Test");

        page.WaitForAssertion(() =>
            Assert.Contains("Receiver does not work.", page.Find("[data-testid=test-result]").TextContent, StringComparison.Ordinal)
        );
        Assert.Contains("not on the public internet", page.Find("[data-testid=sink-row]").TextContent, StringComparison.Ordinal);
        Assert.Equal("sink_address_refused", (await Get<SinkService>().GetAsync(House.As(Cast.Kurt), sink.Id, Stop)).Value.LastCode);
    }

    [Fact]
    public async Task Changing_and_deleting_have_an_address_and_deleting_says_what_follows()
    {
        var sink = await MakeAsync();
        LookAs(Cast.Kurt);
        Address.NavigateTo($"/admin/sinks?act=change&of={sink.Id}");
        var page = Render<SinksPage>();
        page.WaitForAssertion(() => Assert.Contains("Change Receiver", page.Markup, StringComparison.Ordinal));
        await page.ActAsync("#f-name", field => field.Change("Their receiver"));
        await page.InvokeAsync(() => page.Find("form").Submit());
        page.WaitForAssertion(() => Assert.Equal("Their receiver", page.Find("[data-testid=sink-row] .nm").TextContent));

        Address.NavigateTo($"/admin/sinks?act=delete&of={sink.Id}");
        page.WaitForAssertion(() =>
            Assert.Contains("leave the old secret valid", page.Find("dialog").TextContent, StringComparison.Ordinal)
        );
        await page.PressAsync("Delete");
        page.WaitForAssertion(() => Assert.Contains("No sink yet", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_manages_no_keys_is_told_so_and_another_team_sees_nothing()
    {
        await MakeAsync();
        LookAs(Cast.Victor);
        Assert.Contains("key-admins' business", Render<SinksPage>().Markup, StringComparison.Ordinal);
        LookAs(Cast.Sara);
        Assert.DoesNotContain("Receiver", Render<SinksPage>().Markup, StringComparison.Ordinal);
    }

    private async Task<SinkBody> MakeAsync()
    {
        var body = new SetSink
        {
            Team = "payments",
            Name = "Receiver",
            Kind = "webhook",
            Webhook = new WebhookSinkSettings { Url = "https://localhost/keys" },
            Credential = Signing,
        };
        var made = await Get<SinkService>().CreateAsync(House.As(Cast.Kurt), body, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }
}
