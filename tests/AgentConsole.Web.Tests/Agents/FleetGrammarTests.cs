using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Web.Agents;

namespace AgentConsole.Web.Tests.Agents;

public sealed class FleetGrammarTests
{
    [Fact]
    public void Facts_become_members_of_the_filter_and_words_stay_text()
    {
        var (filter, text) = FleetGrammar.Read(new AgentFilter(), "mail health:failing env:production room");

        Assert.Equal("mail room", text);
        Assert.Equal(
            new AgentFilter
            {
                Text = "mail room",
                Health = Health.Failing,
                Environment = "production",
            },
            filter
        );
    }

    [Fact]
    public void A_value_that_there_is_not_stays_in_the_text_where_one_can_see_it()
    {
        var (filter, text) = FleetGrammar.Read(new AgentFilter(), "health:splendid colour:red");

        Assert.Equal("health:splendid colour:red", text);
        Assert.Null(filter.Health);
    }

    [Fact]
    public void What_can_be_typed_stands_in_the_help_and_what_stands_there_can_be_typed()
    {
        var help = FleetGrammar.Help.Value;
        foreach (var fact in Enum.GetValues<AgentFact>())
        {
            var name = fact == AgentFact.Environment ? "env" : KebabCase.Of(fact);
            Assert.Contains($"<code>{name}:</code>", help, StringComparison.Ordinal);
        }
        foreach (var value in (string[])["failing", "silent", "paused", "none"])
            Assert.Contains(value, help, StringComparison.Ordinal);
        var (filter, text) = FleetGrammar.Read(new AgentFilter(), "health:failing,degraded -team:payments tag:\"eu west\"");
        Assert.Contains("health:failing,degraded -team:payments tag:\"eu west\"", help, StringComparison.Ordinal);
        Assert.Equal(("", "eu west"), (text, filter.Tag!.Wanted.Single()));
    }

    [Fact]
    public void A_chip_is_taken_away_alone()
    {
        var filter = new AgentFilter
        {
            Text = "mail",
            Health = Health.Failing,
            Tag = "eu",
        };

        Assert.Equal(filter with { Tag = null }, FleetGrammar.Without(filter, AgentFact.Tag, "eu"));
    }

    [Fact]
    public void Several_values_a_minus_and_quotation_marks_have_their_meaning()
    {
        var (filter, text) = FleetGrammar.Read(
            new AgentFilter { Health = Health.Ok },
            "health:failing,degraded -team:payments owner:ines tag:\"us east\",-eu -env:\"\" room"
        );

        Assert.Equal("room", text);
        Assert.Equal(["degraded", "failing", "ok"], filter.Health!.Wanted);
        Assert.Equal("-payments", filter.Team!.ToString());
        Assert.Equal(["ines"], filter.Owner!.Wanted);
        Assert.Equal("us east,-eu", filter.Tag!.ToString());
        Assert.Equal([""], filter.Environment!.Unwanted);
    }

    [Fact]
    public void Whoever_wants_what_was_excluded_gets_it()
    {
        var (filter, _) = FleetGrammar.Read(new AgentFilter { Team = Choice.Of([], ["payments"]) }, "team:payments");

        Assert.Equal("payments", filter.Team!.ToString());
    }

    [Theory]
    [InlineData("health:ok,splendid")]
    [InlineData("-:x")]
    [InlineData(":")]
    [InlineData("tag:")]
    public void What_is_no_fact_stays_text(string typed)
    {
        var (filter, text) = FleetGrammar.Read(new AgentFilter(), typed);

        Assert.Equal((typed, typed), (text, filter.Text));
    }
}
