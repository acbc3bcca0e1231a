namespace AgentConsole.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/sinks</c>, and of <c>PATCH</c> with <c>If-Match</c>, where absent members stay. Team and kind never change. Exactly the settings of
/// the kind are given.
/// </summary>
public sealed record SetSink
{
    /// <summary>Team slug or id; absent for a sink of the organization, which serves every team.</summary>
    public string? Team { get; init; }

    /// <summary>At most 60 characters, unique in the team.</summary>
    public string? Name { get; init; }

    /// <summary><c>vault</c>, <c>webhook</c> or <c>file</c>.</summary>
    public string? Kind { get; init; }
    public VaultSinkSettings? Vault { get; init; }
    public WebhookSinkSettings? Webhook { get; init; }
    public FileSinkSettings? File { get; init; }

    /// <summary>
    /// Vault: a token. Webhook: a signing secret, <c>whsec_</c> and 24 to 64 bytes in base64; the one before signs along for seven days. Never shown again.
    /// </summary>
    public string? Credential { get; init; }

    /// <summary><c>true</c> lets the signing secret before end now.</summary>
    public bool? DropPrevious { get; init; }
}

/// <summary>A path in a HashiCorp Vault with the KV secrets engine, version 2.</summary>
public sealed record VaultSinkSettings
{
    /// <summary>As <c>https://vault.example:8200</c>.</summary>
    public string? Address { get; init; }

    /// <summary>Where the engine is mounted; <c>secret</c> when absent.</summary>
    public string? Mount { get; init; }

    /// <summary>With <c>{agent}</c>, <c>{team}</c> and <c>{key}</c>, as <c>agents/{team}/{agent}</c>.</summary>
    public string? Path { get; init; }

    /// <summary>Sent as <c>X-Vault-Namespace</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>The member that takes the secret; <c>agent_key</c> when absent. Other members that lie there stay.</summary>
    public string? Field { get; init; }
}

/// <summary>A receiver of signed calls, after Standard Webhooks.</summary>
public sealed record WebhookSinkSettings
{
    /// <summary>As <c>https://receiver.example/agent-keys</c>.</summary>
    public string? Url { get; init; }
}

/// <summary>Files on the console's machine.</summary>
public sealed record FileSinkSettings
{
    /// <summary>One of the folders of <c>AgentConsole:Sinks:FileRoots</c>.</summary>
    public string? Root { get; init; }

    /// <summary>Below the root, with <c>{agent}</c>, <c>{team}</c> and <c>{key}</c>, as <c>{team}/{agent}.env</c>.</summary>
    public string? Path { get; init; }

    /// <summary><c>env</c> (default: one line <c>AGENT_KEY=…</c>), <c>json</c> or <c>raw</c>.</summary>
    public string? Format { get; init; }
}

/// <summary>A secret sink: where rotations put new secrets. Its own credential is never shown.</summary>
public sealed record SinkBody
{
    public required string Id { get; init; }

    /// <summary>Slug; null for a sink of the organization.</summary>
    public string? Team { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }

    /// <summary>Where secrets go, in one line.</summary>
    public required string Target { get; init; }
    public VaultSinkSettings? Vault { get; init; }
    public WebhookSinkSettings? Webhook { get; init; }
    public FileSinkSettings? File { get; init; }

    /// <summary>When the credential was given; null where there is none.</summary>
    public DateTimeOffset? CredentialSetAt { get; init; }

    /// <summary>Until when the signing secret before signs along.</summary>
    public DateTimeOffset? PreviousCredentialUntil { get; init; }

    /// <summary><c>untried</c>, <c>ok</c> or <c>failing</c>: how the last delivery or test ended.</summary>
    public required string State { get; init; }
    public DateTimeOffset? LastDeliveryAt { get; init; }

    /// <summary>Code of the last failure; null after a success.</summary>
    public string? LastCode { get; init; }

    /// <summary>What went wrong and how to mend it.</summary>
    public string? LastProblem { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public required long Revision { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/sinks/{id}/test</c>. A failed test is an answer, not a refusal.</summary>
/// <param name="Place">Where the harmless value went, or was to go.</param>
/// <param name="Code">Null when it arrived.</param>
public sealed record SinkTestResult(bool Delivered, string Place, string? Code, string? Detail, DateTimeOffset At);
