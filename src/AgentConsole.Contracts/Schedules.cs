namespace AgentConsole.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/rotation-policies</c> and <c>PUT /api/v1/rotation-policies/{policy}</c>: the whole policy. A field that is absent falls through
/// to the next level: agent, team with environment, team, environment, organization. Of the longest lifetimes the shortest holds.
/// </summary>
public sealed record SetRotationPolicy
{
    /// <summary>Team slug or id; with neither team nor agent the policy is the organization's. Never changes.</summary>
    public string? Team { get; init; }

    /// <summary>Only agents of this environment, of the team or of the organization. Never changes.</summary>
    public string? Environment { get; init; }

    /// <summary>Agent slug or id: a policy for this one alone. Never changes.</summary>
    public string? Agent { get; init; }

    /// <summary>Days after which a version is due to be replaced, 1 to 3650; 0 for never, whatever the levels above say.</summary>
    public int? CadenceDays { get; init; }

    /// <summary>
    /// Most days from a version's making to its expiry, 1 to 3650. Counts for what is made from then on. A ceiling: of all levels that say one, the
    /// shortest holds.
    /// </summary>
    public int? MaxLifetimeDays { get; init; }

    /// <summary>Id or name of the secret sink into which keys are rotated by themselves.</summary>
    public string? Sink { get; init; }

    /// <summary>Whether keys are rotated by themselves.</summary>
    public bool? Automatic { get; init; }

    /// <summary>Days before the due date at which that begins, 0 to 365; 7 where no policy says.</summary>
    public int? LeadDays { get; init; }

    /// <summary>How long the old version works on, 60 to 2592000; 86400 where no policy says.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>Lengthens the grace by itself while the old version is still used; true where no policy says.</summary>
    public bool? AutoExtend { get; init; }
}

/// <summary>A rotation policy as it is stored; null fields fall through.</summary>
public sealed record RotationPolicyBody
{
    public required string Id { get; init; }

    /// <summary><c>agent</c>, <c>team-environment</c>, <c>team</c>, <c>environment</c> or <c>organization</c>.</summary>
    public required string Level { get; init; }

    /// <summary>Slug of the team.</summary>
    public string? Team { get; init; }
    public string? Environment { get; init; }

    /// <summary>Slug of the agent.</summary>
    public string? Agent { get; init; }
    public int? CadenceDays { get; init; }
    public int? MaxLifetimeDays { get; init; }

    /// <summary>Id of the sink.</summary>
    public string? Sink { get; init; }

    /// <summary>Null where the sink is gone.</summary>
    public string? SinkName { get; init; }
    public bool? Automatic { get; init; }
    public int? LeadDays { get; init; }
    public int? GraceSeconds { get; init; }
    public bool? AutoExtend { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public required long Revision { get; init; }
}

/// <summary>A number that holds, and the level that says it; <c>default</c> where none does.</summary>
public sealed record RuledNumber(int? Value, string From);

public sealed record RuledText(string? Value, string From);

public sealed record RuledFlag(bool Value, string From);

/// <summary>What holds for a key, field by field, and when it is due.</summary>
public sealed record EffectivePolicyBody
{
    public required string KeyId { get; init; }
    public required string Agent { get; init; }
    public required RuledNumber CadenceDays { get; init; }
    public required RuledNumber MaxLifetimeDays { get; init; }

    /// <summary>Id of the sink.</summary>
    public required RuledText Sink { get; init; }
    public required RuledFlag Automatic { get; init; }
    public required RuledNumber LeadDays { get; init; }
    public required RuledNumber GraceSeconds { get; init; }
    public required RuledFlag AutoExtend { get; init; }
    public DueKey? Due { get; init; }
}

/// <summary>A key with the date at which its newest accepted version is to be replaced, and what will happen then.</summary>
public sealed record DueKey
{
    public required string KeyId { get; init; }
    public required string KeyName { get; init; }
    public required int KeyVersion { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary>E-mail address of the agent's owner.</summary>
    public string? Owner { get; init; }

    /// <summary>Slug of the team.</summary>
    public required string Team { get; init; }
    public string? Environment { get; init; }

    /// <summary>When the version was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public DateTimeOffset? DueAt { get; init; }

    /// <summary><c>cadence</c> or <c>expiry</c>, whichever comes first.</summary>
    public string? Reason { get; init; }

    /// <summary>Whole days until then; negative when it is past.</summary>
    public int? DaysLeft { get; init; }

    /// <summary><c>overdue</c>, <c>due-soon</c> (within 30 days), <c>scheduled</c> or <c>no-policy</c>.</summary>
    public required string State { get; init; }

    /// <summary><c>by-hand</c>, <c>automatic</c>, or why an automatic rotation is held back: <c>no-sink</c>, <c>agent-paused</c>, <c>agent-retired</c>, <c>leaked</c>, <c>rotation-open</c>.</summary>
    public required string Outlook { get; init; }

    /// <summary>When it is rotated by itself.</summary>
    public DateTimeOffset? BeginsAt { get; init; }

    /// <summary>Name of the sink into which it is rotated by itself.</summary>
    public string? Sink { get; init; }

    /// <summary>Id of the rotation that is open.</summary>
    public string? Rotation { get; init; }
    public string? RotationState { get; init; }

    /// <summary>What keeps the automatic rotation from beginning or going on.</summary>
    public string? Failure { get; init; }

    /// <summary>The notice that nobody has dismissed: 30, 14, 7, 1 or 0 days before the date.</summary>
    public int? NoticeDays { get; init; }
    public DateTimeOffset? NoticeAt { get; init; }

    /// <summary>When the date or what will happen changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Body of <c>POST /api/v1/calendar-links</c>.</summary>
public sealed record MakeCalendarLink
{
    /// <summary>Where it is used, for the list: <c>Outlook at work</c>.</summary>
    public string? Name { get; init; }
}

/// <summary>An address of the calendar of due keys.</summary>
public sealed record CalendarLinkBody
{
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>The address; only in the answer that made it.</summary>
    public string? Url { get; init; }

    /// <summary>Last characters of the secret in the address.</summary>
    public required string Last4 { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
}
