using AgentConsole.Core.Common;

namespace AgentConsole.Core.Tests.Views;

public sealed class QueryTextTests
{
    [Fact]
    public void What_is_written_is_read_back_whatever_stands_in_it()
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["q"] = "a&b=c+d %41",
            ["team"] = "-payments,\"x,y\"",
            ["ö"] = "🙂",
            ["empty"] = "",
        };

        Assert.Equal(members, QueryText.Read(QueryText.Write(members)));
    }

    [Fact]
    public void Of_a_name_that_is_given_twice_the_first_counts_and_a_plus_is_a_space()
    {
        var members = QueryText.Read("?a=1+2&a=3&&b");

        Assert.Equal(("1 2", "", 2), (members["a"], members["b"], members.Count));
        Assert.Empty(QueryText.Read(null));
    }
}
