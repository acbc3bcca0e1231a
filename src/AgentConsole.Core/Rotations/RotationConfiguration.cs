using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Rotations;

internal sealed class RotationConfiguration : IEntityTypeConfiguration<Rotation>
{
    public void Configure(EntityTypeBuilder<Rotation> rotation)
    {
        rotation.ToTable("rotations").HasKey(r => new { r.OrganizationId, r.Id });
        rotation.Property(r => r.Id).ValueGeneratedNever();
        rotation.Property(r => r.State).HasConversion(KebabCase.Converter<RotationState>()).HasMaxLength(16);
        rotation.Property(r => r.Trigger).HasConversion(KebabCase.Converter<RotationTrigger>()).HasMaxLength(16);
        rotation.Property(r => r.Reason).HasMaxLength(500);
        rotation.Property(r => r.Sink).HasMaxLength(100);
        rotation.Property(r => r.CreatedBy).HasMaxLength(256);
        rotation.Property(r => r.IssuedBy).HasMaxLength(256);
        rotation.Property(r => r.HeldBy).HasMaxLength(256);
        rotation.Property(r => r.OverriddenBy).HasMaxLength(256);
        rotation.Property(r => r.OverrideReason).HasMaxLength(500);
        rotation.Property(r => r.Failure).HasMaxLength(500);
        rotation.HasOne<AgentKey>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.KeyId }).OnDelete(DeleteBehavior.Restrict);
        // One open rotation per key, whatever two key owners press at once.
        rotation
            .HasIndex(r => new { r.OrganizationId, r.KeyId })
            .IsUnique()
            .HasFilter("closed_at IS NULL")
            .HasDatabaseName("ux_rotations_open");
        // Serves the watch, which looks at every open one in turn.
        rotation.HasIndex(r => r.Id).HasFilter("closed_at IS NULL").HasDatabaseName("ix_rotations_watched");
        // Serves a key's history, newest first.
        rotation.HasIndex(r => new
        {
            r.OrganizationId,
            r.KeyId,
            r.Id,
        });
        rotation.HasIndex(r => new
        {
            r.OrganizationId,
            r.AgentId,
            r.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class RotationTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Rotation> Rotations => db.Set<Rotation>();
    }

    /// <summary>A key of an agent that the actor may see, both as they are called in an address.</summary>
    internal static async Task<Outcome<(Agent Agent, AgentKey Key)>> KeyOfAsync(
        ConsoleDbContext db,
        Actor by,
        string agentIdOrSlug,
        string keyId,
        CancellationToken cancellationToken
    )
    {
        var agent = await db.Agents.AsNoTracking().VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        return
            IdText.TryParse(IdText.Key, keyId, out var id)
            && await db.AgentKeys.FirstOrDefaultAsync(
                k => k.OrganizationId == agent.OrganizationId && k.AgentId == agent.Id && k.Id == id,
                cancellationToken
            )
                is { } key
            ? (agent, key)
            : KeyProblems.NotFound;
    }

    /// <summary>Only rotations this actor may see: open ones of agents in its teams, closed ones of its teams of their time.</summary>
    internal static IQueryable<Rotation> VisibleTo(this IQueryable<Rotation> rotations, Actor actor, IQueryable<Agent> agents)
    {
        var organization = actor.OrganizationId;
        rotations = rotations.Where(r => r.OrganizationId == organization);
        if (actor.AgentId is { } own)
            return rotations.Where(r => r.AgentId == own);
        var scope = actor.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return rotations;
        var teams = scope.Ids;
        return rotations.Where(r =>
            r.ClosedAt != null
                ? teams.Contains(r.TeamId)
                : agents.Any(a => a.OrganizationId == r.OrganizationId && a.Id == r.AgentId && teams.Contains(a.TeamId))
        );
    }

    internal static IQueryable<Rotation> OpenOf(ConsoleDbContext db, AgentKey key) =>
        db.Rotations.Where(r => r.OrganizationId == key.OrganizationId && r.KeyId == key.Id && r.ClosedAt == null);

    internal static Task<List<KeyVersion>> VersionsOfAsync(ConsoleDbContext db, AgentKey key, CancellationToken cancellationToken) =>
        db
            .KeyVersions.Where(v => v.OrganizationId == key.OrganizationId && v.KeyId == key.Id)
            .OrderBy(v => v.Number)
            .ToListAsync(cancellationToken);
}
