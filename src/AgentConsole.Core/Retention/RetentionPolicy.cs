using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Retention;

/// <summary>How long telemetry is kept, in days; null keeps it for ever.</summary>
/// <param name="Runs">Ended runs with their steps, by their received end; a run that holds decisions stays with them, its other steps go.</param>
/// <param name="Steps">Steps, by receipt; not longer than runs.</param>
/// <param name="Content">What steps hold of messages, arguments and results; not longer than steps.</param>
/// <param name="Liveness">Changes of agents' liveness.</param>
/// <param name="Sessions">Sessions of people that have ended.</param>
public sealed record RetentionLimits(int? Runs, int? Steps, int? Content, int? Liveness, int? Sessions)
{
    public bool Any => Runs is not null || Steps is not null || Content is not null || Liveness is not null || Sessions is not null;
}

/// <summary>An organization's limits, and the hold that stops every removal. Without a row everything is kept.</summary>
public sealed class RetentionPolicy : IRevised
{
    public Guid OrganizationId { get; init; }
    public int? RunDays { get; set; }
    public int? StepDays { get; set; }
    public int? ContentDays { get; set; }
    public int? LivenessDays { get; set; }
    public int? SessionDays { get; set; }

    /// <summary>Nothing is removed while it stands.</summary>
    public bool LegalHold { get; set; }
    public string? HoldReason { get; set; }
    public DateTimeOffset ChangedAt { get; set; }
    public required string ChangedBy { get; set; }
    public long Revision { get; set; }

    public RetentionLimits Limits => new(RunDays, StepDays, ContentDays, LivenessDays, SessionDays);
}

public enum PurgeState
{
    Running,
    Done,

    /// <summary>A hold or a changed policy ended it.</summary>
    Stopped,
}

/// <summary>Kinds in the order in which they go: steps before their runs, so that a run with many goes in small parts.</summary>
public enum PurgePhase
{
    Steps,
    Runs,
    Contents,
    Liveness,
    Sessions,

    /// <summary>Nothing is left to look for.</summary>
    Over,
}

/// <summary>A row that may go; only steps have a run.</summary>
internal readonly record struct PurgeKey(Guid RunId, Guid Id);

/// <summary>
/// One time that retention was applied: what it was told, how far it is, what it removed. Counts and position change with each part that is removed,
/// in the same transaction.
/// </summary>
public sealed class Purge
{
    public Guid OrganizationId { get; init; }
    public Guid Id { get; init; }
    public PurgeState State { get; set; }
    public long PolicyRevision { get; init; }
    public int? RunDays { get; init; }
    public int? StepDays { get; init; }
    public int? ContentDays { get; init; }
    public int? LivenessDays { get; init; }
    public int? SessionDays { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; set; }
    public long Runs { get; set; }
    public long Steps { get; set; }
    public long Contents { get; set; }
    public long LivenessChanges { get; set; }
    public long Sessions { get; set; }

    /// <summary>What goes now, and the last row of it that was dealt with: whoever goes on, also after a restart or on another node, begins there.</summary>
    public PurgePhase Phase { get; set; }
    public Guid? PositionRunId { get; set; }
    public Guid? PositionId { get; set; }

    internal PurgeKey Position => new(PositionRunId ?? Guid.Empty, PositionId ?? Guid.Empty);
    public RetentionLimits Limits => new(RunDays, StepDays, ContentDays, LivenessDays, SessionDays);
    public long Removed => Runs + Steps + Contents + LivenessChanges + Sessions;
}

internal sealed class RetentionPolicyConfiguration : IEntityTypeConfiguration<RetentionPolicy>
{
    public void Configure(EntityTypeBuilder<RetentionPolicy> policy)
    {
        policy.ToTable("retention_policies").HasKey(p => p.OrganizationId);
        policy.Property(p => p.OrganizationId).ValueGeneratedNever();
        policy.Property(p => p.HoldReason).HasMaxLength(500);
        policy.Property(p => p.ChangedBy).HasMaxLength(256);
        policy.Ignore(p => p.Limits);
        policy.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class PurgeConfiguration : IEntityTypeConfiguration<Purge>
{
    public void Configure(EntityTypeBuilder<Purge> purge)
    {
        purge.ToTable("purges").HasKey(p => new { p.OrganizationId, p.Id });
        purge.Property(p => p.Id).ValueGeneratedNever();
        purge.Property(p => p.State).HasConversion(KebabCase.Converter<PurgeState>()).HasMaxLength(16);
        purge.Property(p => p.Phase).HasConversion(KebabCase.Converter<PurgePhase>()).HasMaxLength(16);
        purge.Ignore(p => p.Limits);
        purge.Ignore(p => p.Removed);
        purge.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        // One at a time, whatever two nodes begin.
        purge.HasIndex(p => p.OrganizationId).IsUnique().HasFilter("finished_at IS NULL").HasDatabaseName("ux_purges_running");
    }
}

/// <summary>Tables of this feature.</summary>
public static class RetentionTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<RetentionPolicy> RetentionPolicies => db.Set<RetentionPolicy>();
        public DbSet<Purge> Purges => db.Set<Purge>();
    }
}
