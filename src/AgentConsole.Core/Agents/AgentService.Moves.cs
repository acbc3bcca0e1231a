using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

// Where an agent stands in its life, and how people move it.
public sealed partial class AgentService
{
    /// <summary>Its keys answer 403 <c>agent_paused</c> from now on. Pausing a paused agent changes nothing.</summary>
    public Task<Outcome<AgentBody>> PauseAsync(Actor by, string idOrSlug, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(by, idOrSlug, "agent.paused", reason, AgentMoves.Pause, cancellationToken);

    public Task<Outcome<AgentBody>> ResumeAsync(Actor by, string idOrSlug, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(by, idOrSlug, "agent.resumed", reason, AgentMoves.Resume, cancellationToken);

    /// <summary>Soft: its keys are refused, its slug is free again, its history stays, and it can be restored.</summary>
    public Task<Outcome<AgentBody>> DeleteAsync(Actor by, string idOrSlug, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(by, idOrSlug, "agent.deleted", reason, AgentMoves.Delete, cancellationToken);

    /// <summary>Brings a deleted agent back as it was; 409 <c>slug_taken</c> when another one has its slug by now.</summary>
    public Task<Outcome<AgentBody>> RestoreAsync(Actor by, string idOrSlug, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(
            by,
            idOrSlug,
            "agent.restored",
            reason,
            (agent, now) => AgentMoves.Restore(agent, now, directory.FindBySlug(agent.OrganizationId, agent.Slug) is not null),
            cancellationToken
        );

    private async Task<Outcome<AgentBody>> MoveAsync(
        Actor by,
        string idOrSlug,
        string action,
        Outcome<string> input,
        Func<Agent, DateTimeOffset, Problem?> move,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write, by, idOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(given, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var before = agent.Lifecycle;
        if (move(agent, write.Now) is { } problem)
            return problem;
        if (agent.Lifecycle == before)
            return AgentBodies.Of(agent, access.Current);
        var changes = new Dictionary<string, (object?, object?)>(StringComparer.Ordinal)
        {
            ["lifecycle"] = (KebabCase.Of(before), KebabCase.Of(agent.Lifecycle)),
        };
        return await FinishAsync(write, by, agent, action, changes, reason, cancellationToken);
    }
}
