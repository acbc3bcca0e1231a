using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Deployments;

/// <summary>Rollouts and their plans over REST.</summary>
internal static class RolloutApi
{
    public static RouteGroupBuilder MapRolloutApi(this RouteGroupBuilder api)
    {
        var ofAgent = api.MapGroup("/agents/{agent}/rollouts").WithTags("Deployments");
        ofAgent
            .MapPost("", StartAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("StartRollout")
            .WithSummary("Begin a canary: deploys it with the share of the plan's first step, and judges it from then on")
            .WithDescription(
                "409 `nothing_active` without a version to compare with, `rollout_open` while another is open in the environment, `frozen` in a freeze."
            );
        ofAgent
            .MapGet("", ListOfAgentAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy(("open", "true for open ones, false for those that are over."))
            .WithName("ListRolloutsOfAgent")
            .WithSummary("List an agent's rollouts, newest first");
        var rollouts = api.MapGroup("/rollouts").WithTags("Deployments");
        rollouts
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy(("agent", "Agent slug or id."), ("open", "true for open ones, false for those that are over."))
            .WithName("ListRollouts")
            .WithSummary("List the rollouts of every agent that you see, newest first");
        rollouts
            .MapGet("/{rollout}", GetAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetRollout")
            .WithSummary("Read one rollout: its step, its runs, and what it waits for");
        rollouts
            .MapGet("/{rollout}/decisions", DecisionsAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("ListRolloutDecisions")
            .WithSummary("Every decision of a rollout, newest first, each with whether its stored evidence gives it again");
        rollouts
            .MapGet("/{rollout}/decisions/{number}/record", RecordAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetRolloutDecisionRecord")
            .WithSummary("The record of a decision: canonical JSON with the samples, whose SHA-256 is its digest");
        rollouts
            .MapPost("/{rollout}/pause", PauseAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("PauseRollout")
            .WithSummary("Pause: the share stays, runs are counted on, nothing is judged");
        rollouts
            .MapPost("/{rollout}/resume", ResumeAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("ResumeRollout")
            .WithSummary("Go on with the step; 409 `step_spent` when it has been judged for the last time");
        rollouts
            .MapPost("/{rollout}/advance", AdvanceAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("AdvanceRollout")
            .WithSummary("Go to the next step now, or promote after the last, whatever was seen");
        rollouts
            .MapPost("/{rollout}/promote", PromoteAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("PromoteRollout")
            .WithSummary("Make the canary active now, whatever was seen");
        rollouts
            .MapPost("/{rollout}/abort", AbortAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("AbortRollout")
            .WithSummary("Give all traffic back to the stable version; allowed in a freeze");
        var plans = api.MapGroup("/rollout-plans").WithTags("Deployments");
        plans
            .MapGet("", ListPlansAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy()
            .WithName("ListRolloutPlans")
            .WithSummary("List plans to use again, by name: those of your teams and those of the organization");
        plans
            .MapPost("", CreatePlanAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("CreateRolloutPlan")
            .WithSummary("Keep a plan for later rollouts; of a team, or of the organization when none is named");
        plans
            .MapGet("/{plan}", GetPlanAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetRolloutPlan")
            .WithSummary("Read one plan, by id or name, with its ETag");
        plans
            .MapPatch("/{plan}", ChangePlanAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("ChangeRolloutPlan")
            .WithSummary("Change the members that are given; needs If-Match. Rollouts keep the plan that they began with");
        plans
            .MapDelete("/{plan}", DeletePlanAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("DeleteRolloutPlan")
            .WithSummary("Delete a plan; rollouts that began with it go on");
        return api;
    }

    private static async Task<Answer<RolloutBody>> StartAsync(
        string agent,
        Body<StartRollout> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.StartAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<RolloutBody>>> ListOfAgentAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        RolloutLists lists,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync(
            (value, errors) => new RolloutFilter(agent, Open(value, errors)),
            (filter, page) => lists.OfAgentAsync(actor, agent, filter, page, cancellationToken)
        );

    private static Task<Answer<Page<RolloutBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        RolloutLists lists,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync(
            (value, errors) => new RolloutFilter(Texts.Line(value("agent"), "agent", 100, errors), Open(value, errors)),
            (filter, page) => lists.ListAsync(actor, filter, page, cancellationToken)
        );

    private static async Task<Answer<RolloutBody>> GetAsync(
        string rollout,
        CurrentActor actor,
        RolloutLists lists,
        CancellationToken cancellationToken
    ) => (await lists.GetAsync(actor, rollout, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutDecisions>> DecisionsAsync(
        string rollout,
        CurrentActor actor,
        RolloutLists lists,
        CancellationToken cancellationToken
    ) => (await lists.DecisionsAsync(actor, rollout, cancellationToken)).ToAnswer();

    private static async Task<IResult> RecordAsync(
        string rollout,
        string number,
        CurrentActor actor,
        RolloutLists lists,
        CancellationToken cancellationToken
    )
    {
        var wanted = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var known) ? known : 0;
        var record = await lists.RecordAsync(actor, rollout, wanted, cancellationToken);
        return record.Problem is { } problem ? new Answer<RolloutDecisions>(problem) : Results.Bytes(record.Value, "application/json");
    }

    private static async Task<Answer<RolloutBody>> PauseAsync(
        string rollout,
        Body<RolloutAct> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.PauseAsync(actor, rollout, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutBody>> ResumeAsync(
        string rollout,
        Body<RolloutAct> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.ResumeAsync(actor, rollout, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutBody>> AdvanceAsync(
        string rollout,
        Body<RolloutAct> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.AdvanceAsync(actor, rollout, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutBody>> PromoteAsync(
        string rollout,
        Body<RolloutAct> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.PromoteAsync(actor, rollout, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutBody>> AbortAsync(
        string rollout,
        Body<RolloutAct> body,
        CurrentActor actor,
        RolloutService rollouts,
        CancellationToken cancellationToken
    ) => (await rollouts.AbortAsync(actor, rollout, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<RolloutTemplateBody>>> ListPlansAsync(
        ListQuery query,
        CurrentActor actor,
        RolloutTemplates templates,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => templates.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<RolloutTemplateBody>> CreatePlanAsync(
        Body<SetRolloutTemplate> body,
        CurrentActor actor,
        RolloutTemplates templates,
        CancellationToken cancellationToken
    ) => (await templates.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutTemplateBody>> GetPlanAsync(
        string plan,
        CurrentActor actor,
        RolloutTemplates templates,
        CancellationToken cancellationToken
    ) => (await templates.GetAsync(actor, plan, cancellationToken)).ToAnswer();

    private static async Task<Answer<RolloutTemplateBody>> ChangePlanAsync(
        string plan,
        IfMatch ifMatch,
        Body<SetRolloutTemplate> body,
        CurrentActor actor,
        RolloutTemplates templates,
        CancellationToken cancellationToken
    ) => (await templates.ChangeAsync(actor, plan, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeletePlanAsync(
        string plan,
        CurrentActor actor,
        RolloutTemplates templates,
        CancellationToken cancellationToken
    ) => (await templates.DeleteAsync(actor, plan, cancellationToken)).ToAnswer();

    private static bool? Open(Func<string, string?> value, FieldErrors errors)
    {
        if (value("open") is not { } text)
            return null;
        if (text is "true" or "false")
            return text == "true";
        errors.Add("open", "Must be true or false.");
        return null;
    }
}
