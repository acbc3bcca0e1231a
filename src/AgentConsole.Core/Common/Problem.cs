namespace AgentConsole.Core.Common;

/// <summary>What kind of refusal it is; each door maps it to its own codes (REST: the number in the comment).</summary>
public enum ProblemKind
{
    /// <summary>400</summary>
    Invalid,

    /// <summary>401</summary>
    Unauthenticated,

    /// <summary>403</summary>
    Forbidden,

    /// <summary>404: it does not exist, or the actor may not know that it does</summary>
    NotFound,

    /// <summary>409</summary>
    Conflict,

    /// <summary>412: the thing changed since the caller read it</summary>
    Changed,

    /// <summary>428: an edit without If-Match</summary>
    MatchRequired,

    /// <summary>413</summary>
    TooLarge,

    /// <summary>429</summary>
    TooMany,

    /// <summary>503, with Retry-After</summary>
    Unavailable,
}

/// <summary>An expected refusal: the same sentence in the page and in the API.</summary>
/// <param name="Code">Stable snake_case word for programs.</param>
/// <param name="Detail">What was wrong and how to mend it; never holds a secret.</param>
/// <param name="Errors">For <see cref="ProblemKind.Invalid"/>: field (snake_case, JSON path for nested ones) to sentences.</param>
public sealed record Problem(ProblemKind Kind, string Code, string Detail, IReadOnlyDictionary<string, string[]>? Errors = null)
{
    /// <summary>Seconds to wait before trying again; with <see cref="ProblemKind.TooMany"/> and <see cref="ProblemKind.Unavailable"/>.</summary>
    public int? RetryAfterSeconds { get; init; }

    public static Problem Invalid(string field, string sentence) =>
        new(ProblemKind.Invalid, "invalid", sentence, new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [sentence] });

    public static Problem NotFound(string noun) =>
        new(ProblemKind.NotFound, $"{noun.Replace(' ', '_')}_not_found", $"There is no such {noun}, or you may not see it.");

    public static Problem Changed(string noun) =>
        new(
            ProblemKind.Changed,
            "changed_meanwhile",
            $"This {noun} was changed by somebody else since you read it. Read it again and repeat your change."
        );

    /// <param name="who">As the trail calls whoever changed it; <c>You</c> for the caller, who did it elsewhere.</param>
    /// <param name="ago">How long before.</param>
    public static Problem Changed(string noun, string who, TimeSpan ago) =>
        new(
            ProblemKind.Changed,
            "changed_meanwhile",
            $"{who} changed this {noun} {Texts.Ago(ago)}, since you read it. Read it again and repeat your change."
        );

    public static Problem MatchRequired() =>
        new(ProblemKind.MatchRequired, "if_match_required", "Send the ETag you read in If-Match, so that nobody's change is overwritten.");

    public static Problem Unavailable(string code, string detail, int retryAfterSeconds = 1) =>
        new(ProblemKind.Unavailable, code, detail) { RetryAfterSeconds = retryAfterSeconds };
}
