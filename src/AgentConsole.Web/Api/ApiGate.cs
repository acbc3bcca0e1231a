using System.Diagnostics;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Http.Features;

namespace AgentConsole.Web.Api;

/// <summary>
/// Stands between routing and the endpoints of /api: who calls (401), with which scope (403), and whether this write was answered before. Visibility,
/// role and body are the service's business, in this order.
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
            var caller = credentials.Read(context);
            if (caller.Problem is { } stranger)
            {
                await ProblemHttp.WriteAsync(context, stranger);
                return;
            }
            await PassAsync(context, access, caller.Value);
        }
        finally
        {
            endpoint.Metadata.GetMetadata<RouteFigures>()?.Note(context.Response.StatusCode, startedAt);
        }
    }

    private async Task PassAsync(HttpContext context, ApiAccess access, CurrentActor caller)
    {
        context.Features.Set(caller);
        var actor = caller.Value;
        if (access.PeopleOnly && actor.Kind == ActorKind.Agent)
        {
            await new Answer<Done>(PeopleOnly).ExecuteAsync(context);
            return;
        }
        if (access.Scope is { } scope && !actor.HasScope(scope))
        {
            await new Answer<Done>(
                new Problem(ProblemKind.Forbidden, "scope_missing", $"This needs the scope {scope}, which the credential does not have.")
            ).ExecuteAsync(context);
            return;
        }
        if (context.Request.Headers.ContainsKey(Retries.Header))
        {
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
        }
        await next(context);
    }
}
