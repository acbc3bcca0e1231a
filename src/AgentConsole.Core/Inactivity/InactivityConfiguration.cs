using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Inactivity;

internal sealed class InactivityPolicyConfiguration : IEntityTypeConfiguration<InactivityPolicy>
{
    public void Configure(EntityTypeBuilder<InactivityPolicy> policy)
    {
        policy.ToTable("inactivity_policies").HasKey(p => new { p.OrganizationId, p.Id });
        policy.Property(p => p.Id).ValueGeneratedNever();
        policy.Property(p => p.Sign).HasConversion(KebabCase.Converter<InactivitySign>()).HasMaxLength(16);
        policy.Property(p => p.Action).HasConversion(KebabCase.Converter<InactivityAction>()).HasMaxLength(16);
        policy.Property(p => p.Lifecycles).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        policy.Property(p => p.Tags).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        policy.Property(p => p.Environment).HasMaxLength(60);
        policy.Property(p => p.UpdatedBy).HasMaxLength(256);
        // One of the organization, and one of each team; a null is no value that an index could hold to be unique.
        policy
            .HasIndex(p => new { p.OrganizationId, p.TeamId })
            .IsUnique()
            .HasFilter("team_id IS NOT NULL")
            .HasDatabaseName("ux_inactivity_policies_team");
        policy
            .HasIndex(p => p.OrganizationId)
            .IsUnique()
            .HasFilter("team_id IS NULL")
            .HasDatabaseName("ux_inactivity_policies_organization");
    }
}

internal sealed class InactivityExemptionConfiguration : IEntityTypeConfiguration<InactivityExemption>
{
    public void Configure(EntityTypeBuilder<InactivityExemption> exemption)
    {
        exemption.ToTable("inactivity_exemptions").HasKey(e => new { e.OrganizationId, e.Id });
        exemption.Property(e => e.Id).ValueGeneratedNever();
        exemption.Property(e => e.Tag).HasMaxLength(60);
        exemption.Property(e => e.Reason).HasMaxLength(500);
        exemption.Property(e => e.CreatedBy).HasMaxLength(256);
        exemption
            .HasOne<InactivityPolicy>()
            .WithMany()
            .HasForeignKey(e => new { e.OrganizationId, e.PolicyId })
            .OnDelete(DeleteBehavior.Cascade);
        exemption.HasIndex(e => new
        {
            e.OrganizationId,
            e.PolicyId,
            e.Id,
        });
    }
}

internal sealed class InactivityWarningConfiguration : IEntityTypeConfiguration<InactivityWarning>
{
    public void Configure(EntityTypeBuilder<InactivityWarning> warning)
    {
        warning.ToTable("inactivity_warnings").HasKey(w => new { w.OrganizationId, w.AgentId });
        warning.Property(w => w.Action).HasConversion(KebabCase.Converter<InactivityAction>()).HasMaxLength(16);
        warning
            .HasOne<InactivityPolicy>()
            .WithMany()
            .HasForeignKey(w => new { w.OrganizationId, w.PolicyId })
            .OnDelete(DeleteBehavior.Cascade);
        warning.HasIndex(w => new
        {
            w.OrganizationId,
            w.PolicyId,
            w.DueAt,
        });
        // Counts what was done within a day.
        warning.HasIndex(w => new
        {
            w.OrganizationId,
            w.PolicyId,
            w.ActedAt,
        });
    }
}

internal sealed class InactivityBrakeConfiguration : IEntityTypeConfiguration<InactivityBrake>
{
    public void Configure(EntityTypeBuilder<InactivityBrake> brake)
    {
        brake.ToTable("inactivity_brakes").HasKey(b => new { b.OrganizationId, b.PolicyId });
        brake.Property(b => b.ConfirmedBy).HasMaxLength(256);
        brake
            .HasOne<InactivityPolicy>()
            .WithMany()
            .HasForeignKey(b => new { b.OrganizationId, b.PolicyId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ConsoleGapConfiguration : IEntityTypeConfiguration<ConsoleGap>
{
    public void Configure(EntityTypeBuilder<ConsoleGap> gap)
    {
        gap.ToTable("console_gaps").HasKey(g => g.From);
        gap.Property(g => g.From).ValueGeneratedNever();
    }
}

/// <summary>Tables of this feature.</summary>
public static class InactivityTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<InactivityPolicy> InactivityPolicies => db.Set<InactivityPolicy>();
        public DbSet<InactivityExemption> InactivityExemptions => db.Set<InactivityExemption>();
        public DbSet<InactivityWarning> InactivityWarnings => db.Set<InactivityWarning>();
        public DbSet<InactivityBrake> InactivityBrakes => db.Set<InactivityBrake>();
        public DbSet<ConsoleGap> ConsoleGaps => db.Set<ConsoleGap>();
    }
}
