using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Live;

/// <summary>Two nodes over one PostgreSQL database; their loops do not run, the tests take each step by hand.</summary>
public sealed class NodeLinkTests
{
    [Fact]
    public async Task A_key_that_is_disabled_on_one_node_is_refused_on_the_other_with_its_next_step()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var (secret, version) = await KeyAsync(first);
        await second.HearAsync();
        Assert.Equal(KeyCheck.Ok, second.Get<KeyIndex>().Check(secret).Code);

        await using (var write = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            (await write.Db.KeyVersions.AsTracking().SingleAsync(v => v.Id == version, TestHouse.Stop)).State = KeyState.Disabled;
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }
        await second.HearAsync();

        Assert.Equal(KeyCheck.Disabled, second.Get<KeyIndex>().Check(secret).Code);
    }

    [Fact]
    public async Task A_paused_agent_and_a_lost_role_reach_the_other_node()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var (secret, _) = await KeyAsync(first);
        await using (var write = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            (await write.Db.Agents.AsTracking().SingleAsync(TestHouse.Stop)).Lifecycle = Lifecycle.Paused;
            var ines = first.Cast.Ines.Id;
            (await write.Db.Memberships.AsTracking().SingleAsync(m => m.PrincipalId == ines, TestHouse.Stop)).Roles = TeamRoles.Viewer;
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }
        Assert.True(second.As(first.Cast.Ines).May(Permission.EditAgents, first.Cast.Payments));

        await second.HearAsync();

        Assert.Equal(KeyCheck.AgentPaused, second.Get<KeyIndex>().Check(secret).Code);
        Assert.False(second.As(first.Cast.Ines).May(Permission.EditAgents, first.Cast.Payments));
    }

    [Fact]
    public async Task A_session_that_ends_on_one_node_has_ended_on_the_other()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var ended = 0;
        second.Get<AccessDirectory>().Changed += _ => ended++;
        await using (var write = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            var id = first.Cast.Otto.SessionId;
            (await write.Db.UserSessions.AsTracking().SingleAsync(s => s.Id == id, TestHouse.Stop)).RevokedAt = write.Now;
            write.TellNodes(new HeldRow(HeldNouns.Session, first.Cast.Acme, first.Cast.Ines.SessionId)); // moved, and still alive
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        await second.HearAsync();

        Assert.Equal(1, ended);
        Assert.False(second.Get<AccessDirectory>().Current.Sessions.ContainsKey(first.Cast.Otto.SessionId));
        Assert.True(second.Get<AccessDirectory>().Current.Sessions.ContainsKey(first.Cast.Ines.SessionId));
    }

    [Fact]
    public async Task Listeners_of_every_node_hear_an_event_once()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var heard = (First: new List<LiveEvent>(), Second: new List<LiveEvent>());
        using var one = first.Get<ChangeFeed>().Subscribe(first.Cast.Acme, heard.First.Add);
        using var two = second.Get<ChangeFeed>().Subscribe(first.Cast.Acme, heard.Second.Add);

        await TellAsync(first, first.Cast.Olga.Id);
        await second.HearUntilAsync(() => heard.Second.Count > 0);
        await second.HearAsync();
        await first.Get<NodeLink>().StepAsync(TestHouse.Stop);

        Assert.Equal(first.Cast.Olga.Id, Assert.Single(heard.First).Id);
        var told = Assert.Single(heard.Second);
        Assert.Equal(("people", first.Cast.Payments, first.Cast.Olga.Id), (told.Noun, told.TeamId, told.Id));
        Assert.Null(told.Body);
    }

    [Fact]
    public async Task An_event_of_a_transaction_that_began_early_and_ended_late_is_not_lost()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var heard = new List<Guid>();
        using var two = second.Get<ChangeFeed>().Subscribe(first.Cast.Acme, e => heard.Add(e.Id));
        var (early, late) = (Guid.NewGuid(), Guid.NewGuid());

        await using (var slow = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            // Has its transaction id before the other one begins.
            await slow.Db.Database.ExecuteSqlRawAsync("SELECT pg_current_xact_id()", TestHouse.Stop);
            await TellAsync(first, late);
            await second.HearAsync();
            Assert.Empty(heard); // it waits for what began before it
            slow.Tell(new LiveEvent("people", first.Cast.Acme, first.Cast.Payments, null, early));
            Assert.True(await slow.TryCommitAsync(TestHouse.Stop));
        }
        await second.HearUntilAsync(() => heard.Count == 2);

        Assert.Equal([early, late], heard);
    }

    [Fact]
    public async Task What_is_in_memory_does_not_wait_for_a_transaction_that_takes_long()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        await using var slow = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        await slow.Db.Database.ExecuteSqlRawAsync("SELECT pg_current_xact_id()", TestHouse.Stop);
        await using (var write = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            var otto = first.Cast.Otto.Id;
            (await write.Db.Users.AsTracking().SingleAsync(u => u.Id == otto, TestHouse.Stop)).Disabled = true;
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        await second.HearAsync();

        Assert.False(second.Get<AccessDirectory>().Current.Principals[first.Cast.Otto.Id].Enabled);
    }

    [Fact]
    public async Task A_change_that_was_rolled_back_is_not_told()
    {
        await using var first = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = first.OpenNode();
        await second.StartAsync();
        var heard = 0;
        using var two = second.Get<ChangeFeed>().Subscribe(first.Cast.Acme, _ => heard++);
        await using (var write = await first.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
            write.Tell(new LiveEvent("people", first.Cast.Acme, null, null, first.Cast.Olga.Id));

        await second.HearAsync();

        Assert.Equal(0, heard);
    }

    [Fact]
    public async Task News_of_keys_and_rights_stay_longer_than_those_for_listeners()
    {
        await using var house = await TestHouse.OpenAsync(Database.PostgreSql);
        await KeyAsync(house);
        await TellAsync(house, house.Cast.Olga.Id);
        async Task<string[]> NounsAsync()
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            return await db.LiveOutbox.Select(r => r.Noun).Distinct().OrderBy(n => n).ToArrayAsync(TestHouse.Stop);
        }
        Assert.Equal(["access", "agent-card", "key-card", "people", "session"], await NounsAsync());

        await NodeLink.PurgeStepAsync(house.Engine.Nodes!, house.Clock.Now().AddMinutes(61), TestHouse.Stop);
        Assert.Equal(["access", "agent-card", "key-card", "session"], await NounsAsync());
        await NodeLink.PurgeStepAsync(house.Engine.Nodes!, house.Clock.Now().AddDays(8), TestHouse.Stop);
        Assert.Empty(await NounsAsync());
    }

    [Fact]
    public async Task A_node_that_does_not_hear_for_two_seconds_is_not_confirmed_until_it_hears_again()
    {
        await using var house = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var second = house.OpenNode(link => link.Clock = house.Clock);
        await second.StartAsync();
        var confirmation = second.Get<StoreConfirmation>();
        await second.HearAsync();
        Assert.True(confirmation.IsConfirmed);

        house.Clock.Advance(TimeSpan.FromSeconds(2.1));
        Assert.False(confirmation.IsConfirmed);

        await second.HearAsync();
        Assert.True(confirmation.IsConfirmed);
    }

    [Fact]
    public async Task With_a_single_writer_nothing_is_written_for_others_and_the_store_is_always_confirmed()
    {
        await using var house = await TestHouse.OpenAsync();
        await TellAsync(house, house.Cast.Olga.Id);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);

        Assert.False(await db.LiveOutbox.AnyAsync(TestHouse.Stop));
        house.Clock.Advance(TimeSpan.FromHours(1));
        Assert.True(house.Get<StoreConfirmation>().IsConfirmed);
    }

    private static async Task TellAsync(TestHouse house, Guid subject)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        write.Tell(new LiveEvent("people", house.Cast.Acme, house.Cast.Payments, null, subject, () => "body"));
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
    }

    private static async Task<(string Secret, Guid Version)> KeyAsync(TestHouse house)
    {
        var master = house.Get<MasterKey>();
        var secret = SecretText.Create(SecretText.KeyPrefix);
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var agent = new Agent
        {
            Id = write.NewId(),
            OrganizationId = house.Cast.Acme,
            TeamId = house.Cast.Payments,
            Slug = "mailroom",
            DisplayName = "Mailroom",
            CreatedAt = write.Now,
            UpdatedAt = write.Now,
            CreatedBy = "a test",
        };
        var key = new AgentKey
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            Name = "default",
            CreatedAt = write.Now,
            CreatedBy = "a test",
        };
        var version = new KeyVersion
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            KeyId = key.Id,
            AgentId = agent.Id,
            Number = 1,
            Hash = master.Hash(secret),
            PepperId = master.PepperId,
            Prefix = "ak_live_abcd",
            Last4 = "wxyz",
            CreatedAt = write.Now,
        };
        write.Db.AddRange(agent, key, version);
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        return (secret, version.Id);
    }
}
