using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Runs;

/// <summary>Where a request to cancel a run stands.</summary>
public enum CancelState
{
    Requested,

    /// <summary>The agent said that it has heard.</summary>
    Acknowledged,

    /// <summary>The agent reported the run as <c>cancelled</c>.</summary>
    Cancelled,

    /// <summary>The run ended another way before the agent stopped it.</summary>
    FinishedFirst,

    /// <summary>Nothing was heard of the run for as long as a request stands.</summary>
    Expired,
}

/// <summary>
/// Somebody asked that a run be cancelled. The row holds what was asked and acknowledged; how it ended is read off the run itself, so that request and
/// run can never tell two stories.
/// </summary>
public sealed class RunCancel : IHeldInMemory
{
    /// <summary>How long a request stands when the run is never heard of again.</summary>
    public static readonly TimeSpan Stands = TimeSpan.FromDays(7);

    HeldRow IHeldInMemory.Held => new(HeldNouns.RunCancel, OrganizationId, RunId);

    public Guid OrganizationId { get; init; }
    public Guid RunId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>The run's team.</summary>
    public Guid TeamId { get; init; }

    /// <summary>The run that the person named; another one where this was included as its child.</summary>
    public Guid RootRunId { get; set; }
    public DateTimeOffset RequestedAt { get; set; }
    public Guid? RequestedById { get; set; }

    /// <summary>Who asked, as they were called then.</summary>
    public required string RequestedBy { get; set; }
    public string? Reason { get; set; }
    public DateTimeOffset? AcknowledgedAt { get; set; }

    public CancelState StateOf(RunStatus run, DateTimeOffset now) =>
        run == RunStatus.Cancelled ? CancelState.Cancelled
        : run.IsFinal() ? CancelState.FinishedFirst
        : now >= RequestedAt + Stands ? CancelState.Expired
        : AcknowledgedAt is not null ? CancelState.Acknowledged
        : CancelState.Requested;

    public static bool IsOpen(CancelState state) => state is CancelState.Requested or CancelState.Acknowledged;
}

internal sealed class RunCancelConfiguration : IEntityTypeConfiguration<RunCancel>
{
    public void Configure(EntityTypeBuilder<RunCancel> cancel)
    {
        // No foreign key: runs are telemetry, and this outlives them.
        cancel.ToTable("run_cancels").HasKey(c => new { c.OrganizationId, c.RunId });
        cancel.Property(c => c.RunId).ValueGeneratedNever();
        cancel.Property(c => c.RequestedBy).HasMaxLength(320);
        cancel.Property(c => c.Reason).HasMaxLength(500);
        // Serves the runs that were included with one.
        cancel.HasIndex(c => new { c.OrganizationId, c.RootRunId }).HasDatabaseName("ix_run_cancels_root");
        // Finds at the start what may still be open.
        cancel.HasIndex(c => c.RequestedAt).HasDatabaseName("ix_run_cancels_requested");
    }
}

/// <summary>Tables of this feature.</summary>
public static class RunCancelTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<RunCancel> RunCancels => db.Set<RunCancel>();
    }
}
