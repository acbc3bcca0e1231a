using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Deployments;

/// <summary>Snapshots over REST.</summary>
internal static class SnapshotApi
{
    private static readonly (string, string)[] Filters =
    [
        ("environment", "Name of an environment."),
        ("version", "A version, exactly."),
        ("status", "As it was set: active, canary or retired."),
        ("outcome", "What became of it: current, superseded, rolled-back or failed."),
        ("trigger", "person, api, rollout or rollback."),
        ("from", "An instant: deployed then or later."),
        ("to", "An instant: deployed before it."),
        ("definition", "Number of the agent's definition that was deployed."),
    ];

    public static RouteGroupBuilder MapSnapshotApi(this RouteGroupBuilder api)
    {
        var ofAgent = api.MapGroup("/agents/{agent}/snapshots").WithTags("Deployments");
        ofAgent
            .MapPost("", SetAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("SetSnapshot")
            .WithSummary("Deploy: set a version of the agent active, to a canary, or retired; appends a snapshot")
            .WithDescription(
                "What was current in the environment ends, save the active one when a canary is set. An active one in the agent's own environment becomes its declared version. "
                    + "The newest definition of the agent goes along unless `definition` names another, and says what is left out here. Setting the same again appends again; send an `Idempotency-Key` to repeat a call safely. In a freeze: 409 `frozen`, or `freeze_reason_required` for whoever may override it."
            );
        ofAgent
            .MapGet("", ListOfAgentAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy(Filters)
            .WithName("ListSnapshotsOfAgent")
            .WithSummary("List an agent's snapshots, newest first");
        var snapshots = api.MapGroup("/snapshots").WithTags("Deployments");
        snapshots
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy([("agent", "Agent slug or id."), ("team", "Team slug or id, of the time of the snapshot."), .. Filters])
            .WithName("ListSnapshots")
            .WithSummary("List the snapshots of every agent that you see, newest first");
        snapshots
            .MapGet("/{snapshot}", GetAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetSnapshot")
            .WithSummary("Read one snapshot");
        snapshots
            .MapGet("/{from}/diff/{to}", DiffAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("DiffSnapshots")
            .WithSummary("How one snapshot differs from another, member by member; `previous` as the first is the one before the second")
            .WithDescription(
                "Lists of names (`tools`, `gateways`, `secrets`) are compared name by name; objects member by member; anything else as a whole. Two definitions are compared within, as `definition.tools.mail.send.schema`."
            );
        return api;
    }

    private static async Task<Answer<SnapshotBody>> SetAsync(
        string agent,
        Body<SetSnapshot> body,
        CurrentActor actor,
        DeploymentService deployments,
        CancellationToken cancellationToken
    ) => (await deployments.SetAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<SnapshotBody>>> ListOfAgentAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        SnapshotLists lists,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(SnapshotFilter.Parse, (filter, page) => lists.OfAgentAsync(actor, agent, filter, page, cancellationToken));

    private static Task<Answer<Page<SnapshotBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        SnapshotLists lists,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(SnapshotFilter.Parse, (filter, page) => lists.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<SnapshotBody>> GetAsync(
        string snapshot,
        CurrentActor actor,
        SnapshotLists lists,
        CancellationToken cancellationToken
    ) => (await lists.GetAsync(actor, snapshot, cancellationToken)).ToAnswer();

    private static async Task<Answer<SnapshotDiff>> DiffAsync(
        string from,
        string to,
        CurrentActor actor,
        SnapshotLists lists,
        CancellationToken cancellationToken
    ) => (await lists.DiffAsync(actor, from, to, cancellationToken)).ToAnswer();
}
