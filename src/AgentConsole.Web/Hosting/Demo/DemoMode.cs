using System.Security.Cryptography;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Samples;
using AgentConsole.Core.Sinks;
using Microsoft.Extensions.Configuration.Memory;

namespace AgentConsole.Web.Hosting.Demo;

/// <summary>
/// <c>--demo</c>: the console with its sample fleet, in a data folder of its own unless one is named. An empty store is founded with an administrator
/// whose password lies in that folder; a store that has one already needs an API token for the fleet.
/// </summary>
internal sealed class DemoMode
{
    public const string Argument = "--demo";
    public const string TokenKey = "AgentConsole:Demo:ApiToken";
    public const string OwnFolder = "data-demo";
    private const string DataDirectoryKey = ConsoleOptions.Section + ":" + nameof(ConsoleOptions.DataDirectory);

    private const string ProviderKey = StoreOptions.Section + ":" + nameof(StoreOptions.Provider);
    private const string FileRootsKey = SinkOptions.Section + ":" + nameof(SinkOptions.FileRoots);
    private const string AdminEmailKey = "AgentConsole:Bootstrap:AdminEmail";
    private const string AdminPasswordKey = "AgentConsole:Bootstrap:AdminPassword";
    private const string ApiTokenKey = "AgentConsole:Bootstrap:ApiToken";

    private DemoMode(string folder, DemoPapers? papers, string token, bool hasOwnFolder) =>
        (Folder, Papers, Token, HasOwnFolder) = (folder, papers, token, hasOwnFolder);

    /// <summary>Folder of the fleet, within the data folder.</summary>
    public string Folder { get; }

    /// <summary>
    /// Below it lie the keys that the console brings to agents of the fleet; in this mode it is one of the roots of file sinks. Null where there are none.
    /// </summary>
    public string? KeyFolder => OperatingSystem.IsLinux() ? Path.Combine(RealPath.Of(Folder), "keys") : null;

    /// <summary>How the demo's administrator signs in; null when somebody else administers this console.</summary>
    public DemoPapers? Papers { get; }

    /// <summary>API token under which the fleet sets its scene.</summary>
    public string Token { get; }

    /// <summary>The data folder is the demo's alone and goes with it.</summary>
    public bool HasOwnFolder { get; }

    public string PapersFile => PapersIn(Folder);

    /// <summary>The arguments without <c>--demo</c>, or null when it is not among them.</summary>
    public static string[]? TakeFrom(string[] args) => args.Contains(Argument) ? [.. args.Where(a => a != Argument)] : null;

    /// <summary>Chooses the folder, finds or makes the token, and registers the fleet.</summary>
    /// <exception cref="SettingException">The papers of the demo cannot be read.</exception>
    public static DemoMode Prepare(WebApplicationBuilder builder)
    {
        var demo = Find(builder);
        if (demo.Papers is { } papers)
        {
            var founds = string.IsNullOrEmpty(builder.Configuration[AdminEmailKey]);
            builder.Configuration.AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    [AdminEmailKey] = founds ? papers.Email : builder.Configuration[AdminEmailKey],
                    [AdminPasswordKey] = founds ? papers.Password : builder.Configuration[AdminPasswordKey],
                    [ApiTokenKey] = papers.Token,
                }
            );
            demo = founds ? demo : new DemoMode(demo.Folder, null, demo.Token, demo.HasOwnFolder);
        }
        // A newcomer reads what the fleet does, not a line for each of its calls; settings of the operator stand above this.
        builder.Configuration.Sources.Insert(
            0,
            new MemoryConfigurationSource
            {
                InitialData = new Dictionary<string, string?>
                {
                    ["Logging:LogLevel:Default"] = "Information",
                    ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                },
            }
        );
        if (OperatingSystem.IsLinux() && demo.KeyFolder is { } keys)
        {
            Directory.CreateDirectory(keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var given = builder.Configuration.GetSection(FileRootsKey).GetChildren().Count();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [$"{FileRootsKey}:{given}"] = keys });
        }
        builder.Services.AddSingleton(demo);
        builder.Services.AddSingleton<DemoFleet>();
        builder.Services.AddSingleton<ISampleFleet>(services => services.GetRequiredService<DemoFleet>());
        builder.Services.AddHostedService(services => services.GetRequiredService<DemoFleet>());
        return demo;
    }

    /// <summary>As <see cref="Prepare"/>, without the fleet.</summary>
    public static DemoMode Find(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var hasOwnFolder = string.IsNullOrEmpty(configuration[DataDirectoryKey]) && configuration[ProviderKey] is null or "sqlite";
        if (string.IsNullOrEmpty(configuration[DataDirectoryKey]))
            configuration.AddInMemoryCollection(new Dictionary<string, string?> { [DataDirectoryKey] = OwnFolder });
        var folder = Path.Combine(Path.GetFullPath(configuration[DataDirectoryKey]!, builder.Environment.ContentRootPath), "demo");
        var given = configuration[TokenKey] ?? configuration[ApiTokenKey];
        if (!string.IsNullOrEmpty(given))
            return new DemoMode(folder, null, given, hasOwnFolder);
        var papers = DemoPapers.ReadOrMake(PapersIn(folder));
        return new DemoMode(folder, papers, papers.Token, hasOwnFolder);
    }

    private static string PapersIn(string folder) => Path.Combine(folder, "sign-in.json");
}

/// <summary>Paths as sinks want them, which follow no link.</summary>
internal static class RealPath
{
    /// <summary>The path with what its links lead to; what is not there yet stays as written.</summary>
    public static string Of(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var step in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, step);
            if (Directory.ResolveLinkTarget(real, returnFinalTarget: true) is { } target)
                real = Of(target.FullName);
        }
        return real;
    }
}

/// <summary>Who administers a console that the demo founded. Kept in a file that only its owner may read, and applied at each start until it took effect.</summary>
internal sealed record DemoPapers(string Email, string Password, string Token)
{
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    private static readonly JsonSerializerOptions Json = new(Contracts.ConsoleJson.Options) { WriteIndented = true };

    public static DemoPapers ReadOrMake(string path)
    {
        try
        {
            if (File.Exists(path))
                return JsonSerializer.Deserialize<DemoPapers>(File.ReadAllBytes(path), Json) ?? throw new JsonException("It is empty.");
            var made = new DemoPapers("demo@demo.example", MakePassword(), SecretText.Create(SecretText.TokenPrefix));
            made.Write(path);
            return made;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{DemoMode.Argument}: {path} cannot be used: {e.Message}", e);
        }
    }

    private static string MakePassword() =>
        string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 5)));

    private void Write(string path)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var folder = Path.GetDirectoryName(path)!;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder)!, Owner | UnixFileMode.UserExecute);
            Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
            options.UnixCreateMode = Owner;
        }
        using var file = new FileStream(path, options);
        JsonSerializer.Serialize(file, this, Json);
        file.Flush(flushToDisk: true);
    }
}
