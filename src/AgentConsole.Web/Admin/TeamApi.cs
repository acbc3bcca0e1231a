using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>Teams and their members over REST.</summary>
internal static class TeamApi
{
    public static RouteGroupBuilder MapTeamApi(this RouteGroupBuilder api)
    {
        var teams = api.MapGroup("/teams").WithTags("Teams");
        teams
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .ListsBy()
            .WithName("ListTeams")
            .WithSummary("List the teams you may read, by slug");
        teams
            .MapPost("", CreateAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("CreateTeam")
            .WithSummary("Make a team; for org-admins")
            .WithDescription("409 `slug_taken` when the slug is in use, `limit_reached` at 1000 teams.");
        teams
            .MapGet("/{team}", GetAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("GetTeam")
            .WithSummary("Read one team by slug or id, with its ETag");
        teams
            .MapPatch("/{team}", ChangeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("ChangeTeam")
            .WithSummary("Change a team's name or time zone; needs If-Match")
            .WithDescription("412 `changed_meanwhile` when If-Match is not the present ETag, 428 `if_match_required` without it.");
        teams
            .MapGet("/{team}/members", Members)
            .NeedsPerson(TokenScopes.AgentsRead)
            .WithName("ListMembers")
            .WithSummary("List who has which roles in a team");
        teams
            .MapPut("/{team}/members/{principal}", SetMemberAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("SetMember")
            .WithSummary("Set all roles of a user or service account in a team; none removes it")
            .WithDescription(
                "The principal is an id (`usr_…`, `svc_…`) or a user's e-mail address. Organization roles are not given here."
            );
        teams
            .MapDelete("/{team}/members/{principal}", RemoveMemberAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RemoveMember")
            .WithSummary("Take all roles in a team away; nothing changes where there are none");
        return api;
    }

    private static async Task<Answer<Page<TeamBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    )
    {
        var page = query.Page;
        return query.Errors.ToProblem() is { } problem
            ? new Answer<Page<TeamBody>>(problem)
            : (await teams.ListAsync(actor, page, cancellationToken)).ToAnswer();
    }

    private static async Task<Answer<TeamBody>> CreateAsync(
        Body<CreateTeam> body,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    ) => (await teams.CreateAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<TeamBody>> GetAsync(
        string team,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    ) => (await teams.GetAsync(actor, team, cancellationToken)).ToAnswer();

    private static async Task<Answer<TeamBody>> ChangeAsync(
        string team,
        IfMatch ifMatch,
        Body<ChangeTeam> body,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    ) => (await teams.ChangeAsync(actor, team, ifMatch.Revision, body.Input, cancellationToken)).ToAnswer();

    private static Answer<Page<MemberBody>> Members(string team, CurrentActor actor, TeamService teams) =>
        teams.Members(actor, team).Map(members => new Paged<MemberBody>(members, null)).ToAnswer();

    private static async Task<Answer<MemberBody>> SetMemberAsync(
        string team,
        string principal,
        Body<SetMember> body,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    ) => (await teams.SetMemberAsync(actor, team, principal, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<Done>> RemoveMemberAsync(
        string team,
        string principal,
        CurrentActor actor,
        TeamService teams,
        CancellationToken cancellationToken
    ) => (await teams.RemoveMemberAsync(actor, team, principal, cancellationToken)).ToAnswer();
}
