using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Runs;

/// <summary>Reading runs, their steps and their figures.</summary>
internal static class RunReadApi
{
    public static RouteGroupBuilder MapRunReadApi(this RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Runs");
        runs.MapGet("", ListAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("ListRuns")
            .WithSummary("Runs, newest first by time of receipt")
            .WithDescription(
                "`status` takes one or more, with commas between; `since` and `until` an instant or a stretch of time before now (`15m`, `24h`, `30d`); `q` an id, external id or error code exactly, or part of an agent's name. With `version`, `min_duration_ms` or `min_cost` a page may be shorter than its limit, or empty, and yet have a next one: go by `has_more`."
            );
        var export = runs.MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.RunsRead)
            .Takes("format", "csv (default) or json.")
            .WithName("ExportRuns")
            .WithSummary("Download the runs that match, newest first; the export itself is put on the trail")
            .WithDescription("In the form of `ExportAgents`; the filter is that of `ListRuns`.");
        foreach (var name in (string[])["agent", "team", "status", "version", "since", "until", "q", "min_duration_ms", "min_cost"])
            export.Takes(name, "As in ListRuns.");
        runs.MapGet("/{run}", GetAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("GetRun")
            .WithSummary("A run by its id, or by the external id of an agent")
            .WithDescription("With an agent key an external id is that agent's; other callers add `agent`.");
        runs.MapGet("/{run}/explain", ExplainAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("ExplainRun")
            .WithSummary("Where a run's time went: models, tools, waiting, own work, gaps")
            .WithDescription(
                "Steps that overlap count once, for the most telling that was under way: waiting for a decision, then tools, then models, then other steps. What no step covers is a gap. The parts together are exactly `total_ms`."
            );
        runs.MapGet("/{run}/events", ListEventsAsync)
            .Needs(TokenScopes.RunsRead)
            .WithName("ListRunEvents")
            .WithSummary("The steps of a run in the order in which they were received");
        api.MapGet("/agents/{agent}/stats", AgentStatsAsync)
            .Needs(TokenScopes.RunsRead)
            .WithTags("Stats")
            .WithName("GetAgentStats")
            .WithSummary("Figures of an agent over a period that ends now")
            .WithDescription(
                "`period` from `15m` to `90d`, a day when it is left away. Runs count when they end, by the minute of receipt."
            );
        api.MapGet("/stats", StatsAsync)
            .Needs(TokenScopes.RunsRead)
            .WithTags("Stats")
            .WithName("GetStats")
            .WithSummary("Figures of a team, or of everything the caller may see, with the agents that are not well");
        return api;
    }

    private static Task<IResult> ExportAsync(
        ListQuery query,
        CurrentActor actor,
        RunExports exports,
        CancellationToken cancellationToken
    ) => query.AnswerExportAsync(RunFilter.Parse, (filter, format) => exports.ExportAsync(actor, filter, format, cancellationToken));

    private static async Task<Answer<Page<RunBody>>> ListAsync(
        HttpRequest request,
        string? agent,
        string? team,
        string? status,
        string? version,
        string? since,
        string? until,
        string? q,
        string? min_duration_ms,
        string? min_cost,
        string? limit,
        string? cursor,
        CurrentActor actor,
        RunService runs,
        CancellationToken cancellationToken
    )
    {
        // The parameters are there for the reference; the filter reads the query itself, as the page does.
        _ = (agent, team, status, version, since, until, q, min_duration_ms, min_cost);
        var errors = new FieldErrors();
        var filter = RunFilter.Parse(name => request.Query[name].ToString(), errors);
        var page = PageRequest.Read(limit, cursor, errors);
        return (errors.ToProblem() is { } problem ? problem : await runs.ListAsync(actor, filter, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<RunBody>> GetAsync(
        string run,
        string? agent,
        CurrentActor actor,
        RunService runs,
        CancellationToken cancellationToken
    ) => (await runs.GetAsync(actor, run, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<ExplainBody>> ExplainAsync(
        string run,
        string? agent,
        CurrentActor actor,
        RunService runs,
        CancellationToken cancellationToken
    ) => (await runs.ExplainAsync(actor, run, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<Page<EventBody>>> ListEventsAsync(
        string run,
        string? agent,
        string? limit,
        string? cursor,
        CurrentActor actor,
        RunService runs,
        CancellationToken cancellationToken
    )
    {
        var errors = new FieldErrors();
        var page = PageRequest.Read(limit, cursor, errors);
        Outcome<PageRequest> request = errors.ToProblem() is { } problem ? problem : page;
        return (await runs.EventsAsync(actor, run, agent, request, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<StatsBody>> AgentStatsAsync(
        string agent,
        string? period,
        CurrentActor actor,
        StatsService stats,
        CancellationToken cancellationToken
    ) => (await stats.AgentAsync(actor, agent, Period.Read(period), cancellationToken)).ToAnswer();

    private static async Task<Answer<StatsBody>> StatsAsync(
        string? team,
        string? period,
        CurrentActor actor,
        StatsService stats,
        CancellationToken cancellationToken
    ) => (await stats.FleetAsync(actor, team, Period.Read(period), cancellationToken)).ToAnswer();
}
