using System.Data.Common;
using System.Threading.Channels;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.Live;

/// <summary>What this node tells the others: rows in the transaction of the change, and one notice after it. Does nothing with a single writer.</summary>
public sealed class NodeOutbox(IStoreEngine engine)
{
    /// <summary>Most runs of one agent in one commit that are told by a row each; more stand in one row together.</summary>
    private const int MostRunsOfAgent = 20;

    private readonly Channel<long> _notices = Channel.CreateBounded<long>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    /// <summary>This process, among those that share the store.</summary>
    public Guid Node { get; } = Guid.NewGuid();

    public bool IsShared => engine.Nodes is not null;

    /// <summary>Positions to wake the other nodes for; the newest only.</summary>
    internal ChannelReader<long> Notices => _notices.Reader;

    /// <summary>Writes the events for the other nodes within the open transaction; hand the answer to <see cref="Announce"/> after the commit.</summary>
    public async Task<long> WriteAsync(
        DbConnection connection,
        DbTransaction transaction,
        IEnumerable<LiveEvent> events,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        if (engine.Nodes is not { } nodes)
            return 0;
        var rows = Fold(events)
            .Select(told => new LiveOutboxRow
            {
                Node = Node,
                Noun = told.Event.Noun,
                OrganizationId = told.Event.OrganizationId,
                TeamId = told.Event.TeamId,
                AgentId = told.Event.AgentId,
                SubjectId = told.Event.Id,
                At = at,
                Others = told.Others,
            })
            .ToList();
        return rows.Count == 0 ? 0 : await nodes.WriteAsync(connection, transaction, rows, cancellationToken);
    }

    /// <summary>Wakes the other nodes, off the caller's path and at most once for commits that follow closely.</summary>
    /// <param name="position">From <see cref="WriteAsync"/>; 0 is nothing.</param>
    public void Announce(long position)
    {
        if (position > 0)
            _notices.Writer.TryWrite(position);
    }

    private static IEnumerable<(LiveEvent Event, byte[]? Others)> Fold(IEnumerable<LiveEvent> events)
    {
        foreach (
            var same in events
                .DistinctBy(e => (e.Noun, e.OrganizationId, e.TeamId, e.AgentId, e.Id))
                .GroupBy(e => (e.Noun, e.OrganizationId, e.TeamId, e.AgentId))
        )
        {
            var list = same.ToList();
            if (same.Key.Noun == "run" && list.Count > MostRunsOfAgent)
                yield return (list[^1], Bytes(list));
            else
                foreach (var one in list)
                    yield return (one, null);
        }
    }

    // All but the last, which the row names itself.
    private static byte[] Bytes(List<LiveEvent> events)
    {
        var bytes = new byte[(events.Count - 1) * 16];
        for (var i = 0; i < events.Count - 1; i++)
            events[i].Id.TryWriteBytes(bytes.AsSpan(i * 16), bigEndian: true, out _);
        return bytes;
    }
}
