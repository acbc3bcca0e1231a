using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Mvc;

namespace AgentConsole.Web.Live;

/// <summary>The hub's events as server-sent events, for programs that speak plain HTTP.</summary>
internal static class LiveApi
{
    private const int MostTopics = 20;
    private const int LongestSeconds = 86_400;

    public static RouteGroupBuilder MapLiveApi(this RouteGroupBuilder api)
    {
        api.MapGet("/live", ListenAsync)
            .ForEverybodyKnown()
            .WithTags("Live")
            .WithName("Listen")
            .WithSummary("Server-sent events: the same events and bodies as the hub")
            .WithDescription(
                "`topic` is `org`, `team:<slug>` or `agent:<id>`, up to 20 of them. Each event is named after its noun (`run`, `agent`, `rotation`), has the noun's GET body as data, and its position as id. With `Last-Event-ID` a stream goes on where another ended, as far as events are kept, each thing with its present state; `gap` says that events were lost: read again what you follow. `for` ends the stream after so many seconds. It ends within 60 s of its credential. Needs the scope runs:read, agents:read or keys:read; each noun is told as far as the scopes reach."
            );
        return api;
    }

    private static async Task ListenAsync(
        HttpContext context,
        [FromQuery] string[]? topic,
        [FromQuery(Name = "for")] string? seconds,
        CurrentActor actor,
        LiveConnections connections,
        LiveTopics topics,
        IHostApplicationLifetime lifetime,
        TimeProvider clock
    )
    {
        var asked = Read(topic ?? [], seconds, actor, topics);
        if (!asked.Try(out var request, out var problem))
        {
            await new Answer<Done>(problem).ExecuteAsync(context);
            return;
        }
        using var stream = new LiveStream(context.Response, clock, lifetime.ApplicationStopping);
        var opened = connections.OpenStream(context.TraceIdentifier, context, stream, request.Concerns, After(context), stream.Over);
        if (!opened.Try(out var connection, out var refused))
        {
            await new Answer<Done>(refused).ExecuteAsync(context);
            return;
        }
        try
        {
            await stream.BeginAsync();
            connection.Start();
            await stream.HoldAsync(request.AtMost);
        }
        catch (OperationCanceledException) when (stream.Over.IsCancellationRequested)
        {
            // It was over before it began.
        }
        finally
        {
            stream.End();
            connections.Close(context.TraceIdentifier);
            await connection.Ended;
        }
    }

    private static Outcome<Request> Read(string[] names, string? seconds, CurrentActor actor, LiveTopics topics)
    {
        var concerns = new List<Func<LiveEvent, bool>>();
        foreach (var name in names.Take(MostTopics))
        {
            if (!topics.Read(actor.Value, name).Try(out var one, out var problem))
                return problem;
            concerns.Add(one);
        }
        var errors = new FieldErrors();
        if (names.Length == 0)
            errors.Add("topic", "Name at least one: org, team:<slug> or agent:<id>.");
        if (names.Length > MostTopics)
            errors.Add("topic", $"At most {MostTopics} topics; this names {names.Length}.");
        TimeSpan? atMost = null;
        if (!string.IsNullOrEmpty(seconds))
        {
            if (int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= LongestSeconds)
                atMost = TimeSpan.FromSeconds(number);
            else
                errors.Add("for", $"Must be a number of seconds from 0 to {LongestSeconds}.");
        }
        return errors.ToProblem() is { } invalid ? invalid : new Request(concerns, atMost);
    }

    // What is no position of ours is one that is not known: the listener hears of a gap.
    private static long? After(HttpContext context) =>
        context.Request.Headers["Last-Event-ID"].ToString() is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq
        : -1;

    private sealed record Request(IReadOnlyList<Func<LiveEvent, bool>> Concerns, TimeSpan? AtMost);
}
