using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Spend;

public enum ReratingState
{
    /// <summary>Its rows are being written.</summary>
    Planning,

    /// <summary>Looked at and not applied; expires after an hour.</summary>
    Planned,
    Applying,
    Done,
    Expired,
}

/// <summary>A period priced anew: first a plan with its digest, then exactly that plan, run by run, resumable after a kill.</summary>
public sealed class Rerating
{
    public Guid OrganizationId { get; init; }
    public Guid Id { get; init; }
    public ReratingState State { get; set; }
    public DateTimeOffset From { get; init; }
    public DateTimeOffset To { get; init; }
    public string? Model { get; init; }
    public bool IncludeReported { get; init; }

    /// <summary>SHA-256 over every run that changes, with its cost before and after.</summary>
    public string Digest { get; set; } = "";
    public DateTimeOffset PlannedAt { get; init; }
    public required string PlannedBy { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? AppliedAt { get; set; }
    public string? AppliedBy { get; set; }
    public string? Reason { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Runs of the period that were looked at.</summary>
    public long LookedAt { get; set; }

    /// <summary>Runs whose cost changes.</summary>
    public long Runs { get; set; }
    public long OldMicros { get; set; }
    public long NewMicros { get; set; }

    /// <summary>Totals by model, agent and team, as JSON.</summary>
    public string Groups { get; set; } = "{}";

    /// <summary>The last run that was dealt with.</summary>
    public Guid? Position { get; set; }
    public long Changed { get; set; }

    /// <summary>Runs that changed or went between plan and application, and were left as they are.</summary>
    public long Skipped { get; set; }
}

/// <summary>What a plan does to one run.</summary>
public sealed class ReratingRow
{
    public Guid OrganizationId { get; init; }
    public Guid ReratingId { get; init; }
    public Guid RunId { get; init; }
    public long? OldMicros { get; init; }
    public CostSource? OldSource { get; init; }
    public long? NewMicros { get; init; }
    public CostSource? NewSource { get; init; }

    /// <summary>What the new cost was made of; a run of which this is another by now is left as it is.</summary>
    public required string Basis { get; init; }

    public static string BasisOf(Run run) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{run.InputTokens}|{run.OutputTokens}|{(run.EndedAt is { } ended ? Utc.ToMicros(ended) : null)}|{run.Model}"
        );
}

internal sealed class ReratingConfiguration : IEntityTypeConfiguration<Rerating>
{
    public void Configure(EntityTypeBuilder<Rerating> rerating)
    {
        rerating.ToTable("reratings").HasKey(r => new { r.OrganizationId, r.Id });
        rerating.Property(r => r.Id).ValueGeneratedNever();
        rerating.Property(r => r.State).HasConversion(KebabCase.Converter<ReratingState>()).HasMaxLength(16).IsConcurrencyToken();
        rerating.Property(r => r.Model).HasMaxLength(100);
        rerating.Property(r => r.Digest).HasMaxLength(64);
        rerating.Property(r => r.PlannedBy).HasMaxLength(256);
        rerating.Property(r => r.AppliedBy).HasMaxLength(256);
        rerating.Property(r => r.Reason).HasMaxLength(500);
        rerating.HasOne<Organization>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        // One is applied at a time.
        rerating.HasIndex(r => r.OrganizationId).IsUnique().HasFilter("state = 'applying'").HasDatabaseName("ux_reratings_applying");
    }
}

internal sealed class ReratingRowConfiguration : IEntityTypeConfiguration<ReratingRow>
{
    public void Configure(EntityTypeBuilder<ReratingRow> row)
    {
        row.ToTable("rerating_rows")
            .HasKey(r => new
            {
                r.OrganizationId,
                r.ReratingId,
                r.RunId,
            });
        row.Property(r => r.OldSource).HasConversion(KebabCase.Converter<CostSource>()).HasMaxLength(16);
        row.Property(r => r.NewSource).HasConversion(KebabCase.Converter<CostSource>()).HasMaxLength(16);
        row.Property(r => r.Basis).HasMaxLength(200);
        row.HasOne<Rerating>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.ReratingId }).OnDelete(DeleteBehavior.Cascade);
    }
}

/// <summary>Tables of this feature.</summary>
public static class SpendTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Rerating> Reratings => db.Set<Rerating>();
        public DbSet<ReratingRow> ReratingRows => db.Set<ReratingRow>();
    }
}
