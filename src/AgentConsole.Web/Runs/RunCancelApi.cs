using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Runs;

/// <summary>Asking an agent to stop a run, and how it hears of that.</summary>
internal static class RunCancelApi
{
    public static RouteGroupBuilder MapRunCancelApi(this RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Runs");
        runs.MapPost("/{run}/cancel", AskAsync)
            .NeedsPerson(TokenScopes.RunsWrite)
            .AnswersWith(_ => StatusCodes.Status202Accepted)
            .WithName("CancelRun")
            .WithSummary("Ask the agent to stop a run and the runs it started")
            .WithDescription(
                "202: it was asked for, and no more. `state` goes from `requested` over `acknowledged` to `cancelled` when the agent reports the run as cancelled, or to `finished-first` when it ended another way; `not_confirmed` says that the time for it is over. Asking again changes nothing until `confirm_by`; after it, the agent is asked anew. A run that has ended is `run_finished` (409). What may not be cancelled by you is in `not_included`; what it started and nobody asked for, in `not_asked`."
            );
        runs.MapGet("/{run}/cancel", GetAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("GetRunCancel")
            .WithSummary("How a request to cancel a run stands, also after it ended")
            .WithDescription("404 `cancel_not_found` when nobody asked.");
        runs.MapPost("/{run}/cancel/acknowledge", AcknowledgeAsync)
            .Needs(TokenScopes.RunsWrite)
            .WithName("AcknowledgeRunCancel")
            .WithSummary("The agent of the run has heard; report the run as cancelled once it has stopped")
            .WithDescription("With the agent's key. 409 `cancel_not_asked` when nobody asked; a second time changes nothing.");
        runs.MapGet("/cancellations", WaitAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("WaitForCancellations")
            .WithSummary("Runs of the calling agent that somebody asked to cancel; waits for the first")
            .WithDescription(
                "With an agent's key. Answers at once when there is one that was not acknowledged, else with the first within `wait` seconds (0 to 60; at once when it is left away), else with an empty list. 429 `too_many_polls` beyond eight calls that wait at once."
            );
        return api;
    }

    private static async Task<Answer<CancelBody>> AskAsync(
        string run,
        string? agent,
        Body<Reason> body,
        CurrentActor actor,
        RunCancelService cancels,
        CancellationToken cancellationToken
    ) => (await cancels.AskAsync(actor, run, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<CancelBody>> GetAsync(
        string run,
        string? agent,
        CurrentActor actor,
        RunCancelService cancels,
        CancellationToken cancellationToken
    ) => (await cancels.GetAsync(actor, run, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<CancelNotice>> AcknowledgeAsync(
        string run,
        CurrentActor actor,
        RunCancelService cancels,
        CancellationToken cancellationToken
    ) => (await cancels.AcknowledgeAsync(actor, run, cancellationToken)).ToAnswer();

    private static async Task<Answer<CancelNotices>> WaitAsync(
        string? wait,
        CurrentActor actor,
        CancelPolls polls,
        Credentials credentials,
        IHostApplicationLifetime lifetime,
        HttpContext context
    )
    {
        var who = credentials.ReadForConnection(context);
        if (who.Problem is { } problem)
            return new Answer<CancelNotices>(problem);
        return (await polls.WaitAsync(actor, Seconds(wait), who.Value, lifetime.ApplicationStopping, context.RequestAborted)).ToAnswer();
    }

    private static Outcome<int> Seconds(string? text) =>
        string.IsNullOrEmpty(text) ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= CancelPolls.LongestSeconds
            ? seconds
        : Problem.Invalid("wait", $"Must be a number of seconds from 0 to {CancelPolls.LongestSeconds}.");
}
