using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Rotations;

/// <summary>Bulk rotations, and other acts on many keys, over REST: two nouns of one shape.</summary>
internal static class KeyBulkApi
{
    private static readonly (string Name, string Description)[] RowFilters =
    [
        ("effect", "change, no-change or refused."),
        ("outcome", "pending, issued, done, failed or cancelled."),
        ("rotation", "State of the row's rotation by now, such as observing."),
        ("waiting", "`true` for rows whose rotation waits for a caller that has not moved."),
        ("q", "Part of an agent's slug, or of a key's name."),
    ];

    public static RouteGroupBuilder MapKeyBulkApi(this RouteGroupBuilder api)
    {
        var rotations = api.MapGroup("/rotations/bulk").WithTags("Rotations");
        rotations
            .MapPost("", RotateAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .AcceptsBulk()
            .Creates()
            .Takes("dry_run", "`true`: plan only, and touch no key; `apply` does exactly that plan.")
            .WithName("RotateKeys")
            .WithSummary("Rotate a set of keys: with dry_run=true a plan of it, else plan and apply at once")
            .WithDescription(
                "Which: `keys`, `agents`, `filter` (members of `GET /keys`) or `agent_filter` (members of `GET /agents`), at most 20,000. With a `sink` the new secrets go there; without one each rotation is only planned, to be issued one by one, or taken by its agent where `self_rotation` allows it. Secrets are in no answer."
            );
        rotations
            .MapGet("", ListRotationsAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy()
            .WithName("ListBulkRotations")
            .WithSummary("List bulk rotations and their plans, newest first");
        rotations
            .MapPost("/{bulk}/disable-old", DisableOldAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("DisableOldVersions")
            .WithSummary(
                "Refuse, reversibly, the old versions of all its rotations that are ready; a repetition does those that became ready since"
            );
        rotations
            .MapPost("/{bulk}/complete", CompleteAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("CompleteRotations")
            .WithSummary("Revoke the old versions of all its rotations that are disabled, for good");
        Common(rotations, "BulkRotation", "a bulk rotation");

        var keys = api.MapGroup("/keys/bulk").WithTags("Keys");
        keys.MapPost("", ActAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .AcceptsBulk()
            .Creates()
            .Takes("dry_run", "`true`: plan only, and touch no key; `apply` does exactly that plan.")
            .WithName("ActOnKeys")
            .WithSummary("Disable, enable or revoke a set of key versions: with dry_run=true a plan of it, else plan and apply at once")
            .WithDescription("Which: as of `RotateKeys`; `keys` may also name versions.");
        Common(keys, "KeyAct", "an act on many keys");
        return api;
    }

    private static void Common(RouteGroupBuilder group, string name, string what)
    {
        group
            .MapGet("/{bulk}", GetAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("Get" + name)
            .WithSummary($"Read {what}: its digest, how far it is, and where its rotations stand");
        group
            .MapGet("/{bulk}/rows", RowsAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy(RowFilters)
            .WithName($"List{name}Rows")
            .WithSummary($"List the keys of {what}, with what would be done and what came of it");
        group
            .MapPost("/{bulk}/apply", ApplyAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("Apply" + name)
            .WithSummary($"Do exactly what the plan of {what} says; only its maker may")
            .WithDescription(
                "409 `plan_changed` when keys changed, came or went since; `errors` names them, and nothing was done. The answer is the operation in state `working`, which goes on without the caller, also after a crash."
            );
        group
            .MapPost("/{bulk}/resume", ResumeAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("Resume" + name)
            .WithSummary($"Try the failed rows of {what} again, and go on where it stopped; what is done is not done again");
        group
            .MapPost("/{bulk}/cancel", CancelAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("Cancel" + name)
            .WithSummary($"Begin no further row of {what}; a plan that was not applied is thrown away");
        group
            .MapGet("/{bulk}/report", ReportAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .Takes("format", "json (default) or csv.")
            .WithName($"Get{name}Report")
            .WithSummary($"What came of every row of {what}");
    }

    private static Task<Answer<KeyBulkBody>> RotateAsync(
        ListQuery query,
        Body<MakeKeyBulk> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => MakeAsync(KeyBulkAction.Rotate, query, body, actor, bulks, cancellationToken);

    private static Task<Answer<KeyBulkBody>> ActAsync(
        ListQuery query,
        Body<MakeKeyBulk> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => MakeAsync(null, query, body, actor, bulks, cancellationToken);

    private static async Task<Answer<KeyBulkBody>> MakeAsync(
        KeyBulkAction? action,
        ListQuery query,
        Body<MakeKeyBulk> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    )
    {
        var dryRun = query["dry_run"];
        var input = dryRun is null or "true" or "false" ? body.Input : Problem.Invalid("dry_run", "Must be true or false.");
        return (
            dryRun == "true"
                ? await bulks.PlanAsync(actor, action, input, cancellationToken)
                : await bulks.DoAsync(actor, action, input, cancellationToken)
        ).ToAnswer();
    }

    private static async Task<Answer<Page<KeyBulkBody>>> ListRotationsAsync(
        ListQuery query,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) =>
        await query.AnswerAsync<Done, KeyBulkBody>(
            (_, _) => default,
            (_, page) => bulks.ListAsync(actor, KeyBulkAction.Rotate, page, cancellationToken)
        );

    private static async Task<Answer<KeyBulkBody>> GetAsync(
        string bulk,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.GetAsync(actor, bulk, cancellationToken)).ToAnswer();

    private static async Task<Answer<Page<KeyBulkRowBody>>> RowsAsync(
        string bulk,
        ListQuery query,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    )
    {
        var seen = await bulks.GetAsync(actor, bulk, cancellationToken);
        return seen.Problem is { } problem
            ? new Answer<Page<KeyBulkRowBody>>(problem)
            : await query.AnswerAsync(KeyBulkFilter.Parse, (filter, page) => bulks.RowsAsync(actor, bulk, filter, page, cancellationToken));
    }

    private static async Task<Answer<KeyBulkBody>> ApplyAsync(
        string bulk,
        Body<ApplyKeyBulk> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.ApplyAsync(actor, bulk, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBulkBody>> ResumeAsync(
        string bulk,
        Body<ResumeKeyBulk> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.ResumeAsync(actor, bulk, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBulkBody>> CancelAsync(
        string bulk,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.CancelAsync(actor, bulk, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBulkCut>> DisableOldAsync(
        string bulk,
        Body<DisableOld> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.DisableOldAsync(actor, bulk, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBulkCut>> CompleteAsync(
        string bulk,
        Body<Reason> body,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    ) => (await bulks.CompleteAsync(actor, bulk, body.Input, cancellationToken)).ToAnswer();

    private static async Task<IResult> ReportAsync(
        string bulk,
        ListQuery query,
        CurrentActor actor,
        KeyBulkService bulks,
        CancellationToken cancellationToken
    )
    {
        var report = await bulks.ReportAsync(actor, bulk, cancellationToken);
        if (report.Problem is null && query["format"] is not (null or "json" or "csv"))
            report = Problem.Invalid("format", "Must be json or csv.");
        return report.Problem is null && query["format"] == "csv"
            ? Results.Text(KeyBulkSheet.Csv(report.Value), "text/csv; charset=utf-8")
            : report.ToAnswer();
    }
}
