using AgentConsole.Core.People;

namespace AgentConsole.Web.Api;

/// <summary>Who may knock at an endpoint. Every endpoint under /api carries one; one without it stops the start.</summary>
/// <param name="Scope">Scope that a token or agent key must hold; null where being known is enough.</param>
/// <param name="Anonymous">Nobody needs to be known; the handler sees no actor.</param>
internal sealed record ApiAccess(string? Scope, bool Anonymous = false)
{
    /// <summary>Agent keys may call it as far as their fixed scopes reach; for people's own affairs they may not.</summary>
    public bool PeopleOnly { get; init; }

    /// <summary>An agent key may call it for itself without the scope; what it may do there the service says.</summary>
    public bool OwnKey { get; init; }
}

/// <summary>Most bytes a body of this endpoint may have.</summary>
internal sealed record BodyLimit(int Bytes)
{
    public const int Default = 1 << 20;
    public const int Bulk = 16 << 20;
}

/// <summary>Status of the answer that says it was done; 200 where an endpoint carries none. <see cref="Of"/> decides where it depends on the result.</summary>
internal sealed record DoneStatus(int Status, Func<object, int>? Of = null);

/// <summary>How an endpoint says what it asks of its caller.</summary>
internal static class ApiAccessExtensions
{
    /// <summary>Tokens and agent keys need the scope; browser sessions may read.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, string scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ApiAccess(scope));

    /// <summary>As <see cref="Needs{TBuilder}"/>, and agent keys are refused whatever their scopes.</summary>
    public static TBuilder NeedsPerson<TBuilder>(this TBuilder endpoint, string? scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ApiAccess(scope) { PeopleOnly = true });

    /// <summary>As <see cref="Needs{TBuilder}"/>, and an agent key may do it to itself without the scope.</summary>
    public static TBuilder NeedsOrOwnKey<TBuilder>(this TBuilder endpoint, string scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ApiAccess(scope) { OwnKey = true });

    /// <summary>Everybody who is known, with any scope.</summary>
    public static TBuilder ForEverybodyKnown<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ApiAccess(null));

    /// <summary>No sign-in: the proof is in the body. Limited per address.</summary>
    public static TBuilder ForAnyone<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new ApiAccess(null, Anonymous: true)).RequireRateLimiting(AnonymousLimit.Policy);

    /// <summary>Bodies up to 16 MiB.</summary>
    public static TBuilder AcceptsBulk<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new BodyLimit(BodyLimit.Bulk));

    /// <summary>Success is 201 with a Location.</summary>
    public static TBuilder Creates<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DoneStatus(StatusCodes.Status201Created));

    /// <summary>The status of success depends on the result.</summary>
    public static TBuilder AnswersWith<TBuilder>(this TBuilder endpoint, Func<object, int> status)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DoneStatus(StatusCodes.Status200OK, status));
}
