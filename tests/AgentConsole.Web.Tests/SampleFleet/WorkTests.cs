using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

public sealed class WorkTests : IDisposable
{
    private readonly AgentBench _bench = new();

    [Fact]
    public async Task A_tool_that_fails_is_reported_as_a_failed_step_and_its_exception_goes_on()
    {
        var use = _bench.Work.UseAsync<int>(
            "add",
            new { a = 1 },
            _ => throw new IOException("The disk is gone."),
            sum => new { sum },
            CancellationToken.None
        );

        await Assert.ThrowsAsync<IOException>(() => use);
        await _bench.Work.FlushAsync(CancellationToken.None);

        var step = Assert.Single(_bench.Steps);
        Assert.Equal(("tool-call", "error", "IOException: The disk is gone."), (step.Kind, step.Status, step.Error));
    }

    [Fact]
    public async Task Steps_belong_to_the_round_they_were_taken_in_and_have_ids_of_their_own()
    {
        _bench.Work.Say("info", "before");
        _bench.Work.BeginRound("first");
        await _bench.Work.UseAsync("add", new { }, () => 2, sum => new { sum }, CancellationToken.None);
        await _bench.Work.FlushAsync(CancellationToken.None);

        Assert.Equal(["s0001", "s0002", "s0003"], _bench.Steps.Select(s => s.ExternalId));
        Assert.Equal([null, null, "s0002"], _bench.Steps.Select(s => s.Parent));
    }

    [Fact]
    public async Task A_run_with_very_many_steps_says_how_many_it_left_out()
    {
        for (var i = 0; i < Work.MostSteps + 25; i++)
            _bench.Work.Decide("rule", "allowed", new { i });
        await _bench.Work.FlushAsync(CancellationToken.None);

        Assert.Equal(Work.MostSteps + 1, _bench.Steps.Count);
        Assert.Equal("25 more steps of this run are not reported one by one.", _bench.Steps[^1].Content!.Value.GetString());
        Assert.Equal(_bench.Steps.Count, _bench.Work.StepsSent);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("one", 1)]
    [InlineData("  two\twords \n", 2)]
    public void Words_are_counted(string text, int words)
    {
        _bench.Work.CountWords(text);

        Assert.Equal(words, _bench.Work.WordsRead);
    }

    public void Dispose() => _bench.Dispose();
}
