using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.People;

internal sealed class OrganizationConfiguration : IEntityTypeConfiguration<Organization>
{
    public void Configure(EntityTypeBuilder<Organization> organization)
    {
        organization.ToTable("organizations").HasKey(o => o.Id);
        organization.Property(o => o.Id).ValueGeneratedNever();
        organization.Property(o => o.Slug).HasMaxLength(100);
        organization.Property(o => o.Name).HasMaxLength(200);
        organization.Property(o => o.Currency).HasMaxLength(3);
        organization.Property(o => o.TimeZone).HasMaxLength(Zones.MaxLength);
        organization.HasIndex(o => o.Slug).IsUnique().HasDatabaseName("ux_organizations_slug");
    }
}

internal sealed class TeamConfiguration : IEntityTypeConfiguration<Team>
{
    public void Configure(EntityTypeBuilder<Team> team)
    {
        team.ToTable("teams").HasKey(t => new { t.OrganizationId, t.Id });
        team.Property(t => t.Id).ValueGeneratedNever();
        team.Property(t => t.Slug).HasMaxLength(100);
        team.Property(t => t.Name).HasMaxLength(200);
        team.Property(t => t.TimeZone).HasMaxLength(Zones.MaxLength);
        team.HasOne<Organization>().WithMany().HasForeignKey(t => t.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        team.HasIndex(t => new { t.OrganizationId, t.Slug }).IsUnique().HasDatabaseName("ux_teams_slug");
    }
}

internal sealed class MembershipConfiguration : IEntityTypeConfiguration<Membership>
{
    public void Configure(EntityTypeBuilder<Membership> membership)
    {
        membership
            .ToTable("memberships")
            .HasKey(m => new
            {
                m.OrganizationId,
                m.TeamId,
                m.PrincipalId,
            });
        membership.Property(m => m.Roles).HasConversion<int>();
        membership.HasOne<Team>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.TeamId }).OnDelete(DeleteBehavior.Cascade);
        membership.HasIndex(m => new { m.OrganizationId, m.PrincipalId });
    }
}

internal sealed class UserConfiguration : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.Property(u => u.Id).ValueGeneratedNever();
        user.Property(u => u.DisplayName).HasMaxLength(200);
        user.Property(u => u.Roles).HasConversion<int>();
        user.HasOne<Organization>().WithMany().HasForeignKey(u => u.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        user.HasIndex(u => new { u.OrganizationId, u.Id }).HasDatabaseName("ix_users_organization");
    }
}

internal sealed class ServiceAccountConfiguration : IEntityTypeConfiguration<ServiceAccount>
{
    public void Configure(EntityTypeBuilder<ServiceAccount> account)
    {
        account.ToTable("service_accounts").HasKey(a => new { a.OrganizationId, a.Id });
        account.Property(a => a.Id).ValueGeneratedNever();
        account.Property(a => a.Name).HasMaxLength(100);
        account.Property(a => a.Roles).HasConversion<int>();
        account.HasIndex(a => new { a.OrganizationId, a.Name }).IsUnique().HasDatabaseName("ux_service_accounts_name");
    }
}

internal sealed class ApiTokenConfiguration : IEntityTypeConfiguration<ApiToken>
{
    public void Configure(EntityTypeBuilder<ApiToken> token)
    {
        token.ToTable("api_tokens").HasKey(t => new { t.OrganizationId, t.Id });
        token.Property(t => t.Id).ValueGeneratedNever();
        token.Property(t => t.Name).HasMaxLength(100);
        token.Property(t => t.OwnerKind).HasConversion(KebabCase.Converter<ActorKind>()).HasMaxLength(20);
        token.Property(t => t.Scopes).HasMaxLength(1000);
        token.Property(t => t.TeamIds).HasConversion(JsonText.Converter<List<Guid>>(), JsonText.Comparer<List<Guid>>());
        token.Property(t => t.PepperId).HasMaxLength(40);
        token.Property(t => t.Prefix).HasMaxLength(20);
        token.Property(t => t.Last4).HasMaxLength(4);
        token.Property(t => t.LastUsedAddress).HasMaxLength(64);
        token.Property(t => t.LastUsedUserAgent).HasMaxLength(256);
        token.HasIndex(t => new { t.OrganizationId, t.OwnerId });
        token.HasIndex(t => t.Hash).HasDatabaseName("ix_api_tokens_hash");
    }
}

internal sealed class UserSessionConfiguration : IEntityTypeConfiguration<UserSession>
{
    public void Configure(EntityTypeBuilder<UserSession> session)
    {
        session.ToTable("user_sessions").HasKey(s => new { s.OrganizationId, s.Id });
        session.Property(s => s.Id).ValueGeneratedNever();
        session.Property(s => s.Address).HasMaxLength(64);
        session.Property(s => s.UserAgent).HasMaxLength(256);
        session.HasIndex(s => new { s.OrganizationId, s.UserId });
    }
}

internal sealed class OneTimeLinkConfiguration : IEntityTypeConfiguration<OneTimeLink>
{
    public void Configure(EntityTypeBuilder<OneTimeLink> link)
    {
        link.ToTable("one_time_links").HasKey(l => l.Id);
        link.Property(l => l.Id).ValueGeneratedNever();
        link.Property(l => l.Purpose).HasConversion(KebabCase.Converter<LinkPurpose>()).HasMaxLength(20);
        link.HasIndex(l => l.Hash).HasDatabaseName("ix_one_time_links_hash");
    }
}

internal sealed class PasskeyConfiguration : IEntityTypeConfiguration<Passkey>
{
    public void Configure(EntityTypeBuilder<Passkey> passkey)
    {
        passkey.ToTable("user_passkeys");
        passkey.Property(p => p.Id).ValueGeneratedNever();
        passkey.HasIndex(p => new { p.UserId, p.Id });
    }
}

internal sealed class SpentTicketConfiguration : IEntityTypeConfiguration<SpentTicket>
{
    public void Configure(EntityTypeBuilder<SpentTicket> ticket) => ticket.ToTable("spent_tickets").HasKey(t => t.Hash);
}

internal sealed class BreakGlassAccountConfiguration : IEntityTypeConfiguration<BreakGlassAccount>
{
    public void Configure(EntityTypeBuilder<BreakGlassAccount> account)
    {
        account.ToTable("break_glass_accounts").HasKey(a => new { a.OrganizationId, a.Id });
        account.Property(a => a.Id).ValueGeneratedNever();
        account.Property(a => a.Name).HasMaxLength(100);
        account.Property(a => a.SealedBy).HasMaxLength(256);
    }
}

internal sealed class BreakGlassUseConfiguration : IEntityTypeConfiguration<BreakGlassUse>
{
    public void Configure(EntityTypeBuilder<BreakGlassUse> use)
    {
        use.ToTable("break_glass_uses").HasKey(u => new { u.OrganizationId, u.Id });
        use.Property(u => u.Id).ValueGeneratedNever();
        use.Property(u => u.Name).HasMaxLength(100);
        use.Property(u => u.Reason).HasMaxLength(500);
        use.Property(u => u.Address).HasMaxLength(64);
        use.Property(u => u.UserAgent).HasMaxLength(256);
        use.Property(u => u.ReviewedBy).HasMaxLength(256);
        use.Property(u => u.Review).HasMaxLength(2000);
    }
}

/// <summary>Tables of this feature.</summary>
public static class PeopleTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<Organization> Organizations => db.Set<Organization>();
        public DbSet<Team> Teams => db.Set<Team>();
        public DbSet<Membership> Memberships => db.Set<Membership>();
        public DbSet<ServiceAccount> ServiceAccounts => db.Set<ServiceAccount>();
        public DbSet<ApiToken> ApiTokens => db.Set<ApiToken>();
        public DbSet<UserSession> UserSessions => db.Set<UserSession>();
        public DbSet<OneTimeLink> OneTimeLinks => db.Set<OneTimeLink>();
        public DbSet<Passkey> Passkeys => db.Set<Passkey>();
        public DbSet<SpentTicket> SpentTickets => db.Set<SpentTicket>();
        public DbSet<BreakGlassAccount> BreakGlassAccounts => db.Set<BreakGlassAccount>();
        public DbSet<BreakGlassUse> BreakGlassUses => db.Set<BreakGlassUse>();
    }
}
