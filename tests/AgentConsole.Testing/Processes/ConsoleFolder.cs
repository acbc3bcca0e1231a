using System.Security.Cryptography;
using AgentConsole.Core;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Testing.Processes;

/// <summary>The data folder of a console that runs as a process of its own: made and filled before the start, looked into when the process is gone.</summary>
public sealed class ConsoleFolder : IAsyncDisposable
{
    private static readonly byte[] Master = SHA256.HashData("a test"u8);
    private readonly FreshDatabase _database;

    private ConsoleFolder(FreshDatabase database, Cast cast)
    {
        _database = database;
        Cast = cast;
    }

    public string Path => _database.Folder;
    public Cast Cast { get; }

    /// <summary>Settings of the process that opens it, as environment variables.</summary>
    public IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["AgentConsole__DataDirectory"] = Path,
            ["AgentConsole__Store__Provider"] = _database.ConnectionString is null ? "sqlite" : "postgres",
            ["AgentConsole__Store__ConnectionString"] = _database.ConnectionString,
        };

    /// <summary>The newest schema with the cast in it.</summary>
    public static async Task<ConsoleFolder> CreateAsync(Database kind = Database.Sqlite)
    {
        var database = await FreshDatabase.CreateAsync(kind);
        File.WriteAllText(System.IO.Path.Combine(database.Folder, "master.key"), Convert.ToBase64String(Master));
        await using var services = Open(database.AddTo, database.Folder);
        return new ConsoleFolder(database, await Scenes.CastAsync(services));
    }

    /// <summary>The service layer over the folder, without any background loop. Only while no process has it.</summary>
    public ServiceProvider Open() => Open(_database.AddTo, Path);

    /// <summary>The service layer over a copy of a folder with SQLite.</summary>
    public static ServiceProvider OpenCopy(string folder) =>
        Open(services => Data.Sqlite.SqliteRegistration.AddSqlite(services, new(System.IO.Path.Combine(folder, "console.db"))), folder);

    /// <summary>An API token of this person with every scope.</summary>
    public static async Task<string> TokenAsync(IServiceProvider services, Person person)
    {
        var secret = SecretText.Create(SecretText.TokenPrefix);
        var master = services.GetRequiredService<MasterKey>();
        await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(CancellationToken.None);
        write.Db.Add(
            new ApiToken
            {
                Id = write.NewId(),
                OrganizationId = person.OrganizationId,
                Name = $"{person.Name}'s token",
                OwnerId = person.Id,
                OwnerKind = ActorKind.User,
                Scopes = string.Join(' ', TokenScopes.All),
                Hash = master.Hash(secret),
                PepperId = master.PepperId,
                Prefix = SecretText.DisplayPrefix(SecretText.TokenPrefix, secret),
                Last4 = SecretText.Last4(secret),
                CreatedAt = write.Now,
            }
        );
        await CommitAsync(write);
        return secret;
    }

    /// <summary>Active agents of Acme's payments team, each with a key.</summary>
    /// <returns>Id and secret of each, in order.</returns>
    public async Task<IReadOnlyList<(Guid Id, string Secret)>> AgentsAsync(IServiceProvider services, int count, string slug = "agent")
    {
        var master = services.GetRequiredService<MasterKey>();
        var made = new List<(Guid, string)>(count);
        for (var first = 0; first < count; first += 2000)
        {
            await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(CancellationToken.None);
            for (var i = first; i < Math.Min(count, first + 2000); i++)
                made.Add(Add(write, master, $"{slug}-{i:00000}"));
            await CommitAsync(write);
        }
        return made;
    }

    /// <summary>Names that reported with a token of this person's and are not registered.</summary>
    public static async Task SightingsAsync(IServiceProvider services, Person person, params string[] names)
    {
        await TokenAsync(services, person);
        await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(CancellationToken.None);
        var token = write.Db.ApiTokens.OrderBy(t => t.Id).Last(t => t.OwnerId == person.Id);
        foreach (var name in names)
        {
            write.Db.Add(
                new Sighting
                {
                    Id = write.NewId(),
                    OrganizationId = person.OrganizationId,
                    TokenId = token.Id,
                    Name = name,
                    FirstSeenAt = write.Now,
                    LastSeenAt = write.Now,
                    Count = 1,
                    LastKind = "run",
                }
            );
        }
        await CommitAsync(write);
    }

    /// <summary>
    /// The sign-in cookie of this person, as a console over this folder makes it. Only while no process has the folder; nodes of PostgreSQL have folders of
    /// their own.
    /// </summary>
    public async Task<(string Name, string Value)> CookieAsync(Person person)
    {
        var settings = Settings.ToDictionary(s => s.Key.Replace("__", ":", StringComparison.Ordinal), s => s.Value);
        await using var app = ConsoleHost.Build(
            [],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Configuration.AddInMemoryCollection(settings);
            }
        );
        await ConsoleHost.OpenAsync(app);
        var cookie = ConsoleServer.Cookie(app.Services, person);
        LetGo();
        return cookie;
    }

    /// <summary>Closes what this process holds open of any folder: call it before another process opens one.</summary>
    public static void LetGo() => Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private (Guid Id, string Secret) Add(Write write, MasterKey master, string slug)
    {
        var secret = SecretText.Create(SecretText.KeyPrefix);
        var agent = new Agent
        {
            Id = write.NewId(),
            OrganizationId = Cast.Acme,
            TeamId = Cast.Payments,
            Slug = slug,
            DisplayName = "Agent " + slug,
            OwnerId = Cast.Ines.Id,
            CreatedAt = write.Now,
            CreatedBy = Cast.Ines.Email,
            UpdatedAt = write.Now,
            Lifecycle = Lifecycle.Active,
        };
        var key = new AgentKey
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            Name = "first",
            CreatedAt = write.Now,
            CreatedBy = Cast.Ines.Email,
        };
        var version = new KeyVersion
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            KeyId = key.Id,
            AgentId = agent.Id,
            Number = 1,
            Hash = master.Hash(secret),
            PepperId = master.PepperId,
            Prefix = SecretText.DisplayPrefix(SecretText.KeyPrefix, secret),
            Last4 = SecretText.Last4(secret),
            CreatedAt = write.Now,
        };
        write.Db.AddRange(agent, key, version);
        return (agent.Id, secret);
    }

    private static async Task CommitAsync(Write write)
    {
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The folder could not be filled.");
    }

    private static ServiceProvider Open(Action<IServiceCollection> store, string folder)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder()
                .AddInMemoryCollection(new Dictionary<string, string?> { ["AgentConsole:DataDirectory"] = folder })
                .Build()
        );
        services.Configure<ConsoleOptions>(options => options.DataDirectory = folder);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        store(services);
        services.AddSingleton(new MasterKey(Master));
        services.AddConsoleCore();
        return services.BuildServiceProvider();
    }
}
