using System.Security.Cryptography;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Makes and redeems single-purpose links. Only a keyed hash of the secret is stored.</summary>
public sealed class OneTimeLinks(MasterKey master, TimeProvider clock)
{
    public static readonly TimeSpan SetupLife = TimeSpan.FromHours(24);
    public static readonly TimeSpan InviteLife = TimeSpan.FromHours(72);
    public static readonly TimeSpan ResetLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    private const string Characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int Length = 43; // 256 bits

    /// <summary>Adds a link to the write, and withdraws earlier ones for the same. Answers with its path, which holds the secret.</summary>
    internal async Task<string> AddAsync(
        Write write,
        LinkPurpose purpose,
        Guid? organizationId,
        Guid? userId,
        CancellationToken cancellationToken
    )
    {
        await WithdrawAsync(write, purpose, userId, cancellationToken);
        var old = write.Now - KeptAfterEnd;
        await write.Db.OneTimeLinks.Where(l => l.ExpiresAt < old).ExecuteDeleteAsync(cancellationToken);
        var secret = RandomNumberGenerator.GetString(Characters, Length);
        write.Db.Add(
            new OneTimeLink
            {
                Id = write.NewId(),
                Purpose = purpose,
                OrganizationId = organizationId,
                UserId = userId,
                Hash = Hash(secret),
                CreatedAt = write.Now,
                ExpiresAt =
                    write.Now
                    + purpose switch
                    {
                        LinkPurpose.Setup => SetupLife,
                        LinkPurpose.Invite => InviteLife,
                        _ => ResetLife,
                    },
            }
        );
        return purpose switch
            {
                LinkPurpose.Setup => "/setup/",
                LinkPurpose.Invite => "/invite/",
                _ => "/account/reset/",
            } + secret;
    }

    internal static Task WithdrawAsync(Write write, LinkPurpose purpose, Guid? userId, CancellationToken cancellationToken) =>
        write
            .Db.OneTimeLinks.Where(l => l.Purpose == purpose && l.UserId == userId && l.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.UsedAt, write.Now), cancellationToken);

    /// <summary>The link if it can still be used.</summary>
    internal async Task<OneTimeLink?> FindAsync(
        ConsoleDbContext db,
        LinkPurpose purpose,
        string? secret,
        CancellationToken cancellationToken
    )
    {
        if (secret is not { Length: Length })
            return null;
        var hash = Hash(secret);
        var now = clock.Now();
        return await db
            .OneTimeLinks.AsNoTracking()
            .FirstOrDefaultAsync(l => l.Hash == hash && l.Purpose == purpose && l.UsedAt == null && l.ExpiresAt > now, cancellationToken);
    }

    /// <summary>Uses the link up within the write. Of two that come together one gets it.</summary>
    internal async Task<OneTimeLink?> RedeemAsync(Write write, LinkPurpose purpose, string? secret, CancellationToken cancellationToken)
    {
        if (await FindAsync(write.Db, purpose, secret, cancellationToken) is not { } link)
            return null;
        var used = await write
            .Db.OneTimeLinks.Where(l => l.Id == link.Id && l.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.UsedAt, write.Now), cancellationToken);
        return used == 1 ? link : null;
    }

    private byte[] Hash(string secret) => master.Hash("link:" + secret);
}
