using System.Data.Common;

namespace AgentConsole.Core.Live;

/// <summary>How the nodes of a shared store hear of each other's commits. Only a database with several writers has one.</summary>
public interface INodeChannel
{
    /// <summary>Writes the rows within the connection's open transaction.</summary>
    /// <returns>The last position that was given.</returns>
    Task<long> WriteAsync(
        DbConnection connection,
        DbTransaction transaction,
        IReadOnlyCollection<LiveOutboxRow> rows,
        CancellationToken cancellationToken
    );

    /// <summary>Wakes the other nodes; outside of any transaction that matters.</summary>
    Task NotifyAsync(long position, CancellationToken cancellationToken);

    /// <summary>Opens a connection of its own that hears notices. It gives up after <paramref name="patience"/> on every question.</summary>
    Task<INodeEar> ListenAsync(TimeSpan patience, CancellationToken cancellationToken);

    /// <summary>Deletes rows that every node has read long ago.</summary>
    Task PurgeAsync(DateTimeOffset before, IReadOnlyCollection<string> exceptNouns, CancellationToken cancellationToken);
}

/// <summary>A node's open ear.</summary>
public interface INodeEar : IAsyncDisposable
{
    /// <summary>Every visible row whose transaction is not older than <paramref name="fromTransaction"/>, in order of transaction and position: of other nodes, and of this one those of <see cref="HeldNouns"/>.</summary>
    Task<NodeNews> ReadAsync(long fromTransaction, Guid thisNode, CancellationToken cancellationToken);

    /// <summary>Returns with the next notice, or when the time is over.</summary>
    Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);
}

/// <param name="Horizon">Every transaction below it has ended: its rows are complete. From it on, rows may still appear between those that are seen.</param>
public sealed record NodeNews(long Horizon, IReadOnlyList<LiveOutboxRow> Rows);
