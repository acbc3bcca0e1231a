using System.Reflection;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;

namespace AgentConsole.Web.Api;

/// <summary>Who calls, as <see cref="ApiGate"/> found it.</summary>
internal sealed class CurrentActor(Actor value) : IBindableFromHttpContext<CurrentActor>
{
    public Actor Value => value;

    /// <summary>The key version that was used, when an agent calls.</summary>
    public KeyCard? Key { get; init; }

    /// <summary>The secret half of a repeatable write: opens its stored answer.</summary>
    public Retry? Retry { get; init; }

    public static CurrentActor Of(HttpContext context) =>
        context.Features.Get<CurrentActor>()
        ?? throw new InvalidOperationException("No actor: the endpoint is open to anyone, or lies outside /api.");

    public static ValueTask<CurrentActor?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<CurrentActor?>(Of(context));

    public static implicit operator Actor(CurrentActor actor) => actor.Value;
}
