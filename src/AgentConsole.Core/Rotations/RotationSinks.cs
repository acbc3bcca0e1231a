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
        var delivered = await deliveries.DeliverAsync(sink, SecretOf(delivery), cancellationToken);
        return delivered.Map(ReceiptOf);
    }

    public async Task<SentDeliveries> DeliverAsync(IReadOnlyList<SecretDelivery> many, int atOnce, CancellationToken cancellationToken)
    {
        var sinkOf = new Dictionary<(Guid Team, string Sink), Outcome<Guid>>();
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            foreach (var (team, sink) in many.Select(d => (d.TeamId, d.Sink)).Distinct())
                sinkOf[(team, sink)] = await FindAsync(db, many[0].OrganizationId, team, sink, cancellationToken);
        }
        var receipts = new Outcome<DeliveryReceipt>[many.Count];
        var all = new List<SentSecret>(many.Count);
        // One name may be a sink of its own in each of several teams.
        foreach (var same in Enumerable.Range(0, many.Count).GroupBy(i => sinkOf[(many[i].TeamId, many[i].Sink)]))
        {
            var places = same.ToArray();
            if (!same.Key.Try(out var sink, out var missing))
            {
                foreach (var i in places)
                    receipts[i] = missing;
                continue;
            }
            var sent = await deliveries.SendAsync(sink, [.. places.Select(i => SecretOf(many[i]))], atOnce, cancellationToken);
            for (var i = 0; i < places.Length; i++)
                receipts[places[i]] = sent[i].Receipt.Map(ReceiptOf);
            all.AddRange(sent);
        }
        return new SentDeliveries(receipts, (write, stop) => deliveries.RecordAsync(write, all, stop));
    }

    private static DeliveryReceipt ReceiptOf(SinkReceipt receipt) => new(receipt.Sink, receipt.Place, receipt.DeliveredAt);

    private static SinkSecret SecretOf(SecretDelivery delivery) =>
        new()
        {
            AgentSlug = delivery.AgentSlug,
            KeyId = delivery.KeyId,
            KeyVersion = delivery.KeyVersion,
            RotationId = delivery.RotationId,
            Secret = delivery.Secret,
            ExpiresAt = delivery.ExpiresAt,
            IssuedAt = delivery.IssuedAt,
        };

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
