using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Trail;

/// <summary>The trail over REST: who did what, and what was refused.</summary>
internal static class TrailApi
{
    private static readonly (string Name, string Description)[] Filters =
    [
        ("actor", "Id of a user, service account or agent, or the exact label it had."),
        ("action", "The whole action, or its beginning up to a point: `key.` is every change of a key."),
        ("target_kind", "agent, key, user, team, token, …"),
        ("target", "Id of what the record is about, with its prefix."),
        ("record", "Id of one record."),
        ("correlation_id", "What one request did: its `trace_id` in a refusal, `correlation_id` in a record."),
        ("team", "Team slug or id."),
        ("outcome", "done or refused."),
        ("since", "ISO 8601, inclusive."),
        ("until", "ISO 8601, exclusive."),
        ("q", "Part of the label of actor or target."),
    ];

    public static RouteGroupBuilder MapTrailApi(this RouteGroupBuilder api)
    {
        var trail = api.MapGroup("/trail").WithTags("Trail");
        trail
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.TrailRead)
            .ListsBy(Filters)
            .WithName("ListTrail")
            .WithSummary("List trail records, newest first; a team-admin sees those of their own teams");
        var export = trail
            .MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.TrailRead)
            .Takes("format", "ndjson (default) or csv.")
            .WithName("ExportTrail")
            .WithSummary("Download the records that match, oldest first; the export itself is put on the trail");
        foreach (var (name, description) in Filters)
            export.Takes(name, description);
        trail.MapGet("/{id}", GetAsync).NeedsPerson(TokenScopes.TrailRead).WithName("GetTrailRecord").WithSummary("Read one trail record");
        return api;
    }

    private static async Task<Answer<Page<TrailBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        TrailService trail,
        CancellationToken cancellationToken
    )
    {
        var page = query.Page;
        return (await trail.ListAsync(actor, Filter(query), page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<TrailBody>> GetAsync(
        string id,
        CurrentActor actor,
        TrailService trail,
        CancellationToken cancellationToken
    ) => (await trail.FindAsync(actor, id, cancellationToken)).ToAnswer();

    private static async Task<IResult> ExportAsync(
        ListQuery query,
        CurrentActor actor,
        TrailService trail,
        CancellationToken cancellationToken
    )
    {
        var format = KebabCase.Read<TrailFormat>(query["format"], "format", query.Errors) ?? TrailFormat.Ndjson;
        var export = await trail.ExportAsync(actor, Filter(query), format, cancellationToken);
        return export.Try(out var granted, out _)
            ? new ExportStream(granted.WriteToAsync, granted.ContentType, granted.FileName)
            : export.ToAnswer();
    }

    private static Outcome<TrailFilter> Filter(ListQuery query)
    {
        var filter = TrailFilter.Parse(name => query[name], query.Errors);
        return query.Errors.ToProblem() is { } problem ? problem : filter;
    }
}
