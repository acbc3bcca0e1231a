using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Testing.Crash;

/// <param name="Killed">How often the console ended at a fault point; the others ended just after their answer.</param>
/// <param name="Acts">How often each act was under way.</param>
/// <param name="Faults">What was wrong after a restart; none when all is well.</param>
public sealed record RotationCrashResult(int Kills, int Killed, IReadOnlyDictionary<string, int> Acts, IReadOnlyList<string> Faults);

/// <summary>
/// Walks one key through rotations by every act there is, ends the console on either side of a commit of each, and looks after the restart: the act repeated
/// with its <c>Idempotency-Key</c> has one outcome, no two valid secrets are known to nobody, and a known one always works.
/// </summary>
public sealed class RotationCrashTest : IDisposable
{
    public const int Seed = 20_261;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Random _random;
    private readonly Faults _points;
    private readonly List<string> _faults = [];
    private readonly Dictionary<int, string> _secrets = [];
    private readonly SortedDictionary<string, int> _acts = new(StringComparer.Ordinal);
    private readonly string _token;
    private string? _rotation;
    private ConsoleProcess _console = null!;
    private HttpClient _person = null!;

    private RotationCrashTest(int seed, Faults points, string token, string first)
    {
        (_random, _points, _token) = (new Random(seed), points, token);
        _secrets[1] = first;
    }

    public void Dispose() => _person?.Dispose();

    public static async Task<RotationCrashResult> RunAsync(int kills, int seed, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        string first;
        await using (var services = folder.Open())
        {
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            first = (await folder.AgentsAsync(services, 1, "mailroom"))[0].Secret;
        }
        ConsoleFolder.LetGo();
        var points = new Faults(folder.Path);
        var settings = new Dictionary<string, string?>(folder.Settings);
        foreach (var (name, value) in points.Settings)
            settings[name] = value;
        using var test = new RotationCrashTest(seed, points, token, first);
        return await test.RunAsync(kills, settings, cancellationToken);
    }

    private async Task<RotationCrashResult> RunAsync(int kills, Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        var killed = 0;
        await StartAsync(settings, cancellationToken);
        try
        {
            for (var kill = 0; kill < kills && _faults.Count == 0; kill++)
            {
                // A few acts in peace, so that kills meet every state.
                for (var peace = _random.Next(3); peace > 0; peace--)
                    await DoAsync(await NextAsync(cancellationToken), cancellationToken);
                var act = await NextAsync(cancellationToken);
                _acts[act.Name] = _acts.GetValueOrDefault(act.Name) + 1;
                _points.Arm(afterCommit: _random.Next(2) == 0, commit: _random.Next(4) == 0 ? 2 : 1);
                var answered = await TryAsync(act, cancellationToken);
                if (answered)
                    await _console.KillAsync(); // it had fewer commits than that
                else
                    killed++;
                await EndAsync();
                await StartAsync(settings, cancellationToken);
                await LookAsync($"{act.Name}, kill {kill}", mayMiss: 1, cancellationToken);
                await DoAsync(act, cancellationToken);
                await LookAsync($"{act.Name} repeated, kill {kill}", mayMiss: 0, cancellationToken);
            }
        }
        finally
        {
            await EndAsync();
        }
        return new RotationCrashResult(kills, killed, _acts, _faults);
    }

    private async Task StartAsync(Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        _points.Disarm();
        _console = await ConsoleProcess.StartAsync(settings, cancellationToken);
        _person?.Dispose();
        _person = _console.Client(_token);
        _person.Timeout = Patience;
    }

    private ValueTask EndAsync() => _console.DisposeAsync();

    /// <param name="Key">The same for every repetition.</param>
    private sealed record Act(string Name, string Path, object Body, string Key);

    // What can be done in the state that the rotation has.
    private async Task<Act> NextAsync(CancellationToken cancellationToken)
    {
        Act Of(string name, object? body = null) =>
            new(name, $"/api/v1/rotations/{_rotation}/{name}", body ?? new { reason = "Crash test" }, Guid.NewGuid().ToString());

        var rotation = _rotation is null
            ? default(JsonElement?)
            : await _person.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/{_rotation}", cancellationToken);
        var state = rotation?.GetProperty("state").GetString() ?? "completed";
        var known =
            rotation?.TryGetProperty("to_version", out var to) == true && to.ValueKind == JsonValueKind.Number
                ? _secrets.GetValueOrDefault(to.GetInt32())
                : null;
        Act[] choice = state switch
        {
            "completed" or "aborted" =>
            [
                new Act(
                    "create",
                    "/api/v1/agents/mailroom-00000/rotations",
                    new { plan_only = _random.Next(2) == 0 },
                    Guid.NewGuid().ToString()
                ),
            ],
            "planned" => [Of("issue"), Of("issue"), Of("abort")],
            "issued" => [Of("acknowledge", new { last_four = known![^4..] }), Of("reissue"), Of("override"), Of("abort")],
            "observing" => [Of("override"), Of("extend", new { grace_seconds = 7200 }), Of("end-grace"), Of("abort")],
            "ready" => [Of("disable-old", new { days = 7 }), Of("complete")],
            _ => [Of("enable-old", new { grace_seconds = 3600 }), Of("override"), Of("complete")],
        };
        var act = choice[_random.Next(choice.Length)];
        // Revoking the old version wants the new one used, or an override.
        if (act.Name is "complete" or "reissue" && known is not null && state is "ready" or "old-disabled")
            await CallAsync(known, cancellationToken);
        return act;
    }

    private async Task<bool> TryAsync(Act act, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendAsync(act, cancellationToken);
            await TakeAsync(act, answer, cancellationToken);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task DoAsync(Act act, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(act, cancellationToken);
        await TakeAsync(act, answer, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(Act act, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, act.Path) { Content = JsonContent.Create(act.Body) };
        request.Headers.Add("Idempotency-Key", act.Key);
        return await _person.SendAsync(request, cancellationToken);
    }

    private async Task TakeAsync(Act act, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
        {
            // The new version may have been used meanwhile, and an act that needs a used one may come too early: both are said, and change nothing.
            var said = await answer.Content.ReadAsStringAsync(cancellationToken);
            if (!said.Contains("rotation_not_ready", StringComparison.Ordinal))
                _faults.Add($"{act.Name}: {(int)answer.StatusCode} {said}");
            return;
        }
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        _rotation = body.GetProperty("id").GetString();
        if (!body.TryGetProperty("api_key", out var given) || given.GetString() is not { } secret)
            return;
        var version = body.GetProperty("to_version").GetInt32();
        if (_secrets.TryGetValue(version, out var before) && before != secret)
            _faults.Add($"{act.Name}: version {version} has a second secret");
        _secrets[version] = secret;
    }

    // Which versions are accepted, as the store says and as calls show.
    private async Task LookAsync(string when, int mayMiss, CancellationToken cancellationToken)
    {
        var keys = await _person.GetFromJsonAsync<JsonElement>("/api/v1/agents/mailroom-00000/keys", cancellationToken);
        var accepted = keys.GetProperty("data")
            .EnumerateArray()
            .SelectMany(key => key.GetProperty("versions").EnumerateArray())
            .Where(v => v.GetProperty("state").GetString() is "active" or "retiring")
            .Select(v => v.GetProperty("number").GetInt32())
            .ToList();
        var unknown = accepted.Count(v => !_secrets.ContainsKey(v));
        if (unknown > mayMiss)
            _faults.Add($"{when}: {unknown} valid secrets are known to nobody");
        var working = 0;
        foreach (var (version, secret) in _secrets)
        {
            var works = await CallAsync(secret, cancellationToken);
            if (works != accepted.Contains(version))
                _faults.Add($"{when}: version {version} is {(works ? "" : "not ")}accepted, and the store says otherwise");
            working += works ? 1 : 0;
        }
        if (working == 0)
            _faults.Add($"{when}: no known secret works");
        foreach (var gone in _secrets.Keys.Where(v => !accepted.Contains(v) && v < accepted.Max() - 2).ToList())
            _secrets.Remove(gone);
    }

    private async Task<bool> CallAsync(string secret, CancellationToken cancellationToken)
    {
        using var agent = _console.Client(secret);
        using var answer = await agent.GetAsync(new Uri("/api/v1/whoami", UriKind.Relative), cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.Unauthorized => false,
            var other => throw new InvalidOperationException($"whoami answered {(int)other}."),
        };
    }
}
