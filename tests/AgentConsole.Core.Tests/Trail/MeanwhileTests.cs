using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.People;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Views;

namespace AgentConsole.Core.Tests.Trail;

public sealed class MeanwhileTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task Who_was_faster_is_said_to_whom_the_trail_would_say_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var cast = house.Cast;
        var agents = house.Get<AgentService>();
        var made = (
            await agents.RegisterAsync(house.As(cast.Ines), new RegisterAgent { Slug = "mailroom-1", Team = "payments" }, Stop)
        ).Value;
        house.Clock.Advance(TimeSpan.FromHours(1));
        await agents.ChangeAsync(house.As(cast.Otto), made.Id, made.Revision, new ChangeAgent { Description = "Sorts" }, Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(4));

        async Task<string> AskAsync(Person person)
        {
            var change = await agents.ChangeAsync(house.As(person), made.Id, made.Revision, new ChangeAgent { Version = "2" }, Stop);
            Assert.Equal((ProblemKind.Changed, "changed_meanwhile"), (change.Problem!.Kind, change.Problem.Code));
            return change.Problem.Detail;
        }
        foreach (var reader in new[] { cast.Tara, cast.Olga })
            Assert.StartsWith("otto@acme.example changed this agent 4\u00a0s ago", await AskAsync(reader), StringComparison.Ordinal);
        Assert.StartsWith("This agent was changed by somebody else", await AskAsync(cast.Ines), StringComparison.Ordinal);
        // Nor by a token of theirs that may not read the trail.
        foreach (
            var (scopes, says) in new[] { ("agents:write", "This agent was"), ("agents:write trail:read", "otto@acme.example changed") }
        )
        {
            var token = house.As(cast.Olga) with
            {
                Method = AuthMethod.Token,
                Scopes = System.Collections.Frozen.FrozenSet.ToFrozenSet(scopes.Split(' ')),
            };
            var refused = await agents.ChangeAsync(token, made.Id, made.Revision, new ChangeAgent { Version = "2" }, Stop);
            Assert.StartsWith(says, refused.Problem!.Detail, StringComparison.Ordinal);
        }

        await agents.ChangeAsync(house.As(cast.Tara), made.Id, made.Revision + 1, new ChangeAgent { Description = "Reads" }, Stop);
        house.Clock.Advance(TimeSpan.FromHours(3));
        Assert.StartsWith("You changed this agent 3\u00a0h ago", await AskAsync(cast.Tara), StringComparison.Ordinal);
        Assert.Equal("3\u00a0days ago", Core.Common.Texts.Ago(TimeSpan.FromDays(3.5)));
    }

    [Fact]
    public async Task The_same_is_said_of_teams_organizations_users_views_service_accounts_policies_and_sinks()
    {
        await using var house = await TestHouse.OpenAsync();
        var (olga, cast) = (house.As(house.Cast.Olga), house.Cast);
        var team = (await house.Get<TeamService>().CreateAsync(olga, new CreateTeam { Slug = "legal", Name = "Legal" }, Stop)).Value;
        var account = (await house.Get<ServiceAccountService>().CreateAsync(olga, new CreateServiceAccount { Name = "ci" }, Stop)).Value;
        var view = (
            await house
                .Get<ViewService>()
                .CreateAsync(
                    olga,
                    new SaveView
                    {
                        Page = "fleet",
                        Name = "Ours",
                        Team = "legal",
                    },
                    Stop
                )
        ).Value;
        var user = IdText.Format(IdText.User, cast.Victor.Id);
        await house.Get<TeamService>().ChangeAsync(olga, team.Id, team.Revision, new ChangeTeam { Name = "Law" }, Stop);
        await house
            .Get<ServiceAccountService>()
            .ChangeAsync(olga, account.Id, account.Revision, new ChangeServiceAccount { Name = "cd" }, Stop);
        await house.Get<ViewService>().ChangeAsync(olga, view.Id, view.Revision, new ChangeView { Name = "Theirs" }, Stop);
        await house.Get<OrganizationService>().ChangeAsync(olga, 1, new ChangeOrganization { Name = "Acme Ltd" }, Stop);
        var policies = house.Get<InactivityService>();
        var policy = (await policies.CreateAsync(olga, new SetInactivityPolicy { Team = "payments" }, Stop)).Value;
        await policies.ChangeAsync(olga, policy.Id, policy.Revision, new SetInactivityPolicy { Days = 40 }, Stop);
        var retention = house.Get<RetentionService>();
        await retention.SetAsync(olga, 0, new SetRetention { RunDays = 30 }, Stop);
        var (sinks, kurt) = (house.Get<SinkService>(), house.As(cast.Kurt));
        var sink = (
            await sinks.CreateAsync(
                kurt,
                new SetSink
                {
                    Team = "payments",
                    Name = "Hook",
                    Kind = "webhook",
                    Webhook = new WebhookSinkSettings { Url = "https://hooks.example/keys" },
                    Credential = "whsec_" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("signing"u8)),
                },
                Stop
            )
        ).Value;
        await sinks.ChangeAsync(kurt, sink.Id, sink.Revision, new SetSink { Name = "Hooks" }, Stop);
        // Kurt reads no trail; an org-admin does.
        Assert.StartsWith(
            "kurt@acme.example changed this sink",
            (await sinks.ChangeAsync(olga, sink.Id, sink.Revision, new SetSink { Name = "x" }, Stop)).Problem!.Detail,
            StringComparison.Ordinal
        );
        var victor = (await house.Get<UserService>().GetAsync(olga, user, Stop)).Value;
        await house.Get<UserService>().ChangeAsync(olga, user, victor.Revision, new ChangeUser { DisplayName = "Vic" }, Stop);

        foreach (
            var (noun, problem) in new[]
            {
                (
                    "team",
                    (await house.Get<TeamService>().ChangeAsync(olga, team.Id, team.Revision, new ChangeTeam { Name = "x" }, Stop)).Problem
                ),
                (
                    "service account",
                    (
                        await house
                            .Get<ServiceAccountService>()
                            .ChangeAsync(olga, account.Id, account.Revision, new ChangeServiceAccount { Name = "x" }, Stop)
                    ).Problem
                ),
                (
                    "view",
                    (await house.Get<ViewService>().ChangeAsync(olga, view.Id, view.Revision, new ChangeView { Name = "x" }, Stop)).Problem
                ),
                (
                    "organization",
                    (await house.Get<OrganizationService>().ChangeAsync(olga, 1, new ChangeOrganization { Name = "x" }, Stop)).Problem
                ),
                (
                    "inactivity policy",
                    (await policies.ChangeAsync(olga, policy.Id, policy.Revision, new SetInactivityPolicy { Days = 50 }, Stop)).Problem
                ),
                ("retention policy", (await retention.SetAsync(olga, 0, new SetRetention { RunDays = 31 }, Stop)).Problem),
                (
                    "user",
                    (
                        await house.Get<UserService>().ChangeAsync(olga, user, victor.Revision, new ChangeUser { DisplayName = "x" }, Stop)
                    ).Problem
                ),
            }
        )
            Assert.StartsWith($"You changed this {noun} 0\u00a0s ago", problem!.Detail, StringComparison.Ordinal);
    }
}
