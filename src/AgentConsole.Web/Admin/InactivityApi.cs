using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>Inactivity policies over REST.</summary>
internal static class InactivityApi
{
    public static RouteGroupBuilder MapInactivityApi(this RouteGroupBuilder api)
    {
        var policies = api.MapGroup("/inactivity-policies").WithTags("Inactivity");
        policies
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy()
            .WithName("ListInactivityPolicies")
            .WithSummary("List the inactivity policies of the organization and of your teams");
        policies
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("CreateInactivityPolicy")
            .WithSummary("Make the policy of a team, or of the organization when none is named")
            .WithDescription("409 `policy_exists` when there is one already.");
        policies
            .MapPost("/dry-run", TryAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .ListsBy()
            .WithName("TryInactivityPolicy")
            .WithSummary("Who would be hit now, and when, by a policy that is only being written; nothing is stored");
        policies
            .MapGet("/{policy}", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetInactivityPolicy")
            .WithSummary("Read one policy, with its ETag");
        policies
            .MapPatch("/{policy}", ChangeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ChangeInactivityPolicy")
            .WithSummary("Change the members that are given; needs If-Match");
        policies
            .MapDelete("/{policy}", DeleteAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("DeleteInactivityPolicy")
            .WithSummary("Delete it with its exemptions and warnings; what it did stays done");
        policies
            .MapGet("/{policy}/dry-run", DryRunAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy()
            .WithName("DryRunInactivityPolicy")
            .WithSummary("Who would be hit now, and when, by a stored policy, also while it is off")
            .WithDescription("`doubts` says for each agent why its silence may be a gap in what was heard.");
        policies
            .MapPost("/{policy}/confirm", ConfirmAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ConfirmInactivityPolicy")
            .WithSummary("Let a braked policy act on as many agents as it shows, within a day")
            .WithDescription(
                "`agents` is the number that the person was shown. 409 `brake_changed` when it would act on more by now, 409 `not_braked` when it waits for nobody."
            );
        policies
            .MapGet("/{policy}/exemptions", ExemptionsAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy()
            .WithName("ListInactivityExemptions")
            .WithSummary("List what a policy leaves alone, newest first");
        policies
            .MapPost("/{policy}/exemptions", ExemptAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ExemptFromInactivity")
            .WithSummary("Leave an agent, or all with a tag, alone");
        policies
            .MapDelete("/{policy}/exemptions/{exemption}", EndExemptionAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("EndInactivityExemption")
            .WithSummary("End an exemption");
        api.MapPost("/agents/{agent}/keep", KeepAsync)
            .WithTags("Inactivity")
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("KeepAgent")
            .WithSummary("Leave an agent alone that a policy has warned of, for 30 days or as many as given")
            .WithDescription("409 `no_inactivity_policy` when no policy has warned of it.");
        return api;
    }

    private static Task<Answer<Page<InactivityPolicyBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => service.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<InactivityPolicyBody>> CreateAsync(
        Body<SetInactivityPolicy> body,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => (await service.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<InactivityDryRun>> TryAsync(
        ListQuery query,
        Body<SetInactivityPolicy> body,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    )
    {
        var tried = await service.DryRunAsync(actor, body.Input, query.Page, cancellationToken);
        // Whose policy it is stands in the body: who may not write it hears that before what is wrong with the address.
        return tried.Problem is null or { Kind: ProblemKind.Invalid } && query.Errors.ToProblem() is { } problem
            ? new Answer<InactivityDryRun>(problem)
            : tried.ToAnswer();
    }

    private static async Task<Answer<InactivityPolicyBody>> GetAsync(
        string policy,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => (await service.GetAsync(actor, policy, cancellationToken)).ToAnswer();

    private static async Task<Answer<InactivityPolicyBody>> ChangeAsync(
        string policy,
        IfMatch ifMatch,
        Body<SetInactivityPolicy> body,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => (await service.ChangeAsync(actor, policy, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeleteAsync(
        string policy,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => (await service.DeleteAsync(actor, policy, cancellationToken)).ToAnswer();

    private static async Task<Answer<InactivityDryRun>> DryRunAsync(
        string policy,
        ListQuery query,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    )
    {
        var page = query.Page;
        return query.Errors.ToProblem() is { } problem
            ? new Answer<InactivityDryRun>(problem)
            : (await service.DryRunAsync(actor, policy, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<InactivityPolicyBody>> ConfirmAsync(
        string policy,
        Body<ConfirmInactivity> body,
        CurrentActor actor,
        InactivityService service,
        CancellationToken cancellationToken
    ) => (await service.ConfirmAsync(actor, policy, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<InactivityExemptionBody>>> ExemptionsAsync(
        string policy,
        ListQuery query,
        CurrentActor actor,
        ExemptionService service,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => service.ListAsync(actor, policy, page, cancellationToken));

    private static async Task<Answer<InactivityExemptionBody>> ExemptAsync(
        string policy,
        Body<ExemptFromInactivity> body,
        CurrentActor actor,
        ExemptionService service,
        CancellationToken cancellationToken
    ) => (await service.ExemptAsync(actor, policy, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> EndExemptionAsync(
        string policy,
        string exemption,
        CurrentActor actor,
        ExemptionService service,
        CancellationToken cancellationToken
    ) => (await service.EndAsync(actor, policy, exemption, cancellationToken)).ToAnswer();

    private static async Task<Answer<InactivityExemptionBody>> KeepAsync(
        string agent,
        Body<KeepAgent> body,
        CurrentActor actor,
        ExemptionService service,
        CancellationToken cancellationToken
    ) => (await service.KeepAsync(actor, agent, body.Input.Map(b => b.Days ?? 30), cancellationToken)).ToAnswer();
}
