using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Keys;

/// <summary>Keys over REST.</summary>
internal static class KeyApi
{
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
            .MapPost("/verify", VerifyAsync)
            .Needs(TokenScopes.KeysVerify)
            .WithName("VerifyKey")
            .WithSummary("Is this key good? A dead key is valid: false with its code, not an error");
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

    private static Answer<KeyVerdict> VerifyAsync(Body<KeyProof> body, CurrentActor actor, KeyVerifier verifier)
    {
        if (!body.Input.Try(out var proof, out var problem))
            return new Answer<KeyVerdict>(problem);
        return string.IsNullOrEmpty(proof.Key)
            ? new Answer<KeyVerdict>(Problem.Invalid("key", "This is required."))
            : new Answer<KeyVerdict>(verifier.Verify(actor, proof.Key));
    }

    private static async Task<Answer<LeakReceipt>> ReportLeakAsync(
        Body<KeyProof> body,
        HttpContext context,
        LeakReports leaks,
        CancellationToken cancellationToken
    ) => (await leaks.ReportAsync(Credentials.OriginOf(context), body.Input, cancellationToken)).ToAnswer();
}
