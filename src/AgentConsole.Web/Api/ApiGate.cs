using System.Diagnostics;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

namespace AgentConsole.Web.Api;

/// <summary>
/// Stands between routing and the endpoints of /api: who calls (401), with which scope (403), and whether this write was answered before. Visibility,
/// role and body are the service's business, in this order. It calls the endpoint itself: no later part of the pipeline has a say in a call that
/// proved who it is, and each would cost it something. Calls that anyone may make go on to the limit per address.
/// </summary>
internal sealed class ApiGate(RequestDelegate next, Credentials credentials, Retries retries, StoreConfirmation confirmation)
{
    private static readonly Problem PeopleOnly = new(
        ProblemKind.Forbidden,
        "agents_not_allowed",
        "An agent key may not do this. Use an API token of a person or service account."
    );

    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        return endpoint?.Metadata.GetMetadata<ApiAccess>() is { } access ? EnterAsync(context, endpoint, access) : next(context);
    }

    private async Task EnterAsync(HttpContext context, Endpoint endpoint, ApiAccess access)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                size.MaxRequestBodySize = (endpoint.Metadata.GetMetadata<BodyLimit>()?.Bytes ?? BodyLimit.Default) + 1L;
            if (access.Anonymous)
            {
                await next(context);
                return;
            }
            if (!confirmation.IsConfirmed)
            {
                await ProblemHttp.WriteAsync(context, StoreConfirmation.Unconfirmed);
                return;
            }
            if (context.Request.Headers.Authorization.Count == 0 && await context.AuthenticateAsync() is { Principal: { } person })
                context.User = person;
            var caller = credentials.Read(context);
            if (caller.Problem is { } stranger)
            {
                await ProblemHttp.WriteAsync(context, stranger);
                return;
            }
            context.Features.Set(caller.Value);
            if (Refusal(access, caller.Value) is { } refusal)
                await new Answer<Done>(refusal).ExecuteAsync(context);
            else if (context.Request.Headers.ContainsKey(Retries.Header))
                await PassOnceAsync(context, endpoint, caller.Value);
            else
                await endpoint.RequestDelegate!(context);
        }
        finally
        {
            endpoint.Metadata.GetMetadata<RouteFigures>()?.Note(context.Response.StatusCode, startedAt);
        }
    }

    private static Problem? Refusal(ApiAccess access, Actor actor) =>
        access.PeopleOnly && actor.Kind == ActorKind.Agent ? PeopleOnly
        : access.Scope is { } scope && !(access.OwnKey && actor.Kind == ActorKind.Agent) ? actor.MissingScope(scope)
        : null;

    private async Task PassOnceAsync(HttpContext context, Endpoint endpoint, CurrentActor caller)
    {
        var actor = caller.Value;
        var read = await retries.ReadAsync(context, actor);
        if (read.Problem is { } unreadable)
        {
            await ProblemHttp.WriteAsync(context, unreadable);
            return;
        }
        if (read.Value is { } retry)
        {
            if (await retries.FindAsync(actor, retry, context.RequestAborted) is { } before)
            {
                if (before.Problem is { } reused)
                    await ProblemHttp.WriteAsync(context, reused);
                else
                    await AnswerWriter.WriteAsync(context, before.Value, replayed: true);
                return;
            }
            context.Features.Set(new CurrentActor(actor with { Retry = retry.Ticket }) { Key = caller.Key, Retry = retry });
        }
        await endpoint.RequestDelegate!(context);
    }
}
