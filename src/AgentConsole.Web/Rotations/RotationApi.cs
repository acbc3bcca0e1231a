using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Rotations;

/// <summary>Rotations over REST.</summary>
internal static class RotationApi
{
    private static readonly (string Name, string Description)[] Filters =
    [
        ("agent", "Agent slug or id."),
        ("team", "Team slug or id."),
        ("key", "Key id."),
        ("state", "One of planned, issued, observing, ready, old-disabled, completed, aborted."),
        ("trigger", "One of person, leak, schedule, agent, bulk."),
        ("open", "`true` for open ones, `false` for completed and aborted ones."),
    ];

    public static RouteGroupBuilder MapRotationApi(this RouteGroupBuilder api)
    {
        api.MapPost("/agents/{agent}/rotations", CreateAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .Creates()
            .WithTags("Rotations")
            .WithName("CreateRotation")
            .WithSummary("Give a key a new secret; it is in this answer only, and the old one works on for its grace")
            .WithDescription(
                "Plans and issues at once. An open rotation of the key is superseded: the newest version lives, the one before gets the grace, older ones are revoked. With an `Idempotency-Key` a repetition gets the same secret, until it was acknowledged; then `api_key` is null."
            );
        api.MapPost("/agents/{agent}/keys/{key}/leaked", LeakedAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithTags("Rotations")
            .WithName("ReportKeyLeaked")
            .WithSummary("This key leaked: refuse it at once, plan its next version, and hear what it did in the last 24 hours");

        api.MapGet("/agents/{agent}/keys/{key}/use", UseAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithTags("Rotations")
            .WithName("GetKeyUse")
            .WithSummary("Who used a key in the last 24 hours, and how old its secret is");

        var rotations = api.MapGroup("/rotations").WithTags("Rotations");
        rotations
            .MapPost("", RotateOwnAsync)
            .NeedsOrOwnKey(TokenScopes.KeysWrite)
            .Creates()
            .WithName("RotateOwnKey")
            .WithSummary("An agent gives the key that it calls with a new secret, where `self_rotation` allows it")
            .WithDescription("For agent keys only. Never after a leak, and never while another rotation of the key is open.");
        rotations
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy(Filters)
            .WithName("ListRotations")
            .WithSummary("List rotations, newest first, without their callers");
        rotations
            .MapGet("/{rotation}", GetAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("GetRotation")
            .WithSummary("Read one rotation with the key's callers and who knocks with an ended version");
        rotations
            .MapGet("/{rotation}/callers", CallersAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy()
            .WithName("ListRotationCallers")
            .WithSummary("Every caller of the key, those who have not moved first");
        rotations
            .MapGet("/{rotation}/minutes", MinutesAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("GetRotationMinutes")
            .WithSummary("Calls a minute with old versions and with the new one");
        rotations
            .MapPost("/{rotation}/issue", IssueAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("IssueRotation")
            .WithSummary("Make the new secret of a planned rotation; it is in this answer only");
        rotations
            .MapPost("/{rotation}/reissue", ReissueAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("ReissueRotation")
            .WithSummary("Revoke the issued version, which nobody used yet, and issue another")
            .WithDescription("For a secret that got lost, and for whoever takes over from the issuer.");
        rotations
            .MapPost("/{rotation}/acknowledge", AcknowledgeAsync)
            .NeedsOrOwnKey(TokenScopes.KeysWrite)
            .WithName("AcknowledgeRotation")
            .WithSummary("The issuer stored the secret, and gives its last four characters as proof; nobody is shown it again");
        rotations
            .MapPost("/{rotation}/extend", ExtendAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("ExtendRotation")
            .WithSummary("Let the old version's grace end so many seconds from now");
        rotations
            .MapPost("/{rotation}/end-grace", EndGraceAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("EndRotationGrace")
            .WithSummary("End the grace now, ready or not; the old version can be enabled again for 7 days");
        rotations
            .MapPost("/{rotation}/override", OverrideAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("OverrideRotation")
            .WithSummary("Say with a reason that the old version may go although callers have not moved");
        rotations
            .MapPost("/{rotation}/disable-old", DisableOldAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("DisableOldVersion")
            .WithSummary("Refuse the old version, reversibly; locked until the rotation is ready or overridden");
        rotations
            .MapPost("/{rotation}/enable-old", EnableOldAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("EnableOldVersion")
            .WithSummary("Accept the old version again, for another grace");
        rotations
            .MapPost("/{rotation}/complete", CompleteAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("CompleteRotation")
            .WithSummary("Revoke the old version for good");
        rotations
            .MapPost("/{rotation}/abort", AbortAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("AbortRotation")
            .WithSummary("Revoke the new version for good; the old one goes on");
        return api;
    }

    private static async Task<Answer<RotationBody>> CreateAsync(
        string agent,
        Body<CreateRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.CreateAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<LeakBody>> LeakedAsync(
        string agent,
        string key,
        Body<LeakedKey> body,
        CurrentActor actor,
        RotationLeaks leaks,
        CancellationToken cancellationToken
    ) => (await leaks.ReportAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> RotateOwnAsync(
        Body<RotateOwnKey> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.RotateOwnAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<RotationBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        RotationLists rotations,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(RotationFilter.Parse, (filter, page) => rotations.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<RotationBody>> GetAsync(
        string rotation,
        CurrentActor actor,
        RotationLists rotations,
        CancellationToken cancellationToken
    ) => (await rotations.GetAsync(actor, rotation, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<RotationCaller>>> CallersAsync(
        string rotation,
        ListQuery query,
        CurrentActor actor,
        RotationLists rotations,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync<Done, RotationCaller>(
            (_, _) => default,
            (_, page) => rotations.CallersAsync(actor, rotation, page, cancellationToken)
        );

    private static async Task<Answer<RotationMinutes>> MinutesAsync(
        string rotation,
        CurrentActor actor,
        RotationLists rotations,
        CancellationToken cancellationToken
    ) => (await rotations.MinutesAsync(actor, rotation, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> IssueAsync(
        string rotation,
        Body<IssueRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.IssueAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> ReissueAsync(
        string rotation,
        Body<IssueRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.ReissueAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyUseBody>> UseAsync(
        string agent,
        string key,
        CurrentActor actor,
        KeyUses uses,
        CancellationToken cancellationToken
    ) => (await uses.GetAsync(actor, agent, key, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> AcknowledgeAsync(
        string rotation,
        Body<AcknowledgeRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.AcknowledgeAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> ExtendAsync(
        string rotation,
        Body<GraceOfRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.ExtendAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> EndGraceAsync(
        string rotation,
        Body<Reason> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.EndGraceAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> OverrideAsync(
        string rotation,
        Body<Reason> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.OverrideAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> DisableOldAsync(
        string rotation,
        Body<DisableOld> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.DisableOldAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> EnableOldAsync(
        string rotation,
        Body<GraceOfRotation> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.EnableOldAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> CompleteAsync(
        string rotation,
        Body<Reason> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.CompleteAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationBody>> AbortAsync(
        string rotation,
        Body<Reason> body,
        CurrentActor actor,
        RotationService rotations,
        CancellationToken cancellationToken
    ) => (await rotations.AbortAsync(actor, rotation, body.Input, cancellationToken)).ToAnswer();
}
