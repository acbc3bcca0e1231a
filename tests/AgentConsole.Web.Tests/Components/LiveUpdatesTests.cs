using System.Threading.Channels;
using AgentConsole.Core.Live;
using AgentConsole.Web.Components.Live;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Components;

public sealed class LiveUpdatesTests : ConsoleBunitContext
{
    private readonly Channel<LiveBatch> _heard = Channel.CreateUnbounded<LiveBatch>();

    private ChangeFeed Feed => Get<ChangeFeed>();

    private void Listen() =>
        Render<LiveUpdates>(p =>
            p.Add(l => l.When, change => change.Noun == "run").Add(l => l.OnChanged, batch => _heard.Writer.TryWrite(batch))
        );

    private LiveEvent Run(Guid team) => new("run", Cast.Acme, team, null, Guid.NewGuid());

    // The next batch; the clock goes on until it is told, since the last one may still be on its way out.
    private async Task<LiveBatch> HearAsync()
    {
        LiveBatch? batch;
        while (!_heard.Reader.TryRead(out batch))
        {
            Stop.ThrowIfCancellationRequested();
            Clock.Advance(TimeSpan.FromMilliseconds(40));
            await Task.Yield();
        }
        return batch;
    }

    [Fact]
    public async Task The_first_change_is_told_at_once_and_a_burst_is_one_redraw()
    {
        Listen();
        Feed.Publish(Run(Cast.Payments));
        Assert.Single((await _heard.Reader.ReadAsync(Stop)).Changes); // the clock stands still

        Feed.Publish(Run(Cast.Payments));
        Feed.Publish(Run(Cast.Payments));
        Feed.Publish(Run(Cast.Payments));

        Assert.Equal(3, (await HearAsync()).Changes.Count);
    }

    [Fact]
    public async Task Runs_of_a_team_one_may_not_see_and_other_news_are_not_told()
    {
        Listen();
        Feed.Publish(Run(Cast.Research));
        Feed.Publish(new LiveEvent("key", Cast.Acme, Cast.Payments, null, Guid.NewGuid()));
        var mine = Run(Cast.Payments);
        Feed.Publish(mine);

        Assert.Equal(mine.Id, Assert.Single((await HearAsync()).Changes).Id);
    }

    [Fact]
    public async Task A_pause_keeps_what_comes_counts_it_and_tells_it_afterwards()
    {
        var state = Services.GetRequiredService<LiveState>();
        Listen();

        state.Toggle();
        Feed.Publish(Run(Cast.Payments));
        Feed.Publish(Run(Cast.Payments));
        Assert.Equal(2, state.Behind);
        Assert.False(_heard.Reader.TryRead(out _));
        state.Toggle();

        Assert.Equal(2, (await HearAsync()).Changes.Count);
    }

    [Fact]
    public async Task What_happens_while_the_page_reads_is_told_once_when_it_has_read()
    {
        var state = Services.GetRequiredService<LiveState>();
        state.BeginRead(Cast.Acme);
        var before = Run(Cast.Payments);
        Feed.Publish(before);
        var updates = Render<LiveUpdates>(p =>
            p.Add(l => l.When, change => change.Noun == "run")
                .Add(l => l.Ready, false)
                .Add(l => l.OnChanged, batch => _heard.Writer.TryWrite(batch))
        );
        var during = Run(Cast.Payments);
        Feed.Publish(during);
        Assert.False(_heard.Reader.TryRead(out _));

        updates.Render(p => p.Add(l => l.Ready, true));

        Assert.Equal([before.Id, during.Id], (await HearAsync()).Changes.Select(change => change.Id));
    }

    [Fact]
    public async Task More_than_can_be_remembered_while_the_page_reads_makes_it_read_again()
    {
        Services.GetRequiredService<LiveState>().BeginRead(Cast.Acme);
        for (var i = 0; i < 100; i++)
            Feed.Publish(Run(Cast.Payments));

        Listen();

        Assert.True((await HearAsync()).Overflow);
    }

    [Fact]
    public async Task Leaving_the_page_ends_the_subscription()
    {
        Listen();
        Assert.Equal(1, Feed.Subscribers);

        await DisposeComponentsAsync();

        Assert.Equal(0, Feed.Subscribers);
    }
}
