using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;

namespace AgentConsole.Core.Tests.Deployments;

public sealed class SnapshotContentTests
{
    [Fact]
    public void The_same_content_has_the_same_digest_in_whatever_order_it_was_given()
    {
        var one = Read(new SetSnapshot { Tools = ["mail.send", "tax.lookup"], Parameters = Json("""{"temperature":0.2,"top_p":1}""") });
        var other = Read(
            new SetSnapshot
            {
                Parameters = Json("""{ "top_p": 1.0, "temperature": 2e-1 }"""),
                Tools = ["tax.lookup", "mail.send", "mail.send"],
            }
        );

        Assert.Equal(one.Text, other.Text);
        Assert.Equal(one.Digest, other.Digest);
        Assert.Equal(64, one.Digest.Length);
        Assert.NotEqual(one.Digest, Read(new SetSnapshot { Tools = ["mail.send"] }).Digest);
        Assert.Equal(
            "{}",
            Read(
                new SetSnapshot
                {
                    Version = "2.2.0",
                    Reason = "Weekly",
                    Tools = [],
                    Metadata = Json("{}"),
                }
            ).Text
        );
    }

    [Fact]
    public void A_difference_is_said_by_its_path()
    {
        var before = Read(
            new SetSnapshot
            {
                Model = "small-4",
                Parameters = Json("""{"temperature":0.2,"stop":["a","b"]}"""),
                Tools = ["mail.send", "tax.lookup"],
                Metadata = Json("""{"region":{"name":"eu"},"note":"x"}"""),
                TrafficPercent = 5,
            }
        );
        var after = Read(
            new SetSnapshot
            {
                Model = "small-5",
                Parameters = Json("""{"temperature":0.2,"stop":["b","a"]}"""),
                Tools = ["tax.lookup", "tax.rates"],
                Metadata = Json("""{"region":{"name":"eu","zone":1}}"""),
            }
        );

        var changes = SnapshotContent.Differences(before.Text, after.Text).Changes;

        Assert.Equal(
            [
                ("metadata.note", "removed", "\"x\"", null),
                ("metadata.region.zone", "added", null, "1"),
                ("model", "changed", "\"small-4\"", "\"small-5\""),
                ("parameters.stop", "changed", """["a","b"]""", """["b","a"]"""),
                ("tools", "removed", "\"mail.send\"", null),
                ("tools", "added", null, "\"tax.rates\""),
                ("traffic_percent", "removed", "5", null),
            ],
            changes.Select(c => (c.Path, c.Kind, c.Before?.GetRawText(), c.After?.GetRawText()))
        );
        Assert.Empty(SnapshotContent.Differences(before.Text, before.Text).Changes);
        Assert.Equal(
            ("secrets", "added"),
            SnapshotContent
                .Differences("{}", Read(new SetSnapshot { Secrets = ["vault:a"] }).Text)
                .Changes.Select(c => (c.Path, c.Kind))
                .Single()
        );
    }

    [Theory]
    [InlineData("parameters", """{"parameters":[1]}""")]
    [InlineData("metadata", """{"metadata":"text"}""")]
    [InlineData("traffic_percent", """{"traffic_percent":100.5}""")]
    [InlineData("traffic_percent", """{"traffic_percent":-1}""")]
    [InlineData("traffic_percent", """{"traffic_percent":0.001}""")]
    [InlineData("tools[1]", """{"tools":["mail.send"," "]}""")]
    [InlineData("model", """{"model":"a\u0000b"}""")]
    public void What_cannot_be_kept_is_refused_by_its_field(string field, string body)
    {
        var errors = new FieldErrors();

        Assert.Null(SnapshotContent.Read(JsonSerializer.Deserialize<SetSnapshot>(body, ConsoleJson.Options)!, errors));

        Assert.Equal(field, Assert.Single(errors.ToDictionary().Keys));
    }

    // Snapshots are never deleted: a secret that came in with one would stay.
    [Fact]
    public void A_secret_of_ours_is_recognised_wherever_it_stands()
    {
        var secret = SecretText.Create(SecretText.KeyPrefix);
        var token = SecretText.Create(SecretText.TokenPrefix);
        foreach (
            var body in (SetSnapshot[])
                [
                    new() { Secrets = [secret] },
                    new() { Metadata = Json("""{"a":{"b":["x TOKEN, y"]}}""".Replace("TOKEN", token, StringComparison.Ordinal)) },
                    new() { Parameters = Json($"{{\"{secret}\":1}}") },
                    new() { Commit = "ak_live_ak_live_" + secret },
                ]
        )
        {
            var errors = new FieldErrors();
            Assert.Null(SnapshotContent.Read(body, errors));
            Assert.DoesNotContain(secret, errors.ToProblem()!.Detail, StringComparison.Ordinal);
        }
        Assert.NotNull(Read(new SetSnapshot { Secrets = ["ak_live_… of the vault", "vault:payments/openai"] }));
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static SnapshotContent Read(SetSnapshot body)
    {
        var errors = new FieldErrors();
        var content = SnapshotContent.Read(body, errors);
        Assert.Null(errors.ToProblem());
        return content!;
    }
}
