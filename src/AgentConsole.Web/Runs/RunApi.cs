using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Runs;

/// <summary>Reporting runs and their steps.</summary>
internal static class RunApi
{
    public static RouteGroupBuilder MapRunApi(this RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Runs");
        // Taken once: a service as a parameter would cost each report a scope of its own.
        var ingest = ((IEndpointRouteBuilder)api).ServiceProvider.GetRequiredService<RunIngest>();
        var unclaimed = ((IEndpointRouteBuilder)api).ServiceProvider.GetRequiredService<SightingBook>();
        runs.MapPost(
                "",
                (Body<ReportRun> body, CurrentActor actor, HttpContext context) => ReportAsync(body, actor, ingest, unclaimed, context)
            )
            .Needs(TokenScopes.RunsWrite)
            .WithName("ReportRun")
            .WithSummary("Report a run; the same external_id again updates it")
            .WithDescription(
                "With an agent key. 201 when it is new, 200 when it was updated; either means that it is on disk. A late open status on a finished run changes nothing; another terminal status is `run_finished` (409). "
                    + Others
            );
        runs.MapPost("/batch", ReportBatchAsync)
            .Needs(TokenScopes.RunsWrite)
            .AcceptsBulk()
            .WithName("ReportRuns")
            .WithSummary("Report many runs: a JSON array, or NDJSON with application/x-ndjson")
            .WithDescription(
                $"At most {RunIngest.MostRows} rows and 16 MiB. A bad row fails alone: `results` names it by its index. {Others}"
            );
        runs.MapPatch("/{run}", ChangeAsync)
            .Needs(TokenScopes.RunsWrite)
            .WithName("ChangeRun")
            .WithSummary("Change a run by its id or external id");
        runs.MapPost("/{run}/events", AddEventsAsync)
            .Needs(TokenScopes.RunsWrite)
            .WithName("AddRunEvents")
            .WithSummary("Add steps to a run: one event, or an array of at most 500")
            .WithDescription(
                "What is kept of content, arguments and results depends on the agent's capture mode; redaction happens before the write. An event whose external_id the run has already is a replay."
            );
        return api;
    }

    private const string Others =
        "With an API token instead of an agent key, and `agent` naming one that is not registered, the answer is 202 `unclaimed`: operators see that it reports, and the run is not stored. 403 `agent_blocked` when they blocked it, `agent_key_required` for a registered one, 429 `too_many_unclaimed`.";

    private static async Task<AgentAnswer<RunAccepted>> ReportAsync(
        Body<ReportRun> body,
        CurrentActor actor,
        RunIngest ingest,
        SightingBook unclaimed,
        HttpContext context
    )
    {
        if (actor.Value.AgentId is not null)
            return AgentAnswer<RunAccepted>.Of(await ingest.ReportAsync(actor, actor.Key?.VersionId, body.Input, Size(context)));
        var report = body.Input.Problem is null ? body.Input.Value : new ReportRun();
        return AgentAnswer<RunAccepted>.Of(unclaimed.Note(actor, Unregistered.NameOf(context, report.Agent), SightedRun.Of(report)));
    }

    private static async Task<AgentAnswer<BatchResult>> ReportBatchAsync(
        CurrentActor actor,
        RunIngest ingest,
        SightingBook unclaimed,
        HttpContext context
    )
    {
        var bytes = await RequestBody.ReadAsync(context);
        if (bytes.Problem is { } problem)
            return AgentAnswer<BatchResult>.Refuse(actor.Value.AgentId is null ? UnclaimedProblems.AgentKeyRequired : problem);
        var rows =
            context.Request.ContentType?.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase) == true
                ? RunRows.ReadLines(bytes.Value)
                : RunRows.ReadArray(bytes.Value);
        if (actor.Value.AgentId is null)
        {
            var named = (rows.Problem is null ? rows.Value : [])
                .Where(row => row.Problem is null)
                .Select(row => (Unregistered.NameOf(context, row.Value.Agent), SightedRun.Of(row.Value)))
                .ToList();
            return AgentAnswer<BatchResult>.Of(unclaimed.Note(actor, named));
        }
        return AgentAnswer<BatchResult>.Of(
            rows.Problem is { } unreadable
                ? unreadable
                : await ingest.ReportBatchAsync(actor, actor.Key?.VersionId, rows.Value, bytes.Value.Length)
        );
    }

    private static async Task<Answer<RunBody>> ChangeAsync(
        string run,
        Body<ReportRun> body,
        CurrentActor actor,
        RunIngest ingest,
        HttpContext context
    ) => (await ingest.ChangeAsync(actor, actor.Key?.VersionId, run, body.Input, Size(context))).ToAnswer();

    private static async Task<Answer<EventsAccepted>> AddEventsAsync(string run, CurrentActor actor, RunIngest ingest, HttpContext context)
    {
        var bytes = await RequestBody.ReadAsync(context);
        var events = bytes.Problem is { } problem ? problem : RunRows.ReadOneOrMany<ReportEvent>(bytes.Value.Span);
        return (
            await ingest.AddEventsAsync(actor, actor.Key?.VersionId, run, events, bytes.Problem is null ? bytes.Value.Length : 0)
        ).ToAnswer();
    }

    private static int Size(HttpContext context) => (int)(context.Request.ContentLength ?? 1024);
}
