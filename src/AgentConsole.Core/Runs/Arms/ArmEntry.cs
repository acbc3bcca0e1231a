using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Runs.Arms;

/// <summary>
/// What one run adds to an arm of an open rollout, or, with a negative sign, takes back from it. Written in the transaction of the report; the rollout folds it
/// into its figures and removes it.
/// </summary>
public sealed class ArmEntry
{
    public Guid OrganizationId { get; init; }
    public Guid RolloutId { get; init; }

    /// <summary>In order of writing.</summary>
    public Guid Id { get; init; }
    public Guid RunId { get; init; }
    public bool IsCanary { get; init; }

    /// <summary>1, or -1 for what it had added before it changed.</summary>
    public int Sign { get; init; }

    /// <summary>By which it belongs to a step.</summary>
    public DateTimeOffset StartedAt { get; init; }
    public bool Failed { get; init; }
    public bool ToolFailed { get; init; }
    public bool Blocked { get; init; }
    public long? DurationMs { get; init; }
    public long? CostMicros { get; init; }

    /// <summary>The plan's fields in their order, in millionths, joined by commas; nothing between commas where the run has none. Null without fields.</summary>
    public string? Fields { get; init; }

    /// <summary>For raw statements; a test holds them equal to the model.</summary>
    public static readonly IReadOnlyList<RawColumn<ArmEntry>> Columns =
    [
        new("organization_id", e => e.OrganizationId),
        new("rollout_id", e => e.RolloutId),
        new("id", e => e.Id),
        new("run_id", e => e.RunId),
        new("is_canary", e => e.IsCanary),
        new("sign", e => (long)e.Sign),
        new("started_at", e => Utc.ToMicros(e.StartedAt)),
        new("failed", e => e.Failed),
        new("tool_failed", e => e.ToolFailed),
        new("blocked", e => e.Blocked),
        new("duration_ms", e => e.DurationMs),
        new("cost_micros", e => e.CostMicros),
        new("fields", e => e.Fields),
    ];
}

internal sealed class ArmEntryConfiguration : IEntityTypeConfiguration<ArmEntry>
{
    public void Configure(EntityTypeBuilder<ArmEntry> entry)
    {
        entry
            .ToTable("arm_entries")
            .HasKey(e => new
            {
                e.OrganizationId,
                e.RolloutId,
                e.Id,
            });
        entry.Property(e => e.Id).ValueGeneratedNever();
    }
}

/// <summary>Tables of this feature.</summary>
public static class ArmTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<ArmEntry> ArmEntries => db.Set<ArmEntry>();
    }
}
