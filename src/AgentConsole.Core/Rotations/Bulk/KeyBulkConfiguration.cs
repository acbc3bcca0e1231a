using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Rotations.Bulk;

internal sealed class KeyBulkConfiguration : IEntityTypeConfiguration<KeyBulk>
{
    public void Configure(EntityTypeBuilder<KeyBulk> bulk)
    {
        bulk.ToTable("key_bulks").HasKey(b => new { b.OrganizationId, b.Id });
        bulk.Property(b => b.Id).ValueGeneratedNever();
        bulk.Property(b => b.Action).HasConversion(KebabCase.Converter<KeyBulkAction>()).HasMaxLength(16);
        bulk.Property(b => b.State).HasConversion(KebabCase.Converter<KeyBulkState>()).HasMaxLength(16);
        bulk.Property(b => b.WorkerKind).HasConversion(KebabCase.Converter<ActorKind>()).HasMaxLength(20);
        bulk.Property(b => b.WorkerMethod).HasConversion(KebabCase.Converter<AuthMethod>()).HasMaxLength(20);
        bulk.Property(b => b.Sink).HasMaxLength(100);
        bulk.Property(b => b.Reason).HasMaxLength(500);
        bulk.Property(b => b.Digest).HasMaxLength(64);
        bulk.Property(b => b.MakerLabel).HasMaxLength(256);
        bulk.Property(b => b.WorkerLabel).HasMaxLength(256);
        bulk.Property(b => b.Stopped).HasMaxLength(300);
        bulk.Ignore(b => b.Pending);
        bulk.HasOne<Organization>().WithMany().HasForeignKey(b => b.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        bulk.HasIndex(b => b.CreatedAt); // finds what has been kept long enough
        // Finds what nobody works on any more.
        bulk.HasIndex(b => b.LeaseUntil).HasFilter("state = 'working'").HasDatabaseName("ix_key_bulks_working");
    }
}

internal sealed class KeyBulkRowConfiguration : IEntityTypeConfiguration<KeyBulkRow>
{
    public void Configure(EntityTypeBuilder<KeyBulkRow> row)
    {
        row.ToTable("key_bulk_rows")
            .HasKey(r => new
            {
                r.OrganizationId,
                r.BulkId,
                r.Ordinal,
            });
        row.Property(r => r.Ordinal).ValueGeneratedNever();
        row.Property(r => r.Agent).HasMaxLength(100);
        row.Property(r => r.KeyName).HasMaxLength(100);
        row.Property(r => r.Effect).HasConversion(KebabCase.Converter<KeyBulkEffect>()).HasMaxLength(16);
        row.Property(r => r.Outcome).HasConversion(KebabCase.Converter<KeyBulkOutcome>()).HasMaxLength(16);
        row.Property(r => r.Code).HasMaxLength(60);
        row.Property(r => r.Detail).HasMaxLength(500);
        row.HasOne<KeyBulk>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.BulkId }).OnDelete(DeleteBehavior.Cascade);
        // Serves the worker, which takes the next of an outcome, and the lists by outcome.
        row.HasIndex(r => new
        {
            r.OrganizationId,
            r.BulkId,
            r.Outcome,
            r.Ordinal,
        });
        row.HasIndex(r => new
        {
            r.OrganizationId,
            r.BulkId,
            r.Effect,
            r.Ordinal,
        });
        // Finds secrets that have been kept long enough.
        row.HasIndex(r => r.IssuedAt).HasFilter("sealed IS NOT NULL").HasDatabaseName("ix_key_bulk_rows_sealed");
    }
}

/// <summary>Tables of bulk acts on keys.</summary>
public static class KeyBulkTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<KeyBulk> KeyBulks => db.Set<KeyBulk>();
        public DbSet<KeyBulkRow> KeyBulkRows => db.Set<KeyBulkRow>();
    }

    /// <summary>Those that this actor made, and all of the organization's for whoever reads everything in it.</summary>
    internal static IQueryable<KeyBulk> VisibleTo(this IQueryable<KeyBulk> bulks, Actor by)
    {
        var organization = by.OrganizationId;
        bulks = bulks.Where(b => b.OrganizationId == organization && b.State != KeyBulkState.Discarded);
        if (by.MayEverywhere(Permission.ReadFleet))
            return bulks;
        var me = by.Id ?? Guid.Empty;
        return bulks.Where(b => b.MakerId == me);
    }

    /// <summary>Rows about keys of teams that the actor sees, and those that name no key.</summary>
    internal static IQueryable<KeyBulkRow> VisibleTo(this IQueryable<KeyBulkRow> rows, Actor by, KeyBulk bulk)
    {
        var (organization, id) = (bulk.OrganizationId, bulk.Id);
        rows = rows.Where(r => r.OrganizationId == organization && r.BulkId == id);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return rows;
        var teams = scope.Ids.Select(team => (Guid?)team).ToArray();
        return rows.Where(r => r.TeamId == null || teams.Contains(r.TeamId));
    }
}
