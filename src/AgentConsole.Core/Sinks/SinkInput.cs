using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.Sinks.Senders;

namespace AgentConsole.Core.Sinks;

/// <summary>Reads what was given for a sink, within its bounds.</summary>
internal static partial class SinkInput
{
    public const int MostName = 60;
    private const int MostToken = 1000;
    private const string Networks = $"{SinkOptions.Section}:{nameof(SinkOptions.AllowedAddresses)}";

    /// <summary>Name, settings and credential of a new sink, or what is new of a known one.</summary>
    /// <param name="known">Null for a new sink.</param>
    /// <returns>Settings and credential; null where they stay.</returns>
    public static (SinkSettings? Settings, string? Credential) Read(
        SetSink body,
        SinkKind kind,
        SecretSink? known,
        SinkOptions options,
        FieldErrors errors
    )
    {
        foreach (
            var (other, given) in new[]
            {
                (SinkKind.Vault, body.Vault is not null),
                (SinkKind.Webhook, body.Webhook is not null),
                (SinkKind.File, body.File is not null),
            }
        )
        {
            if (given && other != kind)
                errors.Add(KebabCase.Of(other), $"This sink is of the kind {KebabCase.Of(kind)}.");
            else if (!given && other == kind && known is null)
                errors.Add(KebabCase.Of(kind), "This is required: where the secrets go.");
        }
        var settings = kind switch
        {
            SinkKind.Vault when body.Vault is { } vault => new SinkSettings(Vault: Read(vault, known?.Settings.Vault, options, errors)),
            SinkKind.Webhook when body.Webhook is { } webhook => new SinkSettings(Webhook: Read(webhook, options, errors)),
            SinkKind.File when body.File is { } file => new SinkSettings(File: Read(file, known?.Settings.File, options, errors)),
            _ => null,
        };
        var credential = Credential(body, kind, errors);
        if (kind != SinkKind.File && known is null && string.IsNullOrWhiteSpace(body.Credential))
            errors.Add("credential", kind == SinkKind.Vault ? "This is required: a token of Vault." : $"This is required: {SigningSecret}");
        // Whoever may change a sink must not have its token sent to a place of their own.
        if (
            kind == SinkKind.Vault
            && known is not null
            && settings?.Vault is { } changed
            && changed.Address != known.Settings.Vault!.Address
            && credential is null
        )
            errors.Add("credential", "Give the token again: it was given for the address before, and is not sent to another one.");
        if (body.DropPrevious == true && kind != SinkKind.Webhook)
            errors.Add("drop_previous", "Only a webhook has signing secrets that end.");
        return (settings, credential);
    }

    private const string SigningSecret =
        "a signing secret, whsec_ and 24 to 64 random bytes in base64. Make one with: echo whsec_$(openssl rand -base64 32)";

    private static string? Credential(SetSink body, SinkKind kind, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(body.Credential))
            return null;
        var text = body.Credential.Trim();
        switch (kind)
        {
            case SinkKind.File:
                errors.Add("credential", "A file sink has none.");
                return null;
            case SinkKind.Webhook when WebhookSender.ReadSecret(text) is null:
                errors.Add("credential", $"Must be {SigningSecret}");
                return null;
            case SinkKind.Vault when text.Length > MostToken || text.AsSpan().ContainsAnyExceptInRange('!', '~'):
                errors.Add("credential", $"Must be a token of Vault: at most {MostToken} visible characters without spaces.");
                return null;
            default:
                return text;
        }
    }

    private static VaultSettings? Read(VaultSinkSettings given, VaultSettings? known, SinkOptions options, FieldErrors errors)
    {
        var address = OutgoingAddress.Read(given.Address ?? known?.Address, "vault.address", options.Rules, Networks, errors);
        if (address is not null && address.AbsolutePath != "/")
            errors.Add(
                "vault.address",
                "Must end after host and port, as https://vault.example:8200; the mount stands in a field of its own."
            );
        var mount = SinkTemplate.ReadPlain((given.Mount ?? known?.Mount ?? "secret").Trim('/'), "vault.mount", errors);
        var path = SinkTemplate.Read(given.Path ?? known?.Path, "vault.path", errors);
        var space = Texts.Line(given.Namespace ?? known?.Namespace, "vault.namespace", 200, errors)?.Trim('/');
        if (!string.IsNullOrEmpty(space))
            space = SinkTemplate.ReadPlain(space, "vault.namespace", errors);
        var field = given.Field ?? known?.Field ?? "agent_key";
        if (!FieldPattern.IsMatch(field))
            errors.Add("vault.field", "Has 1 to 60 letters, digits, dashes and underscores.");
        else if (Ours.Contains(field, StringComparer.Ordinal))
            errors.Add("vault.field", $"{field} holds something else beside the secret. Choose another name.");
        return address is null || mount is null || path is null
            ? null
            : new VaultSettings(address.GetLeftPart(UriPartial.Authority), mount, path, string.IsNullOrEmpty(space) ? null : space, field);
    }

    private static WebhookSettings? Read(WebhookSinkSettings given, SinkOptions options, FieldErrors errors) =>
        OutgoingAddress.Read(given.Url, "webhook.url", options.Rules, Networks, errors) is { } url
            ? new WebhookSettings(url.AbsoluteUri)
            : null;

    private static FileSettings? Read(FileSinkSettings given, FileSettings? known, SinkOptions options, FieldErrors errors)
    {
        var root = given.Root ?? known?.Root ?? "";
        if (options.FileRoots.Length == 0)
            errors.Add("file.root", SinkProblems.FilesOff.Detail);
        else if (!options.FileRoots.Contains(root, StringComparer.Ordinal))
            errors.Add("file.root", $"Must be one of the folders that the operator names: {string.Join(", ", options.FileRoots)}.");
        var path = SinkTemplate.Read(given.Path ?? known?.Path, "file.path", errors);
        var format = given.Format ?? known?.Format ?? "env";
        KebabCase.Read<SinkFileFormat>(format, "file.format", errors);
        return path is null ? null : new FileSettings(root, path, format);
    }

    // Members that a vault sink writes beside the secret.
    private static readonly string[] Ours = ["agent", "key_id", "key_version", "rotation_id", "issued_at", "expires_at", "probe"];

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,60}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex FieldPattern { get; }
}
