using AgentConsole.Contracts;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Agents;

/// <summary>Bulk actions over REST: make a plan, look at it, apply exactly it or discard it, resume, take back.</summary>
internal static class PlanApi
{
    public static RouteGroupBuilder MapPlanApi(this RouteGroupBuilder api)
    {
        var plans = api.MapGroup("/agents/plans").WithTags("Agents");
        plans
            .MapPost("", MakeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .AcceptsBulk()
            .Creates()
            .WithName("MakePlan")
            .WithSummary("Plan one action for up to 100,000 agents; nothing is changed")
            .WithDescription(
                "Name `agents`, or give a `filter`. The plan says of each agent what would be done with it, and expires after an hour. `delete` and `restore` need the scope agents:delete."
            );
        plans
            .MapGet("/{plan}", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetPlan")
            .WithSummary("Read a plan: its digest, its state, and how far it came")
            .WithDescription("Seen by whoever made it, and by whoever reads everything in the organization.");
        plans
            .MapGet("/{plan}/rows", RowsAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy(("effect", "change, no-change or refused."), ("outcome", "pending, done, failed, undone or undo-failed."))
            .WithName("ListPlanRows")
            .WithSummary("List the agents of a plan, with what would be done and what came of it");
        plans
            .MapDelete("/{plan}", DiscardAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("DiscardPlan")
            .WithSummary("Discard a plan that was not applied; only its maker may, and the answer is what it was")
            .WithDescription("It counts no longer against the plans and rows that may wait. 409 `plan_applied` once it was applied.");
        plans
            .MapPost("/{plan}/apply", ApplyAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ApplyPlan")
            .WithSummary("Do exactly what the plan says; only its maker may")
            .WithDescription(
                "409 `plan_changed` when agents changed, came or went since; `errors` names them, and nothing was done. Up to 250 agents are done when the answer comes; more are "
                    + "worked off in parts, and the plan says how far. 409 `plan_expired`, `plan_applied`, `plan_digest_differs`."
            );
        plans
            .MapPost("/{plan}/resume", ResumeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ResumePlan")
            .WithSummary("Go on with an interrupted plan: what is done is not done again");
        plans
            .MapPost("/{plan}/undo", UndoAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("UndoPlan")
            .WithSummary("Put the agents back as they were, within an hour; those that somebody changed since stay, and their rows say so");
        return api;
    }

    private static async Task<Answer<PlanBody>> MakeAsync(
        Body<MakePlan> body,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.MakeAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<PlanBody>> GetAsync(
        string plan,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.GetAsync(actor, plan, cancellationToken)).ToAnswer();

    private static async Task<Answer<Page<PlanRowBody>>> RowsAsync(
        string plan,
        ListQuery query,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    )
    {
        var seen = await plans.GetAsync(actor, plan, cancellationToken);
        var effect = KebabCase.Read<RowEffect>(query["effect"], "effect", query.Errors);
        var outcome = KebabCase.Read<RowOutcome>(query["outcome"], "outcome", query.Errors);
        var page = query.Page;
        if ((seen.Problem ?? query.Errors.ToProblem()) is { } problem)
            return new Answer<Page<PlanRowBody>>(problem);
        return (await plans.RowsAsync(actor, plan, effect, outcome, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<PlanBody>> ApplyAsync(
        string plan,
        Body<ApplyPlan> body,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.ApplyAsync(actor, plan, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<PlanBody>> DiscardAsync(
        string plan,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.DiscardAsync(actor, plan, cancellationToken)).ToAnswer();

    private static async Task<Answer<PlanBody>> ResumeAsync(
        string plan,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.ResumeAsync(actor, plan, cancellationToken)).ToAnswer();

    private static async Task<Answer<PlanBody>> UndoAsync(
        string plan,
        CurrentActor actor,
        BulkPlanService plans,
        CancellationToken cancellationToken
    ) => (await plans.UndoAsync(actor, plan, cancellationToken)).ToAnswer();
}
