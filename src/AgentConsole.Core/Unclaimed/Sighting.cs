using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Unclaimed;

public enum SightingState
{
    /// <summary>Waits for somebody to claim or block it.</summary>
    Open,

    /// <summary>Its reports are refused with <c>agent_blocked</c>.</summary>
    Blocked,
}

/// <summary>A name under which somebody reports with a good API token though no agent of that name is registered.</summary>
public sealed class Sighting : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Sighting, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>The token that was used; its teams decide who sees the sighting.</summary>
    public Guid TokenId { get; init; }

    /// <summary>In small letters; good for a slug.</summary>
    public required string Name { get; init; }
    public SightingState State { get; set; }
    public string? Reason { get; set; }
    public string? BlockedBy { get; set; }
    public DateTimeOffset? BlockedAt { get; set; }
    public DateTimeOffset FirstSeenAt { get; init; }
    public long Revision { get; set; } = 1;

    // Telemetry, written in groups with its own statements and not counted in Revision.
    public DateTimeOffset LastSeenAt { get; set; }
    public long Count { get; set; }
    public string? Address { get; set; }
    public string? UserAgent { get; set; }

    /// <summary><c>run</c> or <c>heartbeat</c>.</summary>
    public required string LastKind { get; set; }
    public string? LastStatus { get; set; }
    public long InputTokens { get; set; }
    public long OutputTokens { get; set; }
    public long CostMicros { get; set; }
}

internal sealed class SightingConfiguration : IEntityTypeConfiguration<Sighting>
{
    public void Configure(EntityTypeBuilder<Sighting> sighting)
    {
        sighting.ToTable("sightings").HasKey(s => new { s.OrganizationId, s.Id });
        sighting.Property(s => s.Id).ValueGeneratedNever();
        sighting.Property(s => s.Name).HasMaxLength(100);
        sighting.Property(s => s.State).HasConversion(KebabCase.Converter<SightingState>()).HasMaxLength(16);
        sighting.Property(s => s.Reason).HasMaxLength(500);
        sighting.Property(s => s.BlockedBy).HasMaxLength(256);
        sighting.Property(s => s.Address).HasMaxLength(64);
        sighting.Property(s => s.UserAgent).HasMaxLength(256);
        sighting.Property(s => s.LastKind).HasMaxLength(16);
        sighting.Property(s => s.LastStatus).HasMaxLength(16);
        sighting
            .HasIndex(s => new
            {
                s.OrganizationId,
                s.TokenId,
                s.Name,
            })
            .IsUnique()
            .HasDatabaseName("ux_sightings_name");
        // Serves the list, newest first.
        sighting.HasIndex(s => new
        {
            s.OrganizationId,
            s.State,
            s.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class UnclaimedTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Sighting> Sightings => db.Set<Sighting>();
    }
}
