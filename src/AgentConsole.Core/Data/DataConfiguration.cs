using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Data;

/// <summary>One fact of the installation by name: its id, the pepper's id, the last moment the console was alive.</summary>
public sealed class StoreFact
{
    public required string Name { get; init; }
    public required string Value { get; set; }
}

/// <summary>A key of ASP.NET Core Data Protection, encrypted under a key derived from the master key; shared by all nodes.</summary>
public sealed class DataProtectionKey
{
    public Guid Id { get; init; }
    public required string FriendlyName { get; init; }
    public required string Xml { get; init; }
}

internal sealed class StoreFactConfiguration : IEntityTypeConfiguration<StoreFact>
{
    public void Configure(EntityTypeBuilder<StoreFact> fact)
    {
        fact.ToTable("store_facts").HasKey(f => f.Name);
        fact.Property(f => f.Name).HasMaxLength(80);
    }
}

internal sealed class DataProtectionKeyConfiguration : IEntityTypeConfiguration<DataProtectionKey>
{
    public void Configure(EntityTypeBuilder<DataProtectionKey> key)
    {
        key.ToTable("data_protection_keys").HasKey(k => k.Id);
        key.Property(k => k.Id).ValueGeneratedNever();
    }
}

internal sealed class StoredRetryConfiguration : IEntityTypeConfiguration<StoredRetry>
{
    public void Configure(EntityTypeBuilder<StoredRetry> retry)
    {
        retry.ToTable("stored_retries").HasKey(r => new { r.OrganizationId, r.Scope });
        retry.HasIndex(r => r.ExpiresAt);
    }
}

/// <summary>Tables of the store itself.</summary>
public static class DataTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<StoreFact> StoreFacts => db.Set<StoreFact>();
        public DbSet<DataProtectionKey> DataProtectionKeys => db.Set<DataProtectionKey>();
        public DbSet<StoredRetry> StoredRetries => db.Set<StoredRetry>();
    }
}
