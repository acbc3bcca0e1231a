using AgentConsole.Core.Common;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.Rotations;

/// <summary>A new secret on its way to the place from which its agent reads it. No record: its text would hold the secret.</summary>
public sealed class SecretDelivery
{
    public required Guid OrganizationId { get; init; }
    public required Guid TeamId { get; init; }

    /// <summary>Name or id of the sink.</summary>
    public required string Sink { get; init; }
    public required string AgentSlug { get; init; }
    public required Guid KeyId { get; init; }
    public required int KeyVersion { get; init; }
    public required Guid RotationId { get; init; }
    public required string Secret { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
}

/// <summary>The sink has the secret, and read it back.</summary>
public sealed record DeliveryReceipt(string Sink, string Place, DateTimeOffset At);

/// <summary>Places outside that secrets are delivered to.</summary>
public interface ISecretSinks
{
    /// <summary>Whether there is a sink of this name or id for the team, or for all; asked before anything is issued.</summary>
    Task<Problem?> RefusalAsync(ConsoleDbContext db, Guid organizationId, Guid teamId, string sink, CancellationToken cancellationToken);

    /// <summary>Writes the secret and reads it back. A refusal means that the old version must stay in use.</summary>
    Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken);

    /// <summary>As <see cref="DeliverAsync"/> for many secrets to one sink, so many at once; what it says is to be recorded.</summary>
    Task<SentDeliveries> DeliverAsync(IReadOnlyList<SecretDelivery> deliveries, int atOnce, CancellationToken cancellationToken);
}

/// <summary>What came of many deliveries.</summary>
/// <param name="Receipts">In the order of the deliveries.</param>
/// <param name="RecordAsync">Notes them at the sink and on the trail, within the transaction of whoever draws conclusions.</param>
public sealed record SentDeliveries(IReadOnlyList<Outcome<DeliveryReceipt>> Receipts, Func<Write, CancellationToken, Task> RecordAsync);
