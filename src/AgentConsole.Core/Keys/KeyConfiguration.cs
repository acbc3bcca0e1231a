using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Keys;

internal sealed class AgentKeyConfiguration : IEntityTypeConfiguration<AgentKey>
{
    public void Configure(EntityTypeBuilder<AgentKey> key)
    {
        key.ToTable("agent_keys").HasKey(k => new { k.OrganizationId, k.Id });
        key.Property(k => k.Id).ValueGeneratedNever();
        key.Property(k => k.Name).HasMaxLength(100);
        key.Property(k => k.CreatedBy).HasMaxLength(256);
        key.HasOne<Agent>().WithMany().HasForeignKey(k => new { k.OrganizationId, k.AgentId }).OnDelete(DeleteBehavior.Restrict);
        key.HasIndex(k => new
        {
            k.OrganizationId,
            k.AgentId,
            k.Id,
        });
        key.HasIndex(k => new { k.OrganizationId, k.Name });
    }
}

internal sealed class KeyVersionConfiguration : IEntityTypeConfiguration<KeyVersion>
{
    public void Configure(EntityTypeBuilder<KeyVersion> version)
    {
        version.ToTable("key_versions").HasKey(v => new { v.OrganizationId, v.Id });
        version.Property(v => v.Id).ValueGeneratedNever();
        version.Property(v => v.State).HasConversion(KebabCase.Converter<KeyState>()).HasMaxLength(16);
        version.Property(v => v.PepperId).HasMaxLength(40);
        version.Property(v => v.Prefix).HasMaxLength(40);
        version.Property(v => v.Last4).HasMaxLength(4);
        version.Property(v => v.Reason).HasMaxLength(500);
        version.Property(v => v.LastUsedAddress).HasMaxLength(64);
        version.Property(v => v.LastUsedUserAgent).HasMaxLength(256);
        version.Property(v => v.LastUsedRoute).HasMaxLength(120);
        version.HasOne<AgentKey>().WithMany().HasForeignKey(v => new { v.OrganizationId, v.KeyId }).OnDelete(DeleteBehavior.Restrict);
        version
            .HasIndex(v => new
            {
                v.OrganizationId,
                v.KeyId,
                v.Number,
            })
            .IsUnique()
            .HasDatabaseName("ux_key_versions_number");
        version.HasIndex(v => new
        {
            v.OrganizationId,
            v.AgentId,
            v.State,
        });
        version.Property(v => v.UsedOrder).HasComputedColumnSql("COALESCE(last_used_at, 0)", stored: true);
        // Serves the list of all keys by last use.
        version.HasIndex(v => new
        {
            v.OrganizationId,
            v.UsedOrder,
            v.Id,
        });
        // Serves the lists of keys that nobody uses: those of a state by last use, and their counts, out of the index alone.
        version
            .HasIndex(v => new
            {
                v.OrganizationId,
                v.State,
                v.UsedOrder,
                v.Id,
                v.CreatedAt,
                v.AgentId,
            })
            .HasDatabaseName("ix_key_versions_unused");
        version.HasIndex(v => v.Hash).HasDatabaseName("ix_key_versions_hash");
        // Serve the search for a key by what is shown of its secret.
        version.HasIndex(v => new { v.OrganizationId, v.Prefix });
        version.HasIndex(v => new { v.OrganizationId, v.Last4 });
        // Serves the watch that expires versions and ends graces.
        version.HasIndex(v => new { v.State, v.ExpiresAt }).HasFilter("expires_at IS NOT NULL").HasDatabaseName("ix_key_versions_expiry");
    }
}

internal sealed class KeyRefusalConfiguration : IEntityTypeConfiguration<KeyRefusal>
{
    public void Configure(EntityTypeBuilder<KeyRefusal> refusal)
    {
        refusal.ToTable("key_refusals").HasKey(r => r.Id);
        refusal.Property(r => r.Id).ValueGeneratedNever();
        refusal.Property(r => r.Code).HasMaxLength(40);
        refusal.Property(r => r.Address).HasMaxLength(64);
        refusal.HasIndex(r => new
        {
            r.OrganizationId,
            r.KeyVersionId,
            r.Minute,
        });
        refusal.HasIndex(r => r.Minute);
    }
}

internal sealed class KeyCallerConfiguration : IEntityTypeConfiguration<KeyCaller>
{
    public void Configure(EntityTypeBuilder<KeyCaller> caller)
    {
        caller
            .ToTable("key_callers")
            .HasKey(c => new
            {
                c.OrganizationId,
                c.KeyId,
                c.Caller,
                c.Version,
            });
        caller.Property(c => c.Caller).HasMaxLength(16);
        caller.Property(c => c.Instance).HasMaxLength(KeyUse.LongestInstance);
        caller.Property(c => c.UserAgent).HasMaxLength(256);
        caller.Property(c => c.Address).HasMaxLength(64);
        // Serves the purge.
        caller.HasIndex(c => c.LastUsedAt);
    }
}

internal sealed class KeyMinuteConfiguration : IEntityTypeConfiguration<KeyMinute>
{
    public void Configure(EntityTypeBuilder<KeyMinute> minute)
    {
        minute
            .ToTable("key_minutes")
            .HasKey(m => new
            {
                m.OrganizationId,
                m.KeyId,
                m.Minute,
                m.Version,
            });
        // Serves the purge.
        minute.HasIndex(m => m.Minute);
    }
}

internal sealed class KeyScheduleConfiguration : IEntityTypeConfiguration<KeySchedule>
{
    public void Configure(EntityTypeBuilder<KeySchedule> schedule)
    {
        schedule.ToTable("key_schedules").HasKey(s => new { s.OrganizationId, s.KeyId });
        schedule.Property(s => s.DueBy).HasConversion(KebabCase.Converter<DueReason>()).HasMaxLength(16);
        schedule.Property(s => s.Outlook).HasConversion(KebabCase.Converter<ScheduleOutlook>()).HasMaxLength(16);
        schedule.Property(s => s.Problem).HasMaxLength(500);
        schedule.Property(s => s.DueOrder).HasComputedColumnSql("COALESCE(due_at, 9223372036854775807)", stored: true);
        schedule.HasOne<AgentKey>().WithMany().HasForeignKey(s => new { s.OrganizationId, s.KeyId }).OnDelete(DeleteBehavior.Cascade);
        // Serves the due list in its order.
        schedule.HasIndex(s => new
        {
            s.OrganizationId,
            s.DueOrder,
            s.KeyId,
        });
        // Serves an agent's keys.
        schedule.HasIndex(s => new { s.OrganizationId, s.AgentId });
        // Serves what needs a person.
        schedule
            .HasIndex(s => new { s.OrganizationId, s.NoticeDays })
            .HasFilter("notice_days IS NOT NULL")
            .HasDatabaseName("ix_key_schedules_notices");
        schedule.HasIndex(s => s.OrganizationId).HasFilter("problem IS NOT NULL").HasDatabaseName("ix_key_schedules_problems");
        // Serves the watch.
        schedule.HasIndex(s => s.WatchAt).HasFilter("watch_at IS NOT NULL").HasDatabaseName("ix_key_schedules_watch");
    }
}

internal sealed class KeyNoticeConfiguration : IEntityTypeConfiguration<KeyNotice>
{
    public void Configure(EntityTypeBuilder<KeyNotice> notice)
    {
        // Each step before a date is told once, whoever looks first and however often the clock passes it.
        notice
            .ToTable("key_notices")
            .HasKey(n => new
            {
                n.OrganizationId,
                n.KeyId,
                n.DueAt,
                n.Days,
            });
        notice.Property(n => n.DueBy).HasConversion(KebabCase.Converter<DueReason>()).HasMaxLength(16);
        notice.Property(n => n.DismissedBy).HasMaxLength(256);
        notice.HasOne<AgentKey>().WithMany().HasForeignKey(n => new { n.OrganizationId, n.KeyId }).OnDelete(DeleteBehavior.Cascade);
    }
}

/// <summary>Tables of this feature.</summary>
public static class KeyTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<AgentKey> AgentKeys => db.Set<AgentKey>();
        public DbSet<KeyVersion> KeyVersions => db.Set<KeyVersion>();
        public DbSet<KeyRefusal> KeyRefusals => db.Set<KeyRefusal>();
        public DbSet<KeyCaller> KeyCallers => db.Set<KeyCaller>();
        public DbSet<KeyMinute> KeyMinutes => db.Set<KeyMinute>();
        public DbSet<KeySchedule> KeySchedules => db.Set<KeySchedule>();
        public DbSet<KeyNotice> KeyNotices => db.Set<KeyNotice>();
    }
}
