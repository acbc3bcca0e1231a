using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Gateways;

internal sealed class GatewayConfiguration : IEntityTypeConfiguration<Gateway>
{
    public void Configure(EntityTypeBuilder<Gateway> gateway)
    {
        gateway.ToTable("gateways").HasKey(g => new { g.OrganizationId, g.Id });
        gateway.Property(g => g.Id).ValueGeneratedNever();
        gateway.Property(g => g.Name).HasMaxLength(Gateway.MostName);
        gateway.Property(g => g.Description).HasMaxLength(Gateway.MostDescription);
        gateway.Property(g => g.Region).HasMaxLength(Gateway.MostPlace);
        gateway.Property(g => g.Environment).HasMaxLength(Gateway.MostPlace);
        gateway.Property(g => g.Url).HasMaxLength(OutgoingAddress.MaxLength);
        gateway.Property(g => g.RoutingBy).HasMaxLength(256);
        gateway.Property(g => g.RoutingReason).HasMaxLength(Gateway.MostReason);
        gateway.Property(g => g.Health).HasConversion(KebabCase.Converter<GatewayHealth>()).HasMaxLength(16);
        gateway.Property(g => g.HealthProblem).HasMaxLength(Gateway.MostProblem);
        gateway.Property(g => g.UpdatedBy).HasMaxLength(256);
        gateway.HasOne<Organization>().WithMany().HasForeignKey(g => g.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        gateway.HasOne<Team>().WithMany().HasForeignKey(g => new { g.OrganizationId, g.TeamId }).OnDelete(DeleteBehavior.Restrict);
        // The order of the list, too.
        gateway.HasIndex(g => new { g.OrganizationId, g.Name }).IsUnique().HasDatabaseName("ux_gateways_name");
        // Finds what is to be probed across all organizations; only probed ones are in it.
        gateway.HasIndex(g => g.ProbeDue).HasFilter("probe_due IS NOT NULL").HasDatabaseName("ix_gateways_probe_due");
    }
}

internal sealed class GatewayLinkConfiguration : IEntityTypeConfiguration<GatewayLink>
{
    public void Configure(EntityTypeBuilder<GatewayLink> link)
    {
        link.ToTable("gateway_links")
            .HasKey(l => new
            {
                l.OrganizationId,
                l.GatewayId,
                l.AgentId,
            });
        link.Property(l => l.LinkedBy).HasMaxLength(256);
        link.HasOne<Gateway>().WithMany().HasForeignKey(l => new { l.OrganizationId, l.GatewayId }).OnDelete(DeleteBehavior.Restrict);
        link.HasOne<Agent>().WithMany().HasForeignKey(l => new { l.OrganizationId, l.AgentId }).OnDelete(DeleteBehavior.Cascade);
        link.HasIndex(l => new { l.OrganizationId, l.AgentId });
    }
}

/// <summary>Tables of this feature.</summary>
public static class GatewayTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Gateway> Gateways => db.Set<Gateway>();
        public DbSet<GatewayLink> GatewayLinks => db.Set<GatewayLink>();
    }

    /// <summary>The one with this id or this name.</summary>
    public static IQueryable<Gateway> Named(this IQueryable<Gateway> gateways, string idOrName) =>
        IdText.TryParse(IdText.Gateway, idOrName, out var id) ? gateways.Where(g => g.Id == id) : gateways.Where(g => g.Name == idOrName);

    /// <summary>Those of the actor's teams and of the organization.</summary>
    public static IQueryable<Gateway> VisibleTo(this IQueryable<Gateway> gateways, Actor actor)
    {
        var (organization, scope) = (actor.OrganizationId, actor.TeamsWith(Permission.ReadFleet));
        gateways = gateways.Where(g => g.OrganizationId == organization);
        if (scope.All)
            return gateways;
        var teams = scope.Ids;
        return gateways.Where(g => g.TeamId == null || teams.Contains(g.TeamId.Value));
    }
}
