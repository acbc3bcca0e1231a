using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Views;

internal sealed class SavedViewConfiguration : IEntityTypeConfiguration<SavedView>
{
    public void Configure(EntityTypeBuilder<SavedView> view)
    {
        view.ToTable("saved_views").HasKey(v => new { v.OrganizationId, v.Id });
        view.Property(v => v.Id).ValueGeneratedNever();
        view.Property(v => v.Page).HasConversion(KebabCase.Converter<ViewPage>()).HasMaxLength(16);
        view.Property(v => v.Name).HasMaxLength(ViewService.LongestName);
        view.Property(v => v.Role).HasMaxLength(20);
        view.Property(v => v.Query).HasMaxLength(ViewService.LongestQuery);
        view.Property(v => v.Columns).HasMaxLength(ViewService.LongestColumns);
        view.Property(v => v.Density).HasMaxLength(16);
        view.Property(v => v.CreatedBy).HasMaxLength(256);
        view.HasOne<Team>().WithMany().HasForeignKey(v => new { v.OrganizationId, v.TeamId }).OnDelete(DeleteBehavior.Cascade);
        view.HasIndex(v => new { v.OrganizationId, v.OwnerId });
        view.HasIndex(v => new { v.OrganizationId, v.TeamId });
        // A role has one default for a page, whatever two org-admins save at once.
        view.HasIndex(v => new
            {
                v.OrganizationId,
                v.Page,
                v.Role,
            })
            .IsUnique()
            .HasFilter("role IS NOT NULL")
            .HasDatabaseName("ux_saved_views_role");
    }
}

internal sealed class ViewMarkConfiguration : IEntityTypeConfiguration<ViewMark>
{
    public void Configure(EntityTypeBuilder<ViewMark> mark)
    {
        mark.ToTable("view_marks")
            .HasKey(m => new
            {
                m.OrganizationId,
                m.UserId,
                m.ViewId,
            });
        mark.Property(m => m.Page).HasConversion(KebabCase.Converter<ViewPage>()).HasMaxLength(16);
        mark.HasOne<SavedView>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.ViewId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class PageHabitConfiguration : IEntityTypeConfiguration<PageHabit>
{
    public void Configure(EntityTypeBuilder<PageHabit> habit)
    {
        habit
            .ToTable("page_habits")
            .HasKey(h => new
            {
                h.OrganizationId,
                h.UserId,
                h.Page,
            });
        habit.Property(h => h.Page).HasConversion(KebabCase.Converter<ViewPage>()).HasMaxLength(16);
        habit.Property(h => h.Columns).HasMaxLength(ViewService.LongestColumns);
        habit.Property(h => h.Density).HasMaxLength(16);
    }
}

/// <summary>Tables of this feature.</summary>
public static class ViewTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<SavedView> SavedViews => db.Set<SavedView>();
        public DbSet<ViewMark> ViewMarks => db.Set<ViewMark>();
        public DbSet<PageHabit> PageHabits => db.Set<PageHabit>();
    }

    /// <summary>One's own, those of the teams one may read, and those of roles one has; an org-admin sees every role's.</summary>
    public static IQueryable<SavedView> VisibleTo(this IQueryable<SavedView> views, Actor by)
    {
        var (organization, me) = (by.OrganizationId, by.Id);
        var scope = by.AgentId is null ? by.TeamsWith(Permission.ReadFleet) : TeamScope.Nothing;
        var (all, teams) = (scope.All, scope.Ids.Select(id => (Guid?)id).ToArray());
        var everyRole = by.MayEverywhere(Permission.ManageOrganization);
        var roles = ViewService.RolesOf(by).ToArray();
        return views.Where(v =>
            v.OrganizationId == organization
            && (
                (v.OwnerId != null && v.OwnerId == me)
                || (v.TeamId != null && (all || teams.Contains(v.TeamId)))
                || (v.Role != null && (everyRole || roles.Contains(v.Role)))
            )
        );
    }
}
