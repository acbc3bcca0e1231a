using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Definitions;

internal sealed class DefinitionConfiguration : IEntityTypeConfiguration<DefinitionVersion>
{
    public void Configure(EntityTypeBuilder<DefinitionVersion> version)
    {
        // The key is the order of the list, too, and lets one of two who save at once have the number.
        version
            .ToTable("definition_versions")
            .HasKey(v => new
            {
                v.OrganizationId,
                v.AgentId,
                v.Number,
            });
        version.Property(v => v.Number).ValueGeneratedNever();
        version.Property(v => v.Format).HasConversion(KebabCase.Converter<DefinitionFormat>()).HasMaxLength(16);
        version.Property(v => v.Digest).HasMaxLength(64);
        version.Property(v => v.Note).HasMaxLength(DefinitionVersion.MostNote);
        version.Property(v => v.CreatedBy).HasMaxLength(256);
        version.HasOne<Agent>().WithMany().HasForeignKey(v => new { v.OrganizationId, v.AgentId }).OnDelete(DeleteBehavior.Restrict);
    }
}

/// <summary>Tables of this feature.</summary>
public static class DefinitionTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<DefinitionVersion> DefinitionVersions => db.Set<DefinitionVersion>();
    }

    /// <summary>Those of one agent, which the caller has looked up as somebody who sees it.</summary>
    internal static IQueryable<DefinitionVersion> Of(this IQueryable<DefinitionVersion> versions, Guid organizationId, Guid agentId) =>
        versions.Where(v => v.OrganizationId == organizationId && v.AgentId == agentId);
}
