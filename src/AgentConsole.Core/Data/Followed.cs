namespace AgentConsole.Core.Data;

/// <summary>A row from which something else is computed in the same transaction. The save itself notes its changes, so that no service can forget them.</summary>
public interface IFollowed
{
    FollowedRow Followed { get; }
}

/// <param name="Noun"><c>key</c> or <c>agent</c>: whose affairs changed.</param>
public readonly record struct FollowedRow(string Noun, Guid OrganizationId, Guid Id)
{
    public const string Key = "key";
    public const string Agent = "agent";
}

/// <summary>Computes what follows from rows that were written, before they are committed. What it changes is saved with them.</summary>
public interface IBeforeCommit
{
    Task FollowAsync(Write write, IReadOnlyCollection<FollowedRow> changed, CancellationToken cancellationToken);
}
