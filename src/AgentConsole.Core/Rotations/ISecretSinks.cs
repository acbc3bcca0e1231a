using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations;

/// <summary>A new secret on its way to the place from which its agent reads it.</summary>
/// <param name="Secret">Never logged, never stored here.</param>
public sealed record SecretDelivery(
    Guid OrganizationId,
    Guid TeamId,
    string Sink,
    string AgentSlug,
    Guid KeyId,
    int KeyVersion,
    Guid RotationId,
    string Secret
);

/// <summary>The sink has the secret, and read it back.</summary>
public sealed record SinkReceipt(string Sink, string Place, DateTimeOffset At);

/// <summary>Places outside that secrets are delivered to.</summary>
public interface ISecretSinks
{
    /// <summary>Whether there is a sink of this name for the team; asked before anything is issued.</summary>
    Problem? Refusal(Guid organizationId, Guid teamId, string sink);

    /// <summary>Writes the secret and reads it back. A refusal means that the old version must stay in use.</summary>
    Task<Outcome<SinkReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken);
}

/// <summary>Stands where no sinks are set up.</summary>
internal sealed class NoSinks : ISecretSinks
{
    public Problem? Refusal(Guid organizationId, Guid teamId, string sink) => RotationProblems.NoSink;

    public Task<Outcome<SinkReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken) =>
        Task.FromResult<Outcome<SinkReceipt>>(RotationProblems.NoSink);
}
