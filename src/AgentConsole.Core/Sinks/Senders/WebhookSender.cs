using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>
/// A call that is signed after Standard Webhooks (https://www.standardwebhooks.com): <c>webhook-id</c> is the rotation's, the same at each try;
/// <c>webhook-signature</c> holds one <c>v1</c> signature for each secret that counts. The receiver proves that it has the secret by its SHA-256.
/// </summary>
internal sealed class WebhookSender(SinkHttp http, TimeProvider clock) : ISinkSender
{
    public const string SecretPrefix = "whsec_";
    private const int LeastBytes = 24;
    private const int MostBytes = 64;

    public SinkKind Kind => SinkKind.Webhook;

    public string? PlaceOf(SinkSettings settings, Parcel parcel) => settings.Webhook!.Url;

    public Task<SecretPresence> LookAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        string path,
        CancellationToken cancellationToken
    ) => Task.FromResult(SecretPresence.Unchecked("A webhook takes secrets and cannot be asked for them."));

    /// <summary>The bytes of a signing secret; null when it has not the form of the specification.</summary>
    public static byte[]? ReadSecret(string? text)
    {
        if (text?.StartsWith(SecretPrefix, StringComparison.Ordinal) != true)
            return null;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out var length) && length is >= LeastBytes and <= MostBytes
            ? bytes[..length]
            : null;
    }

    public async Task<Outcome<string>> SendAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        Parcel parcel,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        var id = parcel.Probe ? "ping_" + parcel.Secret.RotationId.ToString("n") : IdText.Format(IdText.Rotation, parcel.Secret.RotationId);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["type"] = parcel.Probe ? "ping" : "agent_key.rotated",
                ["timestamp"] = SinkContent.At(now),
                ["data"] = parcel.Probe ? new JsonObject() : SinkContent.Describe(parcel, "secret"),
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.Webhook!.Url);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var at = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", at);
        request.Headers.Add(
            "webhook-signature",
            string.Join(' ', new[] { credentials.Current, credentials.Previous }.OfType<string>().Select(s => Sign(s, id, at, body)))
        );
        var answer = await http.SendAsync(request, cancellationToken);
        if (answer.Fault is { } fault)
            return SinkProblems.Of(fault);
        var status = (int)answer.Status;
        if (status is >= 300 and < 400)
            return SinkProblems.Failed(
                "sink_redirects",
                "The receiver answered with a redirect, which is not followed. Give its last address."
            );
        if (parcel.Probe ? status is < 200 or > 299 : status != 200)
            return SinkProblems.Failed(
                status is 401 or 403 ? "sink_forbidden" : "sink_failed",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The receiver answered with the status {status} instead of 200. Does it know the signing secret, and check the signature of the raw body?"
                )
            );
        return parcel.Probe || Proves(answer.Body, parcel.Secret.Secret)
            ? settings.Webhook.Url
            : SinkProblems.Failed(
                "sink_unverified",
                "The receiver did not prove that it has the secret: it must answer {\"received_sha256\": \"<hex of the secret's SHA-256>\"}."
            );
    }

    /// <summary>One signature: HMAC-SHA-256 over id, timestamp and body with dots between them.</summary>
    internal static string Sign(string secret, string id, string timestamp, byte[] body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(ReadSecret(secret)!, signed));
    }

    private static bool Proves(byte[] body, string secret) =>
        SinkContent.Parse(body)?["received_sha256"] is JsonValue value
        && value.TryGetValue(out string? hash)
        && SinkContent.Same(hash.ToLowerInvariant(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
}
