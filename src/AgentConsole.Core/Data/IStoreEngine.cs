using System.Data.Common;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Data;

/// <summary>What differs between the databases. One implementation each in AgentConsole.Data.Sqlite and AgentConsole.Data.PostgreSql.</summary>
public interface IStoreEngine
{
    /// <summary><c>sqlite</c> or <c>postgres</c>, as in <c>AgentConsole:Store:Provider</c>.</summary>
    string Provider { get; }

    /// <summary>One process writes, and all writers queue at one gate (SQLite).</summary>
    bool HasSingleWriter { get; }

    /// <summary>How nodes hear of each other; null with a single writer.</summary>
    INodeChannel? Nodes { get; }

    bool StoresGuidsAsBytes { get; }

    void Configure(DbContextOptionsBuilder options);

    /// <summary>Opens a raw connection for prepared statements, set up like those of the contexts.</summary>
    Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Holds the end of the organization's chain until the transaction ends; nothing to do where the gate already does.</summary>
    Task LockTrailHeadAsync(ConsoleDbContext db, Guid organizationId, CancellationToken cancellationToken);

    /// <summary>Begins a transaction for reading in which the store stands still, without keeping writers out. Dispose it to end it.</summary>
    Task<IAsyncDisposable> BeginPictureAsync(ConsoleDbContext db, CancellationToken cancellationToken);

    /// <summary>Whether the save failed because a unique index refused it, that is, because of a lost race.</summary>
    bool IsUniqueViolation(Exception exception);

    /// <summary>Clears what a killed migration left behind, then brings the schema up to date.</summary>
    Task MigrateAsync(ConsoleDbContext db, CancellationToken cancellationToken);

    /// <summary>Tries what <see cref="MigrateAsync"/> would do, and leaves the store as it is.</summary>
    Task<MigrationRehearsal> RehearseMigrationAsync(CancellationToken cancellationToken);

    /// <summary>Whether there is a store in this place; makes none.</summary>
    Task<bool> ExistsAsync(CancellationToken cancellationToken);

    /// <summary>Writes a consistent copy of the whole database into a new file, while others may write to it.</summary>
    /// <exception cref="StoreCommandException">One line for the operator.</exception>
    Task<StoreCopy> CopyToAsync(string path, CancellationToken cancellationToken);

    /// <summary>Puts such a copy in the place of the database; it takes the file. Files that were there are moved to <paramref name="aside"/>.</summary>
    /// <exception cref="StoreCommandException">One line for the operator; nothing was changed then.</exception>
    Task RestoreFromAsync(string path, string aside, CancellationToken cancellationToken);
}
