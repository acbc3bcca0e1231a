using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Freezes;

/// <summary>Freeze windows over REST.</summary>
internal static class FreezeApi
{
    public static RouteGroupBuilder MapFreezeApi(this RouteGroupBuilder api)
    {
        var freezes = api.MapGroup("/freezes").WithTags("Deployments");
        freezes
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy()
            .WithName("ListFreezes")
            .WithSummary(
                "List freezes by name: those of your teams and those of the organization, each with the window that bites now or next"
            );
        freezes
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .Creates()
            .WithName("CreateFreeze")
            .WithSummary("Freeze deployments, by cron in a time zone or once; of a team, or of the organization when none is named")
            .WithDescription("409 `name_taken` when the organization has one of this name.");
        freezes
            .MapGet("/windows", WindowsAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .Takes("from", "An instant; now when absent.")
            .Takes("to", "An instant, 400 days after `from` at most; 30 days after it when absent.")
            .WithName("ListFreezeWindows")
            .WithSummary("When deployments are frozen: every window of which some part lies in a time, by its beginning");
        freezes
            .MapGet("/{freeze}", GetAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("GetFreeze")
            .WithSummary("Read one freeze, with its ETag");
        freezes
            .MapPatch("/{freeze}", ChangeAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("ChangeFreeze")
            .WithSummary("Change the members that are given; needs If-Match")
            .WithDescription("Giving `starts_at` and `ends_at` takes `cron` and `duration_minutes` away, and the other way round.");
        freezes
            .MapDelete("/{freeze}", DeleteAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithName("DeleteFreeze")
            .WithSummary("Delete a freeze; it bites no more from now on");
        return api;
    }

    private static Task<Answer<Page<FreezeBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        FreezeService freezes,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => freezes.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<FreezeBody>> CreateAsync(
        Body<SetFreeze> body,
        CurrentActor actor,
        FreezeService freezes,
        CancellationToken cancellationToken
    ) => (await freezes.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<FreezeWindows>> WindowsAsync(
        ListQuery query,
        CurrentActor actor,
        FreezeService freezes,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var from = Instant(query, "from") ?? clock.Now();
        var to = Instant(query, "to") ?? from.AddDays(30);
        return query.Errors.ToProblem() is { } invalid
            ? new Answer<FreezeWindows>(invalid)
            : (await freezes.WindowsAsync(actor, from, to, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<FreezeBody>> GetAsync(
        string freeze,
        CurrentActor actor,
        FreezeService freezes,
        CancellationToken cancellationToken
    ) => (await freezes.GetAsync(actor, freeze, cancellationToken)).ToAnswer();

    private static async Task<Answer<FreezeBody>> ChangeAsync(
        string freeze,
        IfMatch ifMatch,
        Body<SetFreeze> body,
        CurrentActor actor,
        FreezeService freezes,
        CancellationToken cancellationToken
    ) => (await freezes.ChangeAsync(actor, freeze, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeleteAsync(
        string freeze,
        CurrentActor actor,
        FreezeService freezes,
        CancellationToken cancellationToken
    ) => (await freezes.DeleteAsync(actor, freeze, cancellationToken)).ToAnswer();

    private static DateTimeOffset? Instant(ListQuery query, string name)
    {
        if (query[name] is not { } text)
            return null;
        if (
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            ) && at.Year is >= 2000 and < 2200
        )
            return at;
        query.Errors.Add(name, "Must be an instant such as 2026-12-20T00:00:00Z.");
        return null;
    }
}
