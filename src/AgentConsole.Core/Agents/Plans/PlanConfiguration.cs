using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Agents.Plans;

internal sealed class BulkPlanConfiguration : IEntityTypeConfiguration<BulkPlan>
{
    public void Configure(EntityTypeBuilder<BulkPlan> plan)
    {
        plan.ToTable("bulk_plans").HasKey(p => new { p.OrganizationId, p.Id });
        plan.Property(p => p.Id).ValueGeneratedNever();
        plan.Property(p => p.Action).HasConversion(KebabCase.Converter<BulkAction>()).HasMaxLength(16);
        plan.Property(p => p.State).HasConversion(KebabCase.Converter<PlanState>()).HasMaxLength(16);
        plan.Property(p => p.AddTags).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        plan.Property(p => p.RemoveTags).HasConversion(JsonText.Converter<List<string>>(), JsonText.Comparer<List<string>>());
        plan.Property(p => p.Reason).HasMaxLength(500);
        plan.Property(p => p.Digest).HasMaxLength(64);
        plan.Property(p => p.MakerLabel).HasMaxLength(256);
        plan.Property(p => p.Stopped).HasMaxLength(300);
        plan.Ignore(p => p.Pending);
        plan.Ignore(p => p.UndoUntil);
        plan.HasOne<Organization>().WithMany().HasForeignKey(p => p.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        plan.HasIndex(p => p.CreatedAt); // finds what has been kept long enough
    }
}

internal sealed class BulkPlanRowConfiguration : IEntityTypeConfiguration<BulkPlanRow>
{
    public void Configure(EntityTypeBuilder<BulkPlanRow> row)
    {
        row.ToTable("bulk_plan_rows")
            .HasKey(r => new
            {
                r.OrganizationId,
                r.PlanId,
                r.Ordinal,
            });
        row.Property(r => r.Ordinal).ValueGeneratedNever();
        row.Property(r => r.Name).HasMaxLength(100);
        row.Property(r => r.DisplayName).HasMaxLength(200);
        row.Property(r => r.Effect).HasConversion(KebabCase.Converter<RowEffect>()).HasMaxLength(16);
        row.Property(r => r.Outcome).HasConversion(KebabCase.Converter<RowOutcome>()).HasMaxLength(16);
        row.Property(r => r.Code).HasMaxLength(60);
        row.Property(r => r.Detail).HasMaxLength(300);
        row.HasOne<BulkPlan>().WithMany().HasForeignKey(r => new { r.OrganizationId, r.PlanId }).OnDelete(DeleteBehavior.Cascade);
        // Serve the worker, which takes the next that are pending, and the lists by effect and outcome.
        row.HasIndex(r => new
        {
            r.OrganizationId,
            r.PlanId,
            r.Outcome,
            r.Ordinal,
        });
        row.HasIndex(r => new
        {
            r.OrganizationId,
            r.PlanId,
            r.Effect,
            r.Ordinal,
        });
    }
}

/// <summary>Tables of plans.</summary>
public static class PlanTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<BulkPlan> BulkPlans => db.Set<BulkPlan>();
        public DbSet<BulkPlanRow> BulkPlanRows => db.Set<BulkPlanRow>();
    }

    /// <summary>Plans of this actor, and all of the organization's for whoever reads everything in it.</summary>
    public static IQueryable<BulkPlan> VisibleTo(this IQueryable<BulkPlan> plans, Actor by)
    {
        var organization = by.OrganizationId;
        plans = plans.Where(p => p.OrganizationId == organization && p.State != PlanState.Draft);
        if (by.MayEverywhere(Permission.ReadFleet))
            return plans;
        var me = by.Id ?? Guid.Empty;
        return plans.Where(p => p.MakerId == me);
    }

    /// <summary>Rows about agents of teams that the actor sees, and those that name no agent.</summary>
    public static IQueryable<BulkPlanRow> VisibleTo(this IQueryable<BulkPlanRow> rows, Actor by, BulkPlan plan)
    {
        var (organization, id) = (plan.OrganizationId, plan.Id);
        rows = rows.Where(r => r.OrganizationId == organization && r.PlanId == id);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return rows;
        var teams = scope.Ids.Select(team => (Guid?)team).ToArray();
        return rows.Where(r => r.TeamId == null || teams.Contains(r.TeamId));
    }
}
