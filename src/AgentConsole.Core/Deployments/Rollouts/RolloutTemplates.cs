using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Plans to use again: a team's, or the organization's, which everybody may use.</summary>
public sealed class RolloutTemplates(ConsoleStore store, AccessDirectory access, RolloutBodies bodies)
{
    public const int MostTemplates = 200;

    /// <summary>By name.</summary>
    public async Task<Outcome<Paged<RolloutTemplateBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var templates = db.RolloutTemplates.VisibleTo(by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 2, out var after) || !IdText.TryParse(IdText.RolloutTemplate, after[1], out var last))
                return Cursor.Bad();
            var name = after[0];
            templates = templates.Where(t => string.Compare(t.Name, name) > 0 || (t.Name == name && t.Id > last));
        }
        var rows = await templates.OrderBy(t => t.Name).ThenBy(t => t.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        return Paged<RolloutTemplate>.Of(rows, page.Limit, t => [t.Name, IdText.Format(IdText.RolloutTemplate, t.Id)]).Map(bodies.Of);
    }

    public async Task<Outcome<RolloutTemplateBody>> GetAsync(Actor by, string idOrName, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, idOrName, cancellationToken) is { } template
            ? bodies.Of(template)
            : RolloutProblems.TemplateNotFound;
    }

    public async Task<Outcome<RolloutTemplateBody>> CreateAsync(
        Actor by,
        Outcome<SetRolloutTemplate> input,
        CancellationToken cancellationToken
    )
    {
        var named = input.Problem is null ? input.Value.Team : null;
        var team = string.IsNullOrEmpty(named) ? null : AgentService.ResolveTeam(access.Current, by, named);
        if (!string.IsNullOrEmpty(named) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, team?.Id) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        await using var write = await store.WriteAsync(cancellationToken);
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", RolloutTemplate.MostName, errors, required: true);
        var description = Texts.Block(body.Description, "description", RolloutTemplate.MostDescription, errors);
        var plan = RolloutPlan.Read(body.Plan, "plan", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var organization = by.OrganizationId;
        if (await write.Db.RolloutTemplates.CountAsync(t => t.OrganizationId == organization, cancellationToken) >= MostTemplates)
            return PeopleProblems.TooMany("rollout plans", MostTemplates);
        var template = new RolloutTemplate
        {
            Id = write.NewId(),
            OrganizationId = organization,
            TeamId = team?.Id,
            Name = name!,
            Description = description,
            Plan = plan!.Write(),
            CreatedAt = write.Now,
            UpdatedAt = write.Now,
            UpdatedBy = Texts.Clip(by.Label, 256)!,
        };
        if (await IsTakenAsync(write.Db, template, cancellationToken))
            return RolloutProblems.NameTaken;
        write.Db.Add(template);
        write.Trail(by, "rollout-plan.created", Target(template), after: Facts(template));
        Tell(write, template);
        return await write.CommitAsync(by, bodies.Of(template), cancellationToken);
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<RolloutTemplateBody>> ChangeAsync(
        Actor by,
        string idOrName,
        long? ifMatch,
        Outcome<SetRolloutTemplate> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, idOrName, cancellationToken) is not { } template)
            return RolloutProblems.TemplateNotFound;
        if (MayNot(by, template.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        if (body.Team is not null && AgentService.ResolveTeam(access.Current, by, body.Team)?.Id != template.TeamId)
            errors.Add("team", "Never changes: make another plan.");
        var name = body.Name is null ? template.Name : Texts.Line(body.Name, "name", RolloutTemplate.MostName, errors, required: true);
        var description = body.Description is null
            ? template.Description
            : Texts.Block(body.Description, "description", RolloutTemplate.MostDescription, errors);
        var plan = body.Plan is null ? template.Plan : RolloutPlan.Read(body.Plan, "plan", errors)?.Write();
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != template.Revision)
            return await write.ChangedAsync(by, "rollout-plan", template.Id, cancellationToken, "rollout-plan.changed");
        var before = Facts(template);
        (template.Name, template.Description, template.Plan) = (name!, description, plan!);
        (template.UpdatedAt, template.UpdatedBy) = (write.Now, Texts.Clip(by.Label, 256)!);
        if (await IsTakenAsync(write.Db, template, cancellationToken))
            return RolloutProblems.NameTaken;
        write.Trail(by, "rollout-plan.changed", Target(template), before, Facts(template));
        Tell(write, template);
        return await write.CommitAsync(by, bodies.Of(template) with { Revision = template.Revision + 1 }, cancellationToken);
    }

    /// <summary>Rollouts that began with it keep their own copy.</summary>
    public async Task<Outcome<Done>> DeleteAsync(Actor by, string idOrName, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, idOrName, cancellationToken) is not { } template)
            return RolloutProblems.TemplateNotFound;
        if (MayNot(by, template.TeamId) is { } missing)
            return missing;
        write.Db.Remove(template);
        write.Trail(by, "rollout-plan.deleted", Target(template), before: Facts(template));
        Tell(write, template);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>By id, or by name: a team's before the organization's.</summary>
    internal static async Task<RolloutTemplate?> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string idOrName,
        CancellationToken cancellationToken
    )
    {
        var templates = db.RolloutTemplates.VisibleTo(by);
        return IdText.TryParse(IdText.RolloutTemplate, idOrName, out var id)
            ? await templates.FirstOrDefaultAsync(t => t.Id == id, cancellationToken)
            : await templates
                .Where(t => t.Name == idOrName)
                .OrderBy(t => t.TeamId == null)
                .ThenBy(t => t.Id)
                .FirstOrDefaultAsync(cancellationToken);
    }

    private Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.EditAgents, team)
                ? null
                : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private static Task<bool> IsTakenAsync(ConsoleDbContext db, RolloutTemplate template, CancellationToken cancellationToken)
    {
        var (organization, team, name, id) = (template.OrganizationId, template.TeamId, template.Name, template.Id);
        return db.RolloutTemplates.AnyAsync(
            t => t.OrganizationId == organization && t.TeamId == team && t.Name == name && t.Id != id,
            cancellationToken
        );
    }

    private static TrailTarget Target(RolloutTemplate template) => new("rollout-plan", template.Id, template.Name, template.TeamId);

    private static void Tell(Write write, RolloutTemplate template) =>
        write.Tell(new LiveEvent("rollout-plans", template.OrganizationId, template.TeamId, null, template.Id));

    private static object Facts(RolloutTemplate template) =>
        new
        {
            name = template.Name,
            description = template.Description,
            plan = System.Text.Json.JsonElement.Parse(template.Plan),
        };
}
