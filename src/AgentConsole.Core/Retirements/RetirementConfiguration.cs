using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Retirements;

internal sealed class RetirementConfiguration : IEntityTypeConfiguration<Retirement>
{
    public void Configure(EntityTypeBuilder<Retirement> retirement)
    {
        retirement.ToTable("retirements").HasKey(r => new { r.OrganizationId, r.Id });
        retirement.Property(r => r.Id).ValueGeneratedNever();
        retirement.Property(r => r.State).HasConversion(KebabCase.Converter<RetirementState>()).HasMaxLength(16);
        retirement.Property(r => r.Reason).HasMaxLength(Texts.MostReason);
        retirement.Property(r => r.EndReason).HasMaxLength(Texts.MostReason);
        retirement.Property(r => r.StartedBy).HasMaxLength(256);
        retirement.Property(r => r.EndedBy).HasMaxLength(256);
        retirement.Property(r => r.Marks).HasConversion(JsonText.Converter<List<StepMark>>(), JsonText.Comparer<List<StepMark>>());
        retirement.HasOne<Agent>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.AgentId }).OnDelete(DeleteBehavior.Restrict);
        // One that is open, whoever begins at once.
        retirement
            .HasIndex(r => new { r.OrganizationId, r.AgentId })
            .IsUnique()
            .HasFilter("state = 'open'")
            .HasDatabaseName("ux_retirements_open");
        // Serves the latest of an agent.
        retirement.HasIndex(r => new
        {
            r.OrganizationId,
            r.AgentId,
            r.Id,
        });
    }
}

/// <summary>Tables of this feature.</summary>
public static class RetirementTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Retirement> Retirements => db.Set<Retirement>();
    }
}
