using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Trail;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents;

public sealed class AgentStories
{
    [Theory, BothDatabases]
    public async Task Otto_registers_an_agent_and_owns_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = house.Get<AgentService>();
        var made = (
            await agents.RegisterAsync(
                house.As(house.Cast.Otto),
                new RegisterAgent
                {
                    Slug = "mailroom-1",
                    Team = "payments",
                    Tags = ["b", "a", "b"],
                    Metadata = JsonElement.Parse("""{"z":1,"a":[true]}"""),
                },
                TestHouse.Stop
            )
        ).Value;

        Assert.Equal(
            ("mailroom-1", "payments", "registered", "unknown", "ok"),
            (made.DisplayName, made.Team.Slug, made.Lifecycle, made.Liveness, made.Health)
        );
        Assert.Equal(house.Cast.Otto.Email, made.Owner!.Email);
        Assert.Equal(["a", "b"], made.Tags);
        Assert.Null(made.ApiKey);
        var read = (await agents.GetAsync(house.As(house.Cast.Victor), "mailroom-1", TestHouse.Stop)).Value;
        Assert.Equal("""{"a":[true],"z":1}""", read.Metadata!.Value.GetRawText());
        Assert.Equal(made.Id, (await agents.GetAsync(house.As(house.Cast.Aude), made.Id, TestHouse.Stop)).Value.Id);
        Assert.Equal("agent_not_found", (await agents.GetAsync(house.As(house.Cast.Sara), made.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal("agent_not_found", (await agents.GetAsync(house.As(house.Cast.Gus), made.Id, TestHouse.Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task An_operator_without_the_right_to_keys_gets_no_key_and_no_agent(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var refused = await RegisterAsync(house, house.Cast.Otto, "mailroom-1", key: true);
        Assert.Equal("role_missing", refused.Problem!.Code);
        Assert.Null(house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, "mailroom-1"));
    }

    [Theory, BothDatabases]
    public async Task A_slug_is_taken_until_its_agent_is_deleted_and_then_blocks_the_restore(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = house.Get<AgentService>();
        var first = (await RegisterAsync(house, house.Cast.Otto, "mailroom-1")).Value;
        Assert.Equal("slug_taken", (await RegisterAsync(house, house.Cast.Sara, "mailroom-1", "research")).Problem!.Code);

        await agents.DeleteAsync(house.As(house.Cast.Otto), "mailroom-1", "gone", TestHouse.Stop);
        Assert.Equal("agent_not_found", (await agents.GetAsync(house.As(house.Cast.Otto), "mailroom-1", TestHouse.Stop)).Problem!.Code);
        Assert.Equal("deleted", (await agents.GetAsync(house.As(house.Cast.Otto), first.Id, TestHouse.Stop)).Value.Lifecycle);
        var second = (await RegisterAsync(house, house.Cast.Sara, "mailroom-1", "research")).Value;
        Assert.Equal("slug_taken", (await agents.RestoreAsync(house.As(house.Cast.Otto), first.Id, "", TestHouse.Stop)).Problem!.Code);

        await agents.DeleteAsync(house.As(house.Cast.Sara), second.Id, "", TestHouse.Stop);
        var back = (await agents.RestoreAsync(house.As(house.Cast.Otto), first.Id, "", TestHouse.Stop)).Value;
        Assert.Equal(("registered", null), (back.Lifecycle, back.DeletedAt));
        Assert.Equal(first.Id, IdText.Format(IdText.Agent, house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, "mailroom-1")!.Id));
    }

    [Theory, BothDatabases]
    public async Task Two_people_edit_and_the_second_is_told_to_read_again(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = house.Get<AgentService>();
        var made = (await RegisterAsync(house, house.Cast.Otto, "mailroom-1")).Value;
        var change = new ChangeAgent { DisplayName = "Mailroom", Tags = ["mail"] };

        Assert.Equal(
            "if_match_required",
            (await agents.ChangeAsync(house.As(house.Cast.Ines), made.Id, null, change, TestHouse.Stop)).Problem!.Code
        );
        var changed = (await agents.ChangeAsync(house.As(house.Cast.Ines), made.Id, made.Revision, change, TestHouse.Stop)).Value;
        var late = await agents.ChangeAsync(
            house.As(house.Cast.Tara),
            made.Id,
            made.Revision,
            new ChangeAgent { DisplayName = "Post" },
            TestHouse.Stop
        );

        Assert.Equal(ProblemKind.Changed, late.Problem!.Kind);
        Assert.Equal(changed.Revision, (await agents.GetAsync(house.As(house.Cast.Victor), made.Id, TestHouse.Stop)).Value.Revision);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var record = await db.TrailRecords.SingleAsync(r => r.Action == "agent.changed", TestHouse.Stop);
        Assert.Equal("""{"display_name":"mailroom-1","tags":[]}""", record.Before);
        Assert.Equal("""{"display_name":"Mailroom","tags":["mail"]}""", record.After);
    }

    [Theory, BothDatabases]
    public async Task Moving_an_agent_needs_the_right_in_both_teams(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = house.Get<AgentService>();
        var made = (await RegisterAsync(house, house.Cast.Otto, "mailroom-1")).Value;
        var move = new ChangeAgent { Team = "research" };

        Assert.Equal(
            "team_not_found",
            (await agents.ChangeAsync(house.As(house.Cast.Otto), made.Id, 1, move, TestHouse.Stop)).Problem!.Code
        );
        var moved = (await agents.ChangeAsync(house.As(house.Cast.Olga), made.Id, 1, move, TestHouse.Stop)).Value;

        Assert.Equal("research", moved.Team.Slug);
        Assert.Equal("agent_not_found", (await agents.GetAsync(house.As(house.Cast.Otto), made.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal(
            1,
            (await house.Get<AgentLists>().WindowAsync(house.As(house.Cast.Sara), new AgentFilter(), 0, 10, TestHouse.Stop)).Total
        );
        Assert.Equal(
            0,
            (await house.Get<AgentLists>().WindowAsync(house.As(house.Cast.Otto), new AgentFilter(), 0, 10, TestHouse.Stop)).Total
        );
    }

    [Theory, BothDatabases]
    public async Task A_paused_agent_is_refused_and_works_again_when_it_is_resumed(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = house.Get<AgentService>();
        var made = (await RegisterAsync(house, house.Cast.Ines, "mailroom-1", key: true)).Value;
        var index = house.Get<KeyIndex>();

        await agents.PauseAsync(house.As(house.Cast.Otto), "mailroom-1", "", TestHouse.Stop);
        Assert.Equal(KeyCheck.AgentPaused, index.Check(made.ApiKey).Code);
        await agents.ResumeAsync(house.As(house.Cast.Otto), "mailroom-1", "", TestHouse.Stop);
        Assert.Equal(KeyCheck.Ok, index.Check(made.ApiKey).Code);
    }

    [Theory, BothDatabases]
    public async Task What_does_not_fit_is_named_field_by_field_and_nothing_is_written(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var bad = await house
            .Get<AgentService>()
            .RegisterAsync(
                house.As(house.Cast.Otto),
                new RegisterAgent
                {
                    Slug = "agt_mine",
                    Team = "payments",
                    DisplayName = "pay\u202Eroll",
                    Owner = house.Cast.Gus.Email,
                    Tags = [new string('t', 61)],
                    Metadata = JsonElement.Parse("[1]"),
                    Redactions = ["(?<=secret)x", "a*"],
                    LeaseSeconds = 1,
                    CaptureMode = "everything",
                },
                TestHouse.Stop
            );
        Assert.Equal(
            ["capture_mode", "display_name", "lease_seconds", "metadata", "owner", "redactions[0]", "redactions[1]", "slug", "tags[0]"],
            bad.Problem!.Errors!.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(0, house.Get<AgentDirectory>().Count);
    }

    [Theory, BothDatabases]
    public async Task A_search_finds_names_in_any_case_and_takes_signs_as_they_are(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, house.Cast.Otto, "mailroom_1", name: "Poststelle ÄRGER 100%");
        await RegisterAsync(house, house.Cast.Otto, "mailroom-2", name: "Other");

        async Task<IEnumerable<string>> Search(string text) =>
            (
                await house
                    .Get<AgentLists>()
                    .WindowAsync(house.As(house.Cast.Victor), new AgentFilter { Text = text }, 0, 10, TestHouse.Stop)
            ).Rows.Select(r => r.Slug);

        Assert.Equal(["mailroom_1"], await Search("ärger"));
        Assert.Equal(["mailroom_1"], await Search("100%"));
        Assert.Equal(["mailroom_1"], await Search("mailroom_"));
        Assert.Equal(2, (await Search("MAILROOM")).Count());
        Assert.Empty(await Search("%" + "x"));
    }

    [Theory, BothDatabases]
    public async Task Every_order_pages_without_gap_or_double_and_agrees_with_the_window(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var lists = house.Get<AgentLists>();
        for (var i = 0; i < 11; i++)
        {
            await RegisterAsync(
                house,
                house.Cast.Otto,
                $"a{i % 3}-{i}",
                environment: i % 2 == 0 ? "prod" : "test",
                tag: i % 4 == 0 ? "x" : null
            );
            house.Clock.Advance(TimeSpan.FromMilliseconds(3));
        }
        await house.Get<AgentService>().PauseAsync(house.As(house.Cast.Otto), "a0-0", "", TestHouse.Stop);
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            var seen = await write.Db.Agents.Where(a => a.Environment == "prod").ToListAsync(TestHouse.Stop);
            for (var i = 0; i < seen.Count; i++)
                (seen[i].LastSeenAt, seen[i].Health) = (write.Now.AddSeconds(-(i / 2)), i == 2 ? Health.Failing : Health.Ok);
            await write.TryCommitAsync(TestHouse.Stop);
        }
        var victor = house.As(house.Cast.Victor);
        foreach (var filter in Filters())
        {
            var window = await lists.WindowAsync(victor, filter, 0, 100, TestHouse.Stop);
            var pieces = new List<Guid>();
            for (var skip = 0; skip < window.Total; skip += 4)
                pieces.AddRange((await lists.WindowAsync(victor, filter, skip, 4, TestHouse.Stop)).Rows.Select(r => r.Id));
            var paged = new List<string>();
            string? cursor = null;
            do
            {
                var page = (await lists.ListAsync(victor, filter, new PageRequest(3, cursor), TestHouse.Stop)).Value;
                paged.AddRange(page.Items.Select(a => a.Id));
                cursor = page.NextCursor;
            } while (cursor is not null);
            Assert.Equal(window.Total, window.Rows.Count);
            Assert.Equal(window.Rows.Select(r => r.Id), pieces);
            Assert.Equal(window.Rows.Select(r => IdText.Format(IdText.Agent, r.Id)), paged);
        }
        Assert.Equal(11, (await lists.WindowAsync(victor, new AgentFilter(), 0, 1, TestHouse.Stop)).Total);
        Assert.Equal(
            "invalid",
            (await lists.ListAsync(victor, new AgentFilter(), new PageRequest(3, "nonsense"), TestHouse.Stop)).Problem!.Code
        );

        static IEnumerable<AgentFilter> Filters()
        {
            foreach (var order in Enum.GetValues<AgentOrder>())
            {
                yield return new AgentFilter { Order = order };
                yield return new AgentFilter { Order = order, Environment = "prod" };
                yield return new AgentFilter
                {
                    Order = order,
                    Tag = "x",
                    Lifecycle = Lifecycle.Registered,
                };
                yield return new AgentFilter
                {
                    Order = order,
                    Text = "a1",
                    Team = "payments",
                };
            }
        }
    }

    [Fact]
    public void A_filter_survives_its_address()
    {
        Prop.ForAll<string, int, bool>(
                (text, pick, deleted) =>
                {
                    var filter = new AgentFilter
                    {
                        Text = Clean(text),
                        Lifecycle = pick % 2 == 0 ? null : Lifecycle.Paused,
                        Liveness = pick % 3 == 0 ? null : Liveness.Silent,
                        Health = pick % 5 == 0 ? null : Health.Failing,
                        Owner = pick % 7 == 0 ? AgentFilter.Ownerless : null,
                        Deleted = deleted,
                        Order = (AgentOrder)(Math.Abs(pick % 4)),
                    };
                    var query = filter.ToQuery().ToDictionary(p => p.Key, p => p.Value);
                    var errors = new FieldErrors();
                    return AgentFilter.Parse(query.GetValueOrDefault, errors) == filter && !errors.Any;
                }
            )
            .QuickCheckThrowOnFailure();
        var faults = new FieldErrors();
        var tolerant = AgentFilter.Parse(name => name is "liveness" or "sort" or "deleted" ? "nonsense" : null, faults);
        Assert.Equal(new AgentFilter(), tolerant);
        Assert.Equal(["deleted", "liveness", "sort"], faults.ToDictionary().Keys.Order(StringComparer.Ordinal));

        static string? Clean(string? text) => Texts.Line(text is { Length: > 100 } ? text[..100] : text, "q", 100, new FieldErrors());
    }

    private static Task<Outcome<AgentBody>> RegisterAsync(
        TestHouse house,
        Person person,
        string slug,
        string team = "payments",
        bool key = false,
        string? name = null,
        string? environment = null,
        string? tag = null
    ) =>
        house
            .Get<AgentService>()
            .RegisterAsync(
                house.As(person),
                new RegisterAgent
                {
                    Slug = slug,
                    Team = team,
                    Key = key,
                    DisplayName = name,
                    Environment = environment,
                    Tags = tag is null ? null : [tag],
                },
                TestHouse.Stop
            );
}
