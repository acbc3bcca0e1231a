using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Rotations.Schedules;

internal sealed class RotationPolicyConfiguration : IEntityTypeConfiguration<RotationPolicy>
{
    public void Configure(EntityTypeBuilder<RotationPolicy> policy)
    {
        policy.ToTable("rotation_policies").HasKey(p => new { p.OrganizationId, p.Id });
        policy.Property(p => p.Id).ValueGeneratedNever();
        policy.Property(p => p.Environment).HasMaxLength(60);
        policy.Property(p => p.Scope).HasMaxLength(120);
        policy.Property(p => p.UpdatedBy).HasMaxLength(256);
        policy.Ignore(p => p.Level);
        policy.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        policy.HasIndex(p => new { p.OrganizationId, p.Scope }).IsUnique().HasDatabaseName("ux_rotation_policies_scope");
    }
}

internal sealed class SchedulePassConfiguration : IEntityTypeConfiguration<SchedulePass>
{
    public void Configure(EntityTypeBuilder<SchedulePass> pass)
    {
        pass.ToTable("schedule_passes").HasKey(p => p.OrganizationId);
        pass.Property(p => p.OrganizationId).ValueGeneratedNever();
    }
}

internal sealed class CalendarLinkConfiguration : IEntityTypeConfiguration<CalendarLink>
{
    public void Configure(EntityTypeBuilder<CalendarLink> link)
    {
        link.ToTable("calendar_links").HasKey(l => new { l.OrganizationId, l.Id });
        link.Property(l => l.Id).ValueGeneratedNever();
        link.Property(l => l.Name).HasMaxLength(100);
        link.HasOne<Organization>().WithMany().HasForeignKey(l => l.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        link.HasIndex(l => l.Hash).IsUnique().HasDatabaseName("ux_calendar_links_hash");
        link.HasIndex(l => new
        {
            l.OrganizationId,
            l.UserId,
            l.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class ScheduleTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<RotationPolicy> RotationPolicies => db.Set<RotationPolicy>();
        public DbSet<SchedulePass> SchedulePasses => db.Set<SchedulePass>();
        public DbSet<CalendarLink> CalendarLinks => db.Set<CalendarLink>();
    }
}
