using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Drift;

internal sealed class AgentInstanceConfiguration : IEntityTypeConfiguration<AgentInstance>
{
    public void Configure(EntityTypeBuilder<AgentInstance> instance)
    {
        instance
            .ToTable("agent_instances")
            .HasKey(i => new
            {
                i.OrganizationId,
                i.AgentId,
                i.Caller,
            });
        instance.Property(i => i.Caller).HasMaxLength(16);
        instance.Property(i => i.Instance).HasMaxLength(120);
        instance.Property(i => i.UserAgent).HasMaxLength(256);
        instance.Property(i => i.Address).HasMaxLength(64);
        instance.Property(i => i.Version).HasMaxLength(100);
        instance.HasOne<Agent>().WithMany().HasForeignKey(i => new { i.OrganizationId, i.AgentId }).OnDelete(DeleteBehavior.Cascade);
        // Serves one agent's, the last heard of first, and finds those that are too many.
        instance.HasIndex(i => new
        {
            i.OrganizationId,
            i.AgentId,
            i.LastSeenAt,
        });
        // Serves the evaluation, which looks back an hour, and finds those that are silent for too long.
        instance.HasIndex(i => new { i.OrganizationId, i.LastSeenAt }).HasDatabaseName("ix_agent_instances_seen");
    }
}

internal sealed class AgentDriftConfiguration : IEntityTypeConfiguration<AgentDrift>
{
    public void Configure(EntityTypeBuilder<AgentDrift> drift)
    {
        drift.ToTable("agent_drifts").HasKey(d => new { d.OrganizationId, d.AgentId });
        drift.Property(d => d.Kind).HasConversion(KebabCase.Converter<DriftKind>()).HasMaxLength(16);
        drift.Property(d => d.Reason).HasMaxLength(AgentDrift.MostReason);
        drift.HasOne<Agent>().WithMany().HasForeignKey(d => new { d.OrganizationId, d.AgentId }).OnDelete(DeleteBehavior.Cascade);
        // Serves the list of those that drift now; only they are in it.
        drift
            .HasIndex(d => new
            {
                d.OrganizationId,
                d.Since,
                d.AgentId,
            })
            .HasFilter("drifting")
            .HasDatabaseName("ix_agent_drifts_drifting");
    }
}

/// <summary>Tables of this feature.</summary>
public static class DriftTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<AgentInstance> AgentInstances => db.Set<AgentInstance>();
        public DbSet<AgentDrift> AgentDrifts => db.Set<AgentDrift>();
    }
}
