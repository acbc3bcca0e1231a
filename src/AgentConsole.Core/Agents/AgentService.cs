using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>What people do with agents. Reading lists is <see cref="AgentLists"/>.</summary>
public sealed partial class AgentService(ConsoleStore store, AccessDirectory access, AgentDirectory directory, IFirstKey firstKey)
{
    /// <summary>Registers an agent in a team; with <c>key: true</c> its first key is in the answer, once.</summary>
    public Task<Outcome<AgentBody>> RegisterAsync(Actor by, Outcome<RegisterAgent> input, CancellationToken cancellationToken) =>
        RegisterAsync(by, input, null, cancellationToken);

    /// <param name="also">What else is done in the same transaction.</param>
    internal async Task<Outcome<AgentBody>> RegisterAsync(
        Actor by,
        Outcome<RegisterAgent> input,
        Func<Write, Agent, Task>? also,
        CancellationToken cancellationToken
    )
    {
        var now = access.Current;
        var body = input.Problem is null ? input.Value : new RegisterAgent();
        if (ResolveTeam(now, by, body.Team) is not { } team)
            return input.Problem is { } unreadable && by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 }
                ? Actor.MissingRole(Permission.EditAgents, null)
                : input.Problem ?? AgentProblems.TeamNotFound;
        if (!by.May(Permission.EditAgents, team.Id))
            return Actor.MissingRole(Permission.EditAgents, team.Name);
        if (body.Key == true && firstKey.Refusal(by, team.Id) is { } refusal)
            return refusal;
        if (input.Problem is { } problem)
            return problem;

        var errors = new FieldErrors();
        if (Texts.SlugFault(body.Slug) is { } fault)
            errors.Add("slug", fault);
        var draft = AgentDraft.Read(body, errors);
        var owner = AgentDraft.ReadOwner(now, by.OrganizationId, body.Owner, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;

        await using var write = await store.WriteAsync(cancellationToken);
        if (
            await write.Db.Agents.AnyAsync(
                a => a.OrganizationId == by.OrganizationId && a.Slug == body.Slug && a.DeletedAt == null,
                cancellationToken
            )
        )
            return AgentProblems.SlugTaken(body.Slug!);
        var agent = Create(write, by, body, draft, team.Id, owner);
        directory.Announce(write, agent);
        var first = body.Key == true ? firstKey.Mint(write, agent, by) : null;
        if (also is not null)
            await also(write, agent);
        var answer = AgentBodies.Of(agent, now) with
        {
            ApiKey = first?.Secret,
            ApiKeyPrefix = first?.Prefix,
            KeyId = IdText.Format(IdText.Key, first?.KeyId),
        };
        var done = await write.CommitAsync(by, answer, cancellationToken);
        return done.Problem is { Code: "changed_meanwhile" } && by.Retry is null ? AgentProblems.SlugTaken(body.Slug!) : done;
    }

    public async Task<Outcome<AgentBody>> GetAsync(Actor by, string idOrSlug, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.Agents.VisibleTo(by).Named(idOrSlug).FirstOrDefaultAsync(cancellationToken) is { } agent
            ? AgentBodies.Of(agent, access.Current)
            : AgentProblems.NotFound;
    }

    /// <summary>Changes the members that are given. An empty <c>owner</c> makes the agent ownerless; an empty text clears its member.</summary>
    /// <param name="ifMatch">Revision the caller read; null is 428, another than the present one 412.</param>
    public async Task<Outcome<AgentBody>> ChangeAsync(
        Actor by,
        string idOrSlug,
        long? ifMatch,
        Outcome<ChangeAgent> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write, by, idOrSlug, cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        var now = access.Current;
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, now.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var draft = AgentDraft.Read(body, errors);
        var owner = AgentDraft.ReadOwner(now, by.OrganizationId, body.Owner, errors);
        var team = body.Team is null ? null : ResolveTeam(now, by, body.Team);
        if (body.Team is not null && team is null)
            return AgentProblems.TeamNotFound;
        if (team is not null && !by.May(Permission.EditAgents, team.Id))
            return Actor.MissingRole(Permission.EditAgents, team.Name);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != agent.Revision)
            return await write.ChangedAsync(by, "agent", agent.Id, cancellationToken);

        var changes = Apply(
            now,
            agent,
            draft,
            Cleared(body.DisplayName, body.Description, body.Environment, body.Version),
            team,
            body.Owner is null ? null : (owner, true)
        );
        if (changes.Count == 0)
            return AgentBodies.Of(agent, now);
        if (changes.ContainsKey("tags"))
            await RewriteTagsAsync(write, agent, cancellationToken);
        return await FinishAsync(write, by, agent, "agent.changed", changes, null, cancellationToken);
    }

    internal static Agent Create(Write write, Actor by, RegisterAgent body, AgentDraft draft, Guid teamId, Guid? owner)
    {
        var agent = new Agent
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            TeamId = teamId,
            Slug = body.Slug!,
            DisplayName = draft.DisplayName ?? body.Slug!,
            // A break-glass account is nobody: what it registers waits for an owner.
            OwnerId = owner ?? (body.Owner is null && by is { Kind: ActorKind.User, Method: not AuthMethod.BreakGlass } ? by.Id : null),
            CreatedAt = write.Now,
            CreatedBy = by.Label,
            UpdatedAt = write.Now,
        };
        draft.ApplyTo(agent);
        write.Db.Add(agent);
        foreach (var tag in agent.Tags)
            write.Db.Add(
                new AgentTag
                {
                    OrganizationId = agent.OrganizationId,
                    AgentId = agent.Id,
                    Tag = tag,
                }
            );
        write.Trail(
            by,
            "agent.registered",
            Target(agent),
            after: new
            {
                slug = agent.Slug,
                display_name = agent.DisplayName,
                environment = agent.Environment,
                tags = agent.Tags,
            }
        );
        return agent;
    }

    /// <summary>Lays over the agent what was given; says which members changed, with their values before and after.</summary>
    /// <param name="owner">Null where no owner was named.</param>
    internal static Dictionary<string, (object? Before, object? After)> Apply(
        AccessSnapshot now,
        Agent agent,
        AgentDraft draft,
        IReadOnlySet<string>? cleared,
        TeamCard? team,
        (Guid? Id, bool Given)? owner
    )
    {
        var changes = draft.ApplyTo(agent, cleared);
        if (team is not null && team.Id != agent.TeamId)
        {
            changes["team"] = (now.Teams.GetValueOrDefault(agent.TeamId)?.Slug, team.Slug);
            agent.TeamId = team.Id;
        }
        if (owner is { } given && given.Id != agent.OwnerId)
        {
            changes["owner"] = (Label(now, agent.OwnerId), Label(now, given.Id));
            agent.OwnerId = given.Id;
        }
        // A new lease holds from the last sign of life on, not only from the next.
        if (
            (changes.ContainsKey("lease_seconds") || changes.ContainsKey("grace_seconds"))
            && agent is { LivenessDeadline: not null, LastSeenAt: { } seen }
        )
            agent.LivenessDeadline = LivenessRule.Renewed(
                agent.Liveness,
                agent.Liveness == Liveness.Live ? seen : agent.LivenessSince ?? seen,
                agent.LeaseSeconds,
                agent.GraceSeconds
            );
        return changes;
    }

    /// <summary>What stands with every change of an agent: its time, its record, its news.</summary>
    internal static void Record(
        Write write,
        AgentDirectory directory,
        Actor by,
        Agent agent,
        string action,
        Dictionary<string, (object? Before, object? After)> changes,
        string? reason
    )
    {
        agent.UpdatedAt = write.Now;
        write.Trail(
            by,
            action,
            Target(agent),
            changes.ToDictionary(c => c.Key, c => c.Value.Before),
            changes.ToDictionary(c => c.Key, c => c.Value.After),
            reason
        );
        directory.Announce(write, agent);
    }

    internal static TrailTarget Target(Agent agent) => new("agent", agent.Id, agent.Slug, agent.TeamId);

    internal static async Task RewriteTagsAsync(Write write, Agent agent, CancellationToken cancellationToken)
    {
        var rows = await write
            .Db.AgentTags.Where(t => t.OrganizationId == agent.OrganizationId && t.AgentId == agent.Id)
            .ToListAsync(cancellationToken);
        write.Db.RemoveRange(rows.Where(r => !agent.Tags.Contains(r.Tag)));
        foreach (var tag in agent.Tags.Where(tag => rows.TrueForAll(r => r.Tag != tag)))
            write.Db.Add(
                new AgentTag
                {
                    OrganizationId = agent.OrganizationId,
                    AgentId = agent.Id,
                    Tag = tag,
                }
            );
    }

    /// <summary>The team a caller means: <c>default</c> when none is named; null when there is none or they may not see it.</summary>
    internal static TeamCard? ResolveTeam(AccessSnapshot now, Actor by, string? slugOrId) =>
        now.FindTeam(by.OrganizationId, string.IsNullOrEmpty(slugOrId) ? Team.DefaultSlug : slugOrId) is { } team
        && by.TeamsWith(Permission.ReadFleet).Has(team.Id)
            ? team
            : null;

    internal static string? Label(AccessSnapshot now, Guid? principal) =>
        principal is { } id ? now.Principals.GetValueOrDefault(id)?.Label : null;

    private static Task<Agent?> FindAsync(Write write, Actor by, string idOrSlug, CancellationToken cancellationToken) =>
        write.Db.Agents.VisibleTo(by).Named(idOrSlug).FirstOrDefaultAsync(cancellationToken);

    /// <summary>Members that an empty text clears.</summary>
    internal static HashSet<string> Cleared(string? displayName, string? description, string? environment, string? version)
    {
        var cleared = new HashSet<string>(StringComparer.Ordinal);
        void Empty(string name, string? value)
        {
            if (value is not null && string.IsNullOrWhiteSpace(value))
                cleared.Add(name);
        }
        Empty("display_name", displayName);
        Empty("description", description);
        Empty("environment", environment);
        Empty("version", version);
        return cleared;
    }

    private async Task<Outcome<AgentBody>> FinishAsync(
        Write write,
        Actor by,
        Agent agent,
        string action,
        Dictionary<string, (object? Before, object? After)> changes,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        Record(write, directory, by, agent, action, changes, reason);
        var answer = AgentBodies.Of(agent, access.Current) with { Revision = agent.Revision + 1 };
        return await write.CommitAsync(by, answer, cancellationToken);
    }
}
