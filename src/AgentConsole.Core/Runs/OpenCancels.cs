using System.Collections.Concurrent;
using System.Collections.Immutable;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Runs;

/// <summary>A request to cancel whose run has not ended.</summary>
/// <param name="ConfirmBy">From then on it counts as not confirmed.</param>
public sealed record OpenCancel(
    Guid OrganizationId,
    Guid RunId,
    string? ExternalId,
    Guid AgentId,
    Guid TeamId,
    DateTimeOffset RequestedAt,
    string RequestedBy,
    string? Reason,
    DateTimeOffset? AcknowledgedAt,
    DateTimeOffset ConfirmBy
)
{
    public CancelNotice Notice =>
        new(
            IdText.Format(IdText.Run, RunId),
            ExternalId,
            KebabCase.Of(AcknowledgedAt is null ? CancelState.Requested : CancelState.Acknowledged),
            RequestedAt,
            Reason
        );
}

/// <summary>
/// Every open request to cancel, in memory: whoever answers an agent looks here and asks no database. Changed in the same step as the commit; on other
/// nodes it follows their news, and <see cref="CancelWatch"/> compares it with the store.
/// </summary>
public sealed class OpenCancels(IDbContextFactory<ConsoleDbContext> contexts, IOptions<RunOptions> options, TimeProvider clock)
    : ILoadAtStart,
        IRefreshOnNews,
        IOpenCancels
{
    private readonly ConcurrentDictionary<Guid, OpenCancel> _byRun = new();
    private readonly ConcurrentDictionary<Guid, ImmutableList<Guid>> _byAgent = new();
    private readonly Lock _change = new();
    private volatile bool _any;

    /// <summary>An agent has something new to hear; raised on any thread, and must return at once.</summary>
    public event Action<Guid>? Asked;

    /// <summary>Whether there is one at all: most of the time there is none, and nothing need be looked up.</summary>
    public bool Any => _any;

    public IEnumerable<OpenCancel> All => _byRun.Values;

    public int CountOf(Guid organizationId) => _byRun.Values.Count(c => c.OrganizationId == organizationId);

    public OpenCancel? Find(Guid runId) => _any ? _byRun.GetValueOrDefault(runId) : null;

    /// <summary>Of a run that may still end: what its agent is to hear; null when nobody asked.</summary>
    public CancelNotice? NoticeOf(Guid runId) => Find(runId)?.Notice;

    public IReadOnlyList<CancelNotice>? Of(Guid agentId) =>
        _any && _byAgent.TryGetValue(agentId, out var runs)
            ? [.. runs.Select(NoticeOf).OfType<CancelNotice>().Take(RunCancelService.MostRuns)]
            : null;

    /// <summary>Those that the agent has not acknowledged.</summary>
    public IReadOnlyList<CancelNotice> UnheardOf(Guid agentId) =>
        _any && _byAgent.TryGetValue(agentId, out var runs)
            ?
            [
                .. runs.Select(Find)
                    .OfType<OpenCancel>()
                    .Where(c => c.AcknowledgedAt is null)
                    .Take(RunCancelService.MostRuns)
                    .Select(c => c.Notice),
            ]
            : [];

    /// <summary>Call after the commit.</summary>
    internal void Put(RunCancel row, string? externalId)
    {
        var open = new OpenCancel(
            row.OrganizationId,
            row.RunId,
            externalId,
            row.AgentId,
            row.TeamId,
            row.RequestedAt,
            row.RequestedBy,
            row.Reason,
            row.AcknowledgedAt,
            ConfirmBy(row.RequestedAt)
        );
        OpenCancel? before;
        lock (_change)
        {
            before = _byRun.GetValueOrDefault(row.RunId);
            // What was read before the agent said that it has heard, and comes here after it, takes nothing back.
            if (before is { AcknowledgedAt: { } heard } && open.AcknowledgedAt is null && before.RequestedAt == open.RequestedAt)
                open = open with { AcknowledgedAt = heard };
            _byRun[row.RunId] = open;
            if (before is null)
                _byAgent[row.AgentId] = _byAgent.GetValueOrDefault(row.AgentId, []).Add(row.RunId);
            _any = true;
        }
        if (row.AcknowledgedAt is null && before != open)
            Asked?.Invoke(row.AgentId);
    }

    /// <summary>The run ended, or the request did. Call after the commit.</summary>
    internal void Remove(Guid runId)
    {
        lock (_change)
        {
            if (!_byRun.TryRemove(runId, out var open))
                return;
            var left = _byAgent.GetValueOrDefault(open.AgentId, []).Remove(runId);
            if (left.IsEmpty)
                _byAgent.TryRemove(open.AgentId, out _);
            else
                _byAgent[open.AgentId] = left;
            _any = !_byRun.IsEmpty;
        }
    }

    public DateTimeOffset ConfirmBy(DateTimeOffset requestedAt) => requestedAt.AddSeconds(options.Value.CancelConfirmSeconds);

    public async Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var since = clock.Now() - RunCancel.Stands;
        var rows = await Rows(db, db.RunCancels.Where(c => c.RequestedAt > since)).ToListAsync(cancellationToken);
        foreach (var row in rows)
            Take(row);
    }

    public bool Concerns(string noun) => noun == HeldNouns.RunCancel;

    public async Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await RefreshAsync(db, [.. news.Select(e => e.Id).Distinct()], cancellationToken);
    }

    /// <summary>Reads these again, and forgets those whose run has ended.</summary>
    internal async Task RefreshAsync(ConsoleDbContext db, IReadOnlyCollection<Guid> runs, CancellationToken cancellationToken)
    {
        foreach (var ids in runs.Chunk(500))
        {
            var rows = await Rows(db, db.RunCancels.Where(c => ids.Contains(c.RunId))).ToListAsync(cancellationToken);
            foreach (var row in rows)
                Take(row);
            foreach (var gone in ids.Except(rows.Select(r => r.Cancel.RunId)))
                Remove(gone); // retention took the run
        }
    }

    private static IQueryable<RowWithRun> Rows(ConsoleDbContext db, IQueryable<RunCancel> cancels) =>
        from cancel in cancels.AsNoTracking()
        join run in db.Runs.AsNoTracking() on new { cancel.OrganizationId, Id = cancel.RunId } equals new { run.OrganizationId, run.Id }
        select new RowWithRun(cancel, run.ExternalId, run.Status);

    private void Take(RowWithRun row)
    {
        if (RunCancel.IsOpen(row.Cancel.StateOf(row.Status, clock.GetUtcNow())))
            Put(row.Cancel, row.ExternalId);
        else
            Remove(row.Cancel.RunId);
    }

    private sealed record RowWithRun(RunCancel Cancel, string? ExternalId, RunStatus Status);
}
