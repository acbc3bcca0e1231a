using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Deployments.Rollouts;

internal sealed class RolloutConfiguration : IEntityTypeConfiguration<Rollout>
{
    public void Configure(EntityTypeBuilder<Rollout> rollout)
    {
        rollout.ToTable("rollouts").HasKey(r => new { r.OrganizationId, r.Id });
        rollout.Property(r => r.Id).ValueGeneratedNever();
        rollout.Property(r => r.Environment).HasMaxLength(60);
        rollout.Property(r => r.StableVersion).HasMaxLength(Snapshot.MostVersion);
        rollout.Property(r => r.CanaryVersion).HasMaxLength(Snapshot.MostVersion);
        rollout.Property(r => r.Template).HasMaxLength(RolloutTemplate.MostName);
        rollout.Property(r => r.State).HasConversion(KebabCase.Converter<RolloutState>()).HasMaxLength(16);
        rollout.Property(r => r.Waits).HasConversion(KebabCase.Converter<RolloutWait>()).HasMaxLength(16);
        rollout.Property(r => r.Verdict).HasConversion(KebabCase.Converter<Verdict>()).HasMaxLength(16);
        rollout.Property(r => r.Reason).HasMaxLength(500);
        rollout.Property(r => r.StartedBy).HasMaxLength(256);
        rollout.Property(r => r.EndedBy).HasMaxLength(256);
        rollout.Property(r => r.EndedReason).HasMaxLength(500);
        rollout.HasOne<Agent>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.AgentId }).OnDelete(DeleteBehavior.Restrict);
        rollout.HasOne<Team>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.TeamId }).OnDelete(DeleteBehavior.Restrict);
        rollout
            .HasIndex(r => new
            {
                r.OrganizationId,
                r.AgentId,
                r.Environment,
            })
            .IsUnique()
            .HasFilter("ended_at IS NULL")
            .HasDatabaseName("ux_rollouts_open");
        rollout.HasIndex(r => new
        {
            r.OrganizationId,
            r.AgentId,
            r.Id,
        });
        // What the watch looks at, over all organizations.
        rollout.HasIndex(r => r.Id).HasFilter("ended_at IS NULL").HasDatabaseName("ix_rollouts_open");
    }
}

internal sealed class RolloutArmConfiguration : IEntityTypeConfiguration<RolloutArm>
{
    public void Configure(EntityTypeBuilder<RolloutArm> arm)
    {
        arm.ToTable("rollout_arms")
            .HasKey(a => new
            {
                a.OrganizationId,
                a.RolloutId,
                a.Step,
                a.IsCanary,
            });
        arm.HasOne<Rollout>().WithMany().HasForeignKey(a => new { a.OrganizationId, a.RolloutId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class RolloutDecisionConfiguration : IEntityTypeConfiguration<RolloutDecision>
{
    public void Configure(EntityTypeBuilder<RolloutDecision> decision)
    {
        decision
            .ToTable("rollout_decisions")
            .HasKey(d => new
            {
                d.OrganizationId,
                d.RolloutId,
                d.Number,
            });
        decision.Property(d => d.Verdict).HasConversion(KebabCase.Converter<Verdict>()).HasMaxLength(16);
        decision.Property(d => d.Act).HasConversion(KebabCase.Converter<RolloutMove>()).HasMaxLength(16);
        decision.Property(d => d.Digest).HasMaxLength(64);
        decision.HasOne<Rollout>().WithMany().HasForeignKey(d => new { d.OrganizationId, d.RolloutId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class RolloutTemplateConfiguration : IEntityTypeConfiguration<RolloutTemplate>
{
    public void Configure(EntityTypeBuilder<RolloutTemplate> template)
    {
        template.ToTable("rollout_templates").HasKey(t => new { t.OrganizationId, t.Id });
        template.Property(t => t.Id).ValueGeneratedNever();
        template.Property(t => t.Name).HasMaxLength(RolloutTemplate.MostName);
        template.Property(t => t.Description).HasMaxLength(RolloutTemplate.MostDescription);
        template.Property(t => t.UpdatedBy).HasMaxLength(256);
        template.HasOne<Organization>().WithMany().HasForeignKey(t => t.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        template.HasOne<Team>().WithMany().HasForeignKey(t => new { t.OrganizationId, t.TeamId }).OnDelete(DeleteBehavior.Restrict);
        // Two indexes: a null is equal to no other.
        template
            .HasIndex(t => new
            {
                t.OrganizationId,
                t.TeamId,
                t.Name,
            })
            .IsUnique()
            .HasFilter("team_id IS NOT NULL")
            .HasDatabaseName("ux_rollout_templates_team");
        template
            .HasIndex(t => new { t.OrganizationId, t.Name })
            .IsUnique()
            .HasFilter("team_id IS NULL")
            .HasDatabaseName("ux_rollout_templates_organization");
    }
}

/// <summary>Tables of this feature.</summary>
public static class RolloutTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Rollout> Rollouts => db.Set<Rollout>();
        public DbSet<RolloutArm> RolloutArms => db.Set<RolloutArm>();
        public DbSet<RolloutDecision> RolloutDecisions => db.Set<RolloutDecision>();
        public DbSet<RolloutTemplate> RolloutTemplates => db.Set<RolloutTemplate>();
    }

    /// <summary>Only rollouts this actor may see: open ones of agents in its teams, and what is over of agents of its teams of that time.</summary>
    internal static IQueryable<Rollout> VisibleTo(this IQueryable<Rollout> rollouts, Actor by, IQueryable<Agent> agents)
    {
        var organization = by.OrganizationId;
        rollouts = rollouts.Where(r => r.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return rollouts;
        var teams = scope.Ids;
        return rollouts.Where(r =>
            r.EndedAt == null
                ? agents.Any(a => a.OrganizationId == r.OrganizationId && a.Id == r.AgentId && teams.Contains(a.TeamId))
                : teams.Contains(r.TeamId)
        );
    }

    /// <summary>Only templates of this actor's teams and of the organization.</summary>
    internal static IQueryable<RolloutTemplate> VisibleTo(this IQueryable<RolloutTemplate> templates, Actor by)
    {
        var organization = by.OrganizationId;
        templates = templates.Where(t => t.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return templates;
        var teams = scope.Ids;
        return templates.Where(t => t.TeamId == null || teams.Contains(t.TeamId.Value));
    }
}
