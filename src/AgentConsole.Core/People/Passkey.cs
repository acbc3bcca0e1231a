using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>A passkey of a person. Key, counter and name are ASP.NET Core Identity's.</summary>
public sealed class Passkey : IdentityUserPasskey<Guid>
{
    public const int MostPerUser = 20;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>When its counter went back: somebody may hold a copy of it, and it signs in nobody any more.</summary>
    public DateTimeOffset? CopySuspectedAt { get; set; }

    internal string Name => Data.Name ?? "Passkey";
}

/// <summary>A passkey and whose it is.</summary>
/// <param name="Mine">It is the asker's own.</param>
public sealed record PasskeyFound(PasskeyBody Passkey, string UserId, string Email, bool Mine);

/// <summary>A sealed ticket that was used. It stands here until it would have expired, so that no challenge is answered twice.</summary>
public sealed class SpentTicket
{
    public required byte[] Hash { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Where the browser stands: the host, with its port, that it asked for.</summary>
public sealed record BrowserPlace(string Host)
{
    /// <summary>Without the port.</summary>
    public string Domain => Uri.TryCreate("https://" + Host, UriKind.Absolute, out var address) ? address.Host : Host;
}

/// <summary>What a browser needs to make or use a passkey.</summary>
/// <param name="Options">JSON for <c>navigator.credentials</c>; holds the challenge.</param>
/// <param name="Ticket">Handed back with the browser's answer; good once and for a few minutes.</param>
public sealed record PasskeyOffer(string Options, string Ticket);

internal static class PasskeyProblems
{
    public static readonly Problem Refused = new(
        ProblemKind.Unauthenticated,
        "passkey_refused",
        "This passkey is not known here, was removed, or its answer is not right. Sign in with your password, or try another passkey."
    );
    public static readonly Problem Copied = new(
        ProblemKind.Unauthenticated,
        "passkey_counter",
        "The counter of this passkey went back: somebody may have a copy of it, so it signs in nobody any more. Sign in with your password or another passkey, and remove this one."
    );
    public static readonly Problem Expired = new(
        ProblemKind.Unauthenticated,
        "passkey_expired",
        "This was not finished in time, or was used before. Try again."
    );
    public static readonly Problem NotMade = Problem.Invalid(
        "credential",
        "The browser's answer is not a passkey of this console that verifies its user. Try again, or use another device."
    );
    public static readonly Problem Known = new(ProblemKind.Conflict, "passkey_known", "This passkey is registered already.");
    public static readonly Problem NotFound = Problem.NotFound("passkey");
    public static readonly Problem LastMeans = new(
        ProblemKind.Conflict,
        "last_sign_in_means",
        "This is the only way to sign in to this account. Set a password or register another passkey first."
    );
}

/// <summary>Tickets that are good once.</summary>
public sealed class SpentTickets(MasterKey master)
{
    /// <summary>Marks the ticket as used within the write; false when it was used before.</summary>
    internal async Task<bool> TrySpendAsync(Write write, string ticket, TimeSpan life, CancellationToken cancellationToken)
    {
        var hash = master.Hash("spent:" + ticket);
        var now = write.Now;
        await write.Db.SpentTickets.Where(t => t.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        if (await write.Db.SpentTickets.AnyAsync(t => t.Hash == hash, cancellationToken))
            return false;
        write.Db.Add(new SpentTicket { Hash = hash, ExpiresAt = write.Now + life });
        return true;
    }
}
