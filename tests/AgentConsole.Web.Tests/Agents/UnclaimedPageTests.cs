using System.Collections.Frozen;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class UnclaimedPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_stray_agent_appears_while_one_looks_and_is_claimed_with_its_key_shown_once()
    {
        var token = await TokenAsync();
        var page = Render<UnclaimedPage>();
        Assert.Contains("Nobody reports who is not registered", page.Markup, StringComparison.Ordinal);

        await SeeAsync(token, "sorter-9");
        page.WaitForAssertion(() => Assert.Equal("1 agent reports and is not registered", page.Find("h1").TextContent));
        Assert.Contains(
            "1 agent reports and is not registered",
            Render<OverviewPage>().Find(".nd .a").TextContent,
            StringComparison.Ordinal
        );
        await page.PressAsync("Claim…");
        await page.PressAsync("Claim it");

        page.WaitForAssertion(() =>
            Assert.Contains("sorter-9 is registered", page.Find("dialog h2").TextContent, StringComparison.Ordinal)
        );
        Assert.NotEmpty(page.FindAll("dialog .secret"));
        Assert.Empty(page.FindAll("[data-testid=unclaimed-row]"));
    }

    [Fact]
    public async Task A_claim_whose_answer_was_lost_shows_its_key_after_all()
    {
        const string Key = "0123456789abcdef0123456789abcdef";
        await SeeAsync(await TokenAsync(), "sorter-9");
        var waiting = Render<UnclaimedPage>();
        await waiting.PressAsync("Claim…");
        var browser = Services.GetRequiredService<NavigationManager>();
        var asked = browser.Uri;
        Assert.Contains("?act=claim&of=", asked, StringComparison.Ordinal);
        await waiting.ActAsync("dialog [data-submission]", e => e.Change(Key));
        await waiting.PressAsync("Claim it");
        waiting.WaitForAssertion(() => waiting.Find("dialog [data-save]"));
        var secret = waiting.Find("dialog [data-save]").GetAttribute("data-text");
        Assert.EndsWith("?act=claimed&of=sorter-9", browser.Uri, StringComparison.Ordinal);

        // The browser never heard of it: it loads the page again where it stood, with the key of its form.
        browser.NavigateTo(asked);
        var again = Render<UnclaimedPage>();
        Assert.Contains("This one waits no longer", again.Find("dialog").TextContent, StringComparison.Ordinal);
        await again.ActAsync("dialog [data-submission]", e => e.Change(Key));
        await again.PressAsync("Show what I claimed");

        again.WaitForAssertion(() => Assert.Equal(secret, again.Find("dialog [data-save]").GetAttribute("data-text")));
    }

    [Fact]
    public async Task A_lost_claim_is_shown_again_only_to_who_proved_lately_who_they_are()
    {
        const string Key = "0123456789abcdef0123456789abcdef";
        await SeeAsync(await TokenAsync(), "sorter-9");
        var waiting = Render<UnclaimedPage>();
        await waiting.PressAsync("Claim…");
        var browser = Services.GetRequiredService<NavigationManager>();
        var asked = browser.Uri;
        await waiting.ActAsync("dialog [data-submission]", e => e.Change(Key));
        await waiting.PressAsync("Claim it");
        waiting.WaitForAssertion(() => waiting.Find("dialog [data-save]"));
        browser.NavigateTo(asked);
        Clock.Advance(TimeSpan.FromMinutes(11));
        var again = Render<UnclaimedPage>();
        await again.ActAsync("dialog [data-submission]", e => e.Change(Key));

        await again.PressAsync("Show what I claimed");

        again.WaitForAssertion(() => Assert.Contains("Confirm that it is you", again.Find("dialog").TextContent, StringComparison.Ordinal));
        Assert.Empty(again.FindAll("dialog [data-save]"));
        await using (var write = await Get<ConsoleStore>().WriteAsync(Stop))
        {
            foreach (var session in write.Db.UserSessions.AsTracking().Where(s => s.UserId == Cast.Ines.Id))
                session.AuthenticatedAt = write.Now;
            write.AfterCommit(Get<AccessDirectory>().ReloadAsync);
            Assert.True(await write.TryCommitAsync(Stop));
        }
        await again.PressAsync("Show what I claimed");
        again.WaitForAssertion(() => again.Find("dialog [data-save]"));
    }

    [Fact]
    public async Task Whoever_did_not_claim_it_learns_nothing_of_its_key()
    {
        await SeeAsync(await TokenAsync(), "sorter-9");
        var all = await Get<UnclaimedService>().ListAsync(House.As(Cast.Olga), new UnclaimedFilter(), new PageRequest(), Stop);
        var id = Assert.Single(all.Value.Items).Id;
        await Get<UnclaimedService>().ClaimAsync(House.As(Cast.Olga), id, new ClaimAgent { Team = "payments" }, Stop);
        Services.GetRequiredService<NavigationManager>().NavigateTo($"/fleet/unclaimed?act=claim&of={id}");
        var page = Render<UnclaimedPage>();
        await page.ActAsync("dialog [data-submission]", e => e.Change("0123456789abcdef0123456789abcdef"));

        await page.PressAsync("Show what I claimed");

        page.WaitForAssertion(() =>
            Assert.Contains("Nothing was lost here.", page.Find("dialog [role=alert]").TextContent, StringComparison.Ordinal)
        );
        Assert.Empty(page.FindAll(".secret"));
    }

    [Fact]
    public async Task Blocking_asks_for_a_reason_and_the_name_stands_among_the_blocked()
    {
        await SeeAsync(await TokenAsync(), "sorter-9");
        var page = Render<UnclaimedPage>();

        await page.PressAsync("Block…");
        await page.ActAsync("dialog .fld input", e => e.Change("Nobody knows it"));
        await page.PressAsync("Block it");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=unclaimed-row]")));
        var blocked = (
            await Get<UnclaimedService>()
                .ListAsync(House.As(Cast.Ines), new UnclaimedFilter { State = SightingState.Blocked }, new Core.Common.PageRequest(), Stop)
        ).Value;
        Assert.Equal("Nobody knows it", Assert.Single(blocked.Items).Reason);
    }

    [Fact]
    public async Task A_block_is_taken_back_also_after_one_left_the_page()
    {
        await SeeAsync(await TokenAsync(), "sorter-9");
        var page = Render<UnclaimedPage>();
        var toasts = Services.GetRequiredService<Toasts>();
        await page.PressAsync("Block…");
        await page.PressAsync("Block it");
        page.WaitForAssertion(() => Assert.NotNull(toasts.Current));
        await DisposeComponentsAsync();

        await toasts.Current!.Undo!();

        Assert.Equal("sorter-9 is blocked no longer", toasts.Current.Text);
        var waiting = await Get<UnclaimedService>().ListAsync(House.As(Cast.Ines), new UnclaimedFilter(), new PageRequest(), Stop);
        Assert.Equal("sorter-9", Assert.Single(waiting.Value.Items).Name);
    }

    [Fact]
    public void A_viewer_reads_which_role_is_missing()
    {
        LookAs(Cast.Victor);

        Assert.Contains("Unclaimed agents are the operators", Render<UnclaimedPage>().Markup, StringComparison.Ordinal);
    }

    private async Task SeeAsync(Actor token, string name)
    {
        Assert.Null(Get<SightingBook>().Note(token, name, new Sighted("run", "completed")).Problem);
        await Get<SightingBook>().StepAsync(Stop);
    }

    private async Task<Actor> TokenAsync()
    {
        await using var write = await Get<ConsoleStore>().WriteAsync(Stop);
        var id = write.NewId();
        write.Db.Add(
            new ApiToken
            {
                Id = id,
                OrganizationId = Cast.Acme,
                Name = "ci",
                OwnerId = Cast.Ines.Id,
                OwnerKind = ActorKind.User,
                Scopes = string.Join(' ', TokenScopes.All),
                Hash = System.Security.Cryptography.SHA256.HashData(id.ToByteArray()),
                PepperId = "p",
                Prefix = "act_x",
                Last4 = "abcd",
                CreatedAt = write.Now,
            }
        );
        write.AfterCommit(Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(Stop));
        return House.As(Cast.Ines) with
        {
            Method = AuthMethod.Token,
            CredentialId = id,
            Scopes = TokenScopes.All.ToFrozenSet(StringComparer.Ordinal),
        };
    }
}
