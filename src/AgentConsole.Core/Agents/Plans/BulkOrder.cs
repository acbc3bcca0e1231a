using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>What is to be done with each agent: the rules are those of a single change.</summary>
internal sealed record BulkOrder(BulkAction Action)
{
    public List<string> AddTags { get; init; } = [];
    public List<string> RemoveTags { get; init; } = [];
    public Guid? OwnerId { get; init; }
    public Guid? TeamId { get; init; }

    public static BulkOrder Of(BulkPlan plan) =>
        new(plan.Action)
        {
            AddTags = plan.AddTags,
            RemoveTags = plan.RemoveTags,
            OwnerId = plan.OwnerId,
            TeamId = plan.TargetTeamId,
        };

    /// <summary>Reads action and parameters. Members that belong to another action are refused, so that nobody thinks they were heeded.</summary>
    public static Outcome<BulkOrder> Read(AccessSnapshot now, Actor by, MakePlan body, FieldErrors errors)
    {
        var action = KebabCase.Read<BulkAction>(body.Action ?? "", "action", errors);
        void Only(BulkAction one, string field, bool given)
        {
            if (given && action is not null && action != one)
                errors.Add(field, $"Belongs to the action {KebabCase.Of(one)}.");
        }
        Only(BulkAction.Tag, "add_tags", body.AddTags is not null);
        Only(BulkAction.Tag, "remove_tags", body.RemoveTags is not null);
        Only(BulkAction.Assign, "owner", body.Owner is not null);
        Only(BulkAction.Move, "team", body.Team is not null);
        if (action is null)
            return new BulkOrder(default(BulkAction));
        var order = new BulkOrder(action.Value);
        switch (action)
        {
            case BulkAction.Tag:
                order = order with
                {
                    AddTags = AgentDraft.ReadTags(body.AddTags, errors, "add_tags") ?? [],
                    RemoveTags = AgentDraft.ReadTags(body.RemoveTags, errors, "remove_tags") ?? [],
                };
                if (order.AddTags.Count + order.RemoveTags.Count == 0 && !errors.Any)
                    errors.Add("add_tags", "Name at least one tag to add or to remove.");
                if (order.AddTags.Intersect(order.RemoveTags).FirstOrDefault() is { } both)
                    errors.Add("remove_tags", $"The tag {both} is to be added as well.");
                break;
            case BulkAction.Assign when body.Owner is null:
                errors.Add("owner", "Name the new owner by e-mail address or user id; an empty text makes the agents ownerless.");
                break;
            case BulkAction.Assign:
                order = order with { OwnerId = AgentDraft.ReadOwner(now, by.OrganizationId, body.Owner, errors) };
                break;
            case BulkAction.Move when string.IsNullOrEmpty(body.Team):
                errors.Add("team", "Name the team to move to.");
                break;
            case BulkAction.Move:
                if (AgentService.ResolveTeam(now, by, body.Team) is not { } team)
                    return AgentProblems.TeamNotFound;
                if (!by.May(Permission.EditAgents, team.Id))
                    return Actor.MissingRole(Permission.EditAgents, team.Name);
                order = order with { TeamId = team.Id };
                break;
        }
        return order;
    }

    /// <summary>How the change is called on the trail: as if it had been made by itself.</summary>
    public string TrailAction =>
        Action switch
        {
            BulkAction.Pause => "agent.paused",
            BulkAction.Resume => "agent.resumed",
            BulkAction.Delete => "agent.deleted",
            BulkAction.Restore => "agent.restored",
            _ => "agent.changed",
        };

    public string UndoTrailAction =>
        Action switch
        {
            BulkAction.Pause => "agent.resumed",
            BulkAction.Resume => "agent.paused",
            BulkAction.Delete => "agent.restored",
            BulkAction.Restore => "agent.deleted",
            _ => "agent.changed",
        };

    /// <summary>Does it to the agent in memory; says which members changed, or why it cannot be done.</summary>
    /// <param name="slugTaken">Another undeleted agent has its slug.</param>
    public Outcome<Dictionary<string, (object? Before, object? After)>> Do(
        AccessSnapshot now,
        Actor by,
        Agent agent,
        bool slugTaken,
        DateTimeOffset at
    )
    {
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, now.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        var before = agent.Lifecycle;
        var refusal = Action switch
        {
            BulkAction.Pause => AgentMoves.Pause(agent, at),
            BulkAction.Resume => AgentMoves.Resume(agent, at),
            BulkAction.Delete => AgentMoves.Delete(agent, at),
            BulkAction.Restore => AgentMoves.Restore(agent, at, slugTaken),
            _ when agent.Lifecycle == Lifecycle.Deleted => AgentProblems.Deleted,
            BulkAction.Assign when OwnerId is { } id && now.Principals.GetValueOrDefault(id) is not { Enabled: true } =>
                PlanProblems.OwnerDisabled,
            BulkAction.Move when !by.May(Permission.EditAgents, TeamId!.Value) => Actor.MissingRole(
                Permission.EditAgents,
                now.Teams.GetValueOrDefault(TeamId.Value)?.Name
            ),
            _ => null,
        };
        if (refusal is not null)
            return refusal;
        var tags = Action == BulkAction.Tag ? agent.Tags.Except(RemoveTags).Union(AddTags).Order(StringComparer.Ordinal).ToList() : null;
        if (tags?.Count > AgentDraft.MostTags)
            return PlanProblems.TooManyTags;
        var changes = AgentService.Apply(
            now,
            agent,
            new AgentDraft { Tags = tags },
            null,
            Action == BulkAction.Move ? now.Teams.GetValueOrDefault(TeamId!.Value) : null,
            Action == BulkAction.Assign ? (OwnerId, true) : null
        );
        if (agent.Lifecycle != before)
            changes["lifecycle"] = (KebabCase.Of(before), KebabCase.Of(agent.Lifecycle));
        return changes;
    }
}
