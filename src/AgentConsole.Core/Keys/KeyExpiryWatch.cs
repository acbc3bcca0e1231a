using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Keys;

/// <summary>Gives versions past their expiry the state <c>expired</c>. Checks refuse them from the instant itself, whether this ran or not.</summary>
public sealed class KeyExpiryWatch(
    ConsoleStore store,
    AgentDirectory agents,
    KeyIndex index,
    TimeProvider clock,
    ILogger<KeyExpiryWatch> log
) : Periodic(TimeSpan.FromSeconds(10), clock, log)
{
    private const int AtOnce = 200;
    private static readonly KeyState[] Living = [KeyState.Active, KeyState.Retiring, KeyState.Disabled];
    private readonly TimeProvider _clock = clock;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        while (await ExpireAsync(cancellationToken) == AtOnce) { }
    }

    private async Task<int> ExpireAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            if (!await Due(db, now).AnyAsync(cancellationToken))
                return 0;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var due = await Due(write.Db, now).OrderBy(v => v.ExpiresAt).Take(AtOnce).ToListAsync(cancellationToken);
        var keyIds = due.Select(v => v.KeyId).Distinct().ToArray();
        var keys = await write
            .Db.AgentKeys.AsNoTracking()
            .Where(k => keyIds.Contains(k.Id))
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        foreach (var version in due)
        {
            var agent = agents.Find(version.AgentId);
            var before = version.State;
            version.State = KeyState.Expired;
            write.Trail(
                Actor.ForSystem(version.OrganizationId, "console"),
                "key.expired",
                KeyService.Target(agent?.Slug ?? "", agent?.TeamId, keys[version.KeyId], version),
                new { version = version.Number, state = KebabCase.Of(before) },
                new { version = version.Number, state = "expired" }
            );
            KeyService.Announce(write, index, agent?.TeamId, version);
        }
        return await write.TryCommitAsync(cancellationToken) ? due.Count : 0;
    }

    private static IQueryable<KeyVersion> Due(ConsoleDbContext db, DateTimeOffset now) =>
        db.KeyVersions.Where(v => Living.Contains(v.State) && v.ExpiresAt != null && v.ExpiresAt <= now);
}
