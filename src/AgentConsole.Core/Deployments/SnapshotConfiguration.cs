using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Deployments;

internal sealed class SnapshotConfiguration : IEntityTypeConfiguration<Snapshot>
{
    public void Configure(EntityTypeBuilder<Snapshot> snapshot)
    {
        snapshot.ToTable("snapshots").HasKey(s => new { s.OrganizationId, s.Id });
        snapshot.Property(s => s.Id).ValueGeneratedNever();
        snapshot.Property(s => s.Environment).HasMaxLength(60);
        snapshot.Property(s => s.Version).HasMaxLength(Snapshot.MostVersion);
        snapshot.Property(s => s.RolledBackVersion).HasMaxLength(Snapshot.MostVersion);
        snapshot.Property(s => s.Status).HasConversion(KebabCase.Converter<SnapshotStatus>()).HasMaxLength(16);
        snapshot.Property(s => s.Outcome).HasConversion(KebabCase.Converter<SnapshotOutcome>()).HasMaxLength(16);
        snapshot.Property(s => s.Trigger).HasConversion(KebabCase.Converter<SnapshotTrigger>()).HasMaxLength(16);
        snapshot.Property(s => s.Move).HasConversion(KebabCase.Converter<SnapshotMove>()).HasMaxLength(16);
        snapshot.Property(s => s.AgentSlug).HasMaxLength(100);
        snapshot.Property(s => s.Digest).HasMaxLength(64);
        snapshot.Property(s => s.Reason).HasMaxLength(500);
        snapshot.Property(s => s.DeployedBy).HasMaxLength(256);
        snapshot.HasOne<Agent>().WithMany().HasForeignKey(s => new { s.OrganizationId, s.AgentId }).OnDelete(DeleteBehavior.Restrict);
        snapshot.HasOne<Team>().WithMany().HasForeignKey(s => new { s.OrganizationId, s.TeamId }).OnDelete(DeleteBehavior.Restrict);
        snapshot
            .HasOne<DefinitionVersion>()
            .WithMany()
            .HasForeignKey(s => new
            {
                s.OrganizationId,
                s.AgentId,
                s.DefinitionNumber,
            })
            .OnDelete(DeleteBehavior.Restrict);
        // One current of each status, whatever two people deploy at once.
        snapshot
            .HasIndex(s => new
            {
                s.OrganizationId,
                s.AgentId,
                s.Environment,
                s.Status,
            })
            .IsUnique()
            .HasFilter("outcome = 'current'")
            .HasDatabaseName("ux_snapshots_current");
        // Serve an agent's history and a team's, newest first.
        snapshot.HasIndex(s => new
        {
            s.OrganizationId,
            s.AgentId,
            s.Id,
        });
        snapshot.HasIndex(s => new
        {
            s.OrganizationId,
            s.TeamId,
            s.Id,
        });
        // Serve lists of whoever sees some teams only, and of what became of them.
        snapshot.HasIndex(s => new
        {
            s.OrganizationId,
            s.VisibleTeamId,
            s.Id,
        });
        snapshot.HasIndex(s => new
        {
            s.OrganizationId,
            s.Outcome,
            s.Id,
        });
        // The timeline: its lanes in their order, what lies in a window without a look at the rows, and what was there when it begins.
        snapshot
            .HasIndex(s => new
            {
                s.OrganizationId,
                s.VisibleTeamId,
                s.AgentSlug,
                s.Environment,
                s.AgentId,
            })
            .HasFilter("outcome = 'current'")
            .HasDatabaseName("ix_snapshots_lanes");
        snapshot
            .HasIndex(s => new
            {
                s.OrganizationId,
                s.AgentId,
                s.DeployedAt,
                s.Environment,
                s.Status,
                s.Move,
                s.VisibleTeamId,
                s.Id,
            })
            .HasDatabaseName("ix_snapshots_window");
        snapshot
            .HasIndex(s => new
            {
                s.OrganizationId,
                s.AgentId,
                s.Environment,
                s.Status,
                s.DeployedAt,
                s.Id,
            })
            .HasDatabaseName("ix_snapshots_before");
        // Serves the search for a printed digest.
        snapshot.HasIndex(s => new { s.OrganizationId, s.Digest });
    }
}

/// <summary>Tables of this feature.</summary>
public static class DeploymentTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Snapshot> Snapshots => db.Set<Snapshot>();
    }

    /// <summary>Only snapshots this actor may see: what is deployed now to agents in its teams, and what was to agents of its teams of that time.</summary>
    internal static IQueryable<Snapshot> VisibleTo(this IQueryable<Snapshot> snapshots, Actor by)
    {
        var organization = by.OrganizationId;
        snapshots = snapshots.Where(s => s.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return snapshots;
        if (scope.Ids is [var only])
            return snapshots.Where(s => s.VisibleTeamId == only); // an equality keeps the order of an index that a list of values would lose
        var teams = scope.Ids;
        return snapshots.Where(s => teams.Contains(s.VisibleTeamId));
    }
}
