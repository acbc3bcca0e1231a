using System.Security.Cryptography;
using AgentConsole.Core;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AgentConsole.Testing;

/// <summary>The real service layer over an own database with the cast in it, and a clock that stands still.</summary>
public sealed class TestHouse : IAsyncDisposable
{
    private readonly FreshDatabase _database;
    private readonly ServiceProvider _services;

    private TestHouse(FreshDatabase database, ServiceProvider services, ManualClock clock, Cast cast)
    {
        _database = database;
        _services = services;
        Clock = clock;
        Cast = cast;
    }

    public ManualClock Clock { get; }
    public Cast Cast { get; }
    public IServiceProvider Services => _services;
    public string Folder => _database.Folder;
    public string? ConnectionString => _database.ConnectionString;
    public IStoreEngine Engine => _database.Engine;
    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Opens a house with the cast. Background loops do not run: a test calls their steps by hand.</summary>
    /// <param name="settings">Configuration as <c>Section:Key</c>.</param>
    public static async Task<TestHouse> OpenAsync(
        Database kind = Database.Sqlite,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? change = null
    )
    {
        var database = await FreshDatabase.CreateAsync(kind);
        var clock = new ManualClock();
        var services = new ServiceCollection();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AgentConsole:DataDirectory"] = database.Folder })
            .AddInMemoryCollection(settings ?? new Dictionary<string, string?>())
            .Build();
        services.AddSingleton<IConfiguration>(configuration);
        services.Configure<ConsoleOptions>(configuration.GetSection(ConsoleOptions.Section));
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole());
        services.AddSingleton<TimeProvider>(clock);
        database.AddTo(services);
        services.AddSingleton(new MasterKey(SHA256.HashData("a test"u8)));
        services.AddConsoleCore();
        change?.Invoke(services);
        var provider = services.BuildServiceProvider(validateScopes: true);
        var cast = await Scenes.CastAsync(provider);
        await provider.GetRequiredService<ConsoleStartup>().OpenAsync(Stop);
        return new TestHouse(database, provider, clock, cast);
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>What this person may do right now, as a door would build it from their session.</summary>
    public Actor As(Person person) =>
        Get<ActorSource>().ForSession(person.Id, person.SessionId, new CallOrigin("192.0.2.7", "tests", "c-" + person.Name)).Value;

    /// <summary>Suspends an organization, or takes that back.</summary>
    public async Task SuspendAsync(Guid organization, bool suspended)
    {
        await using var write = await Get<ConsoleStore>().WriteAsync(Stop);
        write.Db.Organizations.Single(o => o.Id == organization).Suspended = suspended;
        write.AfterCommit(Get<AccessDirectory>().ReloadAsync);
        await write.TryCommitAsync(Stop);
    }

    /// <summary>Another node over the same database.</summary>
    public TestNode OpenNode(Action<Core.Live.NodeLink>? change = null, Action<IServiceCollection>? services = null) =>
        new(this, change, services);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>What stands in a store before a test begins.</summary>
public static class Scenes
{
    /// <summary>Writes organizations, teams and the cast. Passwords are hashed with few rounds, for speed; sign-in accepts them as it would others.</summary>
    public static async Task<Cast> CastAsync(IServiceProvider services)
    {
        var store = services.GetRequiredService<ConsoleStore>();
        await using var write = await store.WriteAsync(CancellationToken.None);
        var db = write.Db;
        Organization Org(string slug, string name)
        {
            var organization = new Organization
            {
                Id = write.NewId(),
                Slug = slug,
                Name = name,
                CreatedAt = write.Now,
            };
            db.Add(organization);
            return organization;
        }
        Team NewTeam(Organization organization, string slug, string name)
        {
            var team = new Team
            {
                Id = write.NewId(),
                OrganizationId = organization.Id,
                Slug = slug,
                Name = name,
                CreatedAt = write.Now,
            };
            db.Add(team);
            return team;
        }
        var acme = Org("acme", "Acme");
        var globex = Org("globex", "Globex");
        var teams = (
            Default: NewTeam(acme, Team.DefaultSlug, "Default"),
            Payments: NewTeam(acme, "payments", "Payments"),
            Research: NewTeam(acme, "research", "Research")
        );
        var globexDefault = NewTeam(globex, Team.DefaultSlug, "Default");
        var hasher = new PasswordHasher<User>(
            Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 1000 })
        );
        Person Somebody(
            string name,
            Organization organization,
            OrganizationRoles roles = OrganizationRoles.None,
            Team? team = null,
            TeamRoles teamRoles = TeamRoles.None
        )
        {
            var email = $"{name.ToLowerInvariant()}@{organization.Slug}.example";
            var user = new User
            {
                Id = write.NewId(),
                OrganizationId = organization.Id,
                DisplayName = name,
                UserName = email,
                NormalizedUserName = email.ToUpperInvariant(),
                Email = email,
                NormalizedEmail = email.ToUpperInvariant(),
                EmailConfirmed = true,
                LockoutEnabled = true,
                SecurityStamp = Guid.NewGuid().ToString("n"),
                Roles = roles,
                CreatedAt = write.Now,
            };
            user.PasswordHash = hasher.HashPassword(user, Person.Password);
            db.Add(user);
            if (team is not null)
            {
                db.Add(
                    new Membership
                    {
                        OrganizationId = organization.Id,
                        TeamId = team.Id,
                        PrincipalId = user.Id,
                        Roles = teamRoles,
                    }
                );
            }
            var session = new UserSession
            {
                Id = write.NewId(),
                OrganizationId = organization.Id,
                UserId = user.Id,
                CreatedAt = write.Now,
                LastSeenAt = write.Now,
                ExpiresAt = write.Now.AddHours(12),
                AuthenticatedAt = write.Now,
            };
            db.Add(session);
            return new Person(user.Id, organization.Id, name, email, session.Id);
        }
        var cast = new Cast
        {
            Acme = acme.Id,
            Globex = globex.Id,
            Default = teams.Default.Id,
            Payments = teams.Payments.Id,
            Research = teams.Research.Id,
            GlobexDefault = globexDefault.Id,
            Olga = Somebody("Olga", acme, OrganizationRoles.OrgAdmin),
            Aude = Somebody("Aude", acme, OrganizationRoles.Auditor),
            Ines = Somebody("Ines", acme, team: teams.Payments, teamRoles: TeamRoles.Operator | TeamRoles.KeyAdmin),
            Otto = Somebody("Otto", acme, team: teams.Payments, teamRoles: TeamRoles.Operator),
            Alma = Somebody("Alma", acme, team: teams.Payments, teamRoles: TeamRoles.Approver),
            Kurt = Somebody("Kurt", acme, team: teams.Payments, teamRoles: TeamRoles.KeyAdmin),
            Tara = Somebody("Tara", acme, team: teams.Payments, teamRoles: TeamRoles.TeamAdmin),
            Victor = Somebody("Victor", acme, team: teams.Payments, teamRoles: TeamRoles.Viewer),
            Sara = Somebody("Sara", acme, team: teams.Research, teamRoles: TeamRoles.TeamAdmin),
            Nobody = Somebody("Nobody", acme),
            Gus = Somebody("Gus", globex, OrganizationRoles.OrgAdmin),
        };
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The cast could not be written.");
        return cast;
    }
}
