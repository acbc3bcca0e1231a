using AgentConsole.Core.Agents;
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
    public void A_chip_is_taken_away_alone()
    {
        var filter = new AgentFilter
        {
            Text = "mail",
            Health = Health.Failing,
            Tag = "eu",
        };

        Assert.Equal(filter with { Tag = null }, FleetGrammar.Without(filter, "tag"));
    }
}
