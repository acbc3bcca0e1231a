using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>What the writes of this feature share.</summary>
internal static class PeopleWrites
{
    extension(Write write)
    {
        /// <summary>
        /// The user, tracked, after waiting for whoever is changing it: wrong attempts that arrive together are counted one by one on every node.
        /// </summary>
        public async Task<User?> LockUserAsync(Guid userId, CancellationToken cancellationToken)
        {
            var stamp = Guid.NewGuid().ToString("n");
            var found = await write
                .Db.Users.Where(u => u.Id == userId)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.ConcurrencyStamp, stamp), cancellationToken);
            return found == 0 ? null : await write.Db.Users.AsTracking().SingleAsync(u => u.Id == userId, cancellationToken);
        }

        /// <summary>Waits for whoever else changes the organization's administrators, so that the last two cannot remove each other.</summary>
        public Task LockOrganizationAsync(Guid organizationId, CancellationToken cancellationToken) =>
            write
                .Db.Organizations.Where(o => o.Id == organizationId)
                .ExecuteUpdateAsync(set => set.SetProperty(o => o.Suspended, o => o.Suspended), cancellationToken);

        /// <summary>Tells pages that something about people changed.</summary>
        public void TellPeople(Guid organizationId, Guid subjectId, Guid? teamId = null) =>
            write.Tell(new LiveEvent("people", organizationId, teamId, null, subjectId));
    }

    public static TrailTarget Target(this User user) => new("user", user.Id, user.Email);

    /// <summary>Somebody who says to be this user and has not proven it.</summary>
    public static Actor Unproven(Guid organizationId, CallOrigin origin) =>
        new()
        {
            OrganizationId = organizationId,
            Kind = ActorKind.Anonymous,
            Label = "not signed in",
            Method = AuthMethod.None,
            Address = origin.Address,
            UserAgent = origin.UserAgent,
            CorrelationId = origin.CorrelationId,
        };

    /// <summary>The user, proven by a session, a link or a password just given.</summary>
    public static Actor Proven(User user, AuthMethod method, Guid? credentialId, CallOrigin origin) =>
        new()
        {
            OrganizationId = user.OrganizationId,
            Kind = ActorKind.User,
            Id = user.Id,
            Label = user.Email ?? user.DisplayName,
            Method = method,
            CredentialId = credentialId,
            Address = origin.Address,
            UserAgent = origin.UserAgent,
            CorrelationId = origin.CorrelationId,
        };
}
