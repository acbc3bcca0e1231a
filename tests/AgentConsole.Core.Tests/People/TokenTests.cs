using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class TokenTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    private static async Task<Actor> ActorWithAsync(TestHouse house, Actor owner, CreateToken wish) =>
        house.Get<ActorSource>().ForToken((await house.Get<TokenService>().CreateAsync(owner, wish, Stop)).Value.Token!, Browser).Value;

    [Theory, BothDatabases]
    public async Task A_tokens_right_is_its_scopes_in_its_teams_with_its_owners_present_roles(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var wide = await ActorWithAsync(
            house,
            house.As(house.Cast.Olga),
            new CreateToken { Name = "all", Scopes = ["agents:read", "agents:write"] }
        );
        var narrow = await ActorWithAsync(
            house,
            house.As(house.Cast.Olga),
            new CreateToken
            {
                Name = "one team",
                Scopes = ["agents:read"],
                Teams = ["payments"],
            }
        );
        var victors = await ActorWithAsync(house, house.As(house.Cast.Victor), new CreateToken { Name = "v", Scopes = ["agents:write"] });

        Assert.True(wide.May(Permission.EditAgents, house.Cast.Research));
        Assert.False(wide.HasScope("keys:read"));
        Assert.True(narrow.May(Permission.ReadFleet, house.Cast.Payments));
        Assert.False(narrow.May(Permission.ReadFleet, house.Cast.Research));
        Assert.False(narrow.MayEverywhere(Permission.ManageOrganization));
        Assert.False(victors.May(Permission.EditAgents, house.Cast.Payments));
    }

    [Theory, BothDatabases]
    public async Task A_token_cannot_make_one_that_reaches_further_than_itself(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var tokens = house.Get<TokenService>();
        var end = house.Clock.GetUtcNow().AddDays(3);
        var maker = await ActorWithAsync(
            house,
            house.As(house.Cast.Olga),
            new CreateToken
            {
                Name = "maker",
                Scopes = ["admin", "agents:read"],
                Teams = ["payments"],
                ExpiresAt = end,
            }
        );

        var scope = await tokens.CreateAsync(
            maker,
            new CreateToken
            {
                Name = "x",
                Scopes = ["keys:write"],
                ExpiresAt = end,
            },
            Stop
        );
        var team = await tokens.CreateAsync(
            maker,
            new CreateToken
            {
                Name = "x",
                Scopes = ["agents:read"],
                Teams = ["research"],
                ExpiresAt = end,
            },
            Stop
        );
        var endless = await tokens.CreateAsync(maker, new CreateToken { Name = "x", Scopes = ["agents:read"] }, Stop);
        var longer = await tokens.CreateAsync(
            maker,
            new CreateToken
            {
                Name = "x",
                Scopes = ["agents:read"],
                ExpiresAt = end.AddSeconds(1),
            },
            Stop
        );
        var fair = await tokens.CreateAsync(
            maker,
            new CreateToken
            {
                Name = "x",
                Scopes = ["agents:read"],
                ExpiresAt = end,
            },
            Stop
        );
        var account = await house
            .Get<ServiceAccountService>()
            .CreateAsync(maker, new CreateServiceAccount { Name = "robot", Roles = ["org-admin"] }, Stop);

        Assert.Contains("scopes", scope.Problem!.Errors!.Keys);
        Assert.Contains("teams", team.Problem!.Errors!.Keys);
        Assert.Contains("expires_at", endless.Problem!.Errors!.Keys);
        Assert.Contains("expires_at", longer.Problem!.Errors!.Keys);
        Assert.Equal(["payments"], fair.Value.Teams); // the limit is passed on, though none was asked for
        Assert.Equal("role_missing", account.Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task The_secret_is_shown_once_and_only_a_keyed_hash_is_kept(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var tokens = house.Get<TokenService>();
        var made = (
            await tokens.CreateAsync(house.As(house.Cast.Ines), new CreateToken { Name = "t", Scopes = ["runs:read"] }, Stop)
        ).Value;

        Assert.True(SecretText.IsWellFormed("act_", made.Token));
        Assert.Null((await tokens.GetAsync(house.As(house.Cast.Ines), made.Id, Stop)).Value.Token);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var row = await db.ApiTokens.SingleAsync(Stop);
        Assert.Equal(house.Get<MasterKey>().Hash(made.Token!), row.Hash);
        Assert.DoesNotContain(await house.TrailAsync(), r => (r.After ?? "").Contains(made.Token!, StringComparison.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task Ones_own_tokens_are_seen_and_revoked_by_oneself_and_by_org_admins(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var tokens = house.Get<TokenService>();
        var made = (
            await tokens.CreateAsync(house.As(house.Cast.Ines), new CreateToken { Name = "t", Scopes = ["runs:read"] }, Stop)
        ).Value;

        foreach (var stranger in new[] { house.Cast.Tara, house.Cast.Aude, house.Cast.Gus })
        {
            Assert.Same(PeopleProblems.TokenNotFound, (await tokens.GetAsync(house.As(stranger), made.Id, Stop)).Problem);
            Assert.Same(PeopleProblems.TokenNotFound, (await tokens.RevokeAsync(house.As(stranger), made.Id, Stop)).Problem);
        }
        Assert.Equal("role_missing", (await tokens.ListAsync(house.As(house.Cast.Aude), true, new PageRequest(), Stop)).Problem!.Code);
        Assert.Empty((await tokens.ListAsync(house.As(house.Cast.Olga), false, new PageRequest(), Stop)).Value.Items);
        Assert.Single((await tokens.ListAsync(house.As(house.Cast.Olga), true, new PageRequest(), Stop)).Value.Items);

        Assert.Equal("revoked", (await tokens.RevokeAsync(house.As(house.Cast.Olga), made.Id, Stop)).Value.State);
        Assert.Equal("token_revoked", house.Get<ActorSource>().ForToken(made.Token!, Browser).Problem!.Code);
        Assert.Equal("revoked", (await tokens.RevokeAsync(house.As(house.Cast.Ines), made.Id, Stop)).Value.State);
        Assert.Single(await house.TrailAsync(), r => r.Action == "token.revoked");
    }

    [Theory, BothDatabases]
    public async Task What_a_token_may_be_is_checked_field_by_field(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var tokens = house.Get<TokenService>();
        var ines = house.As(house.Cast.Ines);

        var empty = await tokens.CreateAsync(ines, new CreateToken(), Stop);
        var odd = await tokens.CreateAsync(
            ines,
            new CreateToken
            {
                Name = new string('n', 10_000),
                Scopes = ["everything", null!],
                Teams = ["research"],
                ExpiresAt = house.Clock.GetUtcNow().AddYears(2),
            },
            Stop
        );
        var past = await tokens.CreateAsync(
            ines,
            new CreateToken
            {
                Name = "t",
                Scopes = ["runs:read"],
                ExpiresAt = DateTimeOffset.MinValue,
            },
            Stop
        );
        var foreign = await tokens.CreateAsync(
            ines,
            new CreateToken
            {
                Name = "t",
                Scopes = ["runs:read"],
                ServiceAccount = "svc_x",
            },
            Stop
        );

        Assert.Contains("name", empty.Problem!.Errors!.Keys);
        Assert.Equal(["expires_at", "name", "scopes", "teams"], odd.Problem!.Errors!.Keys.Order());
        Assert.Contains("expires_at", past.Problem!.Errors!.Keys);
        Assert.Equal("role_missing", foreign.Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_service_account_acts_by_its_tokens_until_it_is_disabled(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var accounts = house.Get<ServiceAccountService>();
        var olga = house.As(house.Cast.Olga);
        var robot = (
            await accounts.CreateAsync(
                olga,
                new CreateServiceAccount
                {
                    Name = "robot",
                    Teams = new Dictionary<string, IReadOnlyList<string>> { ["payments"] = ["operator"] },
                },
                Stop
            )
        ).Value;
        var made = (
            await house
                .Get<TokenService>()
                .CreateAsync(
                    olga,
                    new CreateToken
                    {
                        Name = "ci",
                        Scopes = ["agents:write"],
                        ServiceAccount = robot.Id,
                    },
                    Stop
                )
        ).Value;

        var actor = house.Get<ActorSource>().ForToken(made.Token!, Browser).Value;
        Assert.Equal((ActorKind.ServiceAccount, "robot"), (actor.Kind, actor.Label));
        Assert.True(actor.May(Permission.EditAgents, house.Cast.Payments));
        Assert.Equal("robot", made.Owner);
        Assert.Equal("name_taken", (await accounts.CreateAsync(olga, new CreateServiceAccount { Name = "robot" }, Stop)).Problem!.Code);
        Assert.Equal("role_missing", (await accounts.ListAsync(house.As(house.Cast.Tara), new PageRequest(), Stop)).Problem!.Code);

        var disabled = (await accounts.DisableAsync(olga, robot.Id, Stop)).Value;
        Assert.True(disabled.Disabled);
        Assert.Equal("owner_disabled", house.Get<ActorSource>().ForToken(made.Token!, Browser).Problem!.Code);
        var renamed = await accounts.ChangeAsync(olga, robot.Id, disabled.Revision, new ChangeServiceAccount { Name = "robot-2" }, Stop);
        Assert.Equal("robot-2", renamed.Value.Name);
    }

    [Theory, BothDatabases]
    public async Task Last_use_is_written_in_a_batch(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var tokens = house.Get<TokenService>();
        var made = (
            await tokens.CreateAsync(house.As(house.Cast.Ines), new CreateToken { Name = "t", Scopes = ["runs:read"] }, Stop)
        ).Value;
        Assert.True(IdText.TryParse("tok", made.Id, out var id));

        house.Get<TokenUse>().Note(id, "192.0.2.1", "curl");
        Assert.Null((await tokens.GetAsync(house.As(house.Cast.Ines), made.Id, Stop)).Value.LastUsedAt);
        await house.Get<TokenUse>().StepAsync(Stop);

        var read = (await tokens.GetAsync(house.As(house.Cast.Ines), made.Id, Stop)).Value;
        Assert.Equal((house.Clock.GetUtcNow(), "192.0.2.1", "curl"), (read.LastUsedAt, read.LastUsedAddress, read.LastUsedUserAgent));
    }
}
