using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using static AgentConsole.Core.Tests.People.PeopleScenes;

namespace AgentConsole.Core.Tests.People;

public sealed class SetupTests
{
    private const string Token = "a-token-from-the-settings_0123456789";
    private static readonly FirstAdministrator Tessa = new("tessa@acme.example", "Tessa", "several good words", "Acme");

    private static CancellationToken Stop => TestHouse.Stop;

    /// <summary>A house from which everybody has been removed.</summary>
    private static async Task<TestHouse> EmptyAsync(Database database, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var house = await TestHouse.OpenAsync(database, settings);
        await using var write = await house.Get<ConsoleStore>().WriteAsync(Stop);
        await write.Db.UserSessions.ExecuteDeleteAsync(Stop);
        await write.Db.Memberships.ExecuteDeleteAsync(Stop);
        await write.Db.Users.ExecuteDeleteAsync(Stop);
        await write.Db.Teams.ExecuteDeleteAsync(Stop);
        await write.Db.Organizations.ExecuteDeleteAsync(Stop);
        write.AfterCommit(house.Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(Stop));
        return house;
    }

    [Theory, BothDatabases]
    public async Task The_setup_link_makes_the_first_administrator_once(Database database)
    {
        await using var house = await EmptyAsync(database);
        var setup = house.Get<SetupService>();
        var path = await setup.PrepareAsync(Stop);
        var secret = SecretOf(path);
        Assert.StartsWith("/setup/", path, StringComparison.Ordinal);
        Assert.True(await setup.IsOpenAsync(secret, Stop));

        var weak = await setup.CompleteAsync(secret, Tessa with { Password = "password1234" }, Browser, Stop);
        var done = await setup.CompleteAsync(secret, Tessa, Browser, Stop);
        var again = await setup.CompleteAsync(secret, Tessa with { Email = "thief@acme.example" }, Browser, Stop);

        Assert.Contains("password", weak.Problem!.Errors!.Keys);
        var tessa = house.InSession(done.Value).Value;
        Assert.True(tessa.MayEverywhere(Permission.ManageOrganization));
        Assert.True((await house.UserAsync(tessa.Id!.Value)).InstallationAdmin);
        Assert.Same(PeopleProblems.LinkInvalid, again.Problem);
        Assert.Null(await setup.PrepareAsync(Stop));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var organization = await db.Organizations.SingleAsync(Stop);
        Assert.Equal(("default", "Acme"), (organization.Slug, organization.Name));
        Assert.Equal("default", await db.Teams.Select(t => t.Slug).SingleAsync(Stop));
        Assert.DoesNotContain(
            secret,
            string.Concat((await house.TrailAsync()).Select(r => r.After + r.Before + r.TargetLabel)),
            StringComparison.Ordinal
        );
    }

    [Theory, BothDatabases]
    public async Task The_setup_link_is_made_anew_at_each_start_and_ends_after_a_day(Database database)
    {
        await using var house = await EmptyAsync(database);
        var setup = house.Get<SetupService>();
        var first = SecretOf(await setup.PrepareAsync(Stop));
        var second = SecretOf(await setup.PrepareAsync(Stop));

        Assert.False(await setup.IsOpenAsync(first, Stop));
        Assert.True(await setup.IsOpenAsync(second, Stop));
        house.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Same(PeopleProblems.LinkInvalid, (await setup.CompleteAsync(second, Tessa, Browser, Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Two_who_use_the_setup_link_at_the_same_moment_do_not_both_become_administrators(Database database)
    {
        await using var house = await EmptyAsync(database);
        var setup = house.Get<SetupService>();
        var secret = SecretOf(await setup.PrepareAsync(Stop));

        var results = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => setup.CompleteAsync(secret, Tessa with { Email = $"t{i}@acme.example" }, Browser, Stop))
        );

        Assert.Single(results, r => r.Problem is null);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.Users.CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task Settings_start_a_console_without_a_browser_and_are_ignored_later(Database database)
    {
        await using var house = await EmptyAsync(
            database,
            new Dictionary<string, string?>
            {
                ["AgentConsole:Bootstrap:AdminEmail"] = "ops@acme.example",
                ["AgentConsole:Bootstrap:AdminPassword"] = "several good words",
                ["AgentConsole:Bootstrap:ApiToken"] = Token,
            }
        );
        var setup = house.Get<SetupService>();

        Assert.Null(await setup.PrepareAsync(Stop));
        Assert.Null(await setup.PrepareAsync(Stop));

        var byToken = house.Get<ActorSource>().ForToken(Token, Browser).Value;
        Assert.Equal("ops@acme.example", byToken.Label);
        Assert.True(byToken.MayEverywhere(Permission.ManageOrganization));
        Assert.All(TokenScopes.All, scope => Assert.True(byToken.HasScope(scope)));
        Assert.Null((await house.Get<SignInService>().PasswordAsync("OPS@acme.example", "several good words", Browser, Stop)).Problem);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.ApiTokens.CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task A_token_alone_belongs_to_the_service_account_bootstrap(Database database)
    {
        await using var house = await EmptyAsync(database, new Dictionary<string, string?> { ["AgentConsole:Bootstrap:ApiToken"] = Token });

        await house.Get<SetupService>().PrepareAsync(Stop);

        var actor = house.Get<ActorSource>().ForToken(Token, Browser).Value;
        Assert.Equal((ActorKind.ServiceAccount, "bootstrap"), (actor.Kind, actor.Label));
        Assert.True(actor.MayEverywhere(Permission.ManageOrganization));
    }

    [Theory]
    [InlineData("AgentConsole:Bootstrap:ApiToken", "too-short")]
    [InlineData("AgentConsole:Bootstrap:ApiToken", "has blanks in it and is quite long enough")]
    [InlineData("AgentConsole:Bootstrap:AdminEmail", "nonsense")]
    [InlineData("AgentConsole:Bootstrap:AdminPassword", "password1234")]
    [InlineData("AgentConsole:SignIn:MaxFailures", "0")]
    public async Task A_wrong_setting_is_named(string key, string value)
    {
        await using var house = await TestHouse.OpenAsync(settings: new Dictionary<string, string?> { [key] = value });

        var fault = Assert.Throws<OptionsValidationException>(() => house.Get<IStartupValidator>().Validate());

        Assert.Contains(fault.Failures, f => f.StartsWith(key + ":", StringComparison.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task A_house_with_an_administrator_makes_no_link(Database database)
    {
        await using var house = await TestHouse.OpenAsync(
            database,
            new Dictionary<string, string?> { ["AgentConsole:Bootstrap:ApiToken"] = Token }
        );

        Assert.Null(await house.Get<SetupService>().PrepareAsync(Stop));
        Assert.Equal("token_unknown", house.Get<ActorSource>().ForToken(Token, CallOrigin.Unknown()).Problem!.Code);
    }
}
