using AgentConsole.Core.Common;

namespace AgentConsole.Core.Data;

/// <summary>
/// A write that its caller may repeat: carried by the actor into the service, stored by the commit, in the same transaction as the change.
/// </summary>
public sealed class RetryTicket
{
    /// <summary>Keyed hash of (credential, method, route, client's key); the identity of the write.</summary>
    public required byte[] Scope { get; init; }

    /// <summary>SHA-256 of the request body.</summary>
    public required byte[] BodyHash { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Makes the answer that will be given from the operation's result; sealed already where it holds a secret.</summary>
    public required Func<object, StoredAnswer> Shape { get; init; }
}

/// <summary>An answer kept to be given again.</summary>
public sealed record StoredAnswer(int Status, string? Location, string? ETag, byte[] Body, bool Sealed);

/// <summary>Row of a repeatable write; kept for 24 hours.</summary>
public sealed class StoredRetry
{
    public Guid OrganizationId { get; init; }
    public required byte[] Scope { get; init; }
    public required byte[] BodyHash { get; init; }
    public int Status { get; init; }
    public string? Location { get; init; }
    public string? ETag { get; init; }
    public required byte[] Body { get; init; }

    /// <summary>The body is encrypted under a key that only the client's Idempotency-Key completes.</summary>
    public bool Sealed { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The row for this operation's result.</summary>
    public static StoredRetry Of(Guid organizationId, RetryTicket ticket, object result)
    {
        var answer = ticket.Shape(result);
        return new StoredRetry
        {
            OrganizationId = organizationId,
            Scope = ticket.Scope,
            BodyHash = ticket.BodyHash,
            Status = answer.Status,
            Location = answer.Location,
            ETag = answer.ETag,
            Body = answer.Body,
            Sealed = answer.Sealed,
            ExpiresAt = ticket.ExpiresAt,
        };
    }
}
