using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Trail;

internal sealed class TrailRecordConfiguration : IEntityTypeConfiguration<TrailRecord>
{
    public void Configure(EntityTypeBuilder<TrailRecord> record)
    {
        // The key is the chain's own order; a fork cannot be stored.
        record.ToTable("trail_records").HasKey(r => new { r.OrganizationId, r.Seq });
        record.Property(r => r.Seq).ValueGeneratedNever();
        record.Property(r => r.ActorKind).HasConversion(KebabCase.Converter<ActorKind>()).HasMaxLength(20);
        record.Property(r => r.AuthMethod).HasConversion(KebabCase.Converter<AuthMethod>()).HasMaxLength(20);
        record.Property(r => r.Outcome).HasConversion(KebabCase.Converter<TrailOutcome>()).HasMaxLength(10);
        record.Property(r => r.Action).HasMaxLength(80);
        record.Property(r => r.TargetKind).HasMaxLength(40);
        record.Property(r => r.CorrelationId).HasMaxLength(64);
        record.HasIndex(r => new { r.OrganizationId, r.Id }).IsUnique().HasDatabaseName("ux_trail_records_id");
        record.HasIndex(r => new
        {
            r.OrganizationId,
            r.TeamId,
            r.Seq,
        });
        record.HasIndex(r => new
        {
            r.OrganizationId,
            r.TargetId,
            r.Seq,
        });
        record.HasIndex(r => new
        {
            r.OrganizationId,
            r.ActorId,
            r.Seq,
        });
        // Serves what one request did.
        record.HasIndex(r => new { r.OrganizationId, r.CorrelationId });
        // Serves filters by time, which would otherwise walk the chain from its end.
        record.HasIndex(r => new { r.OrganizationId, r.At });
    }
}

internal sealed class TrailHeadConfiguration : IEntityTypeConfiguration<TrailHead>
{
    public void Configure(EntityTypeBuilder<TrailHead> head) => head.ToTable("trail_heads").HasKey(h => h.OrganizationId);
}

/// <summary>Tables of this feature.</summary>
public static class TrailTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<TrailRecord> TrailRecords => db.Set<TrailRecord>();
        public DbSet<TrailHead> TrailHeads => db.Set<TrailHead>();
    }
}
