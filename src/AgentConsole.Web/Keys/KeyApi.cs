using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Keys;

/// <summary>Keys over REST.</summary>
internal static class KeyApi
{
    private static readonly (string Name, string Description)[] Filters =
    [
        ("q", "Part of an agent's slug or display name, or a key's shown prefix or last 4 characters."),
        ("agent", "Agent slug or id."),
        ("team", "Team slug or id."),
        ("state", "One of active, retiring, disabled, revoked, expired."),
        ("leaked", "`true` for versions that were reported as leaked."),
        ("used", "`never` for versions that were never used."),
        ("idle", "Not used for this many days, as `30d`; a version that was never used counts from when it was made."),
        ("older", "Made at least this many days ago, as `90d`."),
        ("address", "Used from this address, at any time that is still known."),
        ("ids", "Ids of versions, at most 100, separated by commas."),
        ("expires", "`never` for versions that do not expire."),
        ("several", "`true` for versions of agents that have active versions of several keys."),
        ("ownerless", "`true` for versions of agents without an owner, or whose owner was disabled."),
        ("sort", "newest (default), oldest, last-used or longest-unused."),
    ];

    public static RouteGroupBuilder MapKeyApi(this RouteGroupBuilder api)
    {
        var keys = api.MapGroup("/agents/{agent}/keys").WithTags("Keys");
        keys.MapPost("", MintAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .Creates()
            .WithName("MintKey")
            .WithSummary("Make a further key; its secret is in this answer only");
        keys.MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("ListKeys")
            .WithSummary("The keys of an agent with their versions, states and last use");
        keys.MapGet("/{key}", GetAsync).NeedsPerson(TokenScopes.KeysRead).WithName("GetKey").WithSummary("Read one key");
        keys.MapPatch("/{key}", ChangeAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("ChangeKey")
            .WithSummary("Rename a key, or allow its agent to rotate it by itself")
            .WithDescription("`self_rotation` is off for a new key, and a leak turns it off.");
        keys.MapPost("/{key}/disable", DisableAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("DisableKey")
            .WithSummary("Refuse a key version from now on, reversibly");
        keys.MapPost("/{key}/enable", EnableAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("EnableKey")
            .WithSummary("Accept a disabled key version again");
        keys.MapPost("/{key}/revoke", RevokeAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("RevokeKey")
            .WithSummary("Refuse a key version for good");
        keys.MapPut("/{key}/expiry", SetExpiryAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("SetKeyExpiry")
            .WithSummary("Set or lift the end of a key version");

        var proofs = api.MapGroup("/keys").WithTags("Keys");
        proofs
            .MapGet("", ListAllAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy(Filters)
            .WithName("ListAllKeys")
            .WithSummary("List the key versions of all agents you may see");
        var export = proofs
            .MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .Takes("format", "csv (default) or json.")
            .WithName("ExportKeys")
            .WithSummary("Download the key versions that match, without secrets; the export itself is put on the trail")
            .WithDescription("In the form of `ExportAgents`.");
        foreach (var (name, description) in Filters)
            export.Takes(name, description);
        // Taken once: a service as a parameter would cost each check a scope of its own.
        var verifier = ((IEndpointRouteBuilder)api).ServiceProvider.GetRequiredService<KeyVerifier>();
        proofs
            .MapPost("/verify", Task (HttpContext context, CurrentActor actor) => KeyVerifyDoor.AnswerAsync(context, actor, verifier))
            .Needs(TokenScopes.KeysVerify)
            .WithMetadata(AcceptedBody.Of<KeyProof>("application/json"))
            .Produces<KeyVerdict>()
            .WithName("VerifyKey")
            .WithSummary("Is this key good? A dead key is valid: false with its code, not an error")
            .WithDescription(
                "`valid` is true only with the code `ok`. The other codes: `key_unknown` (also for agents you may not see), `key_disabled`, `key_revoked`, `key_expired`, `agent_paused`, `agent_deleted`."
            );
        proofs
            .MapPost("/report-leak", ReportLeakAsync)
            .ForAnyone()
            .WithName("ReportLeak")
            .WithSummary("Report a key that was found where it should not be; the key is the proof")
            .WithDescription("Disables the version at once and tells its owners. The answer is the same for every key.");
        return api;
    }

    private static async Task<Answer<KeyBody>> MintAsync(
        string agent,
        Body<MintKey> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.MintAsync(actor, agent, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Page<KeyBody>>> ListAsync(
        string agent,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.ListAsync(actor, agent, cancellationToken)).Map(list => new Paged<KeyBody>(list, null)).ToAnswer();

    private static async Task<Answer<KeyBody>> GetAsync(
        string agent,
        string key,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.GetAsync(actor, agent, key, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBody>> ChangeAsync(
        string agent,
        string key,
        Body<ChangeKey> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.ChangeAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBody>> DisableAsync(
        string agent,
        string key,
        Body<KeyAction> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.DisableAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBody>> EnableAsync(
        string agent,
        string key,
        Body<KeyAction> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.EnableAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBody>> RevokeAsync(
        string agent,
        string key,
        Body<KeyAction> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.RevokeAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<KeyBody>> SetExpiryAsync(
        string agent,
        string key,
        Body<SetKeyExpiry> body,
        CurrentActor actor,
        KeyService keys,
        CancellationToken cancellationToken
    ) => (await keys.SetExpiryAsync(actor, agent, key, body.Input, cancellationToken)).ToAnswer();

    private static Task<IResult> ExportAsync(
        ListQuery query,
        CurrentActor actor,
        KeyExports exports,
        CancellationToken cancellationToken
    ) => query.AnswerExportAsync(KeyFilter.Parse, (filter, format) => exports.ExportAsync(actor, filter, format, cancellationToken));

    private static Task<Answer<Page<KeyListRow>>> ListAllAsync(
        ListQuery query,
        CurrentActor actor,
        KeyLists lists,
        CancellationToken cancellationToken
    ) =>
        query.AnswerAsync(
            KeyFilter.Parse,
            async (filter, page) => (await lists.ListAsync(actor, filter, page, cancellationToken)).Map(rows => rows.Map(KeyBodies.Of))
        );

    private static async Task<Answer<LeakReceipt>> ReportLeakAsync(
        Body<KeyProof> body,
        HttpContext context,
        LeakReports leaks,
        CancellationToken cancellationToken
    ) => (await leaks.ReportAsync(Credentials.OriginOf(context), body.Input, cancellationToken)).ToAnswer();
}
