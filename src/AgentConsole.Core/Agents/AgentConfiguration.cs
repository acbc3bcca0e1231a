using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Agents;

internal sealed class AgentConfiguration : IEntityTypeConfiguration<Agent>
{
    public void Configure(EntityTypeBuilder<Agent> agent)
    {
        agent.ToTable("agents").HasKey(a => new { a.OrganizationId, a.Id });
        agent.Property(a => a.Id).ValueGeneratedNever();
        agent.Property(a => a.Slug).HasMaxLength(100);
        agent.Property(a => a.DisplayName).HasMaxLength(200);
        agent.Property(a => a.Description).HasMaxLength(2000);
        agent.Property(a => a.Environment).HasMaxLength(60);
        agent.Property(a => a.Version).HasMaxLength(100);
        agent.Property(a => a.SeenVersion).HasMaxLength(100);
        agent.Property(a => a.SeenInstance).HasMaxLength(100);
        agent.Property(a => a.CreatedBy).HasMaxLength(256);
        agent.Property(a => a.HealthReason).HasMaxLength(300);
        agent.Property(a => a.LastRunStatus).HasMaxLength(16);
        agent.Property(a => a.Tags).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        agent
            .Property(a => a.Scopes)
            .HasConversion(JsonText.Converter<Dictionary<string, List<string>>>(), JsonText.Comparer<Dictionary<string, List<string>>>());
        agent.Property(a => a.Redactions).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        agent.Property(a => a.Lifecycle).HasConversion(KebabCase.Converter<Lifecycle>()).HasMaxLength(16);
        agent.Property(a => a.LifecycleBefore).HasConversion(KebabCase.Converter<Lifecycle>()).HasMaxLength(16);
        agent.Property(a => a.Liveness).HasConversion(KebabCase.Converter<Liveness>()).HasMaxLength(16);
        agent.Property(a => a.Health).HasConversion(KebabCase.Converter<Health>()).HasMaxLength(16);
        agent.Property(a => a.CaptureMode).HasConversion(KebabCase.Converter<CaptureMode>()).HasMaxLength(16);
        agent.HasOne<Team>().WithMany().HasForeignKey(a => new { a.OrganizationId, a.TeamId }).OnDelete(DeleteBehavior.Restrict);
        agent.HasIndex(a => new { a.OrganizationId, a.Slug }).IsUnique().HasFilter("deleted_at IS NULL").HasDatabaseName("ux_agents_slug");
        agent.HasIndex(a => new
        {
            a.OrganizationId,
            a.TeamId,
            a.Slug,
        });
        agent.HasIndex(a => new { a.OrganizationId, a.OwnerId });
        agent.Property(a => a.Attention).HasComputedColumnSql(Agent.AttentionSql, stored: true);
        agent.Property(a => a.SeenOrder).HasComputedColumnSql("COALESCE(last_seen_at, 0)", stored: true);
        agent.Property(a => a.SearchText).HasMaxLength(301);
        // Serve the fleet in its own order, "needs attention first", and by name. They hold all that a filter asks for, so that a filter over
        // 100,000 agents reads one index from end to end and no row.
        agent
            .HasIndex(a => new
            {
                a.OrganizationId,
                a.Attention,
                a.Slug,
                a.TeamId,
                a.Lifecycle,
                a.Liveness,
                a.Health,
                a.OwnerId,
                a.Environment,
                a.SearchText,
                a.Id,
            })
            .HasFilter("deleted_at IS NULL")
            .HasDatabaseName("ix_agents_attention");
        agent
            .HasIndex(a => new
            {
                a.OrganizationId,
                a.Slug,
                a.TeamId,
                a.Lifecycle,
                a.Liveness,
                a.Health,
                a.OwnerId,
                a.Environment,
                a.SearchText,
                a.Id,
            })
            .HasFilter("deleted_at IS NULL")
            .HasDatabaseName("ix_agents_list");
        agent
            .HasIndex(a => new
            {
                a.OrganizationId,
                a.SeenOrder,
                a.Id,
            })
            .HasFilter("deleted_at IS NULL")
            .HasDatabaseName("ix_agents_seen");
        agent
            .HasIndex(a => new
            {
                a.OrganizationId,
                a.Attention,
                a.Slug,
                a.Id,
            })
            .HasFilter("deleted_at IS NOT NULL")
            .HasDatabaseName("ix_agents_deleted");
        // Finds what falls due across all organizations; only agents of which something is expected are in it.
        agent.HasIndex(a => a.LivenessDeadline).HasFilter("liveness_deadline IS NOT NULL").HasDatabaseName("ix_agents_due");
    }
}

internal sealed class AgentTagConfiguration : IEntityTypeConfiguration<AgentTag>
{
    public void Configure(EntityTypeBuilder<AgentTag> tag)
    {
        tag.ToTable("agent_tags")
            .HasKey(t => new
            {
                t.OrganizationId,
                t.Tag,
                t.AgentId,
            });
        tag.Property(t => t.Tag).HasMaxLength(60);
        tag.HasOne<Agent>().WithMany().HasForeignKey(t => new { t.OrganizationId, t.AgentId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class LivenessChangeConfiguration : IEntityTypeConfiguration<LivenessChange>
{
    public void Configure(EntityTypeBuilder<LivenessChange> change)
    {
        change.ToTable("liveness_changes").HasKey(c => new { c.OrganizationId, c.Id });
        change.Property(c => c.Id).ValueGeneratedNever();
        change.Property(c => c.From).HasConversion(KebabCase.Converter<Liveness>()).HasMaxLength(16);
        change.Property(c => c.To).HasConversion(KebabCase.Converter<Liveness>()).HasMaxLength(16);
        change.HasIndex(c => new
        {
            c.OrganizationId,
            c.AgentId,
            c.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class AgentTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Agent> Agents => db.Set<Agent>();
        public DbSet<AgentTag> AgentTags => db.Set<AgentTag>();
        public DbSet<LivenessChange> LivenessChanges => db.Set<LivenessChange>();
    }

    /// <summary>The one with this id, deleted or not, or the undeleted one with this slug.</summary>
    public static IQueryable<Agent> Named(this IQueryable<Agent> agents, string idOrSlug) =>
        IdText.TryParse(IdText.Agent, idOrSlug, out var id)
            ? agents.Where(a => a.Id == id)
            : agents.Where(a => a.Slug == idOrSlug && a.DeletedAt == null);

    /// <summary>Those with this text in slug or display name, whatever its case.</summary>
    public static IQueryable<Agent> Containing(this IQueryable<Agent> agents, string text)
    {
        var folded = text.ToLowerInvariant();
        return agents.Where(a => a.SearchText.Contains(folded));
    }

    /// <summary>Only agents this actor may see, deleted ones included; team scope is part of the query.</summary>
    public static IQueryable<Agent> VisibleTo(this IQueryable<Agent> agents, Actor actor, Permission permission = Permission.ReadFleet)
    {
        var organization = actor.OrganizationId;
        agents = agents.Where(a => a.OrganizationId == organization);
        if (actor.AgentId is { } own)
            return agents.Where(a => a.Id == own);
        var scope = actor.TeamsWith(permission);
        if (scope.All)
            return agents;
        if (scope.Ids is [var only])
            return agents.Where(a => a.TeamId == only); // an equality keeps the order of an index that a list of values would lose
        var teams = scope.Ids;
        return agents.Where(a => teams.Contains(a.TeamId));
    }
}
