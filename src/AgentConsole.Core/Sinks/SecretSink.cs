using AgentConsole.Core.Data;

namespace AgentConsole.Core.Sinks;

public enum SinkKind
{
    /// <summary>HashiCorp Vault, KV secrets engine version 2.</summary>
    Vault,

    /// <summary>A signed call over HTTPS.</summary>
    Webhook,

    /// <summary>A file below one of the roots that the settings name.</summary>
    File,
}

public enum SinkFileFormat
{
    /// <summary>One line <c>AGENT_KEY=…</c>.</summary>
    Env,
    Json,

    /// <summary>The secret and nothing else.</summary>
    Raw,
}

/// <summary>The settings of a sink, one of the members, as its kind says. Never a secret: they are shown and kept in the trail.</summary>
public sealed record SinkSettings(VaultSettings? Vault = null, WebhookSettings? Webhook = null, FileSettings? File = null);

public sealed record VaultSettings(string Address, string Mount, string Path, string? Namespace, string Field);

public sealed record WebhookSettings(string Url);

/// <param name="Format">As it travels.</param>
public sealed record FileSettings(string Root, string Path, string Format);

/// <summary>
/// A place outside into which rotations put the new secret of an agent's key. A team's sink serves the team's agents; one of the organization serves
/// all, and belongs to org-admins.
/// </summary>
public sealed class SecretSink : IRevised
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Null for a sink of the organization.</summary>
    public Guid? TeamId { get; init; }
    public required string Name { get; set; }
    public SinkKind Kind { get; init; }
    public required SinkSettings Settings { get; set; }

    /// <summary>Encrypted under the master key: a Vault token, or a webhook's signing secret.</summary>
    public byte[]? Credential { get; set; }
    public DateTimeOffset? CredentialSetAt { get; set; }

    /// <summary>A signing secret that signs along until <see cref="PreviousUntil"/>, so that a receiver can move without losing a call.</summary>
    public byte[]? Previous { get; set; }
    public DateTimeOffset? PreviousUntil { get; set; }

    // The last delivery is telemetry: written by a statement of its own, so that it does not take the revision away from who is editing.
    public DateTimeOffset? LastDeliveryAt { get; private set; }

    /// <summary>Code of the last failure; null after a success.</summary>
    public string? LastCode { get; private set; }
    public string? LastProblem { get; private set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }
    public long Revision { get; set; } = 1;

    /// <summary>Where secrets go, in one line.</summary>
    public string Target =>
        Settings switch
        {
            { Vault: { } vault } => $"{vault.Address}/v1/{vault.Mount}/data/{vault.Path}",
            { Webhook: { } webhook } => webhook.Url,
            { File: { } file } => $"{file.Root}/{file.Path}",
            _ => "",
        };
}
