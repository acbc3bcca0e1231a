using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents;

public sealed class FacetStories
{
    private static async Task FillAsync(TestHouse house)
    {
        var agents = house.Get<AgentService>();
        string[][] tags =
        [
            ["eu"],
            ["eu", "critical"],
            [],
            ["us, east", "-odd"],
        ];
        string?[] environments = ["prod", "test", null];
        for (var i = 0; i < 24; i++)
        {
            var made = await agents.RegisterAsync(
                house.As(house.Cast.Olga),
                new RegisterAgent
                {
                    Slug = $"agent-{i}",
                    Team = i % 3 == 0 ? "research" : "payments",
                    Owner = (i % 4) switch
                    {
                        0 => house.Cast.Ines.Email,
                        1 => house.Cast.Otto.Email,
                        2 => "",
                        _ => house.Cast.Kurt.Email,
                    },
                    Environment = environments[i % 3],
                    Tags = tags[i % 4],
                },
                TestHouse.Stop
            );
            Assert.Null(made.Problem);
        }
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var rows = await write.Db.Agents.OrderBy(a => a.Id).ToListAsync(TestHouse.Stop);
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i].Health = (Health)(i % 3);
            rows[i].Liveness = (Liveness)(i % 4);
            rows[i].Lifecycle = i % 5 == 0 ? Lifecycle.Paused : Lifecycle.Active;
        }
        var kurt = await write.Db.Set<Core.People.User>().SingleAsync(u => u.Id == house.Cast.Kurt.Id, TestHouse.Stop);
        kurt.Disabled = true;
        write.AfterCommit(() => house.Get<Core.People.AccessDirectory>().ReloadAsync());
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        foreach (var slug in new[] { "agent-10", "agent-21" })
            Assert.Null((await agents.DeleteAsync(house.As(house.Cast.Olga), slug, "", TestHouse.Stop)).Problem);
    }

    private static IEnumerable<AgentFilter> Filters(Cast cast)
    {
        var errors = new FieldErrors();
        string[] asked =
        [
            "",
            "health=failing,degraded",
            "health=-ok&liveness=live,-late",
            "team=-payments",
            "team=research,payments&lifecycle=-paused",
            "owner=none",
            "owner=-none",
            "owner=ines,none",
            $"owner=-{cast.Otto.Email}",
            "environment=prod,\"\"",
            "environment=-prod",
            "tag=eu,critical",
            "tag=-eu",
            "tag=eu,-critical&health=ok",
            "tag=\"us, east\"",
            "tag=\"-odd\"",
            "q=agent-1&tag=eu&team=payments",
            "deleted=true&team=payments",
            "team=nowhere",
        ];
        foreach (var text in asked)
        {
            var query = text.Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(p => p.Split('=', 2))
                .ToDictionary(p => p[0], p => p[1]);
            yield return AgentFilter.Parse(query.GetValueOrDefault, errors);
        }
        Assert.False(errors.Any);
    }

    [Theory, BothDatabases]
    public async Task What_is_counted_is_what_the_list_shows_whatever_the_filter_and_whoever_looks(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await FillAsync(house);
        var (facets, lists) = (house.Get<FacetService>(), house.Get<AgentLists>());
        foreach (var person in new[] { house.Cast.Olga, house.Cast.Victor, house.Cast.Sara, house.Cast.Nobody, house.Cast.Gus })
        {
            var by = house.As(person);
            foreach (var filter in Filters(house.Cast))
            {
                var counts = await facets.CountAsync(by, filter, TestHouse.Stop);
                Assert.Equal((await lists.WindowAsync(by, filter, 0, 1, TestHouse.Stop)).Total, counts.Total);
                foreach (var (fact, values) in counts.Facts)
                {
                    foreach (var value in values)
                    {
                        var chosen = filter.With(fact, Choice.With(null, value.Value, unwanted: false));
                        var listed = (await lists.WindowAsync(by, chosen, 0, 1, TestHouse.Stop)).Total;
                        Assert.True(
                            listed == value.Count,
                            $"{person.Name}, {fact} {value.Value} under {filter}: {value.Count} counted, {listed} listed"
                        );
                    }
                }
            }
        }
    }

    [Theory, BothDatabases]
    public async Task Counts_follow_what_happens_without_reading_everything_again(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await FillAsync(house);
        var (facets, agents) = (house.Get<FacetService>(), house.Get<AgentService>());
        var olga = house.As(house.Cast.Olga);
        var before = await facets.CountAsync(olga, new AgentFilter(), TestHouse.Stop);
        Assert.Same(before, await facets.CountAsync(olga, new AgentFilter(), TestHouse.Stop));

        Assert.Null((await agents.PauseAsync(olga, "agent-1", "", TestHouse.Stop)).Problem);
        var paused = await facets.CountAsync(olga, new AgentFilter(), TestHouse.Stop);
        Assert.Equal(before.Count(AgentFact.Lifecycle, "paused") + 1, paused.Count(AgentFact.Lifecycle, "paused"));

        var made = await agents.RegisterAsync(
            olga,
            new RegisterAgent
            {
                Slug = "new",
                Team = "payments",
                Tags = ["brand-new"],
            },
            TestHouse.Stop
        );
        Assert.Null(made.Problem);
        var after = await facets.CountAsync(olga, new AgentFilter(), TestHouse.Stop);
        Assert.Equal((before.Total + 1, 1), (after.Total, after.Count(AgentFact.Tag, "brand-new")));

        Assert.Null((await agents.DeleteAsync(olga, "new", "", TestHouse.Stop)).Problem);
        var gone = await facets.CountAsync(olga, new AgentFilter(), TestHouse.Stop);
        Assert.Equal((before.Total, 0), (gone.Total, gone.Count(AgentFact.Tag, "brand-new")));
        Assert.DoesNotContain(gone.Facts[AgentFact.Tag], v => v.Value == "brand-new");
    }

    [Fact]
    public async Task Tags_that_nobody_has_any_more_are_forgotten_in_time()
    {
        await using var house = await TestHouse.OpenAsync();
        await FillAsync(house);
        var (store, feed) = (house.Get<ConsoleStore>(), house.Get<ChangeFeed>());
        using var index = new FacetIndex(store, feed, house.Cast.Acme);
        var access = house.Get<Core.People.AccessDirectory>().Current;
        async Task<AgentFacets> CountAsync(AgentFilter filter) =>
            await index.CountAsync(Core.People.TeamScope.Everything, filter, access, TestHouse.Stop);
        await CountAsync(new AgentFilter());
        for (var round = 0; round < 100; round++)
        {
            await using var write = await store.WriteAsync(TestHouse.Stop);
            foreach (var agent in await write.Db.Agents.ToListAsync(TestHouse.Stop))
            {
                agent.Tags = [$"{agent.Slug}-in-{round}"];
                write.Tell(new LiveEvent("agent", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));
            }
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
            await CountAsync(new AgentFilter());
            Assert.InRange(index.Values, 0, 2 * (FacetIndex.Spare + 100));
        }
        var counts = await CountAsync(new AgentFilter());
        Assert.Equal((22, 22), (counts.Total, counts.Facts[AgentFact.Tag].Count));
        Assert.Equal(1, counts.Count(AgentFact.Tag, "agent-3-in-99"));
        Assert.Equal(1, (await CountAsync(new AgentFilter { Tag = "agent-3-in-99" })).Total);
    }

    [Fact]
    public async Task Names_of_what_one_may_not_see_are_in_no_facet()
    {
        await using var house = await TestHouse.OpenAsync();
        var agents = house.Get<AgentService>();
        await agents.RegisterAsync(
            house.As(house.Cast.Olga),
            new RegisterAgent
            {
                Slug = "hidden",
                Team = "research",
                Tags = ["secret-project"],
                Environment = "lab-9",
            },
            TestHouse.Stop
        );
        var counts = await house.Get<FacetService>().CountAsync(house.As(house.Cast.Victor), new AgentFilter(), TestHouse.Stop);
        Assert.Equal((0, 0), (counts.Total, counts.All));
        Assert.Equal(["payments"], counts.Facts[AgentFact.Team].Select(t => t.Value));
        Assert.Equal(["none"], counts.Facts[AgentFact.Owner].Select(t => t.Value));
        Assert.Empty(counts.Facts[AgentFact.Tag]);
        Assert.Empty(counts.Facts[AgentFact.Environment]);
    }

    [Fact]
    public void A_choice_survives_its_text_whatever_stands_in_it()
    {
        Prop.ForAll<NonNull<string>[], NonNull<string>[]>(
                (wanted, unwanted) =>
                {
                    var choice = Choice.Of(wanted.Take(20).Select(v => v.Get.Trim(' ')), unwanted.Take(20).Select(v => v.Get.Trim(' ')));
                    var errors = new FieldErrors();
                    return Equals(choice, Choice.Parse(choice?.ToString(), "tag", errors, v => v)) && !errors.Any;
                }
            )
            .QuickCheckThrowOnFailure();
        Assert.Equal("failing,-ok", Choice.Of(["failing"], ["ok"])!.ToString());
        Assert.Null(Choice.Of([], []));
    }

    [Fact]
    public void Too_many_values_and_values_that_are_none_are_named()
    {
        var errors = new FieldErrors();
        var filter = AgentFilter.Parse(
            name =>
                name == "tag" ? string.Join(',', Enumerable.Range(0, 60).Select(i => $"t{i}"))
                : name == "health" ? "ok,splendid"
                : null,
            errors
        );
        Assert.Equal(50, filter.Tag!.Wanted.Count);
        Assert.Equal(["ok"], filter.Health!.Wanted);
        Assert.Equal(["health", "tag"], errors.ToDictionary().Keys.Order(StringComparer.Ordinal));
    }
}
