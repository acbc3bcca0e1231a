using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Runs;

/// <summary>
/// Tells pages and listeners of this node when a request to cancel was not confirmed in time, and compares what is in memory with the store: a run may
/// have ended on another node in the moment in which it was asked for here.
/// </summary>
public sealed class CancelWatch(
    OpenCancels open,
    ChangeFeed feed,
    IDbContextFactory<ConsoleDbContext> contexts,
    TimeProvider clock,
    ILogger<CancelWatch> log
) : Periodic(TimeSpan.FromSeconds(1), clock, log)
{
    private static readonly TimeSpan CompareEvery = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _clock = clock;
    private DateTimeOffset _last = clock.GetUtcNow();
    private DateTimeOffset _compared = clock.GetUtcNow();

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var since = _last;
        _last = now;
        if (!open.Any)
            return;
        foreach (var cancel in open.All.Where(c => c.ConfirmBy > since && c.ConfirmBy <= now))
            feed.Publish(new LiveEvent("run", cancel.OrganizationId, cancel.TeamId, cancel.AgentId, cancel.RunId));
        if (now - _compared < CompareEvery)
            return;
        _compared = now;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await open.RefreshAsync(db, [.. open.All.Select(c => c.RunId)], cancellationToken);
    }
}
