using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Definitions;

public sealed class DefinitionStories
{
    private const string First = """
        # What the mailroom is made of
        name: Mailroom
        model:
          name: small-4
          parameters: { temperature: 0.2 }
        instructions: |
          Sort the mail.
          Ask when in doubt.
        tools:
          - name: mail.send
            schema: { type: object }
          - name: mail.archive
        secrets: [vault:payments/mail]
        """;

    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task Each_change_is_a_new_number_and_nothing_that_was_is_lost(Database database)
    {
        await using var house = await OpenAsync(database);
        var (definitions, otto) = (house.Get<DefinitionService>(), house.As(house.Cast.Otto));

        var first = await SaveAsync(house, First, note: "As it was");
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        var second = await SaveAsync(house, First.Replace("small-4", "small-5", StringComparison.Ordinal), basedOn: 1);

        Assert.Equal((1, 2), (first.Number, second.Number));
        Assert.NotEqual(first.Digest, second.Digest);
        var list = (await definitions.ListAsync(otto, "mailroom-1", new PageRequest(1), Stop)).Value;
        Assert.Equal([2], list.Items.Select(d => d.Number));
        list = (await definitions.ListAsync(otto, "mailroom-1", new PageRequest(1, list.NextCursor), Stop)).Value;
        Assert.Equal([(1, "As it was")], list.Items.Select(d => (d.Number, d.Note)));
        Assert.Null(list.NextCursor);
        Assert.Equal(First, (await definitions.GetAsync(otto, "mailroom-1", "1", Stop)).Value.Text);
        Assert.Equal(2, (await definitions.GetAsync(otto, "mailroom-1", "latest", Stop)).Value.Number);
        foreach (var none in (string[])["0", "3", "-1", "two", "1.0", ""])
            Assert.Equal("definition_not_found", (await definitions.GetAsync(otto, "mailroom-1", none, Stop)).Problem?.Code);
        var diff = (await definitions.DiffAsync(otto, "mailroom-1", "1", "latest", Stop)).Value;
        Assert.Equal([("model.name", "changed")], diff.Changes.Select(c => (c.Path, c.Kind)));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var records = await db.TrailRecords.Where(r => r.Action == "agent.definition-saved").OrderBy(r => r.Seq).ToListAsync(Stop);
        Assert.Equal([null, "1"], records.Select(r => NumberIn(r.Before)));
        Assert.Equal(["1", "2"], records.Select(r => NumberIn(r.After)));
    }

    [Theory, BothDatabases]
    public async Task The_same_in_other_words_is_the_same_number(Database database)
    {
        await using var house = await OpenAsync(database);
        var first = await SaveAsync(house, First);
        var asJson = """
            {"secrets": ["vault:payments/mail"], "name": "Mailroom", "tools": [{"name": "mail.archive"}, {"schema": {"type": "object"}, "name": "mail.send"}],
             "instructions": "Sort the mail.\nAsk when in doubt.\n", "model": {"parameters": {"temperature": 0.20}, "name": "small-4"}}
            """;

        var again = await SaveAsync(house, asJson, DefinitionFormat.Json, basedOn: 0);

        Assert.Equal((1, true, first.Digest), (again.Number, again.Unchanged, again.Digest));
        Assert.Equal("yaml", again.Format); // the newest is answered, not what was sent
        var changed = await SaveAsync(house, First + "\ndescription: Sorts mail\n");
        var back = await SaveAsync(house, asJson, DefinitionFormat.Json);
        Assert.Equal((2, 3), (changed.Number, back.Number)); // only the newest counts
        Assert.Equal(first.Digest, back.Digest);
    }

    [Theory, BothDatabases]
    public async Task Whoever_saves_on_top_of_an_older_one_is_told_who_was_faster(Database database)
    {
        await using var house = await OpenAsync(database);
        await SaveAsync(house, "name: One", basedOn: 0);
        await SaveAsync(house, "name: Two", basedOn: 1);
        house.Clock.Advance(TimeSpan.FromMinutes(3));
        var definitions = house.Get<DefinitionService>();
        Task<Outcome<DefinitionBody>> TryAsync(Actor by, int? basedOn, string text = "name: Three") =>
            definitions.SaveAsync(by, "mailroom-1", new DefinitionInput(text, DefinitionFormat.Yaml, null, basedOn), Stop);

        var problem = (await TryAsync(house.As(house.Cast.Tara), 1)).Problem!;
        Assert.Equal((ProblemKind.Conflict, "definition_saved_meanwhile"), (problem.Kind, problem.Code));
        Assert.StartsWith(house.As(house.Cast.Otto).Label + " saved number 2 3\u00a0min ago", problem.Detail, StringComparison.Ordinal);
        Assert.StartsWith("You saved number 2", (await TryAsync(house.As(house.Cast.Otto), 0)).Problem!.Detail, StringComparison.Ordinal);
        Assert.Equal("invalid", (await TryAsync(house.As(house.Cast.Otto), 7)).Problem!.Code);
        Assert.Equal(3, (await TryAsync(house.As(house.Cast.Otto), null)).Value.Number); // who does not say does not mind
    }

    [Theory, BothDatabases]
    public async Task Of_several_who_save_at_once_each_gets_a_number_or_is_told(Database database)
    {
        await using var house = await OpenAsync(database);
        var (definitions, otto) = (house.Get<DefinitionService>(), house.As(house.Cast.Otto));
        Task<Outcome<DefinitionBody>> TryAsync(int i, int? basedOn) =>
            definitions.SaveAsync(otto, "mailroom-1", new DefinitionInput($"name: Number {i}", DefinitionFormat.Yaml, null, basedOn), Stop);

        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => TryAsync(i, null)));
        Assert.Equal([1, 2, 3, 4, 5, 6], all.Select(o => o.Value.Number).Order());
        var based = await Task.WhenAll(Enumerable.Range(10, 4).Select(i => TryAsync(i, 6)));
        Assert.Single(based, o => o.Problem is null);
        Assert.Equal(3, based.Count(o => o.Problem?.Code == "definition_saved_meanwhile"));
    }

    [Theory, BothDatabases]
    public async Task Only_who_may_saves_and_only_who_sees_the_agent_reads(Database database)
    {
        await using var house = await OpenAsync(database);
        await SaveAsync(house, First);
        var definitions = house.Get<DefinitionService>();
        Outcome<DefinitionInput> unreadable = Problem.Invalid("body", "Is no JSON.");
        foreach (var person in (Person[])[house.Cast.Victor, house.Cast.Kurt, house.Cast.Alma, house.Cast.Aude])
        {
            var by = house.As(person);
            Assert.Null((await definitions.GetAsync(by, "mailroom-1", "1", Stop)).Problem);
            Assert.Equal(ProblemKind.Forbidden, (await definitions.SaveAsync(by, "mailroom-1", unreadable, Stop)).Problem!.Kind);
            Assert.Equal(ProblemKind.Forbidden, (await definitions.ValidateAsync(by, "mailroom-1", unreadable, Stop)).Problem!.Kind);
        }
        foreach (var person in (Person[])[house.Cast.Sara, house.Cast.Gus, house.Cast.Nobody])
        {
            var by = house.As(person);
            Assert.Equal("agent_not_found", (await definitions.ListAsync(by, "mailroom-1", new PageRequest(), Stop)).Problem!.Code);
            Assert.Equal("agent_not_found", (await definitions.GetAsync(by, "mailroom-1", "1", Stop)).Problem!.Code);
            Assert.Equal("agent_not_found", (await definitions.DiffAsync(by, "mailroom-1", "1", "1", Stop)).Problem!.Code);
            Assert.Equal("agent_not_found", (await definitions.SaveAsync(by, "mailroom-1", unreadable, Stop)).Problem!.Code);
            Assert.Equal("agent_not_found", (await definitions.ValidateAsync(by, "mailroom-1", unreadable, Stop)).Problem!.Code);
        }
        Assert.Equal("invalid", (await definitions.SaveAsync(house.As(house.Cast.Otto), "mailroom-1", unreadable, Stop)).Problem!.Code);
        await house.Get<AgentService>().DeleteAsync(house.As(house.Cast.Olga), "mailroom-1", "", Stop);
        var id = IdText.Format(IdText.Agent, (await AgentAsync(house)).Id);
        var late = new DefinitionInput("name: Late", DefinitionFormat.Yaml);
        Assert.Equal("agent_deleted", (await definitions.SaveAsync(house.As(house.Cast.Otto), id, late, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_check_says_what_is_wrong_and_what_would_change_and_writes_nothing(Database database)
    {
        await using var house = await OpenAsync(database);
        var (definitions, otto) = (house.Get<DefinitionService>(), house.As(house.Cast.Otto));
        async Task<DefinitionCheck> CheckAsync(string yaml) =>
            (await definitions.ValidateAsync(otto, "mailroom-1", new DefinitionInput(yaml, DefinitionFormat.Yaml), Stop)).Value;

        var none = await CheckAsync(First);
        Assert.Equal((true, 0, false), (none.Valid, none.Newest, none.Same));
        Assert.Empty(none.Changes);
        var saved = await SaveAsync(house, First);
        var same = await CheckAsync("# Nothing new\n" + First);
        Assert.Equal((true, 1, true, saved.Digest), (same.Valid, same.Newest, same.Same, same.Digest));
        var other = await CheckAsync(First.Replace("mail.archive", "mail.delete", StringComparison.Ordinal));
        Assert.Equal([("tools.mail.archive", "removed"), ("tools.mail.delete", "added")], other.Changes.Select(c => (c.Path, c.Kind)));
        var wrong = await CheckAsync("name: Mailroom\nmodel: small-4\nadress: x\n");
        Assert.False(wrong.Valid);
        Assert.Equal(["adress", "model"], wrong.Errors.Keys.Order());
        Assert.StartsWith("Line 3: ", wrong.Errors["adress"][0], StringComparison.Ordinal);
        Assert.Single((await definitions.ListAsync(otto, "mailroom-1", new PageRequest(), Stop)).Value.Items);
    }

    [Theory, BothDatabases]
    public async Task A_deployment_takes_the_newest_along_and_says_what_it_holds(Database database)
    {
        await using var house = await OpenAsync(database);
        var before = await DeployAsync(house, new SetSnapshot { Version = "1.0.0", Status = "active" });
        Assert.False(before.Content.TryGetProperty("definition", out _));
        var first = await SaveAsync(house, First);
        var second = await SaveAsync(house, First.Replace("mail.archive", "tax.lookup", StringComparison.Ordinal));

        var deployed = await DeployAsync(house, new SetSnapshot { Version = "2.0.0", Status = "active" });

        var content = deployed.Content;
        Assert.Equal(second.Number, content.GetProperty("definition").GetProperty("number").GetInt32());
        Assert.Equal(second.Digest, content.GetProperty("definition").GetProperty("digest").GetString());
        Assert.Equal("small-4", content.GetProperty("model").GetString());
        Assert.Equal("""{"temperature":0.2}""", content.GetProperty("parameters").GetRawText());
        Assert.Equal("""["mail.send","tax.lookup"]""", content.GetProperty("tools").GetRawText());
        Assert.Equal("""["vault:payments/mail"]""", content.GetProperty("secrets").GetRawText());
        Assert.Equal(
            "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("Sort the mail.\nAsk when in doubt.\n"u8)),
            content.GetProperty("prompt_hash").GetString()
        );
        // What the caller says counts, and parameters of another model are not its own.
        var other = await DeployAsync(
            house,
            new SetSnapshot
            {
                Version = "2.1.0",
                Status = "canary",
                Model = "large-1",
                Tools = [],
                PromptHash = "p1",
                Definition = first.Number,
            }
        );
        Assert.Equal(
            """{"definition":{"digest":"DIGEST","number":1},"model":"large-1","prompt_hash":"p1","secrets":["vault:payments/mail"]}""".Replace(
                "DIGEST",
                first.Digest,
                StringComparison.Ordinal
            ),
            other.Content.GetRawText()
        );
        var without = await DeployAsync(
            house,
            new SetSnapshot
            {
                Version = "2.2.0",
                Status = "canary",
                Definition = 0,
            }
        );
        Assert.Equal("{}", without.Content.GetRawText());
        var unknown = await house
            .Get<DeploymentService>()
            .SetAsync(
                house.As(house.Cast.Otto),
                "mailroom-1",
                new SetSnapshot
                {
                    Version = "2.3.0",
                    Status = "active",
                    Definition = 3,
                },
                Stop
            );
        Assert.True(unknown.Problem!.Errors!.ContainsKey("definition"));

        var uses = await house.Get<DefinitionUses>().OfAsync(house.As(house.Cast.Victor), deployed.AgentId, [1, 2], Stop);
        Assert.Equal(["2.1.0"], uses[1].Select(u => u.Version));
        Assert.Equal(["2.0.0"], uses[2].Select(u => u.Version));
        Assert.Empty((await house.Get<DefinitionUses>().OfAsync(house.As(house.Cast.Sara), deployed.AgentId, [1, 2], Stop)));
        var listed = await house
            .Get<SnapshotLists>()
            .ListAsync(house.As(house.Cast.Victor), new SnapshotFilter { Definition = 2 }, new PageRequest(), Stop);
        Assert.Equal(["2.0.0"], listed.Value.Items.Select(s => s.Version));
    }

    [Theory, BothDatabases]
    public async Task Two_snapshots_are_compared_within_their_definitions(Database database)
    {
        await using var house = await OpenAsync(database);
        await SaveAsync(house, First);
        var a = await DeployAsync(house, new SetSnapshot { Version = "1.0.0", Status = "active" });
        await SaveAsync(house, First.Replace("type: object", "type: object, required: [to]", StringComparison.Ordinal));
        var b = await DeployAsync(house, new SetSnapshot { Version = "1.1.0", Status = "active" });
        await SaveAsync(house, First);
        var c = await DeployAsync(house, new SetSnapshot { Version = "1.2.0", Status = "active" });
        var none = await DeployAsync(
            house,
            new SetSnapshot
            {
                Version = "1.3.0",
                Status = "active",
                Definition = 0,
            }
        );
        async Task<IEnumerable<(string, string)>> DiffAsync(string from, string to, Person? by = null) =>
            (await house.Get<SnapshotLists>().DiffAsync(house.As(by ?? house.Cast.Victor), from, to, Stop)).Value.Changes.Select(change =>
                (change.Path, change.Kind)
            );

        Assert.Equal(
            [("definition.number", "changed"), ("definition.tools.mail.send.schema.required", "added")],
            await DiffAsync(a.Id, b.Id)
        );
        Assert.Equal([("definition.number", "changed")], await DiffAsync(a.Id, c.Id)); // another number that says the same
        Assert.Contains(("definition", "removed"), await DiffAsync(c.Id, none.Id));

        // The agent goes to another team. Whoever saw what was deployed still sees what it was.
        var agent = await AgentAsync(house);
        await house
            .Get<AgentService>()
            .ChangeAsync(house.As(house.Cast.Olga), "mailroom-1", agent.Revision, new ChangeAgent { Team = "research" }, Stop);
        Assert.Equal(2, (await DiffAsync(a.Id, b.Id)).Count());
    }

    private static string? NumberIn(string? facts) => facts is null ? null : JsonElement.Parse(facts).GetProperty("number").GetRawText();

    private static async Task<TestHouse> OpenAsync(Database database)
    {
        var house = await TestHouse.OpenAsync(database);
        await house
            .Get<AgentService>()
            .RegisterAsync(house.As(house.Cast.Olga), new RegisterAgent { Slug = "mailroom-1", Team = "payments" }, Stop);
        return house;
    }

    private static async Task<Agent> AgentAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.Agents.SingleAsync(Stop);
    }

    private static async Task<DefinitionBody> SaveAsync(
        TestHouse house,
        string text,
        DefinitionFormat format = DefinitionFormat.Yaml,
        int? basedOn = null,
        string? note = null
    )
    {
        var saved = await house
            .Get<DefinitionService>()
            .SaveAsync(house.As(house.Cast.Otto), "mailroom-1", new DefinitionInput(text, format, note, basedOn), Stop);
        Assert.Null(saved.Problem);
        return saved.Value;
    }

    private static async Task<SnapshotBody> DeployAsync(TestHouse house, SetSnapshot body)
    {
        var set = await house.Get<DeploymentService>().SetAsync(house.As(house.Cast.Otto), "mailroom-1", body, Stop);
        Assert.Null(set.Problem);
        return set.Value;
    }
}
