using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Keys;

public sealed class KeyStories
{
    private static readonly CallOrigin Outside = new("203.0.113.9", "scanner/1", "c-outside");

    [Theory, BothDatabases]
    public async Task A_key_works_until_it_is_disabled_and_again_once_it_is_enabled(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ines = house.As(house.Cast.Ines);
        var agent = await RegisterAsync(house, "mailroom-1");
        var keys = house.Get<KeyService>();
        var index = house.Get<KeyIndex>();

        Assert.Equal(KeyCheck.Ok, index.Check(agent.ApiKey).Code);
        var disabled = await keys.DisableAsync(ines, "mailroom-1", agent.KeyId!, new KeyAction { Reason = "night" }, TestHouse.Stop);
        Assert.Equal("disabled", Assert.Single(disabled.Value.Versions).State);
        Assert.Equal(KeyCheck.Disabled, index.Check(agent.ApiKey).Code);

        Assert.Null((await keys.EnableAsync(ines, agent.Id, agent.KeyId!, new KeyAction(), TestHouse.Stop)).Problem);
        Assert.Equal(KeyCheck.Ok, index.Check(agent.ApiKey).Code);

        await keys.RevokeAsync(ines, "mailroom-1", agent.KeyId!, new KeyAction(), TestHouse.Stop);
        var again = await keys.EnableAsync(ines, "mailroom-1", agent.KeyId!, new KeyAction(), TestHouse.Stop);
        Assert.Equal("key_state", again.Problem!.Code);
        Assert.Equal(KeyCheck.Revoked, index.Check(agent.ApiKey).Code);
        Assert.Equal(["key.minted", "key.disabled", "key.enabled", "key.revoked"], await ActionsAsync(house, "key"));
    }

    [Theory, BothDatabases]
    public async Task The_index_read_anew_at_a_start_knows_every_state(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ines = house.As(house.Cast.Ines);
        var first = await RegisterAsync(house, "mailroom-1");
        var second = await house.Get<KeyService>().MintAsync(ines, "mailroom-1", new MintKey { TtlDays = 1 }, TestHouse.Stop);
        await house.Get<KeyService>().RevokeAsync(ines, "mailroom-1", first.KeyId!, new KeyAction(), TestHouse.Stop);

        var restarted = new KeyIndex(house.Get<MasterKey>(), house.Get<AgentDirectory>(), house.Clock);
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
            await restarted.LoadAsync(db, TestHouse.Stop);

        Assert.Equal(KeyCheck.Revoked, restarted.Check(first.ApiKey).Code);
        Assert.Equal(KeyCheck.Ok, restarted.Check(second.Value.ApiKey).Code);
        Assert.Equal(KeyCheck.Unknown, restarted.Check(SecretText.Create(SecretText.KeyPrefix)).Code);
        house.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(KeyCheck.Expired, restarted.Check(second.Value.ApiKey).Code);
    }

    [Theory, BothDatabases]
    public async Task The_index_holds_more_keys_than_its_delta(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var index = house.Get<KeyIndex>();
        var master = house.Get<MasterKey>();
        var card = index.Check(agent.ApiKey).Card!;
        for (var i = 0; i < 4100; i++)
            index.Put(master.Hash($"secret-{i}"), card with { VersionId = Guid.NewGuid(), Number = i });

        Assert.All([0, 1999, 2000, 2001, 4099], i => Assert.Equal(i, index.Check($"secret-{i}").Card?.Number));
        index.Put(master.Hash("secret-7"), index.Check("secret-7").Card! with { State = KeyState.Disabled });
        Assert.Equal(KeyCheck.Disabled, index.Check("secret-7").Code);
        Assert.Equal(KeyCheck.Ok, index.Check(agent.ApiKey).Code);
    }

    [Theory, BothDatabases]
    public async Task Who_may_not_manage_keys_hears_which_role_is_missing_and_strangers_hear_of_no_agent(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1");
        var keys = house.Get<KeyService>();

        Task<Outcome<KeyBody>> Mint(Person person) =>
            keys.MintAsync(house.As(person), "mailroom-1", new MintKey { TtlDays = -1 }, TestHouse.Stop);

        Assert.Equal("role_missing", (await Mint(house.Cast.Otto)).Problem!.Code);
        Assert.Contains("key-admin", (await Mint(house.Cast.Victor)).Problem!.Detail, StringComparison.Ordinal);
        Assert.Equal("agent_not_found", (await Mint(house.Cast.Sara)).Problem!.Code);
        Assert.Equal("agent_not_found", (await Mint(house.Cast.Gus)).Problem!.Code);
        Assert.Contains("ttl_days", (await Mint(house.Cast.Kurt)).Problem!.Errors!.Keys);
    }

    [Theory, BothDatabases]
    public async Task An_expired_version_gets_its_state_from_the_watch_and_cannot_come_back(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ines = house.As(house.Cast.Ines);
        await RegisterAsync(house, "mailroom-1");
        var keys = house.Get<KeyService>();
        var minted = (await keys.MintAsync(ines, "mailroom-1", new MintKey { Name = "short", TtlDays = 1 }, TestHouse.Stop)).Value;

        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.Get<KeyExpiryWatch>().StepAsync(TestHouse.Stop);

        var now = (await keys.GetAsync(ines, "mailroom-1", minted.Id, TestHouse.Stop)).Value;
        Assert.Equal("expired", Assert.Single(now.Versions).State);
        Assert.Equal(KeyCheck.Expired, house.Get<KeyIndex>().Check(minted.ApiKey).Code);
        var later = await keys.SetExpiryAsync(
            ines,
            "mailroom-1",
            minted.Id,
            new SetKeyExpiry { ExpiresAt = house.Clock.GetUtcNow().AddDays(1) },
            TestHouse.Stop
        );
        Assert.Equal("key_state", later.Problem!.Code);
        Assert.Contains("key.expired", await ActionsAsync(house, "key"));
    }

    [Theory, BothDatabases]
    public async Task Whoever_finds_a_key_can_have_it_disabled_and_learns_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var leaks = house.Get<LeakReports>();

        var known = await leaks.ReportAsync(Outside, new KeyProof { Key = agent.ApiKey }, TestHouse.Stop);
        var again = await leaks.ReportAsync(Outside, new KeyProof { Key = agent.ApiKey }, TestHouse.Stop);
        var unknown = await leaks.ReportAsync(Outside, new KeyProof { Key = "ak_live_nothing" }, TestHouse.Stop);

        Assert.Equal(known.Value, unknown.Value);
        Assert.Equal(known.Value, again.Value);
        Assert.Equal(KeyCheck.Disabled, house.Get<KeyIndex>().Check(agent.ApiKey).Code);
        var raised = Assert.Single(await house.Get<KeyLists>().LeakedAsync(house.As(house.Cast.Victor), TestHouse.Stop));
        Assert.Equal("mailroom-1", raised.AgentSlug);
        Assert.Empty(await house.Get<KeyLists>().LeakedAsync(house.As(house.Cast.Sara), TestHouse.Stop));
        Assert.Equal(["key.minted", "key.leak-reported"], await ActionsAsync(house, "key"));

        var trusting = await house
            .Get<KeyService>()
            .EnableAsync(house.As(house.Cast.Kurt), agent.Id, agent.KeyId!, new KeyAction(), TestHouse.Stop);
        Assert.Contains("reason", trusting.Problem!.Errors!.Keys);
    }

    [Theory, BothDatabases]
    public async Task A_gateway_learns_of_keys_it_may_see_and_of_no_others(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var verifier = house.Get<KeyVerifier>();

        var good = verifier.Verify(house.As(house.Cast.Victor), agent.ApiKey);
        Assert.Equal((true, "ok", agent.Id, agent.KeyId, 1), (good.Valid, good.Code, good.AgentId, good.KeyId, good.KeyVersion));
        Assert.Equal(KeyCheck.Unknown, verifier.Verify(house.As(house.Cast.Sara), agent.ApiKey).Code);
        Assert.Equal(KeyCheck.Unknown, verifier.Verify(house.As(house.Cast.Gus), agent.ApiKey).Code);
        await house.Get<AgentService>().PauseAsync(house.As(house.Cast.Otto), "mailroom-1", "", TestHouse.Stop);
        Assert.Equal((false, KeyCheck.AgentPaused), Verdict(verifier.Verify(house.As(house.Cast.Victor), agent.ApiKey)));
        await house.Get<AgentService>().DeleteAsync(house.As(house.Cast.Otto), "mailroom-1", "", TestHouse.Stop);
        Assert.Equal((false, KeyCheck.AgentDeleted), Verdict(verifier.Verify(house.As(house.Cast.Victor), agent.ApiKey)));
    }

    [Theory, BothDatabases]
    public async Task Use_is_written_in_one_batch_and_the_first_use_makes_the_agent_active(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var use = house.Get<KeyUse>();
        var card = house.Get<KeyIndex>().Check(agent.ApiKey).Card!;
        for (var i = 0; i < 5; i++)
        {
            use.Note(card, "198.51.100.4", "sdk/2", "/api/v1/runs");
            house.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await use.StepAsync(TestHouse.Stop);
        await use.StepAsync(TestHouse.Stop);

        var row = Assert.Single(
            (await house.Get<KeyLists>().WindowAsync(house.As(house.Cast.Ines), new KeyFilter(), 0, 10, TestHouse.Stop)).Rows
        );
        Assert.Equal(
            (5, "198.51.100.4", "sdk/2", "/api/v1/runs"),
            (row.UseCount, row.LastUsedAddress, row.LastUsedUserAgent, row.LastUsedRoute)
        );
        Assert.Equal(TimeSpan.FromSeconds(4), row.LastUsedAt - row.FirstUsedAt);
        Assert.Equal(Lifecycle.Active, house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, "mailroom-1")!.Lifecycle);
        Assert.Equal(["agent.registered", "agent.activated"], await ActionsAsync(house, "agent"));
    }

    [Theory, BothDatabases]
    public async Task Refused_secrets_are_counted_and_stay_few(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var refusals = house.Get<KeyRefusals>();
        for (var i = 0; i < 2000; i++)
            refusals.Note(KeyCheck.Unknown, null, null, $"198.51.100.{i}");
        refusals.Note(KeyCheck.Unknown, null, null, "198.51.100.1");

        await refusals.StepAsync(TestHouse.Stop);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var rows = await db.KeyRefusals.ToListAsync(TestHouse.Stop);
        Assert.InRange(rows.Count, 2, KeyRefusals.MostAddresses + 1);
        Assert.Equal(2001, rows.Sum(r => r.Count));
        Assert.Equal(2, Assert.Single(rows, r => r.Address == "198.51.100.1").Count);
    }

    [Theory, BothDatabases]
    public async Task The_list_of_keys_pages_without_gaps_in_every_order(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ines = house.As(house.Cast.Ines);
        var use = house.Get<KeyUse>();
        for (var i = 0; i < 7; i++)
        {
            var agent = await RegisterAsync(house, $"mailroom-{i}");
            if (i % 2 == 0)
                use.Note(house.Get<KeyIndex>().Check(agent.ApiKey).Card!, null, null, null);
            house.Clock.Advance(TimeSpan.FromMinutes(i % 3));
        }
        await use.StepAsync(TestHouse.Stop);
        foreach (var order in Enum.GetValues<KeyOrder>())
        {
            var filter = new KeyFilter { Order = order, Text = "MAILROOM" };
            var whole = (await house.Get<KeyLists>().WindowAsync(ines, filter, 0, 100, TestHouse.Stop)).Rows;
            var paged = new List<Guid>();
            string? cursor = null;
            do
            {
                var page = (await house.Get<KeyLists>().ListAsync(ines, filter, new PageRequest(2, cursor), TestHouse.Stop)).Value;
                paged.AddRange(page.Items.Select(r => r.VersionId));
                cursor = page.NextCursor;
            } while (cursor is not null);
            Assert.Equal(7, whole.Count);
            Assert.Equal(whole.Select(r => r.VersionId), paged);
        }
    }

    [Theory, BothDatabases]
    public async Task No_secret_stands_in_any_row(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        await house.Get<LeakReports>().ReportAsync(Outside, new KeyProof { Key = agent.ApiKey }, TestHouse.Stop);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var trail = await db.TrailRecords.ToListAsync(TestHouse.Stop);
        Assert.All(
            trail,
            r => Assert.DoesNotContain(agent.ApiKey!, $"{r.Before}{r.After}{r.Reason}{r.TargetLabel}", StringComparison.Ordinal)
        );
        Assert.Equal(house.Get<MasterKey>().PepperId, (await db.KeyVersions.SingleAsync(TestHouse.Stop)).PepperId);
    }

    private static (bool, string) Verdict(KeyVerdict verdict) => (verdict.Valid, verdict.Code);

    private static async Task<AgentBody> RegisterAsync(TestHouse house, string slug) =>
        (
            await house
                .Get<AgentService>()
                .RegisterAsync(
                    house.As(house.Cast.Ines),
                    new RegisterAgent
                    {
                        Slug = slug,
                        Team = "payments",
                        Key = true,
                    },
                    TestHouse.Stop
                )
        ).Value;

    private static async Task<List<string>> ActionsAsync(TestHouse house, string kind)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.TrailRecords.Where(r => r.TargetKind == kind).OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(TestHouse.Stop);
    }
}
