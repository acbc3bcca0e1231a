using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Freezes;

internal sealed class FreezeConfiguration : IEntityTypeConfiguration<Freeze>
{
    public void Configure(EntityTypeBuilder<Freeze> freeze)
    {
        freeze.ToTable("freezes").HasKey(f => new { f.OrganizationId, f.Id });
        freeze.Property(f => f.Id).ValueGeneratedNever();
        freeze.Property(f => f.Name).HasMaxLength(FreezeInput.MostName);
        freeze.Property(f => f.Environment).HasMaxLength(60);
        freeze.Property(f => f.Cron).HasMaxLength(Freeze.MostCron);
        freeze.Property(f => f.Zone).HasMaxLength(Zones.MaxLength);
        freeze.Property(f => f.OverrideRole).HasConversion(KebabCase.Converter<OverrideRole>()).HasMaxLength(16);
        freeze.Property(f => f.Reason).HasMaxLength(FreezeInput.MostReason);
        freeze.Property(f => f.CreatedBy).HasMaxLength(256);
        freeze.Property(f => f.UpdatedBy).HasMaxLength(256);
        freeze.HasOne<Organization>().WithMany().HasForeignKey(f => f.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        freeze.HasOne<Team>().WithMany().HasForeignKey(f => new { f.OrganizationId, f.TeamId }).OnDelete(DeleteBehavior.Restrict);
        // A team's among themselves, and the organization's: nobody learns from a name that is taken what another team has.
        freeze
            .HasIndex(f => new
            {
                f.OrganizationId,
                f.TeamId,
                f.Name,
            })
            .IsUnique()
            .HasFilter("team_id IS NOT NULL")
            .HasDatabaseName("ux_freezes_team_name");
        freeze
            .HasIndex(f => new { f.OrganizationId, f.Name })
            .IsUnique()
            .HasFilter("team_id IS NULL")
            .HasDatabaseName("ux_freezes_organization_name");
        // The order of the list.
        freeze.HasIndex(f => new
        {
            f.OrganizationId,
            f.Name,
            f.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class FreezeTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Freeze> Freezes => db.Set<Freeze>();
    }

    /// <summary>Those of teams that the actor sees, and those of the organization, which concern everybody.</summary>
    internal static IQueryable<Freeze> VisibleTo(this IQueryable<Freeze> freezes, Actor by)
    {
        var (organization, scope) = (by.OrganizationId, by.TeamsWith(Permission.ReadFleet));
        freezes = freezes.Where(f => f.OrganizationId == organization);
        if (scope.All)
            return freezes;
        var teams = scope.Ids;
        return freezes.Where(f => f.TeamId == null || teams.Contains(f.TeamId.Value));
    }
}
