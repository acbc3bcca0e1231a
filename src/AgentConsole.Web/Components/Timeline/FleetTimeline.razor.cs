using System.Security.Cryptography;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Core.Live;
using AgentConsole.Web.Components.Live;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Timeline;

/// <summary>The timeline of deployments, of the fleet or of one agent, at the address at which it stands.</summary>
public sealed partial class FleetTimeline
{
    private const int LanesAtOnce = 25;
    private static readonly string[] Kinds = ["deployed", "canary", "canary-step", "promoted", "rolled-back", "retired"];
    private static readonly TimeSpan Slide = TimeSpan.FromMinutes(1);

    private TimelineState _state = null!;
    private TimelineDrawing _drawing = null!;
    private TimelineWindow _window;
    private IReadOnlyList<Tick> _ticks = [];
    private IReadOnlyList<TimelineFreeze> _frozen = [];
    private ITimer? _slides;
    private string? _shown;

    [Inject]
    public required TimelineService Timeline { get; init; }

    /// <summary>Id of the one agent that is shown; null for the fleet.</summary>
    [Parameter]
    public string? Agent { get; set; }

    /// <summary>What stands there where nothing was ever deployed.</summary>
    [Parameter, EditorRequired]
    public required RenderFragment Empty { get; set; }

    private RereadRows<TimelineLane> List => field ??= new RereadRows<TimelineLane>(LaneId, ReadAsync, Clock, LanesAtOnce);

    protected override bool IsPart => true;

    protected override async Task OnParametersSetAsync()
    {
        var query = new Uri(Navigation.Uri).Query;
        if (query == _shown)
            return;
        var before = _shown is null ? null : _state;
        _shown = query;
        _state = TimelineState.Parse(Navigation.Uri);
        if (Agent is not null)
            _state = _state with { Filter = SnapshotFilter.None with { From = _state.Filter.From, To = _state.Filter.To } };
        if (before is not null && _state with { Mark = before.Mark, Nonsense = before.Nonsense } == before)
        {
            Redraw(); // another one is open; the time and the lanes stay
            return;
        }
        _window = _state.Window(Now);
        Redraw();
        await List.LoadAsync();
        _slides ??= Clock.CreateTimer(_ => Work(SlideAsync), null, Slide, Slide);
    }

    protected override void Leave() => _slides?.Dispose();

    private bool Concerns(LiveEvent change) =>
        change.Noun == "freezes" || (change.Noun == "snapshot" && (Agent is null || change.AgentId == IdText.Parse(IdText.Agent, Agent)));

    private async Task SlideAsync()
    {
        if (!_state.Follows || List.Hold.On || Live.Paused || _state.Window(Now) == _window)
            return;
        await List.HearAsync();
        StateHasChanged();
    }

    private async Task<Outcome<Paged<TimelineLane>>> ReadAsync(PageRequest page)
    {
        // A window that moved would move what is looked at; a further page belongs to the window of the first.
        var window = page.Cursor is null && _state.Follows && !List.Hold.On ? _state.Window(Now) : _window;
        var filter = Agent is null ? _state.Filter : SnapshotFilter.None with { Agent = Agent };
        var read = await Timeline.ReadAsync(Me, filter, window, page, Left);
        if (read.Problem is { } problem)
            return problem;
        _window = window;
        Redraw();
        if (page.Cursor is null)
            _frozen = Frozen(read.Value.Data);
        return new Paged<TimelineLane>(read.Value.Data, read.Value.NextCursor);
    }

    private void Redraw()
    {
        _drawing = new TimelineDrawing(_state, _window, Now);
        _ticks = Tick.Of(_window, Zone.Current);
    }

    // Beside the word for now.
    private bool HasRoom(Tick tick) => !_drawing.ShowsNow || _window.At(tick.At) - _window.At(_drawing.Now) is > 0.03 or < -0.055;

    // Where freezes begin, once for all lanes, with room for each.
    private List<TimelineFreeze> Frozen(IReadOnlyList<TimelineLane> lanes)
    {
        var room = _window.Length / 24;
        var frozen = new List<TimelineFreeze>();
        foreach (var freeze in lanes.SelectMany(l => l.Freezes).DistinctBy(f => (f.FreezeId, f.StartsAt)).OrderBy(f => f.StartsAt))
        {
            if (freeze.StartsAt >= _window.From && (frozen.Count == 0 || freeze.StartsAt - frozen[^1].StartsAt >= room))
                frozen.Add(freeze);
        }
        return frozen;
    }

    // An agent has a lane in each environment.
    private static Guid LaneId(TimelineLane lane) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{lane.AgentId} {lane.Environment}")).AsSpan(0, 16));
}
