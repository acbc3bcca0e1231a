using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents;

/// <summary>The fleet as a file: written, read, and applied.</summary>
public sealed class FleetFileStories
{
    private const string File = """
        # Two agents of the mailroom
        agents:
          - slug: mailroom-1
            display_name: "Mail: room"
            team: payments
            version: 1.10
            tags: [eu, 2024]
            metadata: {cost: 1, live: true, note: "1"}
            lease_seconds: 90
            color: red
          - slug: mailroom-2
            team: payments
            description: |
              Sorts what comes.
              Twice a day.
        """;

    [Theory, BothDatabases]
    public async Task A_yaml_file_is_applied_and_the_second_time_it_changes_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);

        var plan = await PlanAsync(house, house.Cast.Ines, File);
        var first = await ApplyAsync(house, house.Cast.Ines, File);
        var second = await ApplyAsync(house, house.Cast.Ines, File);

        Assert.Equal((2, 0), (plan.Created, plan.Failed));
        Assert.Equal([3, 11], plan.Results.Select(r => r.Line));
        Assert.Equal(["color"], plan.IgnoredColumns);
        Assert.Equal("1.10", plan.Results[0].Diff!["version"].To!.Value.GetString());
        Assert.Equal((2, 0), (first.Created, first.Unchanged));
        Assert.Equal((0, 2), (second.Created, second.Unchanged));
        Assert.All(second.Results, r => Assert.Null(r.Diff));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var agent = await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop);
        Assert.Equal(("1.10", 90, """{"cost":1,"live":true,"note":"1"}"""), (agent.Version, agent.LeaseSeconds, agent.Metadata));
        Assert.Equal(["2024", "eu"], agent.Tags);
    }

    [Theory, BothDatabases]
    public async Task An_agent_whose_slug_marks_an_id_by_now_is_applied_again_and_no_other_of_its_kind_is_registered(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.AgentAsync("ses_mailer");
        var export = await house
            .Get<FleetExports>()
            .ExportAsync(house.As(house.Cast.Ines), new AgentFilter(), FleetFormat.Yaml, TestHouse.Stop);
        using var file = new MemoryStream();
        await export.Value.WriteToAsync(file, TestHouse.Stop);
        var text = Encoding.UTF8.GetString(file.ToArray());
        Assert.Contains("ses_mailer", text, StringComparison.Ordinal);

        var same = await ApplyAsync(house, house.Cast.Ines, text);
        var other = await PlanAsync(house, house.Cast.Ines, text.Replace("ses_mailer", "ses_sorter", StringComparison.Ordinal));

        Assert.Equal((0, 1, 0), (same.Created, same.Unchanged, same.Failed));
        Assert.Equal((0, 1), (other.Created, other.Failed));
        Assert.Equal(["slug"], Assert.Single(other.Results).Errors!.Keys);
    }

    [Theory, BothDatabases]
    public async Task What_is_exported_and_applied_changes_nothing_and_one_edit_is_exactly_one_change(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SceneAsync(house);
        foreach (var format in Enum.GetValues<FleetFormat>())
        {
            var file = await ExportAsync(house, house.Cast.Olga, format);
            var again = await PlanAsync(house, house.Cast.Olga, file);
            Assert.Equal((0, 0, 5, 0), (again.Created, again.Changed, again.Unchanged, again.Failed));

            var edited = file.Replace("Accounts payable", "Accounts receivable", StringComparison.Ordinal);
            Assert.NotEqual(file, edited);
            var row = Assert.Single((await PlanAsync(house, house.Cast.Olga, edited)).Results, r => r.Outcome != "unchanged");
            var change = Assert.Single(row.Diff!);
            Assert.Equal(
                ("odd-2", "display_name", "Accounts payable", "Accounts receivable"),
                (row.Slug, change.Key, change.Value.From!.Value.GetString(), change.Value.To!.Value.GetString())
            );
        }
        // Deleted ones stay away, and so does what the reader may not see.
        Assert.DoesNotContain("gone-1", await ExportAsync(house, house.Cast.Olga, FleetFormat.Yaml), StringComparison.Ordinal);
        var seen = await ExportAsync(house, house.Cast.Sara, FleetFormat.Yaml);
        Assert.DoesNotContain("odd-1", seen, StringComparison.Ordinal);
        Assert.Contains("research-1", seen, StringComparison.Ordinal);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(4, await db.TrailRecords.CountAsync(r => r.Action == "fleet.exported", TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task An_empty_text_clears_a_member_and_a_disabled_owner_may_stay(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await ApplyAsync(
            house,
            house.Cast.Olga,
            $"""[{"{"}"slug":"a-1","team":"payments","owner":"{house.Cast.Ines.Email}","description":"Old"{"}"}]"""
        );
        await house
            .Get<UserService>()
            .DisableAsync(house.As(house.Cast.Olga), IdText.Format(IdText.User, house.Cast.Ines.Id), TestHouse.Stop);

        var file = await ExportAsync(house, house.Cast.Olga, FleetFormat.Yaml);
        var same = await PlanAsync(house, house.Cast.Olga, file);
        var cleared = await PlanAsync(
            house,
            house.Cast.Olga,
            file.Replace("description: Old", "description: \"\"", StringComparison.Ordinal)
        );
        var ownerless = await PlanAsync(house, house.Cast.Olga, "- slug: a-1\n  owner: ''\n");

        Assert.Equal((1, 0), (same.Unchanged, same.Failed));
        Assert.Equal(("description", null), (Assert.Single(cleared.Results[0].Diff!).Key, cleared.Results[0].Diff!["description"].To));
        Assert.Equal(["owner"], ownerless.Results[0].Changes);
    }

    [Theory]
    [InlineData("- &a [x]\n- *a\n", "Anchors")]
    [InlineData("agents:\n  - slug: *x\n", "Aliases")]
    [InlineData("- slug: !!binary aGVsbG8=\n", "Tags")]
    [InlineData("- !agent\n  slug: x\n", "Tags")]
    [InlineData("- slug: x\n---\n- slug: y\n", "second document")]
    [InlineData("agents:\n  - slug: x\nother: 1\n", "agents")]
    [InlineData("agents: 7\n", "list of agents")]
    [InlineData("- slug: [x\n", "not valid YAML")]
    [InlineData("- slug: x\n  metadata: {? [a] : 1}\n", "named by a text")]
    [InlineData("- slug: x\n  metadata: {a: 1, a: 2}\n", "twice")]
    public void What_yaml_can_do_beyond_json_is_refused_with_its_line(string text, string why)
    {
        var problem = BulkFile.Read(Encoding.UTF8.GetBytes(text)).Problem!;
        Assert.Contains(why, problem.Detail, StringComparison.Ordinal);
        Assert.StartsWith("Line ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_of_one_entry_are_its_own_and_depth_and_number_are_bounded()
    {
        var rows = BulkFile.Read("- slug: a\n  slug: b\n- just text\n- slug: c\n  lease_seconds: soon\n- slug: d\n"u8.ToArray()).Value.Rows;
        Assert.Equal([1, 3, 4, 6], rows.Select(r => r.Line));
        Assert.Equal([false, false, false, true], rows.Select(r => r.Body.Problem is null));
        var deep = "- slug: x\n  metadata: {a: " + new string('[', 2000) + new string(']', 2000) + "}\n";
        Assert.Contains("32 levels", BulkFile.Read(Encoding.UTF8.GetBytes(deep)).Problem!.Detail, StringComparison.Ordinal);
        var many = string.Concat(Enumerable.Range(0, BulkFile.MostRows + 1).Select(i => $"- slug: a{i}\n"));
        Assert.Contains("5000", BulkFile.Read(Encoding.UTF8.GetBytes(many)).Problem!.Detail, StringComparison.Ordinal);
        Assert.NotNull(BulkFile.Read(new byte[] { (byte)'-', (byte)' ', 0xC3, 0x28 }).Problem);
    }

    [Fact]
    public void Any_text_and_any_metadata_survive_yaml()
    {
        Prop.ForAll<string, string, double>(
                (one, two, number) =>
                {
                    var (text, key) = (Clean(one), Clean(two) + new string('k', Math.Abs(one?.Length ?? 0) * 97 % 3000));
                    if (!double.IsFinite(number))
                        number = 1.5;
                    var metadata = JsonSerializer.SerializeToElement(
                        new Dictionary<string, object?>(StringComparer.Ordinal)
                        {
                            [key] = text,
                            ["list"] = new object?[] { number, true, null, text, "12" },
                        }
                    );
                    var yaml = $"- slug: x\n  description: {YamlText.Text(text)}\n  metadata: {YamlText.Flow(metadata)}\n";
                    var read = YamlText.ReadList(yaml, "agents", member => member != "metadata", 10);
                    var members = read[0].Members!;
                    return members["description"]!.GetValue<string>() == text
                        && JsonElement.DeepEquals(JsonSerializer.SerializeToElement(members["metadata"]), metadata);
                }
            )
            .QuickCheckThrowOnFailure();

        // Half a surrogate pair is no text.
        static string Clean(string? text) =>
            string.Concat((text ?? "").EnumerateRunes().Where(r => r != Rune.ReplacementChar).Select(r => r.ToString()));
    }

    private static async Task SceneAsync(TestHouse house)
    {
        var olga = house.As(house.Cast.Olga);
        RegisterAgent[] agents =
        [
            new()
            {
                Slug = "odd-1",
                Team = "payments",
                DisplayName = "yes",
                Description = "# no comment\n- no list: \"quoted\" 'single' \\ \u2028 😀\n\n  indented\n\ttab",
                Version = "1.10",
                Environment = "null",
                Tags = ["- x", "0x1F", "a: b", "true", "~"],
                Metadata = JsonElement.Parse("""{"a":{"b":[1,2.5,null,"x\n"]},"":"","key with: colon":"*alias"}"""),
                Scopes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
                {
                    ["github"] = ["repo:read"],
                    ["none"] = [],
                },
                Redactions = ["\\d{4}-\\d{4}", "[a-z]+@example\\.com"],
                CaptureMode = "full",
                LeaseSeconds = 90,
                GraceSeconds = 0,
                Owner = "",
            },
            new()
            {
                Slug = "odd-2",
                Team = "payments",
                DisplayName = "Accounts payable",
            },
            new()
            {
                Slug = "007",
                Team = "payments",
                Owner = house.Cast.Ines.Email,
            },
            new()
            {
                Slug = "null",
                Team = "payments",
                DisplayName = "=HYPERLINK(\"x\")",
            },
            new() { Slug = "research-1", Team = "research" },
            new() { Slug = "gone-1", Team = "payments" },
        ];
        foreach (var agent in agents)
            Assert.Null((await house.Get<AgentService>().RegisterAsync(olga, agent, TestHouse.Stop)).Problem);
        await house.Get<AgentService>().DeleteAsync(olga, "gone-1", "", TestHouse.Stop);
    }

    private static async Task<string> ExportAsync(TestHouse house, Person person, FleetFormat format)
    {
        var export = (await house.Get<FleetExports>().ExportAsync(house.As(person), new AgentFilter(), format, TestHouse.Stop)).Value;
        using var stream = new MemoryStream();
        await export.WriteToAsync(stream, TestHouse.Stop);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static async Task<BulkAgentsResult> PlanAsync(TestHouse house, Person person, string text) =>
        (
            await house
                .Get<BulkRegistration>()
                .PlanAsync(house.As(person), BulkFile.Read(Encoding.UTF8.GetBytes(text)), null, TestHouse.Stop)
        ).Value;

    private static async Task<BulkAgentsResult> ApplyAsync(TestHouse house, Person person, string text) =>
        (
            await house
                .Get<BulkRegistration>()
                .ApplyAsync(house.As(person), BulkFile.Read(Encoding.UTF8.GetBytes(text)), null, TestHouse.Stop)
        ).Value;
}
