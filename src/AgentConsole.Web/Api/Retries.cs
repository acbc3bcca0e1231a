using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Api;

/// <summary>A repeatable write in progress.</summary>
/// <param name="Key">Seals and opens the stored answer; derived from the client's own key, which is not kept.</param>
internal sealed record Retry(RetryTicket Ticket, byte[] Key);

/// <summary>
/// <c>Idempotency-Key</c>: the same write sent again within 24 hours gets the same answer; with another body it is refused. The service's commit
/// stores the answer in the transaction of the change, sealed under a key that only the client's own key completes.
/// </summary>
internal sealed class Retries(ConsoleStore store, MasterKey master, TimeProvider clock)
{
    public const string Header = "Idempotency-Key";
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>Reads the header of a write. Null where there is none.</summary>
    public async ValueTask<Outcome<Retry?>> ReadAsync(HttpContext context, Actor actor)
    {
        var header = context.Request.Headers[Header];
        if (header.Count == 0 || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            return new Outcome<Retry?>();
        var clientKey = header[0];
        if (header.Count > 1 || string.IsNullOrEmpty(clientKey) || clientKey.Length > 200 || clientKey.Any(c => c is < '!' or > '~'))
            return Problem.Invalid("Idempotency-Key", "Must be one value of 1 to 200 visible ASCII characters.");
        var body = await RequestBody.ReadAsync(context);
        if (body.Problem is { } problem)
            return problem;
        var request = context.Request;
        var identity = string.Join('\n', actor.CredentialId, request.Method, request.Path, request.QueryString, clientKey);
        var done = context.GetEndpoint()?.Metadata.GetMetadata<DoneStatus>();
        return Of(identity, clientKey, body.Value.Span, done);
    }

    /// <summary>
    /// A form of a page, with a key that the browser made. The person's, not the session's: who was signed out meanwhile signs in and goes on.
    /// </summary>
    public Retry Of(Actor actor, string form, string key, ReadOnlySpan<byte> body) =>
        Of(string.Join('\n', "form", actor.Id, form, key), key, body, done: null);

    private Retry Of(string identity, string clientKey, ReadOnlySpan<byte> body, DoneStatus? done)
    {
        var key = master.Derive("retry-answer", Encoding.UTF8.GetBytes(clientKey));
        return new Retry(
            new RetryTicket
            {
                Scope = HMACSHA256.HashData(master.Derive("retry-scope"), Encoding.UTF8.GetBytes(identity)),
                BodyHash = SHA256.HashData(body),
                ExpiresAt = clock.Now() + Window,
                Shape = result =>
                {
                    var answer = AnswerShape.Of(result, done);
                    return answer with { Body = MasterKey.Seal(key, answer.Body), Sealed = true };
                },
            },
            key
        );
    }

    /// <summary>The answer given before, a refusal if it was for another body, or null when this write is new.</summary>
    /// <param name="anyBody">Give it also when this write asks for something else.</param>
    public async Task<Outcome<StoredAnswer>?> FindAsync(Actor actor, Retry retry, CancellationToken cancellationToken, bool anyBody = false)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = actor.OrganizationId;
        var scope = retry.Ticket.Scope;
        var now = clock.GetUtcNow();
        var stored = await db.StoredRetries.SingleOrDefaultAsync(
            r => r.OrganizationId == organization && r.Scope == scope && r.ExpiresAt > now,
            cancellationToken
        );
        if (stored is null)
            return null;
        if (!anyBody && !CryptographicOperations.FixedTimeEquals(stored.BodyHash, retry.Ticket.BodyHash))
            return (Outcome<StoredAnswer>)
                new Problem(
                    ProblemKind.Conflict,
                    "idempotency_key_reused",
                    "This Idempotency-Key was used with another body. Use a new key for a new write."
                );
        var body = stored.Sealed ? MasterKey.Open(retry.Key, stored.Body) : stored.Body;
        return (Outcome<StoredAnswer>)new StoredAnswer(stored.Status, stored.Location, stored.ETag, body, Sealed: false);
    }
}
