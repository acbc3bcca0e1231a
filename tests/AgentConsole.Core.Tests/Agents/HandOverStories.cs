using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents;

/// <summary>Who answers for an agent when its owner goes.</summary>
public sealed class HandOverStories
{
    [Theory, BothDatabases]
    public async Task When_an_owner_is_disabled_their_agents_go_to_another_in_one_act_and_each_says_so_in_its_trail(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1", "payments", house.Cast.Otto);
        await RegisterAsync(house, "mailroom-2", "payments", house.Cast.Otto);
        await RegisterAsync(house, "reader-1", "research", house.Cast.Otto);
        await RegisterAsync(house, "ledger-1", "payments", house.Cast.Tara);
        var users = house.Get<UserService>();
        var otto = IdText.Format(IdText.User, house.Cast.Otto.Id);
        Assert.Null((await users.DisableAsync(house.As(house.Cast.Olga), otto, TestHouse.Stop)).Problem);
        var handOver = house.Get<OwnerHandOver>();

        var lost = Assert.Single(await handOver.LostAsync(house.As(house.Cast.Olga), TestHouse.Stop));
        Assert.Equal((3, "Otto", house.Clock.GetUtcNow()), (lost.Agents, lost.DisplayName, lost.DisabledAt!.Value));
        Assert.Equal(2, Assert.Single(await handOver.LostAsync(house.As(house.Cast.Tara), TestHouse.Stop)).Agents);

        var dry = await HandAsync(house, house.Cast.Tara, dryRun: true);
        Assert.Equal((2, 0, true), (dry.Value.Moved, dry.Value.NotYours, dry.Value.DryRun));
        Assert.Equal(house.Cast.Otto.Id, await OwnerAsync(house, "mailroom-1"));

        var done = await HandAsync(house, house.Cast.Tara, dryRun: false);
        Assert.Equal(["mailroom-1", "mailroom-2"], done.Value.Agents);
        Assert.Equal(house.Cast.Ines.Id, await OwnerAsync(house, "mailroom-1"));
        Assert.Equal(house.Cast.Otto.Id, await OwnerAsync(house, "reader-1"));
        Assert.Equal(house.Cast.Tara.Id, await OwnerAsync(house, "ledger-1"));

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var changed = await db.TrailRecords.Where(r => r.Action == "agent.changed").ToListAsync(TestHouse.Stop);
        Assert.Equal(2, changed.Count);
        Assert.All(changed, r => Assert.Contains("otto@acme.example", r.Before, StringComparison.Ordinal));
        Assert.All(changed, r => Assert.Equal("Otto left", r.Reason));
        Assert.Single(await db.TrailRecords.Where(r => r.Action == "user.agents-handed-over").ToListAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task Agents_of_teams_in_which_one_may_not_edit_stay_and_are_counted(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1", "payments", house.Cast.Otto);
        await AddAsync(house, house.Cast.Sara, house.Cast.Payments, TeamRoles.Viewer);
        await RegisterAsync(house, "reader-1", "research", house.Cast.Otto);

        var done = await HandAsync(house, house.Cast.Sara, dryRun: false);

        Assert.Equal((1, 1), (done.Value.Moved, done.Value.NotYours));
        Assert.Equal(house.Cast.Otto.Id, await OwnerAsync(house, "mailroom-1"));
        Assert.Equal(house.Cast.Ines.Id, await OwnerAsync(house, "reader-1"));
    }

    [Theory, BothDatabases]
    public async Task Strangers_viewers_and_nonsense_move_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1", "payments", house.Cast.Otto);

        Assert.Equal("role_missing", (await HandAsync(house, house.Cast.Victor, dryRun: false)).Problem!.Code);
        Assert.Contains("from", (await HandAsync(house, house.Cast.Gus, dryRun: false)).Problem!.Errors!.Keys);
        Assert.Equal(0, (await HandAsync(house, house.Cast.Sara, dryRun: false)).Value.Moved);
        var toSelf = await house
            .Get<OwnerHandOver>()
            .HandOverAsync(
                house.As(house.Cast.Tara),
                new HandOverAgents { From = "otto@acme.example", To = "OTTO@acme.example" },
                false,
                TestHouse.Stop
            );
        Assert.Contains("to", toSelf.Problem!.Errors!.Keys);
        Assert.Equal(house.Cast.Otto.Id, await OwnerAsync(house, "mailroom-1"));
    }

    private static Task<Outcome<HandOverResult>> HandAsync(TestHouse house, Person by, bool dryRun) =>
        house
            .Get<OwnerHandOver>()
            .HandOverAsync(
                house.As(by),
                new HandOverAgents
                {
                    From = "otto@acme.example",
                    To = "ines@acme.example",
                    Reason = "Otto left",
                },
                dryRun,
                TestHouse.Stop
            );

    private static async Task<Guid?> OwnerAsync(TestHouse house, string slug)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.Agents.Where(a => a.Slug == slug).Select(a => a.OwnerId).SingleAsync(TestHouse.Stop);
    }

    private static async Task RegisterAsync(TestHouse house, string slug, string team, Person owner)
    {
        var body = new RegisterAgent
        {
            Slug = slug,
            Team = team,
            Owner = owner.Email,
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), body, TestHouse.Stop)).Problem);
    }

    private static async Task AddAsync(TestHouse house, Person person, Guid team, TeamRoles roles)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        write.Db.Add(
            new Membership
            {
                OrganizationId = person.OrganizationId,
                TeamId = team,
                PrincipalId = person.Id,
                Roles = roles,
            }
        );
        write.AfterCommit(house.Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
    }
}
