using AgentConsole.Contracts;
using AgentConsole.Core.Freezes;
using AgentConsole.Web.Freezes;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Freezes;

public sealed class FreezesPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_freeze_is_made_after_its_next_windows_were_shown()
    {
        LookAs(Cast.Olga);
        var page = Render<FreezesPage>();
        page.WaitForAssertion(() => Assert.Contains("No freeze yet", page.Markup, StringComparison.Ordinal));
        Assert.Equal(FreezeService.Previewed, page.FindAll("[data-testid=freeze-preview] li").Count);

        await page.ActAsync("#f-cron", e => e.Change("never"));
        Assert.Contains("five fields", page.Find("[data-testid=freeze-preview]").TextContent, StringComparison.Ordinal);
        await page.ActAsync("#f-cron", e => e.Change("0 20 * * *"));
        await page.ActAsync("#f-duration_minutes", e => e.Change("660"));
        await page.ActAsync("#f-name", e => e.Change("Nights"));
        await page.ActAsync("#f-reason", e => e.Change("Nobody is awake"));
        await page.ActAsync("#freeze-form form", e => e.Submit());

        page.WaitForAssertion(() => Assert.Contains("Nights", page.Find("[data-testid=freeze-row]").TextContent, StringComparison.Ordinal));
        Assert.Contains("11\u00a0h", page.Find("[data-testid=freeze-row]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_bites_is_said_first_and_until_when()
    {
        LookAs(Cast.Olga);
        var now = House.Clock.GetUtcNow();
        await MakeAsync(new SetFreeze { StartsAt = now.AddHours(-1), EndsAt = now.AddHours(5) });

        var page = Render<FreezesPage>();

        page.WaitForAssertion(() =>
            Assert.Contains("The books are closed", page.Find("[data-testid=frozen]").TextContent, StringComparison.Ordinal)
        );
        Assert.Contains("Bites", page.Find("[data-testid=freeze-row]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_change_one_reads_which_role_is_missing()
    {
        await MakeAsync(new SetFreeze { Cron = "0 18 * * FRI", DurationMinutes = 60 });
        LookAs(Cast.Victor);

        var page = Render<FreezesPage>();

        page.WaitForAssertion(() =>
            Assert.Contains("org-admin", page.Find("[data-testid=freeze-row] .tip").TextContent, StringComparison.Ordinal)
        );
        Assert.Empty(page.FindAll("#freeze-form"));
    }

    [Fact]
    public async Task One_is_deleted_after_the_question_in_its_address()
    {
        LookAs(Cast.Olga);
        var made = await MakeAsync(new SetFreeze { Cron = "0 18 * * FRI", DurationMinutes = 60 });
        Services.GetRequiredService<NavigationManager>().NavigateTo($"{ConsoleUrls.Freezes}?act=delete&of={made.Id}");
        var page = Render<FreezesPage>();

        await page.ActAsync(".btn.df", e => e.Click());

        page.WaitForAssertion(() => Assert.Contains("No freeze yet", page.Markup, StringComparison.Ordinal));
    }

    private async Task<FreezeBody> MakeAsync(SetFreeze when)
    {
        var body = when with { Name = "Year's end", Reason = "The books are closed" };
        return (await Get<FreezeService>().CreateAsync(House.As(Cast.Olga), body, Stop)).Value;
    }
}
