using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Data;

/// <summary>Something in memory that must be complete before the first request: an index, a directory.</summary>
public interface ILoadAtStart
{
    Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken);
}

/// <summary>Opens the store: schema up to date, master key the right one, everything that lives in memory read. Once per process, before the doors open.</summary>
public sealed class ConsoleStartup(
    IStoreEngine engine,
    IDbContextFactory<ConsoleDbContext> contexts,
    WriteGate gate,
    MasterKey master,
    IEnumerable<ILoadAtStart> loads
)
{
    private const string PepperFact = "pepper_id";

    /// <exception cref="InvalidOperationException">One clear line that names the setting.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        using (await gate.EnterAsync(cancellationToken))
        {
            await engine.MigrateAsync(db, cancellationToken);
            await ComparePepperAsync(db, cancellationToken);
        }
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        foreach (var load in loads)
            await load.LoadAsync(db, cancellationToken);
    }

    private async Task ComparePepperAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var fact = await db.StoreFacts.AsNoTracking().SingleOrDefaultAsync(f => f.Name == PepperFact, cancellationToken);
        if (fact is null)
        {
            db.Add(new StoreFact { Name = PepperFact, Value = master.PepperId });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException e) when (engine.IsUniqueViolation(e))
            {
                // Another node wrote it in the same moment; compare with what it wrote.
                db.ChangeTracker.Clear();
                await ComparePepperAsync(db, cancellationToken);
            }
            return;
        }
        if (fact.Value != master.PepperId)
        {
            throw new InvalidOperationException(
                $"AgentConsole:Secrets:MasterKeyFile: this is not the master key of this store (it has {master.PepperId}, the store was made with {fact.Value}). Restore the right key file; with another one no stored secret can be checked."
            );
        }
    }
}
