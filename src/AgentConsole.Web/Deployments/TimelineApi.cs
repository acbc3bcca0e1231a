using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Deployments;

/// <summary>The timeline over REST.</summary>
internal static class TimelineApi
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    public static RouteGroupBuilder MapTimelineApi(this RouteGroupBuilder api)
    {
        api.MapGroup("/deployments")
            .WithTags("Deployments")
            .MapGet("/timeline", ReadAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy(
                ("from", "An instant; a day before `to` when absent."),
                ("to", "An instant, one minute to 400 days after `from`; a day after it when absent, or now when both are."),
                ("team", "Team slug or id: the lanes of the agents that are in it now."),
                ("environment", "Name of an environment."),
                ("agent", "Agent slug or id."),
                ("version", "Lanes in which this version ran in that time, and the marks that set it."),
                ("status", "As it was set: active, canary or retired; likewise."),
                ("outcome", "What became of it: current, superseded, rolled-back or failed; likewise."),
                ("trigger", "person, api, rollout or rollback; likewise.")
            )
            .WithName("ReadDeploymentTimeline")
            .WithSummary("Which version ran when, in lanes of agent and environment: spans, marks and freezes over a window of time")
            .WithDescription(
                "Lanes are those in which something is deployed now. A lane has at most 32 marks: those that are closer together than a thirty-second of the window are one, with a count."
            );
        return api;
    }

    private static async Task<Answer<DeploymentTimeline>> ReadAsync(
        ListQuery query,
        CurrentActor actor,
        TimelineService timeline,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var filter = SnapshotFilter.Parse(name => query[name], query.Errors);
        var page = query.Page;
        if (query.Errors.ToProblem() is { } invalid)
            return new Answer<DeploymentTimeline>(invalid);
        var to = filter.To ?? (filter.From is { } from ? from + Usual : clock.Now());
        var window = new TimelineWindow(filter.From ?? to - Usual, to);
        return (await timeline.ReadAsync(actor, filter, window, page, cancellationToken)).ToAnswer();
    }
}
