namespace AgentConsole.Core.Agents;

/// <summary>
/// How liveness moves. A sign of life (heartbeat or run) makes an agent live for one lease. When the lease ends it is late for one grace, and then
/// silent, until it is heard again. Ingest writes the same rule as SQL: <c>liveness = 'live', liveness_deadline = at + lease</c>.
/// </summary>
public static class LivenessRule
{
    public static (Liveness Liveness, DateTimeOffset? Deadline) Heard(DateTimeOffset at, int leaseSeconds) =>
        (Liveness.Live, at.AddSeconds(leaseSeconds));

    /// <param name="deadline">The instant that passed without a sign of life.</param>
    public static (Liveness Liveness, DateTimeOffset? Deadline) Overdue(Liveness now, DateTimeOffset deadline, int graceSeconds) =>
        now == Liveness.Live ? (Liveness.Late, deadline.AddSeconds(graceSeconds)) : (Liveness.Silent, null);

    /// <summary>The deadline of an agent whose waiting begins anew: it was paused, or its lease was changed.</summary>
    public static DateTimeOffset? Renewed(Liveness now, DateTimeOffset from, int leaseSeconds, int graceSeconds) =>
        now switch
        {
            Liveness.Live => from.AddSeconds(leaseSeconds),
            Liveness.Late => from.AddSeconds(graceSeconds),
            _ => null,
        };
}
