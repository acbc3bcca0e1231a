using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Sinks;

/// <summary>Secret sinks over REST.</summary>
internal static class SinkApi
{
    public static RouteGroupBuilder MapSinkApi(this RouteGroupBuilder api)
    {
        var sinks = api.MapGroup("/sinks").WithTags("Sinks");
        sinks
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy()
            .WithName("ListSinks")
            .WithSummary("List the secret sinks that you manage: those of your teams, and the organization's for org-admins");
        sinks
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .Creates()
            .WithName("CreateSink")
            .WithSummary("Make a place into which rotations put new secrets; of a team, or of the organization when none is named")
            .WithDescription("409 `name_taken` when the team has one of this name. The credential is in no answer.");
        sinks
            .MapGet("/{sink}", GetAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("GetSink")
            .WithSummary("Read one sink, with its ETag and how its last delivery ended");
        sinks
            .MapPatch("/{sink}", ChangeAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("ChangeSink")
            .WithSummary("Change the members that are given; needs If-Match")
            .WithDescription(
                "A new signing secret of a webhook does not end the one before: both sign for seven days, or until `drop_previous`. A vault's new address needs the token again."
            );
        sinks
            .MapDelete("/{sink}", DeleteAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("DeleteSink")
            .WithSummary("Delete a sink; what lies at the other side stays there");
        sinks
            .MapPost("/{sink}/test", TestAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("TestSink")
            .WithSummary("Send a harmless value the way a secret would go, and say how that went")
            .WithDescription(
                "A vault gets it at the path with `-probe` behind it, a webhook a signed `ping`, a folder a file that is taken away again. A failed test is `delivered: false` with its `code`, not an error."
            );
        return api;
    }

    private static Task<Answer<Page<SinkBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => sinks.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<SinkBody>> CreateAsync(
        Body<SetSink> body,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => (await sinks.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<SinkBody>> GetAsync(
        string sink,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => (await sinks.GetAsync(actor, sink, cancellationToken)).ToAnswer();

    private static async Task<Answer<SinkBody>> ChangeAsync(
        string sink,
        IfMatch ifMatch,
        Body<SetSink> body,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => (await sinks.ChangeAsync(actor, sink, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeleteAsync(
        string sink,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => (await sinks.DeleteAsync(actor, sink, cancellationToken)).ToAnswer();

    private static async Task<Answer<SinkTestResult>> TestAsync(
        string sink,
        CurrentActor actor,
        SinkService sinks,
        CancellationToken cancellationToken
    ) => (await sinks.TestAsync(actor, sink, cancellationToken)).ToAnswer();
}
