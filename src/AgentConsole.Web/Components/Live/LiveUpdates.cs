using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Live;

/// <summary>What happened since the last time, in order.</summary>
/// <param name="Changes">Those the person may hear of.</param>
/// <param name="Overflow">There were more than are kept: read again instead of following them one by one.</param>
public sealed record LiveBatch(IReadOnlyList<LiveEvent> Changes, bool Overflow);

/// <summary>
/// The invisible child that owns a page's subscription. The first change is told at once, a burst at most every <see cref="EveryMilliseconds"/>;
/// while the handler works, changes wait. Ends with the page.
/// </summary>
public sealed class LiveUpdates : ComponentBase, IDisposable
{
    private const int Kept = 500;
    private readonly Lock _lock = new();
    private List<LiveEvent> _waiting = [];
    private HashSet<long> _known = [];
    private bool _overflow;
    private bool _scheduled;
    private bool _gone;
    private DateTimeOffset _last;
    private IDisposable? _subscription;
    private ITimer? _timer;

    [Inject]
    public required ChangeFeed Feed { get; init; }

    [Inject]
    public required LiveState State { get; init; }

    [Inject]
    public required Visitor Visitor { get; init; }

    [Inject]
    public required TimeProvider Clock { get; init; }

    /// <summary>Which changes matter here. Called on the publisher's thread: it must be quick and touch nothing of the page that moves.</summary>
    [Parameter, EditorRequired]
    public required Func<LiveEvent, bool> When { get; set; }

    [Parameter, EditorRequired]
    public required EventCallback<LiveBatch> OnChanged { get; set; }

    [Parameter]
    public int EveryMilliseconds { get; set; } = 40;

    /// <summary>Whether the page has read what it shows; until then changes wait.</summary>
    [Parameter]
    public bool Ready { get; set; } = true;

    protected override async Task OnInitializedAsync()
    {
        await Visitor.KnowAsync();
        if (Visitor.Find() is not { Problem: null } me)
            return;
        _timer = Clock.CreateTimer(_ => Start(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // First listen, then look what came while the page read: what is in both is told once.
        lock (_lock)
        {
            _subscription = Feed.Subscribe(me.Value.OrganizationId, Hear);
            var (changes, lost) = State.SinceRead();
            _overflow |= lost;
            _waiting.AddRange(changes.Where(When));
            _known = [.. _waiting.Select(change => change.Seq)];
        }
        State.Changed += Resume;
        Resume();
    }

    protected override void OnParametersSet() => Resume();

    public void Dispose()
    {
        State.Changed -= Resume;
        _subscription?.Dispose();
        lock (_lock)
        {
            _gone = true;
            _waiting = [];
        }
        _timer?.Dispose();
    }

    private void Hear(LiveEvent change)
    {
        if (!When(change))
            return;
        lock (_lock)
        {
            if (_gone || _known.Contains(change.Seq))
                return;
            if (_waiting.Count < Kept)
                _waiting.Add(change);
            else
                _overflow = true;
            if (!State.Paused)
                Schedule();
        }
        if (State.Paused && MayHear(Visitor.FindOrNobody(), change))
            State.FallBehind(change.Seq);
    }

    private void Resume()
    {
        lock (_lock)
        {
            if (!State.Paused && (_waiting.Count > 0 || _overflow))
                Schedule();
        }
    }

    // Under the lock.
    private void Schedule()
    {
        if (_scheduled || _gone || !Ready || _subscription is null)
            return;
        _scheduled = true;
        var wait = _last + TimeSpan.FromMilliseconds(EveryMilliseconds) - Clock.GetUtcNow();
        if (wait <= TimeSpan.Zero)
            Start();
        else
            _timer!.Change(wait, Timeout.InfiniteTimeSpan);
    }

    // Never on the publisher's thread: an idle dispatcher would run the page's work right there.
    private void Start() => _ = Task.Run(() => InvokeAsync(DeliverAsync));

    private async Task DeliverAsync()
    {
        List<LiveEvent> taken;
        bool overflow;
        lock (_lock)
        {
            if (_gone)
                return;
            (taken, _waiting) = (_waiting, []);
            (overflow, _overflow) = (_overflow, false);
        }
        try
        {
            var me = Visitor.FindOrNobody();
            var mine = taken.FindAll(change => MayHear(me, change));
            if (mine.Count > 0 || overflow)
                await OnChanged.InvokeAsync(new LiveBatch(mine, overflow));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await DispatchExceptionAsync(e); // shown by the page's boundary
        }
        catch (OperationCanceledException) when (_gone)
        {
            // The person left while the page was reading.
        }
        lock (_lock)
        {
            _last = Clock.GetUtcNow();
            _scheduled = false;
            if (_waiting.Count > 0 && !State.Paused)
                Schedule();
        }
    }

    private static bool MayHear(Actor me, LiveEvent change) =>
        change.TeamId is { } team ? me.May(Permission.ReadFleet, team) : change.OrganizationId == me.OrganizationId;
}
