using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Sinks;

internal sealed class SinkConfiguration : IEntityTypeConfiguration<SecretSink>
{
    public void Configure(EntityTypeBuilder<SecretSink> sink)
    {
        sink.ToTable("secret_sinks").HasKey(s => new { s.OrganizationId, s.Id });
        sink.Property(s => s.Id).ValueGeneratedNever();
        sink.Property(s => s.Name).HasMaxLength(SinkInput.MostName);
        sink.Property(s => s.Kind).HasConversion(KebabCase.Converter<SinkKind>()).HasMaxLength(16);
        sink.Property(s => s.Settings).HasConversion(JsonText.Converter<SinkSettings>(), JsonText.Comparer<SinkSettings>());
        sink.Property(s => s.LastCode).HasMaxLength(60);
        sink.Property(s => s.LastProblem).HasMaxLength(SinkDeliveries.MostProblem);
        sink.Property(s => s.UpdatedBy).HasMaxLength(256);
        sink.Ignore(s => s.Target);
        sink.HasOne<Organization>().WithMany().HasForeignKey(s => s.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        sink.HasOne<Team>().WithMany().HasForeignKey(s => new { s.OrganizationId, s.TeamId }).OnDelete(DeleteBehavior.Restrict);
        // A name is unique among those of its team, and among those of the organization; a null is no value that an index could hold to be unique.
        sink.HasIndex(s => new
            {
                s.OrganizationId,
                s.TeamId,
                s.Name,
            })
            .IsUnique()
            .HasFilter("team_id IS NOT NULL")
            .HasDatabaseName("ux_secret_sinks_team_name");
        sink.HasIndex(s => new { s.OrganizationId, s.Name })
            .IsUnique()
            .HasFilter("team_id IS NULL")
            .HasDatabaseName("ux_secret_sinks_organization_name");
    }
}

/// <summary>Tables of this feature.</summary>
public static class SinkTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<SecretSink> SecretSinks => db.Set<SecretSink>();
    }

    /// <summary>Those of teams in which the actor manages keys, and of the organization for who manages that.</summary>
    public static IQueryable<SecretSink> ManagedBy(this IQueryable<SecretSink> sinks, Actor by)
    {
        var (organization, everywhere) = (by.OrganizationId, by.MayEverywhere(Permission.ManageOrganization));
        sinks = sinks.Where(s => s.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ManageKeys);
        if (scope.All)
            return everywhere ? sinks : sinks.Where(s => s.TeamId != null);
        var teams = scope.Ids;
        return sinks.Where(s => s.TeamId == null ? everywhere : teams.Contains(s.TeamId.Value));
    }
}
