using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>The sinks as rotations know them: by the name that somebody typed.</summary>
internal sealed class RotationSinks(ConsoleStore store, SinkDeliveries deliveries) : ISecretSinks
{
    public async Task<Problem?> RefusalAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid teamId,
        string sink,
        CancellationToken cancellationToken
    ) => (await FindAsync(db, organizationId, teamId, sink, cancellationToken)).Problem;

    public async Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken)
    {
        Guid sink;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            var found = await FindAsync(db, delivery.OrganizationId, delivery.TeamId, delivery.Sink, cancellationToken);
            if (!found.Try(out sink, out var missing))
                return missing;
        }
        var secret = new SinkSecret
        {
            AgentSlug = delivery.AgentSlug,
            KeyId = delivery.KeyId,
            KeyVersion = delivery.KeyVersion,
            RotationId = delivery.RotationId,
            Secret = delivery.Secret,
            ExpiresAt = delivery.ExpiresAt,
            IssuedAt = delivery.IssuedAt,
        };
        var delivered = await deliveries.DeliverAsync(sink, secret, cancellationToken);
        return delivered.Map(receipt => new DeliveryReceipt(receipt.Sink, receipt.Place, receipt.DeliveredAt));
    }

    // A secret must not go to another place than was meant: a name that means two is refused.
    private static async Task<Outcome<Guid>> FindAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid teamId,
        string sink,
        CancellationToken cancellationToken
    )
    {
        var reachable = db.SecretSinks.Where(s => s.OrganizationId == organizationId && (s.TeamId == null || s.TeamId == teamId));
        reachable = IdText.TryParse(IdText.Sink, sink, out var id)
            ? reachable.Where(s => s.Id == id)
            : reachable.Where(s => s.Name == sink);
        return await reachable.Select(s => s.Id).Take(2).ToListAsync(cancellationToken) switch
        {
            [var one] => one,
            [] => RotationProblems.NoSink,
            _ => RotationProblems.SeveralSinks,
        };
    }
}
