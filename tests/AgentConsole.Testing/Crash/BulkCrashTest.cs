using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Testing.Crash;

/// <param name="Killed">How often the console ended at a commit in the middle of the work.</param>
/// <param name="Faults">What was wrong at the end; none when all is well.</param>
public sealed record BulkCrashResult(int Killed, IReadOnlyList<string> Faults);

/// <summary>
/// Rotates many keys into a file sink and ends the console again and again in the middle, on either side of a commit; nobody presses anything after that.
/// At the end every key has got exactly one new secret, and it is the one that lies in its file.
/// </summary>
public static class BulkCrashTest
{
    public const int Seed = 20_264;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<BulkCrashResult> RunAsync(int kills, int seed, int keys, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        await using (var services = folder.Open())
        {
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            await folder.AgentsAsync(services, keys);
        }
        ConsoleFolder.LetGo();
        var root = Path.Combine(folder.Path, "keys");
        Directory.CreateDirectory(root);
        var points = new Faults(folder.Path);
        var settings = new Dictionary<string, string?>(folder.Settings) { ["AgentConsole__Sinks__FileRoots__0"] = root };
        foreach (var (name, value) in points.Settings)
            settings[name] = value;

        var killed = 0;
        var faults = new List<string>();
        var console = await ConsoleProcess.StartAsync(settings, cancellationToken);
        try
        {
            var id = await BeginAsync(console, token, root, cancellationToken);
            var began = Stopwatch.GetTimestamp();
            while (await StateAsync(console, token, id, cancellationToken) is var state and not "finished")
            {
                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    faults.Add($"After {killed} kills it is {state} and does not end.");
                    break;
                }
                if (state is not null)
                {
                    if (killed < kills && !points.IsArmed)
                        points.Arm(afterCommit: random.Next(2) == 0, commit: random.Next(1, 5));
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
                    continue;
                }
                killed++;
                await console.DisposeAsync();
                points.Disarm();
                console = await ConsoleProcess.StartAsync(settings, cancellationToken);
            }
        }
        finally
        {
            await console.DisposeAsync();
        }
        ConsoleFolder.LetGo();
        await using (var services = folder.Open())
            await LookAsync(services, keys, root, faults, cancellationToken);
        return new BulkCrashResult(killed, faults);
    }

    private static async Task<string> BeginAsync(ConsoleProcess console, string token, string root, CancellationToken cancellationToken)
    {
        using var person = console.Client(token);
        await SendAsync(
            person,
            "/api/v1/sinks",
            new
            {
                name = "files",
                kind = "file",
                file = new
                {
                    root,
                    path = "{agent}.key",
                    format = "raw",
                },
            },
            cancellationToken
        );
        var begun = await SendAsync(
            person,
            "/api/v1/rotations/bulk",
            new { filter = new { team = "payments" }, sink = "files" },
            cancellationToken
        );
        return begun.GetProperty("id").GetString()!;
    }

    // Null when nobody answers any more.
    private static async Task<string?> StateAsync(ConsoleProcess console, string token, string id, CancellationToken cancellationToken)
    {
        using var person = console.Client(token);
        person.Timeout = TimeSpan.FromSeconds(20);
        try
        {
            var bulk = await person.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/bulk/{id}", cancellationToken);
            return bulk.GetProperty("state").GetString();
        }
        catch (HttpRequestException e) when (e.StatusCode is null)
        {
            return null;
        }
    }

    private static async Task LookAsync(
        IServiceProvider services,
        int keys,
        string root,
        List<string> faults,
        CancellationToken cancellationToken
    )
    {
        var master = services.GetRequiredService<MasterKey>();
        await using var db = await services.GetRequiredService<ConsoleStore>().ReadAsync(cancellationToken);
        var slugs = await db.KeyBulkRows.ToDictionaryAsync(r => r.KeyId!.Value, r => r.Agent, cancellationToken);
        var left = await db.KeyBulkRows.CountAsync(r => r.Outcome != KeyBulkOutcome.Done || r.Sealed != null, cancellationToken);
        if (slugs.Count != keys || left > 0)
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{slugs.Count} rows, of which {left} are not done"));
        var rotations = await db.Rotations.CountAsync(cancellationToken);
        if (rotations != keys)
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{rotations} rotations of {keys} keys"));
        var versions = (await db.KeyVersions.ToListAsync(cancellationToken)).ToLookup(v => v.KeyId);
        foreach (var key in versions)
        {
            if (key.Count() != 2)
                faults.Add($"{slugs[key.Key]} has {key.Count()} secrets");
            else if (key.Single(v => v.Number == 1).State != KeyState.Retiring || key.Single(v => v.Number == 2).State != KeyState.Active)
                faults.Add($"{slugs[key.Key]}: {string.Join(", ", key.Select(v => $"{v.Number} {KebabCase.Of(v.State)}"))}");
            else if (
                !master
                    .Hash(File.ReadAllText(Path.Combine(root, slugs[key.Key] + ".key")).Trim())
                    .AsSpan()
                    .SequenceEqual(key.Single(v => v.Number == 2).Hash)
            )
                faults.Add($"The file of {slugs[key.Key]} has another secret than the store");
        }
    }

    private static async Task<JsonElement> SendAsync(HttpClient person, string path, object body, CancellationToken cancellationToken)
    {
        using var answer = await person.PostAsJsonAsync(path, body, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonElement.Parse(text)
            : throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {text}");
    }
}
