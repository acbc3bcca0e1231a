using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Agents;

/// <summary>Agents over REST.</summary>
internal static class AgentApi
{
    private static readonly (string Name, string Description)[] Filters =
    [
        ("q", "Part of slug or display name."),
        ("team", "Team slugs or ids."),
        ("owner", "E-mail addresses, their part before the @, or user ids; `none` for ownerless agents."),
        ("ownerless", "`true` for agents without an owner, or whose owner was disabled."),
        ("lifecycle", "Of registered, active, paused, retired."),
        ("liveness", "Of live, late, silent, unknown."),
        ("health", "Of ok, degraded, failing."),
        ("environment", "Exact; `\"\"` for agents that name none."),
        ("tag", "Exact."),
        ("deleted", "`true` for deleted agents only."),
    ];

    public static RouteGroupBuilder MapAgentApi(this RouteGroupBuilder api)
    {
        var agents = api.MapGroup("/agents").WithTags("Agents");
        agents
            .MapPost("", RegisterAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Creates()
            .WithName("RegisterAgent")
            .WithSummary("Register an agent; with key: true its first key is in this answer only")
            .WithDescription("409 `slug_taken` when the slug is in use.");
        agents
            .MapGet("", (HttpContext context, AgentListAnswers answers) => answers.WriteAsync(context))
            .Needs(TokenScopes.AgentsRead)
            .ListsBy([.. Filters, ("sort", "attention (default), slug, last-seen or created.")])
            .Produces<Page<AgentBody>>()
            .WithName("ListAgents")
            .WithSummary("List agents, by default those that need attention first")
            .WithDescription(
                "Several values of a fact stand between commas and are alternatives; a value with a minus in front is excluded; one that has a comma itself stands in quotation marks: "
                    + "`health=failing,degraded&team=-payments`. The answer carries an ETag: sent in If-None-Match it gets 304 for as long as nothing changed."
            );
        var facets = agents
            .MapGet("/facets", FacetsAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .Takes("values", "How many values of a fact are listed, 1 to 500; 50 when absent.")
            .WithName("CountAgents")
            .WithSummary("Count agents by each value of each fact, under the same filter as the list")
            .WithDescription(
                "Counts of a fact leave out what the filter asks of that fact itself: they say what another choice would give."
            );
        var export = agents
            .MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .Takes("format", "csv (default) or json.")
            .Takes("sort", "attention (default), slug, last-seen or created.")
            .WithName("ExportAgents")
            .WithSummary("Download the agents that match; the export itself is put on the trail")
            .WithDescription(
                "Streamed. CSV after RFC 4180, times in UTC, a cell that a spreadsheet would run begins with an apostrophe; the last two columns say when it was made and by which filter. "
                    + "JSON says so in `made_at`, `made_by` and `filter`, and ends with `count`: without it the file was cut off."
            );
        foreach (var (name, description) in Filters)
        {
            facets.Takes(name, description);
            export.Takes(name, description);
        }
        agents
            .MapPost("/bulk", RegisterManyAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .AcceptsBulk()
            .WithMetadata(AcceptedBody.Of<RegisterAgent[]>("application/json", "application/yaml", "text/csv"))
            .Takes("dry_run", "`true`: say what would be done with each row, and write nothing.")
            .WithName("RegisterAgents")
            .WithSummary("Register or change up to 5,000 agents from JSON, YAML or CSV, all of them or none")
            .WithDescription(
                "YAML is a list of agents, alone or under `agents:`; JSON an array; CSV begins with a header line naming the members of RegisterAgent; `tags` are separated by ; or , and `metadata`, `scopes` and `redactions` are JSON. "
                    + "An agent is found by its slug; what a row does not say stays, so that the same file again changes nothing; `diff` says what each row changes. Each agent that is created gets a first key "
                    + "(unless `key` is false, or you may not mint keys in its team), handed out in this answer only. When a row cannot be applied nothing is written and the "
                    + "answer is `rows_failed` (400), naming the lines."
            );
        foreach (var format in Enum.GetValues<FleetFormat>())
        {
            var file = agents
                .MapGet(
                    "/fleet." + KebabCase.Of(format),
                    (ListQuery query, CurrentActor actor, FleetExports exports, CancellationToken cancellationToken) =>
                        ExportFileAsync(format, query, actor, exports, cancellationToken)
                )
                .NeedsPerson(TokenScopes.AgentsRead)
                .WithName("ExportFleet" + format)
                .WithSummary($"Download the agents that match as {format.ToString().ToUpperInvariant()}, as POST /agents/bulk takes it")
                .WithDescription("Sent back unchanged it changes nothing. The export is put on the trail. Deleted agents are not in it.");
            foreach (var (name, description) in Filters.Where(f => f.Name != "deleted"))
                file.Takes(name, description);
        }
        agents
            .MapPost("/hand-over", HandOverAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .Takes("dry_run", "`true`: say what would be done, and write nothing.")
            .WithName("HandOverAgents")
            .WithSummary("Give all agents of one owner to another, in the teams in which you may edit agents")
            .WithDescription(
                $"At most {OwnerHandOver.MostAtOnce} agents a call: `remaining` says how many are left. Agents of other teams stay as they are and are counted in `not_yours`."
            );
        agents
            .MapGet("/{agent}", GetAsync)
            .Needs(TokenScopes.AgentsRead)
            .WithName("GetAgent")
            .WithSummary("Read one agent by id or slug, with its ETag");
        agents
            .MapPatch("/{agent}", ChangeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ChangeAgent")
            .WithSummary("Change the members that are given; needs If-Match")
            .WithDescription(
                "412 `changed_meanwhile` when If-Match is not the present ETag, 428 `if_match_required` without it. An empty owner makes the agent ownerless."
            );
        agents
            .MapPost("/{agent}/pause", PauseAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("PauseAgent")
            .WithSummary("Pause: its keys answer 403 agent_paused from now on");
        agents
            .MapPost("/{agent}/resume", ResumeAsync)
            .NeedsPerson(TokenScopes.AgentsWrite)
            .WithName("ResumeAgent")
            .WithSummary("Let a paused agent work again");
        agents
            .MapDelete("/{agent}", DeleteAsync)
            .NeedsPerson(TokenScopes.AgentsDelete)
            .Takes("reason", "Why, at most 500 characters.")
            .WithName("DeleteAgent")
            .WithSummary("Delete softly: its keys are refused, its history stays, and it can be restored");
        agents
            .MapPost("/{agent}/restore", RestoreAsync)
            .NeedsPerson(TokenScopes.AgentsDelete)
            .WithName("RestoreAgent")
            .WithSummary("Bring a deleted agent back")
            .WithDescription("409 `slug_taken` when another agent has its slug by now.");
        api.MapPost("/heartbeat", BeatAsync)
            .WithTags("Agents")
            .Needs(TokenScopes.RunsWrite)
            .WithName("Heartbeat")
            .WithSummary("Show that the agent of this key is alive; every member may be absent, as may the body")
            .WithDescription(
                "The answer says before when the next one should come. Reporting a run is a sign of life as well. An API token with `agent` naming one that is not registered gets 202 `unclaimed`, or 403 `agent_blocked`; other callers get 403 `agent_key_required`. 429 `heartbeats_waiting` with Retry-After when more arrive than can be written."
            );
        return api;
    }

    private static async Task<Answer<AgentBody>> RegisterAsync(
        Body<RegisterAgent> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.RegisterAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static Task<IResult> ExportAsync(
        ListQuery query,
        CurrentActor actor,
        AgentExports exports,
        CancellationToken cancellationToken
    ) => query.AnswerExportAsync(AgentFilter.Parse, (filter, format) => exports.ExportAsync(actor, filter, format, cancellationToken));

    private static async Task<Answer<AgentFacetsBody>> FacetsAsync(
        ListQuery query,
        CurrentActor actor,
        FacetService facets,
        CancellationToken cancellationToken
    )
    {
        var filter = AgentFilter.Parse(name => query[name], query.Errors);
        var most = 50;
        if (query["values"] is { } text && (!int.TryParse(text, CultureInfo.InvariantCulture, out most) || most is < 1 or > 500))
            query.Errors.Add("values", "Must be a whole number from 1 to 500.");
        if (query.Errors.ToProblem() is { } problem)
            return new Answer<AgentFacetsBody>(problem);
        return new Answer<AgentFacetsBody>(AgentBodies.Of(await facets.CountAsync(actor, filter, cancellationToken), most));
    }

    private static async Task<Answer<BulkAgentsResult>> RegisterManyAsync(
        ListQuery query,
        CurrentActor actor,
        BulkRegistration bulk,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var bytes = await RequestBody.ReadAsync(context);
        var file = bytes.Problem is { } problem ? problem : BulkFile.Read(bytes.Value);
        var dryRun = query["dry_run"];
        if (dryRun is not (null or "true" or "false"))
            file = Problem.Invalid("dry_run", "Must be true or false.");
        return (
            dryRun == "true"
                ? await bulk.PlanAsync(actor, file, null, cancellationToken)
                : await bulk.ApplyAsync(actor, file, null, cancellationToken)
        ).ToAnswer();
    }

    private static async Task<IResult> ExportFileAsync(
        FleetFormat format,
        ListQuery query,
        CurrentActor actor,
        FleetExports exports,
        CancellationToken cancellationToken
    )
    {
        var filter = AgentFilter.Parse(name => query[name], query.Errors);
        var input = query.Errors.ToProblem() is { } invalid ? invalid : (Outcome<AgentFilter>)filter;
        var export = await exports.ExportAsync(actor, input, format, cancellationToken);
        return export.Try(out var granted, out _)
            ? new ExportStream(granted.WriteToAsync, granted.ContentType, granted.FileName)
            : export.ToAnswer();
    }

    private static async Task<Answer<HandOverResult>> HandOverAsync(
        ListQuery query,
        Body<HandOverAgents> body,
        CurrentActor actor,
        OwnerHandOver handOver,
        CancellationToken cancellationToken
    )
    {
        var dryRun = query["dry_run"];
        var input = dryRun is null or "true" or "false" ? body.Input : Problem.Invalid("dry_run", "Must be true or false.");
        return (await handOver.HandOverAsync(actor, input, dryRun == "true", cancellationToken)).ToAnswer();
    }

    private static async Task<AgentAnswer<HeartbeatAnswer>> BeatAsync(
        Body<Heartbeat> body,
        CurrentActor actor,
        HeartbeatService heartbeats,
        SightingBook unclaimed,
        HttpContext context
    )
    {
        if (actor.Value.AgentId is not null)
            return AgentAnswer<HeartbeatAnswer>.Of(await heartbeats.BeatAsync(actor, body.Input));
        var named = Unregistered.NameOf(context, body.Input.Problem is null ? body.Input.Value.Agent : null);
        return AgentAnswer<HeartbeatAnswer>.Of(unclaimed.Note(actor, named, new Sighted("heartbeat")));
    }

    private static async Task<Answer<AgentBody>> GetAsync(
        string agent,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.GetAsync(actor, agent, cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> ChangeAsync(
        string agent,
        IfMatch ifMatch,
        Body<ChangeAgent> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.ChangeAsync(actor, agent, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> PauseAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.PauseAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> ResumeAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.ResumeAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> DeleteAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.DeleteAsync(actor, agent, query["reason"] ?? "", cancellationToken)).ToAnswer();

    private static async Task<Answer<AgentBody>> RestoreAsync(
        string agent,
        Body<Reason> body,
        CurrentActor actor,
        AgentService agents,
        CancellationToken cancellationToken
    ) => (await agents.RestoreAsync(actor, agent, body.Input.Map(b => b.Text ?? ""), cancellationToken)).ToAnswer();
}
