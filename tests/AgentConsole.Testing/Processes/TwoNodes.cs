using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AgentConsole.Testing.Processes;

/// <summary>
/// Two consoles as processes of their own over one fresh PostgreSQL database with the cast in it: equal master key, each with its own data folder and an
/// address that stays when it is started again. Disposed, nothing is left of them.
/// </summary>
public sealed class TwoNodes : IAsyncDisposable
{
    private readonly ConsoleFolder _folder;

    private TwoNodes(ConsoleFolder folder, IReadOnlyDictionary<string, string?> settings)
    {
        _folder = folder;
        A = new ConsoleNode(folder, settings);
        B = new ConsoleNode(folder, settings);
    }

    public ConsoleNode A { get; }
    public ConsoleNode B { get; }
    public Cast Cast => _folder.Cast;

    /// <param name="fill">Writes what shall be there before either starts.</param>
    /// <param name="settings">Further settings of both nodes, as environment variables.</param>
    public static async Task<TwoNodes> StartAsync(
        Func<ConsoleFolder, IServiceProvider, Task>? fill = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        CancellationToken cancellationToken = default
    )
    {
        var nodes = new TwoNodes(await ConsoleFolder.CreateAsync(Database.PostgreSql), settings ?? new Dictionary<string, string?>());
        try
        {
            if (fill is not null)
            {
                await using var services = nodes._folder.Open();
                await fill(nodes._folder, services);
            }
            await Task.WhenAll(nodes.A.StartAsync(cancellationToken), nodes.B.StartAsync(cancellationToken));
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    /// <summary>The sign-in cookie of this person, good on both.</summary>
    public Task<(string Name, string Value)> CookieAsync(Person person) => _folder.CookieAsync(person);

    /// <summary>A connection of one's own to their database.</summary>
    public async Task<NpgsqlConnection> OpenStoreAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_folder.Settings["AgentConsole__Store__ConnectionString"]);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Cuts the connections on which the nodes hear each other, as a database that fails over does.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> CutListenersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenStoreAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'agentconsole listen'
            """,
            connection
        );
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await _folder.DisposeAsync();
    }
}

/// <summary>One of the nodes: a data folder and an address, with a process or without.</summary>
public sealed class ConsoleNode : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("agentconsole-node-").FullName;
    private readonly Dictionary<string, string?> _settings;
    private ConsoleProcess? _process;

    internal ConsoleNode(ConsoleFolder folder, IReadOnlyDictionary<string, string?> settings)
    {
        Address = new Uri($"http://127.0.0.1:{ConsoleProcess.FreePort()}");
        _settings = new Dictionary<string, string?>(folder.Settings)
        {
            ["AgentConsole__DataDirectory"] = _data,
            ["AgentConsole__Secrets__MasterKeyFile"] = Path.Combine(folder.Path, "master.key"),
            ["ASPNETCORE_URLS"] = Address.GetLeftPart(UriPartial.Authority),
        };
        foreach (var (name, value) in settings)
            _settings[name] = value;
    }

    public Uri Address { get; }

    /// <summary>The process that runs.</summary>
    public ConsoleProcess Process => _process ?? throw new InvalidOperationException("The node was not started.");

    /// <summary>Returns when it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken) =>
        _process = await ConsoleProcess.StartAsync(_settings, cancellationToken);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
            await process.DisposeAsync();
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        var code = await Process.StopAsync(cancellationToken);
        await KillAsync();
        return code;
    }

    public HttpClient Client(string? secret = null) => Process.Client(secret);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_data, recursive: true);
    }
}
