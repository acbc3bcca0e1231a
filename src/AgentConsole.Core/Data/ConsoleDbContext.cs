using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Data;

/// <summary>A row whose edits are counted; the count is the ETag and the concurrency token on both databases.</summary>
public interface IRevised
{
    long Revision { get; set; }
}

/// <summary>The one model of both databases. It knows no feature: each brings its configurations and tables.</summary>
public sealed class ConsoleDbContext(DbContextOptions<ConsoleDbContext> options, IStoreEngine engine)
    : IdentityUserContext<User, Guid, IdentityUserClaim<Guid>, IdentityUserLogin<Guid>, IdentityUserToken<Guid>, Passkey>(options)
{
    // A record's place in the chain is its key and is known only at the save: until then it waits here, untracked.
    private readonly List<TrailRecord> _unlinked = [];

    private readonly HashSet<HeldRow> _changedHeld = [];
    private readonly HashSet<FollowedRow> _followed = [];

    public IStoreEngine Engine => engine;

    /// <summary>Rows that nodes hold in memory and that were saved through this context.</summary>
    internal IReadOnlyCollection<HeldRow> ChangedHeld => _changedHeld;

    /// <summary>Rows that others are computed from and that were saved through this context.</summary>
    internal IReadOnlyCollection<FollowedRow> Followed => _followed;

    /// <summary>Puts the record at the end of its organization's chain with the next save.</summary>
    internal void AddTrail(TrailRecord record) => _unlinked.Add(record);

    // Identity reads its schema version from the application's services; with these it is the same at run time and in the migration tool.
    private static readonly IServiceProvider ModelServices = new ServiceCollection()
        .Configure<IdentityOptions>(identity => identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3)
        .BuildServiceProvider();

    /// <summary>What both engines set on their options.</summary>
    public static void ConfigureModel(DbContextOptionsBuilder options) => options.UseApplicationServiceProvider(ModelServices);

    /// <summary>Counts revisions and links the trail, then saves. Trail records need an open write transaction.</summary>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        foreach (var entry in ChangeTracker.Entries<IRevised>())
        {
            if (entry.State == EntityState.Modified)
                entry.Entity.Revision++;
            if (entry.State is EntityState.Added or EntityState.Modified && entry.Entity is IFollowed followed)
                _followed.Add(followed.Followed);
        }
        foreach (var entry in ChangeTracker.Entries<IHeldInMemory>())
        {
            if (entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted)
                _changedHeld.Add(entry.Entity.Held);
        }
        await LinkTrailAsync(cancellationToken);
        return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess) =>
        throw new NotSupportedException("Writes are asynchronous and go through ConsoleStore.");

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<DateTimeOffset>().HaveConversion<UtcMicrosConverter>();
        if (engine.StoresGuidsAsBytes)
            conventions.Properties<Guid>().HaveConversion<BigEndianGuidConverter>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("user_claims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("user_logins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("user_tokens");
        builder.ApplyConfigurationsFromAssembly(typeof(ConsoleDbContext).Assembly);
        foreach (var entity in builder.Model.GetEntityTypes())
        {
            if (typeof(IRevised).IsAssignableFrom(entity.ClrType))
                entity.FindProperty(nameof(IRevised.Revision))!.IsConcurrencyToken = true;
            if (entity.IsMappedToJson())
                continue;
            foreach (var property in entity.GetProperties())
                property.SetColumnName(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }

    private async Task LinkTrailAsync(CancellationToken cancellationToken)
    {
        var added = _unlinked.ToList();
        _unlinked.Clear();
        foreach (var chain in added.GroupBy(r => r.OrganizationId))
        {
            if (Database.CurrentTransaction is null)
                throw new InvalidOperationException("A trail record is written inside a write transaction only.");
            await engine.LockTrailHeadAsync(this, chain.Key, cancellationToken);
            var head = ChangeTracker.Entries<TrailHead>().FirstOrDefault(e => e.Entity.OrganizationId == chain.Key) is { } known
                ? known.Entity
                : await this.TrailHeads.SingleOrDefaultAsync(h => h.OrganizationId == chain.Key, cancellationToken);
            if (head is null)
                Add(head = new TrailHead { OrganizationId = chain.Key });
            foreach (var record in chain)
            {
                record.Link(head.Seq + 1, head.Hash);
                head.Seq = record.Seq;
                head.Hash = record.Hash;
                Add(record);
            }
        }
    }
}

internal sealed class UtcMicrosConverter() : ValueConverter<DateTimeOffset, long>(at => Utc.ToMicros(at), micros => Utc.FromMicros(micros));

/// <summary>16 bytes, most significant first, so that SQLite's byte order is the order of creation.</summary>
internal sealed class BigEndianGuidConverter() : ValueConverter<Guid, byte[]>(id => id.ToByteArray(true), bytes => new Guid(bytes, true));
