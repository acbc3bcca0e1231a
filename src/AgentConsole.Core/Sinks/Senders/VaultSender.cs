using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;
using AgentConsole.Core.Outgoing;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>
/// HashiCorp Vault, KV secrets engine version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2): reads the present version, writes the next one with
/// check-and-set, so that nobody's change is overwritten, and reads that back. Members beside ours that lie there stay.
/// </summary>
internal sealed class VaultSender(SinkHttp http, TimeProvider clock) : ISinkSender
{
    public SinkKind Kind => SinkKind.Vault;

    public string? PlaceOf(SinkSettings settings, Parcel parcel) =>
        SinkTemplate.Fill(settings.Vault!.Path, parcel.Names) is { } path
            ? $"{settings.Vault.Mount}/{path}{(parcel.Probe ? "-probe" : "")}"
            : null;

    public async Task<Outcome<string>> SendAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        Parcel parcel,
        CancellationToken cancellationToken
    )
    {
        var (vault, place) = (settings.Vault!, PlaceOf(settings, parcel)!);
        var address = new Uri($"{vault.Address}/v1/{vault.Mount}/data/{place[(vault.Mount.Length + 1)..]}");
        if (!(await ReadAsync(vault, credentials, address, cancellationToken)).Try(out var present, out var problem))
            return problem;
        var members = Members(vault, parcel);
        if (!Holds(present.Members, members))
        {
            var next = present.Members ?? [];
            foreach (var (name, value) in members)
                next[name] = value;
            var body = new JsonObject
            {
                ["options"] = new JsonObject { ["cas"] = present.Version },
                ["data"] = next,
            };
            using var write = Request(HttpMethod.Post, vault, credentials, address);
            write.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
            write.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var written = await http.SendAsync(write, cancellationToken);
            if (FaultOf(written, vault, writing: true) is { } refused)
                return refused;
            if (SinkContent.Parse(written.Body)?["data"]?["version"] is not JsonValue)
                return NotVersioned(vault);
        }
        if (!(await ReadAsync(vault, credentials, address, cancellationToken)).Try(out var back, out problem))
            return problem;
        return Holds(back.Members, members)
            ? string.Create(CultureInfo.InvariantCulture, $"{place}, version {back.Version}")
            : SinkProblems.Unverified;
    }

    /// <summary>Asks for the metadata; where the token may not have that, whether the data can be read, which is thrown away.</summary>
    public async Task<SecretPresence> LookAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        string path,
        CancellationToken cancellationToken
    )
    {
        var vault = settings.Vault!;
        var answer = await GetAsync(vault, credentials, "metadata", path, cancellationToken);
        if (answer is { Fault: null, Status: HttpStatusCode.Forbidden })
            answer = await GetAsync(vault, credentials, "data", path, cancellationToken);
        else if (answer is { Fault: null, Status: HttpStatusCode.OK })
            return Newest(answer.Body, clock.GetUtcNow());
        if (answer is { Fault: null, Status: HttpStatusCode.NotFound } && !Says(answer.Body, "no handler"))
            return SecretPresence.Missing("Nothing lies there, or its newest version was deleted.");
        if (FaultOf(answer, vault, writing: false) is { } fault)
            return SecretPresence.Unchecked(fault.Detail);
        CryptographicOperations.ZeroMemory(answer.Body);
        return SecretPresence.Exists;
    }

    private async Task<OutgoingAnswer> GetAsync(
        VaultSettings vault,
        SinkCredentials credentials,
        string part,
        string path,
        CancellationToken cancellationToken
    )
    {
        using var request = Request(HttpMethod.Get, vault, credentials, new Uri($"{vault.Address}/v1/{vault.Mount}/{part}/{path}"));
        return await http.SendAsync(request, cancellationToken);
    }

    private static SecretPresence Newest(byte[] metadata, DateTimeOffset now)
    {
        if (SinkContent.Parse(metadata)?["data"] is not JsonObject data || data["current_version"] is not JsonValue current)
            return SecretPresence.Unchecked("What Vault answered is no metadata of a KV secrets engine of version 2.");
        var newest = data["versions"]?[current.ToString()];
        var gone =
            newest?["destroyed"] is JsonValue destroyed && destroyed.TryGetValue(out bool yes) && yes
            || newest?["deletion_time"] is JsonValue deleted
                && DateTimeOffset.TryParse(deleted.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                && at <= now;
        return gone || current.ToString() == "0" ? SecretPresence.Missing("Its newest version was deleted.") : SecretPresence.Exists;
    }

    // What is there now. A key that nobody wrote has version 0; one whose newest version was deleted still has that version.
    private async Task<Outcome<Present>> ReadAsync(
        VaultSettings vault,
        SinkCredentials credentials,
        Uri address,
        CancellationToken cancellationToken
    )
    {
        using var request = Request(HttpMethod.Get, vault, credentials, address);
        var answer = await http.SendAsync(request, cancellationToken);
        var data = SinkContent.Parse(answer.Body)?["data"] as JsonObject;
        var version = data?["metadata"]?["version"] is JsonValue number && number.TryGetValue(out long found) ? found : (long?)null;
        if (answer is { Fault: null, Status: HttpStatusCode.NotFound })
            return new Present(version ?? 0, null);
        if (FaultOf(answer, vault, writing: false) is { } refused)
            return refused;
        return version is { } v ? new Present(v, data!["data"]?.DeepClone() as JsonObject) : NotVersioned(vault);
    }

    private static List<(string Name, string Value)> Members(VaultSettings vault, Parcel parcel)
    {
        if (parcel.Probe)
            return [("probe", parcel.Secret.Secret)];
        var secret = parcel.Secret;
        return
        [
            (vault.Field, secret.Secret),
            ("agent", secret.AgentSlug),
            ("key_id", parcel.Names.Key),
            ("key_version", secret.KeyVersion.ToString(CultureInfo.InvariantCulture)),
            ("rotation_id", IdText.Format(IdText.Rotation, secret.RotationId)),
            ("issued_at", SinkContent.At(secret.IssuedAt)),
            ("expires_at", secret.ExpiresAt is { } end ? SinkContent.At(end) : ""),
        ];
    }

    private static bool Holds(JsonObject? there, List<(string Name, string Value)> members) =>
        there is not null
        && members.TrueForAll(m =>
            there[m.Name] is JsonValue value && value.TryGetValue(out string? text) && SinkContent.Same(text, m.Value)
        );

    private static Problem? FaultOf(OutgoingAnswer answer, VaultSettings vault, bool writing)
    {
        if (answer.Fault is { } fault)
            return SinkProblems.Of(fault);
        return (int)answer.Status switch
        {
            200 => null,
            204 => NotVersioned(vault),
            >= 300 and < 400 => SinkProblems.Failed(
                "sink_redirects",
                "Vault answered with a redirect, which is not followed. Give the address of the active node, or of the load balancer before it."
            ),
            400 when writing && Says(answer.Body, "check-and-set") => SinkProblems.Failed(
                "sink_conflict",
                "Somebody else wrote this path at the same moment, so Vault's check-and-set refused the write. Trying again reads the new version first."
            ),
            400 => SinkProblems.Failed("sink_refused", "Vault refused the request as malformed; look at mount, path and namespace."),
            401 or 403 => SinkProblems.Failed(
                "sink_forbidden",
                "Vault refused the token: it is unknown or expired, or its policy lacks create, update or read on the path."
            ),
            404 => SinkProblems.Failed(
                "sink_place_unknown",
                $"Vault knows nothing at the mount {vault.Mount}. Is a KV engine mounted there, and the namespace right?"
            ),
            412 or 429 or 472 or 473 => SinkProblems.Failed(
                "sink_busy",
                "Vault is busy or not the active node. Trying again later may help."
            ),
            503 => SinkProblems.Failed("sink_sealed", "Vault is sealed or down for maintenance. Unseal it."),
            _ => SinkProblems.Failed(
                "sink_failed",
                string.Create(CultureInfo.InvariantCulture, $"Vault answered with the status {(int)answer.Status}. Look into its log.")
            ),
        };
    }

    private static Problem NotVersioned(VaultSettings vault) =>
        SinkProblems.Failed(
            "sink_answer_odd",
            $"What answers at the mount {vault.Mount} is no KV secrets engine of version 2. Enable one there, or name another mount."
        );

    private static HttpRequestMessage Request(HttpMethod method, VaultSettings vault, SinkCredentials credentials, Uri address)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.Add("X-Vault-Token", credentials.Current);
        request.Headers.Add("X-Vault-Request", "true");
        if (vault.Namespace is not null)
            request.Headers.Add("X-Vault-Namespace", vault.Namespace);
        return request;
    }

    private static bool Says(byte[] body, string word) =>
        SinkContent.Parse(body)?["errors"] is JsonArray errors
        && errors.Any(e => e is JsonValue value && value.TryGetValue(out string? text) && text.Contains(word, StringComparison.Ordinal));

    private sealed record Present(long Version, JsonObject? Members);
}
