using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Data;

/// <param name="Provider"><c>sqlite</c> or <c>postgres</c>.</param>
/// <param name="Bytes">Size of the database on its disk.</param>
/// <param name="Schema">The newest migration that was applied.</param>
public sealed record StoreFacts(string Provider, long Bytes, string Schema);

/// <summary>What the store says of itself.</summary>
public sealed class StoreFigures(ConsoleStore store, IStoreEngine engine)
{
    public async Task<StoreFacts> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var bytes = engine.Provider switch
        {
            "sqlite" => await db
                .Database.SqlQuery<long>($"SELECT page_count * page_size AS \"Value\" FROM pragma_page_count(), pragma_page_size()")
                .SingleAsync(cancellationToken),
            _ => await db
                .Database.SqlQuery<long>($"SELECT pg_database_size(current_database()) AS \"Value\"")
                .SingleAsync(cancellationToken),
        };
        var applied = await db.Database.GetAppliedMigrationsAsync(cancellationToken);
        return new StoreFacts(engine.Provider, bytes, applied.LastOrDefault() ?? "");
    }
}
