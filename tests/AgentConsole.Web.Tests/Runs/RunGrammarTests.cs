using AgentConsole.Core.Runs;
using AgentConsole.Web.Runs;

namespace AgentConsole.Web.Tests.Runs;

public sealed class RunGrammarTests
{
    [Theory]
    [InlineData("status:failed", "status=failed")]
    [InlineData("tax agent:mailroom-1 version:2.2.0", "q=tax&agent=mailroom-1&version=2.2.0")]
    [InlineData("over:1.5s", "min_duration_ms=1500")]
    [InlineData("over:2m cost:0.10", "min_duration_ms=120000&min_cost=0.1")]
    [InlineData("status:splendid", "q=status:splendid")] // no such status: looked for as text, never lost
    [InlineData("urn:job:7", "q=urn:job:7")]
    [InlineData("over:", "q=over:")]
    [InlineData("over:99999999999999h", "q=over:99999999999999h")]
    public void Typed_facts_become_members_and_everything_else_stays_text(string typed, string address)
    {
        var filter = RunGrammar.Read(new RunFilter { Text = typed });

        Assert.Equal(address, string.Join('&', filter.ToQuery().Select(pair => $"{pair.Key}={pair.Value}")));
    }
}
