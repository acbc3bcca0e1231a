using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Tests.Runs;

public sealed class RunFilterTests
{
    [Theory]
    [InlineData("")]
    [InlineData("q=job-7&agent=mailroom-1&team=payments&status=failed,lost&version=1.4.0&min_duration_ms=5000&min_cost=0.25")]
    [InlineData("since=24h")]
    [InlineData("since=2026-03-01T08:00:00Z&until=2026-03-02T09:00:00.5Z")]
    public void What_the_address_says_is_read_and_written_back(string address)
    {
        var errors = new FieldErrors();

        var filter = Parse(address, errors);

        Assert.False(errors.Any);
        Assert.Equal(address, string.Join('&', filter.ToQuery().Select(m => $"{m.Key}={m.Value}")));
        Assert.Equal(filter, Parse(address, new FieldErrors()));
        Assert.Equal(address.Length == 0, filter.IsEmpty);
    }

    [Fact]
    public void Statuses_are_put_in_order_and_named_once()
    {
        var filter = Parse("status=lost,failed,lost", new FieldErrors());

        Assert.Equal([RunStatus.Failed, RunStatus.Lost], filter.Statuses);
    }

    [Theory]
    [InlineData("status=finished", "status")]
    [InlineData("status=Failed", "status")]
    [InlineData("since=yesterday", "since")]
    [InlineData("since=0001-01-01T00:00:00Z", "since")]
    [InlineData("until=9999-12-31T23:59:59Z", "until")]
    [InlineData("since=1m", "since")]
    [InlineData("until=91d", "until")]
    [InlineData("min_duration_ms=-5", "min_duration_ms")]
    [InlineData("min_duration_ms=1e3", "min_duration_ms")]
    [InlineData("min_cost=cheap", "min_cost")]
    [InlineData("min_cost=-1", "min_cost")]
    [InlineData("q=a\0b", "q")]
    [InlineData("agent=\u202Emailroom", "agent")]
    public void Nonsense_is_left_out_and_named(string address, string field)
    {
        var errors = new FieldErrors();

        var filter = Parse(address, errors);

        Assert.Equal([field], errors.ToDictionary().Keys);
        Assert.True(filter.IsEmpty);
    }

    [Theory]
    [InlineData("15m", 15)]
    [InlineData("24h", 1440)]
    [InlineData("90d", 129_600)]
    public void A_period_is_a_number_and_a_unit(string text, int minutes)
    {
        Assert.True(Period.TryParse(text, out var period));
        Assert.Equal(TimeSpan.FromMinutes(minutes), period.Length);
        Assert.Equal(text, period.ToString());
    }

    [Theory]
    [InlineData("14m")]
    [InlineData("91d")]
    [InlineData("1w")]
    [InlineData("-1d")]
    [InlineData("99999d")]
    [InlineData("h")]
    public void Another_period_is_refused(string text) => Assert.Equal("invalid", Period.Read(text).Problem!.Code);

    private static RunFilter Parse(string address, FieldErrors errors)
    {
        var members = address
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(m => m.Split('=', 2))
            .ToDictionary(m => m[0], m => m[1], StringComparer.Ordinal);
        return RunFilter.Parse(members.GetValueOrDefault, errors);
    }
}
