using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Core.Views;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Views;

public sealed class ViewStories
{
    private static SaveView Fleet(string name, string query = "") =>
        new()
        {
            Page = "fleet",
            Name = name,
            Query = query,
        };

    private static async Task<ViewBody> SaveAsync(TestHouse house, Person person, SaveView view)
    {
        var saved = await house.Get<ViewService>().CreateAsync(house.As(person), view, TestHouse.Stop);
        Assert.Null(saved.Problem);
        return saved.Value;
    }

    private static async Task<IEnumerable<string>> SeesAsync(TestHouse house, Person person) =>
        (await house.Get<ViewService>().ListAsync(house.As(person), null, new PageRequest(), TestHouse.Stop)).Value.Items.Select(v =>
            v.Name
        );

    [Theory, BothDatabases]
    public async Task A_view_keeps_what_the_page_shows_in_one_form_and_is_seen_by_its_owner_alone(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var made = await SaveAsync(
            house,
            house.Cast.Ines,
            Fleet("Mine", "?sort=slug&health=ok,failing&unknown=1&q=mail") with
            {
                Columns = "team,health",
                Density = "compact",
            }
        );

        Assert.Equal("q=mail&health=failing%2Cok&sort=slug", made.Query);
        Assert.Equal(("person", "team,health", "compact"), (made.Of, made.Columns, made.Density));
        Assert.Equal(["Mine"], await SeesAsync(house, house.Cast.Ines));
        foreach (var stranger in new[] { house.Cast.Otto, house.Cast.Olga, house.Cast.Gus })
        {
            Assert.Empty(await SeesAsync(house, stranger));
            var views = house.Get<ViewService>();
            Assert.Equal("view_not_found", (await views.GetAsync(house.As(stranger), made.Id, TestHouse.Stop)).Problem!.Code);
            Assert.Equal("view_not_found", (await views.DeleteAsync(house.As(stranger), made.Id, TestHouse.Stop)).Problem!.Code);
            Assert.Equal(
                "view_not_found",
                (await views.MarkAsync(house.As(stranger), made.Id, new MarkView { Pinned = true }, TestHouse.Stop)).Problem!.Code
            );
        }
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.False(await db.TrailRecords.AnyAsync(r => r.Action.StartsWith("view."), TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task A_teams_view_is_made_by_who_edits_there_seen_by_all_of_the_team_and_gone_for_who_left(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var views = house.Get<ViewService>();
        var team = Fleet("Ours", "health=failing") with { Team = "payments" };
        var refused = await views.CreateAsync(house.As(house.Cast.Victor), team, TestHouse.Stop);
        Assert.Equal("role_missing", refused.Problem!.Code);
        Assert.Equal("team_not_found", (await views.CreateAsync(house.As(house.Cast.Sara), team, TestHouse.Stop)).Problem!.Code);

        var made = await SaveAsync(house, house.Cast.Otto, team with { Pinned = true });

        Assert.Equal(["Ours"], await SeesAsync(house, house.Cast.Victor));
        Assert.Empty(await SeesAsync(house, house.Cast.Sara));
        Assert.Equal(
            "role_missing",
            (await views.ChangeAsync(house.As(house.Cast.Victor), made.Id, 1, new ChangeView { Name = "x" }, TestHouse.Stop)).Problem!.Code
        );
        Assert.Equal(
            "if_match_required",
            (await views.ChangeAsync(house.As(house.Cast.Ines), made.Id, null, new ChangeView { Name = "x" }, TestHouse.Stop)).Problem!.Code
        );
        var changed = await views.ChangeAsync(
            house.As(house.Cast.Ines),
            made.Id,
            1,
            new ChangeView { Query = "health=ok" },
            TestHouse.Stop
        );
        Assert.Equal(("health=ok", 2), (changed.Value.Query, changed.Value.Revision));
        Assert.Equal(
            "changed_meanwhile",
            (await views.ChangeAsync(house.As(house.Cast.Tara), made.Id, 1, new ChangeView { Name = "y" }, TestHouse.Stop)).Problem!.Code
        );

        Assert.Null((await views.MarkAsync(house.As(house.Cast.Otto), made.Id, new MarkView { Default = true }, TestHouse.Stop)).Problem);
        var left = await house
            .Get<TeamService>()
            .RemoveMemberAsync(house.As(house.Cast.Tara), "payments", IdText.Format(IdText.User, house.Cast.Otto.Id), TestHouse.Stop);
        Assert.Null(left.Problem);

        var otto = house.As(house.Cast.Otto);
        Assert.Equal("view_not_found", (await views.GetAsync(otto, made.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Empty(await views.PinnedAsync(otto, TestHouse.Stop));
        Assert.Null((await views.LandingAsync(otto, ViewPage.Fleet, TestHouse.Stop)).View);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var told = await db.TrailRecords.Where(r => r.Action.StartsWith("view.")).OrderBy(r => r.Seq).ToListAsync(TestHouse.Stop);
        Assert.Equal(["view.created", "view.changed"], told.Select(r => r.Action));
        Assert.All(told, r => Assert.Equal(house.Cast.Payments, r.TeamId));
    }

    [Theory, BothDatabases]
    public async Task A_page_opens_with_ones_own_default_else_with_the_one_of_ones_role(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var views = house.Get<ViewService>();
        var role = Fleet("For operators", "health=failing") with { Role = "operator" };
        Assert.Equal("role_missing", (await views.CreateAsync(house.As(house.Cast.Tara), role, TestHouse.Stop)).Problem!.Code);
        await SaveAsync(house, house.Cast.Olga, role);
        Assert.Equal("role_has_view", (await views.CreateAsync(house.As(house.Cast.Olga), role, TestHouse.Stop)).Problem!.Code);
        await SaveAsync(house, house.Cast.Olga, role with { Page = "runs", Query = "status=failed" });

        Assert.Equal("For operators", await OpensAsync(house.Cast.Otto));
        Assert.Null(await OpensAsync(house.Cast.Victor));
        Assert.Null(await OpensAsync(house.Cast.Olga));

        var one = await SaveAsync(house, house.Cast.Otto, Fleet("One") with { Default = true });
        Assert.Equal("One", await OpensAsync(house.Cast.Otto));
        await SaveAsync(house, house.Cast.Otto, Fleet("Two") with { Default = true });
        Assert.Equal("Two", await OpensAsync(house.Cast.Otto));
        Assert.False((await views.GetAsync(house.As(house.Cast.Otto), one.Id, TestHouse.Stop)).Value.Default);
        await views.KeepHabitAsync(house.As(house.Cast.Victor), ViewPage.Fleet, "team,owner", "compact", TestHouse.Stop);
        var landing = await views.LandingAsync(house.As(house.Cast.Victor), ViewPage.Fleet, TestHouse.Stop);
        Assert.Equal(("team,owner", "compact"), (landing.Columns, landing.Density));

        async Task<string?> OpensAsync(Person person) =>
            (await views.LandingAsync(house.As(person), ViewPage.Fleet, TestHouse.Stop)).View?.Name;
    }

    [Fact]
    public async Task Nonsense_is_refused_by_field_and_there_is_a_limit()
    {
        await using var house = await TestHouse.OpenAsync();
        var (views, ines) = (house.Get<ViewService>(), house.As(house.Cast.Ines));
        var wrong = await views.CreateAsync(
            ines,
            new SaveView
            {
                Page = "wallets",
                Name = "a\u202Eb",
                Query = "health=splendid",
                Columns = "<script>",
                Density = "airy",
            },
            TestHouse.Stop
        );
        Assert.Equal(["columns", "density", "name", "page", "query"], wrong.Problem!.Errors!.Keys.Order(StringComparer.Ordinal));

        for (var i = 0; i < ViewService.MostViews; i++)
            await SaveAsync(house, house.Cast.Ines, Fleet($"view {i}"));
        Assert.Equal("limit_reached", (await views.CreateAsync(ines, Fleet("one more"), TestHouse.Stop)).Problem!.Code);
        var all = (await views.ListAsync(ines, ViewPage.Fleet, new PageRequest(500), TestHouse.Stop)).Value.Items;
        for (var i = 0; i < ViewService.MostPinned; i++)
            Assert.Null((await views.MarkAsync(ines, all[i].Id, new MarkView { Pinned = true }, TestHouse.Stop)).Problem);
        var tooMany = await views.MarkAsync(ines, all[ViewService.MostPinned].Id, new MarkView { Pinned = true }, TestHouse.Stop);
        Assert.Equal("limit_reached", tooMany.Problem!.Code);
        Assert.Equal(ViewService.MostPinned, (await views.PinnedAsync(ines, TestHouse.Stop)).Count);
        Assert.Null((await views.DeleteAsync(ines, all[0].Id, TestHouse.Stop)).Problem);
        Assert.Equal(ViewService.MostPinned - 1, (await views.PinnedAsync(ines, TestHouse.Stop)).Count);
    }

    [Theory, BothDatabases]
    public async Task A_view_is_counted_as_its_page_shows_it_for_whoever_looks(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        for (var i = 0; i < 5; i++)
        {
            var made = await house
                .Get<AgentService>()
                .RegisterAsync(
                    house.As(house.Cast.Olga),
                    new RegisterAgent
                    {
                        Slug = $"a{i}",
                        Team = i < 3 ? "payments" : "research",
                        Key = true,
                    },
                    TestHouse.Stop
                );
            Assert.Null(made.Problem);
        }
        var counts = house.Get<ViewCounts>();
        var all = await SaveAsync(house, house.Cast.Olga, Fleet("All"));
        var keys = await SaveAsync(house, house.Cast.Olga, Fleet("Keys", "state=active") with { Page = "keys" });

        Assert.Equal(5, (await counts.CountAsync(house.As(house.Cast.Olga), all)).Count);
        Assert.Equal(3, (await counts.CountAsync(house.As(house.Cast.Victor), all)).Count);
        Assert.Equal(5, (await counts.CountAsync(house.As(house.Cast.Olga), keys)).Count);
        Assert.Equal(0, (await counts.CountAsync(house.As(house.Cast.Gus), all)).Count);
        await house.Get<AgentService>().DeleteAsync(house.As(house.Cast.Olga), "a0", "", TestHouse.Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(4, (await counts.CountAsync(house.As(house.Cast.Olga), all)).Count);
    }
}
