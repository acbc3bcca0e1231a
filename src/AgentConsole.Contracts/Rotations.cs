namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/{id}/rotations</c>: plans, and issues at once unless told otherwise.</summary>
public sealed record CreateRotation
{
    /// <summary>Which key; the agent's only active one when absent, else 400.</summary>
    public string? KeyId { get; init; }

    /// <summary>How long the old version works on: 0 to 2592000 (30 days); 86400 when absent.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>Revokes the old version at once and for good.</summary>
    public bool RevokeImmediately { get; init; }

    /// <summary>Days until the new version expires; never when absent.</summary>
    public int? TtlDays { get; init; }

    /// <summary>Lengthens the grace by itself while the old version is still used, up to 30 days after the issue.</summary>
    public bool AutoExtend { get; init; }
    public string? Reason { get; init; }

    /// <summary>Name or id of a secret sink that the new secret is written to.</summary>
    public string? Sink { get; init; }

    /// <summary>Makes nothing yet: <c>issue</c> it when you are ready to hand over. Refused while an issued rotation of the key is open.</summary>
    public bool PlanOnly { get; init; }
}

/// <summary>Body of <c>POST /api/v1/rotations</c>: an agent gives the key that it calls with a new version.</summary>
public sealed record RotateOwnKey
{
    public int? GraceSeconds { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Body of <c>issue</c> and <c>reissue</c>; members that are absent stay as planned.</summary>
public sealed record IssueRotation
{
    public int? GraceSeconds { get; init; }
    public bool? RevokeImmediately { get; init; }
    public int? TtlDays { get; init; }
    public bool? AutoExtend { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Body of <c>acknowledge</c>.</summary>
public sealed record AcknowledgeRotation
{
    /// <summary>The last four characters of the new secret, as proof that it was stored.</summary>
    public string? LastFour { get; init; }
}

/// <summary>Body of <c>extend</c> and <c>enable-old</c>.</summary>
public sealed record GraceOfRotation
{
    /// <summary>Seconds from now, 60 to 2592000.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>For <c>extend</c>: whether the grace lengthens by itself from now on.</summary>
    public bool? AutoExtend { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Body of <c>disable-old</c>.</summary>
public sealed record DisableOld
{
    /// <summary>Days in which the old version can be enabled again, 1 to 30; 7 when absent. Then it is revoked.</summary>
    public int? Days { get; init; }
    public string? Reason { get; init; }
}

/// <summary>A key's change of its secret.</summary>
public sealed record RotationBody
{
    public required string Id { get; init; }

    /// <summary><c>planned</c>, <c>issued</c>, <c>observing</c>, <c>ready</c>, <c>old-disabled</c>, <c>completed</c> or <c>aborted</c>.</summary>
    public required string State { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary>Slug of the team, of its time.</summary>
    public required string Team { get; init; }
    public required string KeyId { get; init; }
    public required string KeyName { get; init; }

    /// <summary>The version that is replaced; null where none was accepted.</summary>
    public int? FromVersion { get; init; }
    public int? ToVersion { get; init; }

    /// <summary>The new secret; only in the answer that issued it, and null in its replay once it was acknowledged.</summary>
    public string? ApiKey { get; init; }
    public string? ApiKeyPrefix { get; init; }

    /// <summary>Shown last characters of the new secret.</summary>
    public string? ApiKeyLast4 { get; init; }

    /// <summary><c>person</c>, <c>leak</c>, <c>schedule</c>, <c>agent</c> or <c>bulk</c>.</summary>
    public required string Trigger { get; init; }
    public string? Reason { get; init; }
    public required int GraceSeconds { get; init; }
    public required bool RevokeImmediately { get; init; }
    public required bool AutoExtend { get; init; }

    /// <summary>When the grace was last lengthened by itself, because the old version was still needed, and how often.</summary>
    public DateTimeOffset? AutoExtendedAt { get; init; }
    public int AutoExtensions { get; init; }

    /// <summary>Whether callers with the version that is replaced are let in at this moment.</summary>
    public required bool OldAccepted { get; init; }

    /// <summary>When the old version is refused: the end of its grace, or when it was disabled or revoked.</summary>
    public DateTimeOffset? OldKeyExpiresAt { get; init; }

    /// <summary>When the new version expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where the new secret was to be delivered, and when it arrived.</summary>
    public string? Sink { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    public required DateTimeOffset PlannedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }
    public string? IssuedBy { get; init; }

    /// <summary>Who acted on it last.</summary>
    public string? HeldBy { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }
    public DateTimeOffset? ReadyAt { get; init; }
    public DateTimeOffset? OverriddenAt { get; init; }
    public string? OverriddenBy { get; init; }
    public string? OverrideReason { get; init; }
    public DateTimeOffset? OldDisabledAt { get; init; }

    /// <summary>Until then the old version can be enabled again; afterwards it is revoked, if the new one was ever used.</summary>
    public DateTimeOffset? OldDisabledUntil { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? AbortedAt { get; init; }

    /// <summary>The rotation that took this one's place.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>What keeps it from going on, where somebody must look.</summary>
    public string? Failure { get; init; }

    /// <summary>How many callers still stand in the way of <c>ready</c>.</summary>
    public required int Waiting { get; init; }

    /// <summary>The key had more callers than are kept: nobody can say that all have moved.</summary>
    public required bool CallersOverflowed { get; init; }

    /// <summary>The callers of the key, those that stand in the way first; at most 100. All of them: <c>…/callers</c>.</summary>
    public required IReadOnlyList<RotationCaller> Callers { get; init; }

    /// <summary>Who was refused with a version that this rotation ended, by address.</summary>
    public required IReadOnlyList<RotationKnock> Knocks { get; init; }
}

/// <summary>Somebody who uses the key: an instance that names itself, or else a user agent at an address.</summary>
public sealed record RotationCaller
{
    public required string Id { get; init; }

    /// <summary>As sent in <c>X-AgentConsole-Instance</c>.</summary>
    public string? Instance { get; init; }
    public string? UserAgent { get; init; }
    public string? Address { get; init; }

    /// <summary><c>waiting</c>: has not moved. <c>moved</c>: uses the new version. <c>new</c>: never used an older one. <c>gone</c>: silent for too long.</summary>
    public required string State { get; init; }

    /// <summary>The version of its last call.</summary>
    public required int LastVersion { get; init; }
    public DateTimeOffset? OldFirstUsedAt { get; init; }
    public DateTimeOffset? OldLastUsedAt { get; init; }
    public required long OldCalls { get; init; }
    public DateTimeOffset? NewFirstUsedAt { get; init; }
    public DateTimeOffset? NewLastUsedAt { get; init; }
    public required long NewCalls { get; init; }

    /// <summary>How long it usually stays away between visits; null before its second visit.</summary>
    public long? UsualGapSeconds { get; init; }

    /// <summary>For <c>waiting</c>: if it stays silent until then, it counts as gone.</summary>
    public DateTimeOffset? GoneAt { get; init; }
}

/// <summary>Refused calls with an ended version from one address.</summary>
public sealed record RotationKnock(string Address, int KeyVersion, string Code, long Count, DateTimeOffset LastAt);

/// <summary>Calls of one minute by version, for a chart of old against new.</summary>
/// <param name="Old">With the version replaced, and any older one.</param>
public sealed record RotationMinute(DateTimeOffset Minute, long Old, long New);

/// <summary>Body of <c>GET /api/v1/rotations/{id}/minutes</c>; minutes without a call are left out.</summary>
public sealed record RotationMinutes(string Id, IReadOnlyList<RotationMinute> Minutes);

/// <summary>Body of <c>POST /api/v1/agents/{id}/keys/{key}/leaked</c>.</summary>
public sealed record LeakedKey
{
    /// <summary>Version number; the newest that is accepted when absent.</summary>
    public int? KeyVersion { get; init; }
    public string? Reason { get; init; }
}

/// <summary>What was done about a leaked key, and what the key did before.</summary>
public sealed record LeakBody
{
    public required string KeyId { get; init; }
    public required string Agent { get; init; }

    /// <summary>The versions that are refused from now on: the leaked one, and successors that an agent fetched with it.</summary>
    public required IReadOnlyList<int> DisabledVersions { get; init; }

    /// <summary>The rotation that gives the key its next version; issue it when you are ready to hand over. Null where the version was refused before.</summary>
    public RotationBody? Rotation { get; init; }
    public required KeyDay LastDay { get; init; }
}

/// <summary>Body of <c>GET /api/v1/agents/{id}/keys/{key}/use</c>: what one wants to know before one rotates a key.</summary>
public sealed record KeyUseBody
{
    public required string KeyId { get; init; }
    public required string KeyName { get; init; }
    public required string Agent { get; init; }

    /// <summary>Slug of the agent's team.</summary>
    public required string Team { get; init; }

    /// <summary>The newest accepted version; the newest where none is accepted.</summary>
    public required int KeyVersion { get; init; }

    /// <summary>Whether any version is accepted.</summary>
    public required bool Accepted { get; init; }

    /// <summary>When that version was made: the age of the secret.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The last use of any version.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Id of the rotation that is open.</summary>
    public string? Rotation { get; init; }
    public required KeyDay LastDay { get; init; }
}

/// <summary>What a key did in the last 24 hours.</summary>
/// <param name="Runs">Runs that were reported with it.</param>
public sealed record KeyDay(
    DateTimeOffset Since,
    long Calls,
    long Runs,
    IReadOnlyList<string> Addresses,
    IReadOnlyList<RotationCaller> Callers
);

/// <summary>Body of <c>PATCH /api/v1/agents/{id}/keys/{key}</c>; absent members stay.</summary>
public sealed record ChangeKey
{
    public string? Name { get; init; }

    /// <summary>Whether an agent that calls with this key may give it a new version by itself. A leak turns it off.</summary>
    public bool? SelfRotation { get; init; }
    public string? Reason { get; init; }
}
