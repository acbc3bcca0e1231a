using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Live;

/// <summary>
/// Hears what other nodes of a shared store committed, on notice and every 500 ms: first what is in memory follows, then the listeners of this node
/// are told. While it cannot hear for 2 s, the doors are shut by <see cref="StoreConfirmation"/>.
/// </summary>
public sealed class NodeLink(
    IStoreEngine engine,
    NodeOutbox outbox,
    ChangeFeed feed,
    StoreConfirmation confirmation,
    IEnumerable<IRefreshOnNews> held,
    ILogger<NodeLink> log
) : BackgroundService, ILoadAtStart, IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>A node that heard nothing of the store for so long takes no authenticated calls.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Sound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromMinutes(5);

    private readonly IRefreshOnNews[] _held = [.. held];
    private INodeEar? _ear;
    private long _from;
    private HashSet<long> _refreshedEarly = [];
    private long _heardAt;
    private bool _deaf;
    private long _openedAt;

    /// <summary>How long ago this node heard is a fact of the network: it does not stand still with a test's clock, unless the test says so.</summary>
    internal TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Before anything else is read, so that no news falls between the reading and the first step.</summary>
    async Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        if (engine.Nodes is null)
            return;
        var askedAt = Clock.GetTimestamp();
        _from = (await (await EarAsync(cancellationToken)).ReadAsync(long.MaxValue, outbox.Node, cancellationToken)).Horizon;
        Volatile.Write(ref _heardAt, askedAt);
        confirmation.AskOf(() => Clock.GetElapsedTime(Volatile.Read(ref _heardAt)) <= LongestSilence);
    }

    /// <summary>Takes the news since the last step.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        var askedAt = Clock.GetTimestamp();
        try
        {
            var news = await (await EarAsync(cancellationToken)).ReadAsync(_from, outbox.Node, cancellationToken);
            // What is in memory follows whatever is visible, also beyond the horizon: a transaction of somebody else that takes long must not
            // keep a disabled key alive. It is read anew, so the order does not matter. This node's own changes are read again as well, because
            // one of them may have been overtaken by the reading of an older state.
            await RefreshAsync([.. news.Rows.Where(r => !_refreshedEarly.Contains(r.Position)).Select(Event)], cancellationToken);
            foreach (var row in news.Rows.Where(r => r.TransactionId < news.Horizon && !HeldNouns.All.Contains(r.Noun)))
            {
                foreach (var subject in row.Subjects())
                    feed.Publish(Event(row) with { Id = subject });
            }
            _refreshedEarly = [.. news.Rows.Where(r => r.TransactionId >= news.Horizon).Select(r => r.Position)];
            _from = news.Horizon;
            Volatile.Write(ref _heardAt, askedAt);
        }
        catch
        {
            await DropAsync();
            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (engine.Nodes is not { } nodes)
            return;
        await Task.WhenAll(HearAsync(stoppingToken), NotifyAsync(nodes, stoppingToken), PurgeAsync(nodes, stoppingToken));
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        Dispose();
    }

    private async Task HearAsync(CancellationToken stoppingToken)
    {
        var retry = FirstRetry;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StepAsync(stoppingToken);
                if (_deaf)
                    log.LogInformation("This node hears the others again");
                _deaf = false;
                await (await EarAsync(stoppingToken)).WaitAsync(Every, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!_deaf)
                    log.LogError(
                        e,
                        "This node does not hear the others; it tries again, and its doors shut after {LongestSilence}",
                        LongestSilence
                    );
                _deaf = true;
                await DropAsync();
                // Nearly at once when the ear was sound: what is committed meanwhile may be a revocation, which has a second. Then in wider steps, so
                // that a server that is away, or cuts every connection, is not pressed.
                if (Clock.GetElapsedTime(_openedAt) > Sound)
                    retry = FirstRetry;
                await Task.Delay(retry, Clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
            }
        }
    }

    // The others read every 500 ms in any case: a notice that is lost costs time and nothing else.
    private async Task NotifyAsync(INodeChannel nodes, CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var position in outbox.Notices.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await nodes.NotifyAsync(position, stoppingToken);
                }
                catch (System.Data.Common.DbException e)
                {
                    log.LogDebug(e, "A notice to the other nodes was lost");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The console stops.
        }
    }

    private async Task PurgeAsync(INodeChannel nodes, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(PurgeEvery, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await PurgeStepAsync(nodes, Clock.Now(), stoppingToken);
                }
                catch (System.Data.Common.DbException e)
                {
                    log.LogWarning(e, "Old news could not be deleted; it is tried again");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The console stops.
        }
    }

    /// <summary>Listeners' news go after an hour; news of keys and rights stay for a week, for a node that was cut off and comes back.</summary>
    internal static async Task PurgeStepAsync(INodeChannel nodes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await nodes.PurgeAsync(now.AddHours(-1), HeldNouns.All, cancellationToken);
        await nodes.PurgeAsync(now.AddDays(-7), [], cancellationToken);
    }

    private async Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        if (news.Count == 0)
            return;
        foreach (var one in _held)
        {
            if (news.Where(e => one.Concerns(e.Noun)).ToList() is { Count: > 0 } concerned)
                await one.RefreshAsync(concerned, cancellationToken);
        }
    }

    private async Task<INodeEar> EarAsync(CancellationToken cancellationToken)
    {
        if (_ear is { } open)
            return open;
        _openedAt = Clock.GetTimestamp();
        return _ear = await engine.Nodes!.ListenAsync(LongestSilence, cancellationToken);
    }

    private async Task DropAsync()
    {
        if (Interlocked.Exchange(ref _ear, null) is { } ear)
            await ear.DisposeAsync();
    }

    private static LiveEvent Event(LiveOutboxRow row) => new(row.Noun, row.OrganizationId, row.TeamId, row.AgentId, row.SubjectId);
}
