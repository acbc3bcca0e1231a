using System.Net.Http.Headers;
using System.Security.Cryptography;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using AgentConsole.Web.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Testing;

/// <summary>The whole console on a real Kestrel and a free port, over an own database with the cast in it.</summary>
public sealed class ConsoleServer : IAsyncDisposable
{
    private readonly FreshDatabase _database;
    private readonly WebApplication _app;

    private ConsoleServer(FreshDatabase database, WebApplication app, Cast cast, CapturedLog log)
    {
        _database = database;
        _app = app;
        Cast = cast;
        Log = log;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Uri Address { get; }
    public Cast Cast { get; }
    public IServiceProvider Services => _app.Services;
    public string Folder => _database.Folder;
    public string? ConnectionString => _database.ConnectionString;

    /// <summary>Everything that was logged, for tests that look for secrets in it.</summary>
    public CapturedLog Log { get; }

    /// <param name="clock">The clock of the console; the machine's when null.</param>
    public static async Task<ConsoleServer> StartAsync(
        Database kind = Database.Sqlite,
        TimeProvider? clock = null,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var database = await FreshDatabase.CreateAsync(kind);
        File.WriteAllText(Path.Combine(database.Folder, "master.key"), Convert.ToBase64String(SHA256.HashData("a test"u8)));
        var log = new CapturedLog();
        var app = ConsoleHost.Build(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(log);
                builder.Configuration.AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["AgentConsole:DataDirectory"] = database.Folder,
                        ["AgentConsole:Store:Provider"] = kind == Database.Sqlite ? "sqlite" : "postgres",
                        ["AgentConsole:Store:ConnectionString"] = database.ConnectionString,
                    }
                );
                builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
                if (clock is not null)
                    builder.Services.AddSingleton(clock);
            }
        );
        var cast = await Scenes.CastAsync(app.Services);
        await ConsoleHost.OpenAsync(app);
        await app.StartAsync();
        return new ConsoleServer(database, app, cast, log);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>What this person may do right now.</summary>
    public Actor As(Person person) =>
        Get<ActorSource>().ForSession(person.Id, person.SessionId, new CallOrigin("127.0.0.1", "tests", "c-" + person.Name)).Value;

    /// <summary>A client with this bearer secret (token or agent key); none when null. Does not follow redirects.</summary>
    public HttpClient Client(string? secret = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (secret is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return client;
    }

    /// <summary>A browser's client: signed in as this person by cookie.</summary>
    public HttpClient Browser(Person person)
    {
        var client = Client();
        client.DefaultRequestHeaders.Add("Cookie", Cookie(person).Name + "=" + Cookie(person).Value);
        return client;
    }

    /// <summary>The sign-in cookie of this person's session.</summary>
    public (string Name, string Value) Cookie(Person person) => Cookie(_app.Services, person);

    internal static (string Name, string Value) Cookie(IServiceProvider services, Person person)
    {
        var options = services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(SessionPrincipal.Scheme);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var properties = new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now.AddDays(1) };
        var ticket = new AuthenticationTicket(SessionPrincipal.Create(person.Id, person.SessionId), properties, SessionPrincipal.Scheme);
        return (options.Cookie.Name!, options.TicketDataFormat.Protect(ticket));
    }

    /// <summary>An API token of this person, written straight into the store; all scopes unless named, no team limit unless given.</summary>
    public async Task<string> TokenAsync(Person person, IEnumerable<string>? scopes = null, params Guid[] teams)
    {
        var secret = Core.Common.SecretText.Create(Core.Common.SecretText.TokenPrefix);
        var master = Get<MasterKey>();
        await using var write = await Get<ConsoleStore>().WriteAsync(CancellationToken.None);
        write.Db.Add(
            new ApiToken
            {
                Id = write.NewId(),
                OrganizationId = person.OrganizationId,
                Name = $"{person.Name}'s token",
                OwnerId = person.Id,
                OwnerKind = ActorKind.User,
                Scopes = string.Join(' ', scopes ?? TokenScopes.All),
                TeamIds = [.. teams],
                Hash = master.Hash(secret),
                PepperId = master.PepperId,
                Prefix = Core.Common.SecretText.DisplayPrefix(Core.Common.SecretText.TokenPrefix, secret),
                Last4 = Core.Common.SecretText.Last4(secret),
                CreatedAt = write.Now,
            }
        );
        write.AfterCommit(Get<AccessDirectory>().ReloadAsync);
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The token could not be written.");
        return secret;
    }

    /// <summary>An active agent with a key, written straight into the store.</summary>
    /// <returns>The agent's id and the secret of its key.</returns>
    public async Task<(Guid AgentId, string Secret)> AgentAsync(string slug, Guid? team = null, Guid? organization = null)
    {
        var secret = Core.Common.SecretText.Create(Core.Common.SecretText.KeyPrefix);
        var master = Get<MasterKey>();
        await using var write = await Get<ConsoleStore>().WriteAsync(CancellationToken.None);
        var agent = new Agent
        {
            Id = write.NewId(),
            OrganizationId = organization ?? Cast.Acme,
            TeamId = team ?? Cast.Payments,
            Slug = slug,
            DisplayName = slug,
            CreatedAt = write.Now,
            CreatedBy = "tests",
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
            CreatedBy = "tests",
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
            Prefix = Core.Common.SecretText.DisplayPrefix(Core.Common.SecretText.KeyPrefix, secret),
            Last4 = Core.Common.SecretText.Last4(secret),
            CreatedAt = write.Now,
        };
        write.Db.AddRange(agent, key, version);
        Get<AgentDirectory>().Announce(write, agent);
        write.AfterCommit(() => Get<KeyIndex>().Put(version.Hash, KeyIndex.CardOf(version)));
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("The agent could not be written.");
        return (agent.Id, secret);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>Keeps log lines in memory.</summary>
public sealed class CapturedLog : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose() { }
}
