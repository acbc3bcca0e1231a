using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Core.Retirements;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Retirements;

/// <summary>Retirements over REST.</summary>
internal static class RetirementApi
{
    public static RouteGroupBuilder MapRetirementApi(this RouteGroupBuilder api)
    {
        var retirement = api.MapGroup("/agents/{agent}/retirement").WithTags("Agents");
        retirement
            .MapGet("", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetRetirement")
            .WithSummary("Read an agent's retirement: the one that is open, or else the latest, with what is left of each step");
        retirement
            .MapPost("", StartAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("StartRetirement")
            .WithSummary("Open the checklist by which an agent is taken out of service; nothing else happens yet")
            .WithDescription("409 `retirement_open` where one is open; `agent_retired` where the agent is retired.");
        retirement
            .MapPost("/steps/{step}", ActAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("DoRetirementStep")
            .WithSummary("Do a step, or skip it with a reason: gateways, runs, keys, export")
            .WithDescription(
                "`gateways` unlinks all; `runs` waits for open runs (`drain`) or asks the agent to stop each (`cancel`); `keys` ends open rotations and revokes every version, and needs the scope `keys:write` and the "
                    + "role key-admin; `export` can only be skipped here, and is done by its download. A step is refused with `retirement_step_open` while one before it is open. The body may be empty."
            );
        retirement
            .MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ExportRetirement")
            .WithSummary("Download what is kept of the agent as lines of JSON; the step is done when the last byte was sent")
            .WithDescription(
                "First a manifest with the agent, then its snapshots, its runs, and the records of the trail about it, its keys, rotations, snapshots and runs, and last the counts. "
                    + "Needs the scopes `deployments:read`, `runs:read` and `trail:read` besides, and the role that reads the trail. The SHA-256 of the file stands in the step."
            );
        retirement
            .MapPost("/finish", FinishAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("FinishRetirement")
            .WithSummary("Retire the agent: its lifecycle becomes retired, and so does what runs in each environment")
            .WithDescription(
                "409 `retirement_step_open` while a step is open. A freeze holds it as it holds a deployment. The body may be empty."
            );
        retirement
            .MapPost("/abandon", AbandonAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("AbandonRetirement")
            .WithSummary("Keep the agent in service; what was done stays done");
        api.MapPost("/agents/{agent}/retire", RetireAsync)
            .WithTags("Agents")
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("RetireAgent")
            .WithSummary("Retire in one call an agent that has no linked gateway, no open run and no living key any more")
            .WithDescription("409 `retirement_step_open` names what is left. The export is skipped, and the record says so.");
        return api;
    }

    private static async Task<Answer<RetirementBody>> GetAsync(
        string agent,
        CurrentActor actor,
        RetirementService retirements,
        CancellationToken cancellationToken
    ) => (await retirements.GetAsync(actor, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetirementBody>> StartAsync(
        string agent,
        Body<RetirementReason> body,
        CurrentActor actor,
        RetirementService retirements,
        CancellationToken cancellationToken
    ) => (await retirements.StartAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetirementBody>> ActAsync(
        string agent,
        string step,
        Body<RetirementAct> body,
        CurrentActor actor,
        RetirementSteps steps,
        CancellationToken cancellationToken
    ) => (await steps.ActAsync(actor, agent, step, body.Input, cancellationToken)).ToAnswer();

    private static async Task<IResult> ExportAsync(
        string agent,
        CurrentActor actor,
        RetirementExports exports,
        CancellationToken cancellationToken
    )
    {
        var export = await exports.ExportAsync(actor, agent, cancellationToken);
        return export.Try(out var granted, out _)
            ? new ExportStream(granted.WriteToAsync, granted.ContentType, granted.FileName)
            : export.ToAnswer();
    }

    private static async Task<Answer<RetirementBody>> FinishAsync(
        string agent,
        Body<RetirementReason> body,
        CurrentActor actor,
        RetirementService retirements,
        CancellationToken cancellationToken
    ) => (await retirements.FinishAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetirementBody>> AbandonAsync(
        string agent,
        Body<RetirementReason> body,
        CurrentActor actor,
        RetirementService retirements,
        CancellationToken cancellationToken
    ) => (await retirements.AbandonAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RetirementBody>> RetireAsync(
        string agent,
        Body<RetirementReason> body,
        CurrentActor actor,
        RetirementService retirements,
        CancellationToken cancellationToken
    ) => (await retirements.RetireAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();
}
