using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Prices;

internal sealed class PriceConfiguration : IEntityTypeConfiguration<Price>
{
    public void Configure(EntityTypeBuilder<Price> price)
    {
        price.ToTable("prices").HasKey(p => new { p.OrganizationId, p.Id });
        price.Property(p => p.Id).ValueGeneratedNever();
        price.Property(p => p.Model).HasMaxLength(PriceReader.MostModel);
        price.Property(p => p.Provider).HasMaxLength(100);
        // As text: SQLite has no decimal, and a price is read into memory and never summed by the database.
        price.Property(p => p.InputPerMillion).HasConversion<string>().HasMaxLength(40);
        price.Property(p => p.OutputPerMillion).HasConversion<string>().HasMaxLength(40);
        price.Property(p => p.Source).HasMaxLength(500);
        price.Property(p => p.Notes).HasMaxLength(1000);
        price.Property(p => p.CreatedBy).HasMaxLength(256);
        // Of two who supersede it at once, on two nodes, one does.
        price.Property(p => p.SupersededAt).IsConcurrencyToken();
        price.Property(p => p.SupersededBy).HasMaxLength(256);
        price.Property(p => p.SupersedeReason).HasMaxLength(500);
        price.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        // One price of a model begins at an instant, whatever two people enter at once.
        price
            .HasIndex(p => new
            {
                p.OrganizationId,
                p.Model,
                p.EffectiveFrom,
            })
            .IsUnique()
            .HasFilter("superseded_at IS NULL")
            .HasDatabaseName("ux_prices_begin");
    }
}

/// <summary>Tables of this feature.</summary>
public static class PriceTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Price> Prices => db.Set<Price>();
    }
}
