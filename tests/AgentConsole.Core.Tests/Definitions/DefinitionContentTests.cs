using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;
using AgentConsole.Core.Definitions;

namespace AgentConsole.Core.Tests.Definitions;

public sealed class DefinitionContentTests
{
    [Fact]
    public void Whatever_JSON_says_YAML_says_and_means_the_same()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var definition = Some(new Random(seed));
            var json = definition.ToJsonString();
            var fromJson = Read(json, DefinitionFormat.Json);
            var element = JsonElement.Parse(fromJson.Text);
            foreach (var format in Enum.GetValues<DefinitionFormat>())
            {
                var text = DefinitionContent.Write(element, format);
                var again = Read(text, format);
                Assert.True(fromJson.Text == again.Text, $"{seed}, {format}:\n{text}\n{fromJson.Text}\n{again.Text}");
                Assert.Equal(fromJson.Digest, again.Digest);
            }
            // JSON is YAML, but for what YAML has no escape of.
            if (!json.Contains("\\u", StringComparison.Ordinal) && !json.Contains("\\/", StringComparison.Ordinal))
                Assert.Equal(fromJson.Text, Read(json, DefinitionFormat.Yaml).Text);
        }
    }

    [Fact]
    public void Order_and_spelling_say_nothing()
    {
        var one = Read(
            """{"name":"a","tools":[{"name":"x"},{"name":"b","description":"d"}],"gateways":["g2","g1"],"limits":{"cost":1.50}}"""
        );
        var other = Read(
            """{ "limits": {"cost": 1.5}, "gateways": ["g1", "g2"], "tools": [{"description":"d","name":"b"},{"name":"x"}], "name":"\u0061" }"""
        );
        Assert.Equal(one.Digest, other.Digest);
        Assert.NotEqual(one.Digest, Read("""{"name":"b"}""").Digest);
    }

    [Theory]
    [InlineData("[]", "definition")]
    [InlineData("null", "definition")]
    [InlineData("{", "definition")]
    [InlineData("""{"name":"a","name":"b"}""", "definition")]
    [InlineData("""{"name":"\ud800"}""", "definition")]
    [InlineData("{}", "name")]
    [InlineData("""{"name":1}""", "name")]
    [InlineData("""{"name":" "}""", "name")]
    [InlineData("""{"name":"a\nb"}""", "name")]
    [InlineData("""{"name":"a","nam":"b"}""", "nam")]
    [InlineData("""{"name":"a","model":"small"}""", "model")]
    [InlineData("""{"name":"a","model":{}}""", "model.name")]
    [InlineData("""{"name":"a","model":{"name":"m","temperature":1}}""", "model.temperature")]
    [InlineData("""{"name":"a","model":{"name":"m","parameters":[]}}""", "model.parameters")]
    [InlineData("""{"name":"a","instructions":"x","prompt_hash":"y"}""", "prompt_hash")]
    [InlineData("""{"name":"a","tools":{}}""", "tools")]
    [InlineData("""{"name":"a","tools":["mail"]}""", "tools[0]")]
    [InlineData("""{"name":"a","tools":[{"name":"t"},{"name":"t"}]}""", "tools[1].name")]
    [InlineData("""{"name":"a","tools":[{"name":"t","schema":true}]}""", "tools[0].schema")]
    [InlineData("""{"name":"a","tools":[{"name":"t","input":{}}]}""", "tools[0].input")]
    [InlineData("""{"name":"a","gateways":["g","g"]}""", "gateways[1]")]
    [InlineData("""{"name":"a","secrets":[{}]}""", "secrets[0]")]
    [InlineData("""{"name":"a","limits":{"runs":-1}}""", "limits.runs")]
    [InlineData("""{"name":"a","limits":{"runs":true}}""", "limits.runs")]
    [InlineData("""{"name":"a","metadata":[]}""", "metadata")]
    public void What_is_wrong_is_named_by_its_path(string json, string path)
    {
        var errors = new FieldErrors();
        Assert.Null(DefinitionContent.Read(json, DefinitionFormat.Json, errors));
        Assert.Contains(path, errors.ToDictionary().Keys);
    }

    [Theory]
    [InlineData("name: a\nmodel:\n  name: m\n  temperature: 1\n", "model.temperature", 4)]
    [InlineData("# A comment\n\nname: 1.10\n", "name", 3)]
    [InlineData("name: a\ntools:\n  - name: t\n  -\n    name: t\n", "tools[1].name", 5)]
    [InlineData("name: a\nlimits: {runs: -1}\n", "limits.runs", 2)]
    [InlineData("name: a\nmodel:\n  parameters: {}\n", "model.name", 2)]
    [InlineData("name: a\nname: b\n", "definition", 2)]
    [InlineData("name: &x a\ndescription: *x\n", "definition", 1)]
    [InlineData("name: !!str a\n", "definition", 1)]
    [InlineData("name: a\n---\nname: b\n", "definition", 2)]
    [InlineData("name: \"a\nb: [", "definition", null)]
    public void In_YAML_the_line_is_named_too(string yaml, string path, int? line)
    {
        var errors = new FieldErrors();
        Assert.Null(DefinitionContent.Read(yaml, DefinitionFormat.Yaml, errors));
        var sentence = errors.ToDictionary()[path][0];
        Assert.StartsWith(line is null ? "Line " : $"Line {line}: ", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void In_JSON_as_a_text_of_its_own_as_well()
    {
        var errors = new FieldErrors();
        Assert.Null(
            DefinitionContent.Read(
                "{\n \"name\": \"a\",\n \"tools\": [\n  {\"name\": \"t\"},\n  {\"name\": 7}\n ]\n}",
                DefinitionFormat.Json,
                errors
            )
        );
        Assert.StartsWith("Line 5: ", errors.ToDictionary()["tools[1].name"][0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: a\nmetadata: {note: SECRET}")]
    [InlineData("name: a\ninstructions: |\n  Use SECRET\n")]
    [InlineData("name: a # SECRET")]
    public void A_secret_of_the_console_is_refused_wherever_it_stands(string yaml)
    {
        var errors = new FieldErrors();
        var secret = SecretText.Create(SecretText.TokenPrefix);
        Assert.Null(DefinitionContent.Read(yaml.Replace("SECRET", secret, StringComparison.Ordinal), DefinitionFormat.Yaml, errors));
        Assert.Contains("secret of this console", errors.ToProblem()!.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, errors.ToProblem()!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_larger_or_deeper_or_more_than_it_may_be()
    {
        Problem Refused(string text, DefinitionFormat format)
        {
            var errors = new FieldErrors();
            Assert.Null(DefinitionContent.Read(text, format, errors));
            return errors.ToProblem()!;
        }
        string Tools(int many) => string.Join(',', Enumerable.Range(0, many).Select(i => $"{{\"name\":\"t{i}\"}}"));
        Assert.Contains(
            "524288",
            Refused("name: a\n#" + new string('x', DefinitionContent.MostSource), DefinitionFormat.Yaml).Detail,
            StringComparison.Ordinal
        );
        var large =
            $"{{\"name\":\"a\",\"tools\":[{{\"name\":\"t\",\"schema\":{{\"x\":\"{new string('x', DefinitionContent.MostBytes)}\"}}}}]}}";
        Assert.Contains("262144", Refused(large, DefinitionFormat.Json).Detail, StringComparison.Ordinal);
        Assert.NotNull(Read($"{{\"name\":\"a\",\"tools\":[{Tools(100)}]}}"));
        Assert.Contains("tools", Refused($"{{\"name\":\"a\",\"tools\":[{Tools(101)}]}}", DefinitionFormat.Json).Errors!.Keys);
        string Deep(int levels) =>
            "{\"name\":\"a\",\"metadata\":"
            + string.Concat(Enumerable.Repeat("{\"x\":", levels - 2))
            + "{}"
            + new string('}', levels - 2)
            + "}";
        Assert.NotNull(Read(Deep(DefinitionContent.MostDepth)));
        Assert.Contains("levels", Refused(Deep(DefinitionContent.MostDepth + 1), DefinitionFormat.Json).Detail, StringComparison.Ordinal);
        Assert.Contains(
            "levels",
            Refused("name: a\nmetadata: " + new string('[', 200) + new string(']', 200), DefinitionFormat.Yaml).Detail,
            StringComparison.Ordinal
        );
        var strange = string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"x{i}\":{i}"));
        Assert.InRange(Refused($"{{{strange}}}", DefinitionFormat.Json).Errors!.Count, 1, 50);
    }

    [Fact]
    public void Many_differences_are_cut_and_long_names_do_not_multiply()
    {
        static string Of(int from) =>
            Read(
                $"{{\"name\":\"a\",\"tools\":[{{\"name\":\"t\",\"schema\":{{\"{new string('k', 50_000)}\":{{{string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"{i}\":{i + from}"))}}}}}}}]}}"
            ).Text;
        var deep = DefinitionContent.Compare(Of(0), Of(1));
        Assert.Single(deep.Changes); // beyond a long name as a whole
        var many = string.Join(',', Enumerable.Range(0, 2000).Select(i => $"\"m{i}\":1"));
        var wide = DefinitionContent.Compare(
            Read("""{"name":"a","tools":[{"name":"t","schema":{}}]}""").Text,
            Read($"{{\"name\":\"a\",\"tools\":[{{\"name\":\"t\",\"schema\":{{{many}}}}}]}}").Text
        );
        Assert.Equal((JsonChanges.Most, false), (wide.Changes.Count, wide.Complete));
    }

    private static DefinitionContent Read(string text, DefinitionFormat format = DefinitionFormat.Json)
    {
        var errors = new FieldErrors();
        var read = DefinitionContent.Read(text, format, errors);
        Assert.True(read is not null, errors.ToProblem()?.Detail + "\n" + text);
        return read;
    }

    // Texts that tempt a reader: what looks like another type, breaks lines, or belongs to the grammar.
    private static readonly string[] Pieces =
    [
        "a",
        "Mail",
        "true",
        "no",
        "null",
        "~",
        "1.10",
        "0x1F",
        "1e3",
        ".inf",
        "2026-11-24",
        ": ",
        "#",
        " #",
        "- ",
        "---",
        "...",
        "\n",
        "\n\n",
        "\t",
        " ",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a",
        "*a",
        "!t",
        "%",
        "@",
        "`",
        "|",
        ">",
        "?",
        "é",
        "日本",
        "🚲",
        "\u0085",
        "\u2028",
        "\u00a0",
        "=",
        "<<",
        "key: value",
        "\r\n",
    ];

    private static JsonObject Some(Random random)
    {
        string Text(int most)
        {
            var text = new StringBuilder();
            for (var i = random.Next(1, most); i > 0; i--)
                text.Append(Pieces[random.Next(Pieces.Length)]);
            return text.ToString();
        }
        string Block() => string.Concat(Text(12).Where(c => !char.IsControl(c) || c is '\n' or '\t' or '\r'));
        string Line(int i) => "n" + string.Concat(Text(5).Where(c => !char.IsControl(c))).Trim() + i;
        JsonNode? Value(int depth) =>
            random.Next(depth > 3 ? 5 : 8) switch
            {
                0 => null,
                1 => random.Next(2) == 0,
                2 => random.Next(-1000, 1000),
                3 => Math.Round(random.NextDouble() * 1000, 3),
                4 => Text(6),
                5 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth + 1))]),
                _ => Object(depth + 1),
            };
        JsonObject Object(int depth)
        {
            var value = new JsonObject();
            for (var i = random.Next(4); i > 0; i--)
                value[Text(4) + (random.Next(20) == 0 ? new string('k', 200) : "")] = Value(depth);
            return value;
        }
        var definition = new JsonObject { ["name"] = Line(0), ["metadata"] = Object(0) };
        if (random.Next(2) == 0)
            definition["instructions"] = Block();
        if (random.Next(2) == 0)
            definition["model"] = new JsonObject { ["name"] = Line(1), ["parameters"] = Object(0) };
        definition["tools"] = new JsonArray([
            .. Enumerable
                .Range(0, random.Next(4))
                .Select(i =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = Line(i),
                            ["description"] = Block(),
                            ["schema"] = Object(0),
                        }
                ),
        ]);
        return definition;
    }
}
