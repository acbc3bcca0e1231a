using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
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
        runs.MapPost("", (Body<ReportRun> body, CurrentActor actor, HttpContext context) => ReportAsync(body, actor, ingest, context))
            .Needs(TokenScopes.RunsWrite)
            .WithName("ReportRun")
            .WithSummary("Report a run; the same external_id again updates it")
            .WithDescription(
                "With an agent key. 201 when it is new, 200 when it was updated; either means that it is on disk. A late open status on a finished run changes nothing; another terminal status is `run_finished` (409)."
            );
        runs.MapPost("/batch", ReportBatchAsync)
            .Needs(TokenScopes.RunsWrite)
            .AcceptsBulk()
            .WithName("ReportRuns")
            .WithSummary("Report many runs: a JSON array, or NDJSON with application/x-ndjson")
            .WithDescription($"At most {RunIngest.MostRows} rows and 16 MiB. A bad row fails alone: `results` names it by its index.");
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

    private static async Task<Answer<RunAccepted>> ReportAsync(
        Body<ReportRun> body,
        CurrentActor actor,
        RunIngest ingest,
        HttpContext context
    ) => (await ingest.ReportAsync(actor, actor.Key?.VersionId, body.Input, Size(context))).ToAnswer();

    private static async Task<Answer<BatchResult>> ReportBatchAsync(CurrentActor actor, RunIngest ingest, HttpContext context)
    {
        var bytes = await RequestBody.ReadAsync(context);
        if (bytes.Problem is { } problem)
            return new Answer<BatchResult>(problem);
        var rows =
            context.Request.ContentType?.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase) == true
                ? RunRows.ReadLines(bytes.Value)
                : RunRows.ReadArray(bytes.Value);
        return rows.Problem is { } unreadable
            ? new Answer<BatchResult>(unreadable)
            : (await ingest.ReportBatchAsync(actor, actor.Key?.VersionId, rows.Value, bytes.Value.Length)).ToAnswer();
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
