using System.Collections.Frozen;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;

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
    public async Task Blocking_asks_for_a_reason_and_the_name_stands_among_the_blocked()
    {
        await SeeAsync(await TokenAsync(), "sorter-9");
        var page = Render<UnclaimedPage>();

        await page.PressAsync("Block…");
        await page.ActAsync("dialog input.inp", e => e.Change("Nobody knows it"));
        await page.PressAsync("Block it");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=unclaimed-row]")));
        var blocked = (
            await Get<UnclaimedService>()
                .ListAsync(House.As(Cast.Ines), new UnclaimedFilter { State = SightingState.Blocked }, new Core.Common.PageRequest(), Stop)
        ).Value;
        Assert.Equal("Nobody knows it", Assert.Single(blocked.Items).Reason);
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
