using AgentConsole.Core.Live;
using AgentConsole.Web.Components.Live;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Components;

public sealed class LiveUpdatesTests : ConsoleBunitContext
{
    private readonly List<LiveBatch> _heard = [];

    private ChangeFeed Feed => Get<ChangeFeed>();

    private IRenderedComponent<LiveUpdates> Listen() =>
        Render<LiveUpdates>(p => p.Add(l => l.When, change => change.Noun == "run").Add(l => l.OnChanged, batch => _heard.Add(batch)));

    private LiveEvent Run(Guid team) => new("run", Cast.Acme, team, null, Guid.NewGuid());

    [Fact]
    public void The_first_change_is_told_at_once_and_a_burst_is_one_redraw()
    {
        var part = Listen();

        Feed.Publish(Run(Cast.Payments));
        part.WaitForState(() => _heard.Count == 1);
        Feed.Publish(Run(Cast.Payments));
        Feed.Publish(Run(Cast.Payments));
        Assert.Single(_heard);
        Clock.Advance(TimeSpan.FromMilliseconds(80));

        part.WaitForState(() => _heard.Count == 2);
        Assert.Equal(2, _heard[1].Changes.Count);
    }

    [Fact]
    public void Runs_of_a_team_one_may_not_see_and_other_news_are_not_told()
    {
        var part = Listen();

        Feed.Publish(Run(Cast.Research));
        Feed.Publish(new LiveEvent("key", Cast.Acme, Cast.Payments, null, Guid.NewGuid()));
        var mine = Run(Cast.Payments);
        Feed.Publish(mine);
        Clock.Advance(TimeSpan.FromSeconds(1));

        part.WaitForState(() => _heard.Count > 0);
        Assert.Equal(mine.Id, Assert.Single(_heard.SelectMany(b => b.Changes)).Id);
    }

    [Fact]
    public void A_pause_keeps_what_comes_counts_it_and_tells_it_afterwards()
    {
        var state = Services.GetRequiredService<LiveState>();
        var part = Listen();

        state.Toggle();
        Feed.Publish(Run(Cast.Payments));
        Feed.Publish(Run(Cast.Payments));
        Assert.Equal(2, state.Behind);
        Assert.Empty(_heard);
        state.Toggle();

        part.WaitForState(() => _heard.Count == 1);
        Assert.Equal(2, _heard[0].Changes.Count);
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
