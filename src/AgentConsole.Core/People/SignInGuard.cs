using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>Counts wrong passwords and codes, together, and locks the account after too many in a row.</summary>
public sealed class SignInGuard(ConsoleStore store, RefusalRecorder refusals, IOptions<SignInOptions> options)
{
    private const string RefusedFact = "sign_in_refused_at";

    internal static bool IsLocked(User user, DateTimeOffset now) => user.LockoutEnd is { } end && end > now;

    /// <summary>Counts a wrong attempt within the write.</summary>
    /// <param name="how"><c>password</c>, <c>totp</c> or <c>recovery-code</c>.</param>
    internal void CountFailure(Write write, Actor by, User user, string how)
    {
        user.AccessFailedCount++;
        write.Trail(
            by,
            "user.sign-in-refused",
            user.Target(),
            after: new { by = how, failures = user.AccessFailedCount },
            outcome: TrailOutcome.Refused
        );
        if (user.AccessFailedCount < options.Value.MaxFailures)
            return;
        user.AccessFailedCount = 0;
        user.LockoutEnd = write.Now.AddMinutes(options.Value.LockoutMinutes);
        write.Trail(by, "user.locked-out", user.Target(), after: new { until = user.LockoutEnd });
        write.TellPeople(user.OrganizationId, user.Id);
    }

    /// <summary>The account is proven in full: earlier wrong attempts count no more. Not to be called between the two steps of a sign-in.</summary>
    internal static void Forgive(User user)
    {
        user.AccessFailedCount = 0;
        user.LockoutEnd = null;
    }

    /// <summary>
    /// Commits a refused attempt. Every refusal commits at least the same one row, whether there is such an account or not, so that the time it
    /// takes says nothing.
    /// </summary>
    /// <param name="userId">Null when nobody has this address.</param>
    /// <param name="counts">False where the account is locked or disabled: then it is only noted, bounded, and the counter stands still.</param>
    internal async Task RefuseAsync(
        Guid? userId,
        string how,
        Func<User, DateTimeOffset, bool> counts,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await using var write = await store.WriteAsync(cancellationToken);
            var at = Utc.ToMicros(write.Now).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var fact = await write.Db.StoreFacts.AsTracking().SingleOrDefaultAsync(f => f.Name == RefusedFact, cancellationToken);
            if (fact is null)
                write.Db.Add(new StoreFact { Name = RefusedFact, Value = at });
            else
                fact.Value = at;
            if (userId is { } id && await write.LockUserAsync(id, cancellationToken) is { } user)
            {
                var by = PeopleWrites.Unproven(user.OrganizationId, origin);
                if (counts(user, write.Now))
                    CountFailure(write, by, user, how);
                else
                    refusals.Note(by, "sign-in of " + IdText.Format(IdText.User, user.Id), PeopleProblems.LockedOut);
            }
            if (await write.TryCommitAsync(cancellationToken))
                return;
        }
        throw new InvalidOperationException("A refused sign-in could not be counted.");
    }
}
