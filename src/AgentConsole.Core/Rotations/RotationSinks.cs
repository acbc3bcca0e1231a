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
    ) => await FindAsync(db, organizationId, teamId, sink, cancellationToken) is null ? RotationProblems.NoSink : null;

    public async Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken)
    {
        Guid? id;
        await using (var db = await store.ReadAsync(cancellationToken))
            id = await FindAsync(db, delivery.OrganizationId, delivery.TeamId, delivery.Sink, cancellationToken);
        if (id is not { } sink)
            return RotationProblems.NoSink;
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

    private static async Task<Guid?> FindAsync(
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
        // A team's own sink before one of the organization that has the same name.
        return await reachable.OrderBy(s => s.TeamId == null).Select(s => (Guid?)s.Id).FirstOrDefaultAsync(cancellationToken);
    }
}
