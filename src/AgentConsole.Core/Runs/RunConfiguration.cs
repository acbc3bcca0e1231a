using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Runs;

internal sealed class RunConfiguration : IEntityTypeConfiguration<Run>
{
    private const string NotCompleted = "status <> 'completed'";

    public void Configure(EntityTypeBuilder<Run> run)
    {
        // No foreign keys: telemetry outlives its subject, and the agent was checked when its key was.
        run.ToTable("runs").HasKey(r => new { r.OrganizationId, r.Id });
        run.Property(r => r.Id).ValueGeneratedNever();
        run.Property(r => r.Status).HasConversion(KebabCase.Converter<RunStatus>()).HasMaxLength(16);
        run.Property(r => r.ExternalId).HasMaxLength(200);
        run.Property(r => r.Version).HasMaxLength(100);
        run.Property(r => r.Gateway).HasMaxLength(100);
        run.Property(r => r.Model).HasMaxLength(100);
        run.Property(r => r.Summary).HasMaxLength(500);
        run.Property(r => r.Error).HasMaxLength(4000);
        run.Property(r => r.ErrorCode).HasMaxLength(100);
        run.Property(r => r.CostSource).HasConversion(KebabCase.Converter<CostSource>()).HasMaxLength(16);
        run.Property(r => r.CaptureMode).HasMaxLength(16);
        // Newest first is a walk backwards: with ascending ids SQLite splits a full page at its end and fills it; descending, it split at nearly every insert.
        // The external id stands before the agent, so that a search by it needs no agent.
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.ExternalId,
                r.AgentId,
            })
            .IsUnique()
            .HasFilter("external_id IS NOT NULL")
            .HasDatabaseName("ux_runs_external_id");
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.AgentId,
                r.Id,
            })
            .HasDatabaseName("ix_runs_agent");
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.TeamId,
                r.Id,
            })
            .HasDatabaseName("ix_runs_team");
        // Completed runs are wherever one looks; the others are rare, and found at once by these without a cost for each completed run.
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.Status,
                r.Id,
            })
            .HasFilter(NotCompleted)
            .HasDatabaseName("ix_runs_status");
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.AgentId,
                r.Status,
                r.Id,
            })
            .HasFilter(NotCompleted)
            .HasDatabaseName("ix_runs_agent_status");
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.TeamId,
                r.Status,
                r.Id,
            })
            .HasFilter(NotCompleted)
            .HasDatabaseName("ix_runs_team_status");
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.ErrorCode,
                r.Id,
            })
            .HasFilter("error_code IS NOT NULL")
            .HasDatabaseName("ix_runs_error_code");
        run.HasIndex(r => new { r.OrganizationId, r.ParentRunId }).HasFilter("parent_run_id IS NOT NULL").HasDatabaseName("ix_runs_parent");
        // Finds what ended in a period and has something to rate.
        run.HasIndex(r => new
            {
                r.OrganizationId,
                r.FinishedAt,
                r.Id,
            })
            .HasFilter("finished_at IS NOT NULL AND cost_source IS NOT NULL")
            .HasDatabaseName("ix_runs_rated");
        // Finds open runs whose lease ran out.
        run.HasIndex(r => r.LeaseDeadline).HasFilter("lease_deadline IS NOT NULL").HasDatabaseName("ix_runs_due");
    }
}

internal sealed class RunEventConfiguration : IEntityTypeConfiguration<RunEvent>
{
    public void Configure(EntityTypeBuilder<RunEvent> step)
    {
        step.ToTable("run_events")
            .HasKey(e => new
            {
                e.OrganizationId,
                e.RunId,
                e.Id,
            });
        step.Property(e => e.Id).ValueGeneratedNever();
        step.Property(e => e.Kind).HasConversion(KebabCase.Converter<RunEventKind>()).HasMaxLength(16);
        step.Property(e => e.Decision).HasConversion(KebabCase.Converter<Decision>()).HasMaxLength(16);
        step.Property(e => e.ExternalId).HasMaxLength(200);
        step.Property(e => e.Parent).HasMaxLength(200);
        step.Property(e => e.Name).HasMaxLength(200);
        step.Property(e => e.Status).HasMaxLength(8);
        step.Property(e => e.Role).HasMaxLength(16);
        step.Property(e => e.Model).HasMaxLength(100);
        step.Property(e => e.Error).HasMaxLength(4000);
        step.HasIndex(e => new
            {
                e.OrganizationId,
                e.RunId,
                e.ExternalId,
            })
            .IsUnique()
            .HasFilter("external_id IS NOT NULL")
            .HasDatabaseName("ux_run_events_external_id");
        // Finds a step by the id that was printed, without its run.
        step.HasIndex(e => new { e.OrganizationId, e.Id }).HasDatabaseName("ix_run_events_id");
        // Says whether a run holds decisions, and is then kept; most hold none.
        step.HasIndex(e => new { e.OrganizationId, e.RunId }).HasFilter("decision IS NOT NULL").HasDatabaseName("ix_run_events_decision");
        // Finds content that retention has not taken yet, without a walk over all the steps from which it has.
        step.HasIndex(e => new
            {
                e.OrganizationId,
                e.RunId,
                e.Id,
            })
            .HasFilter("payload IS NOT NULL AND decision IS NULL")
            .HasDatabaseName("ix_run_events_content");
    }
}

internal sealed class RunRollupConfiguration : IEntityTypeConfiguration<RunRollup>
{
    public void Configure(EntityTypeBuilder<RunRollup> rollup)
    {
        rollup
            .ToTable("run_rollups")
            .HasKey(r => new
            {
                r.OrganizationId,
                r.AgentId,
                r.Bucket,
                r.BucketSeconds,
                r.TeamId,
                r.Version,
                r.Gateway,
                r.Model,
            });
        rollup.Property(r => r.Model).HasMaxLength(100);
        rollup.Property(r => r.Version).HasMaxLength(100);
        rollup.Property(r => r.Gateway).HasMaxLength(100);
        rollup.HasIndex(r => new { r.OrganizationId, r.Bucket }).HasDatabaseName("ix_run_rollups_bucket");
    }
}

internal sealed class RollupBaseConfiguration : IEntityTypeConfiguration<RollupBase>
{
    public void Configure(EntityTypeBuilder<RollupBase> rollup)
    {
        rollup
            .ToTable("rollup_bases")
            .HasKey(r => new
            {
                r.OrganizationId,
                r.AgentId,
                r.Bucket,
                r.BucketSeconds,
                r.TeamId,
                r.Version,
                r.Gateway,
                r.Model,
            });
        rollup.Property(r => r.Model).HasMaxLength(100);
        rollup.Property(r => r.Version).HasMaxLength(100);
        rollup.Property(r => r.Gateway).HasMaxLength(100);
    }
}

/// <summary>Tables of this feature.</summary>
public static class RunTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Run> Runs => db.Set<Run>();
        public DbSet<RunEvent> RunEvents => db.Set<RunEvent>();
        public DbSet<RunRollup> RunRollups => db.Set<RunRollup>();
        public DbSet<RollupBase> RollupBases => db.Set<RollupBase>();
    }

    /// <summary>Only runs this actor may see; team scope is part of the query.</summary>
    public static IQueryable<Run> VisibleTo(this IQueryable<Run> runs, Actor actor)
    {
        var organization = actor.OrganizationId;
        runs = runs.Where(r => r.OrganizationId == organization);
        if (actor.AgentId is { } own)
            return runs.Where(r => r.AgentId == own);
        var scope = actor.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return runs;
        var teams = scope.Ids;
        return runs.Where(r => teams.Contains(r.TeamId));
    }
}
