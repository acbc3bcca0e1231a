using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Rotations;

/// <summary>Rotation policies, due keys and calendar links over REST.</summary>
internal static class ScheduleApi
{
    private static readonly (string Name, string Description)[] Filters =
    [
        ("team", "Team slug or id."),
        ("agent", "Agent slug or id."),
        ("key", "Key id."),
        ("owner", "E-mail address or user id of the agent's owner; `none` for agents of nobody."),
        ("state", "One of overdue, due-soon, scheduled, no-policy."),
        ("within", "Only keys that are due within so many days, as `30d`; overdue ones too."),
        ("noticed", "`true` for keys with a notice that nobody has dismissed."),
    ];

    public static RouteGroupBuilder MapScheduleApi(this RouteGroupBuilder api)
    {
        api.MapGet("/rotations/due", DueAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy(Filters)
            .WithTags("Rotation policies")
            .WithName("ListDueKeys")
            .WithSummary("List keys by the date at which they are due, with what will happen then");
        api.MapGet("/agents/{agent}/keys/{key}/rotation-policy", PolicyOfAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithTags("Rotation policies")
            .WithName("GetKeyRotationPolicy")
            .WithSummary("What holds for a key, field by field, and which level says it");
        api.MapPost("/agents/{agent}/keys/{key}/dismiss-notice", DismissAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithTags("Rotation policies")
            .WithName("DismissKeyNotice")
            .WithSummary("Take the notice that a key is due away, until the next step before its date");

        var policies = api.MapGroup("/rotation-policies").WithTags("Rotation policies");
        policies
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy()
            .WithName("ListRotationPolicies")
            .WithSummary("List the rotation policies that hold for agents you see");
        policies
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .Creates()
            .WithName("CreateRotationPolicy")
            .WithSummary("Make the policy of an agent, a team, an environment, or the organization when neither is named")
            .WithDescription(
                "409 `policy_exists` when there is one for exactly this. What it means for due dates follows at once, or within seconds for many keys."
            );
        policies
            .MapGet("/{policy}", GetAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("GetRotationPolicy")
            .WithSummary("Read one policy, with its ETag");
        policies
            .MapPut("/{policy}", ChangeAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("ChangeRotationPolicy")
            .WithSummary("Replace every field of a policy; absent ones fall through from now on. Needs If-Match");
        policies
            .MapDelete("/{policy}", DeleteAsync)
            .NeedsPerson(TokenScopes.KeysWrite)
            .WithName("DeleteRotationPolicy")
            .WithSummary("Delete a policy; the levels above it hold from then on");

        var links = api.MapGroup("/calendar-links").WithTags("Rotation policies");
        links
            .MapGet("", ListLinksAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .ListsBy()
            .WithName("ListCalendarLinks")
            .WithSummary("List your own calendar links");
        links
            .MapPost("", MakeLinkAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .Creates()
            .WithName("MakeCalendarLink")
            .WithSummary("Make an address at which a calendar program reads the keys that you see; it is in this answer only");
        links
            .MapDelete("/{link}", RevokeLinkAsync)
            .NeedsPerson(TokenScopes.KeysRead)
            .WithName("RevokeCalendarLink")
            .WithSummary("Revoke a calendar link; its address opens nothing from then on");
        return api;
    }

    private static Task<Answer<Page<DueKey>>> DueAsync(
        ListQuery query,
        CurrentActor actor,
        DueLists lists,
        CancellationToken cancellationToken
    ) => query.AnswerAsync(DueFilter.Parse, (filter, page) => lists.ListAsync(actor, filter, page, cancellationToken));

    private static async Task<Answer<EffectivePolicyBody>> PolicyOfAsync(
        string agent,
        string key,
        CurrentActor actor,
        DueLists lists,
        CancellationToken cancellationToken
    ) => (await lists.PolicyOfAsync(actor, agent, key, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DismissAsync(
        string agent,
        string key,
        CurrentActor actor,
        DueLists lists,
        CancellationToken cancellationToken
    ) => (await lists.DismissAsync(actor, agent, key, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<RotationPolicyBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        RotationPolicyService policies,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => policies.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<RotationPolicyBody>> CreateAsync(
        Body<SetRotationPolicy> body,
        CurrentActor actor,
        RotationPolicyService policies,
        CancellationToken cancellationToken
    ) => (await policies.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationPolicyBody>> GetAsync(
        string policy,
        CurrentActor actor,
        RotationPolicyService policies,
        CancellationToken cancellationToken
    ) => (await policies.GetAsync(actor, policy, cancellationToken)).ToAnswer();

    private static async Task<Answer<RotationPolicyBody>> ChangeAsync(
        string policy,
        IfMatch ifMatch,
        Body<SetRotationPolicy> body,
        CurrentActor actor,
        RotationPolicyService policies,
        CancellationToken cancellationToken
    ) => (await policies.ChangeAsync(actor, policy, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> DeleteAsync(
        string policy,
        CurrentActor actor,
        RotationPolicyService policies,
        CancellationToken cancellationToken
    ) => (await policies.DeleteAsync(actor, policy, cancellationToken)).ToAnswer();

    private static Task<Answer<Page<CalendarLinkBody>>> ListLinksAsync(
        ListQuery query,
        CurrentActor actor,
        CalendarService calendar,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => calendar.ListAsync(actor, page, cancellationToken));

    private static async Task<Answer<CalendarLinkBody>> MakeLinkAsync(
        Body<MakeCalendarLink> body,
        HttpRequest request,
        CurrentActor actor,
        CalendarService calendar,
        CancellationToken cancellationToken
    ) => (await calendar.MakeAsync(actor, CalendarDoor.OriginOf(request), body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> RevokeLinkAsync(
        string link,
        CurrentActor actor,
        CalendarService calendar,
        CancellationToken cancellationToken
    ) => (await calendar.RevokeAsync(actor, link, cancellationToken)).ToAnswer();
}
