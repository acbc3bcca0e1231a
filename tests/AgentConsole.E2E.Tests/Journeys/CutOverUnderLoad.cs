using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Three callers at work while their key is rotated: whoever moves is never refused, and whoever does not is named and keeps the lock closed.</summary>
public sealed class CutOverUnderLoad
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private sealed class Caller(ConsoleServer console, string name, string secret) : IDisposable
    {
        private readonly HttpClient _client = console.Client();
        private string _secret = secret;
        private int _refused;
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);
        public int Refused => Volatile.Read(ref _refused);

        public void MoveTo(string secret) => Volatile.Write(ref _secret, secret);

        public async Task WorkAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/heartbeat");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Volatile.Read(ref _secret));
                request.Headers.Add("X-AgentConsole-Instance", name);
                using var answer = await _client.SendAsync(request, CancellationToken.None);
                Interlocked.Increment(ref _calls);
                if (!answer.IsSuccessStatusCode)
                    Interlocked.Increment(ref _refused);
            }
        }

        public void Dispose() => _client.Dispose();
    }

    private static async Task<JsonElement> UntilAsync(HttpClient person, string rotation, Func<JsonElement, bool> holds)
    {
        for (var tries = 0; ; tries++)
        {
            var body = await person.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/{rotation}", Stop);
            if (holds(body))
                return body;
            Assert.True(tries < 300, body.GetRawText());
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Stop);
        }
    }

    private static string StateOf(JsonElement rotation, string caller) =>
        rotation
            .GetProperty("callers")
            .EnumerateArray()
            .Where(c => c.GetProperty("instance").GetString() == caller)
            .Select(c => c.GetProperty("state").GetString()!)
            .FirstOrDefault("unseen");

    [Fact]
    public async Task Nobody_who_moved_is_refused_and_the_late_one_is_named_and_keeps_the_lock_closed()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, first) = await console.AgentAsync("mailroom-1");
        using var person = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Caller[] callers = [.. new[] { "one", "two", "late" }.Select(name => new Caller(console, name, first))];
        var work = callers.Select(caller => Task.Run(() => caller.WorkAsync(done.Token), Stop)).ToList();
        try
        {
            using var made = await person.PostAsJsonAsync("/api/v1/agents/mailroom-1/rotations", new { reason = "Under load" }, Stop);
            var rotation = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
            var (id, secret) = (rotation.GetProperty("id").GetString()!, rotation.GetProperty("api_key").GetString()!);
            callers[0].MoveTo(secret);
            callers[1].MoveTo(secret);

            await UntilAsync(
                person,
                id,
                r => StateOf(r, "one") == "moved" && StateOf(r, "two") == "moved" && StateOf(r, "late") == "waiting"
            );
            using var locked = await person.PostAsJsonAsync($"/api/v1/rotations/{id}/disable-old", new { }, Stop);
            Assert.Equal(HttpStatusCode.Conflict, locked.StatusCode);
            var refusal = await locked.Content.ReadFromJsonAsync<JsonElement>(Stop);
            Assert.Equal("rotation_not_ready", refusal.GetProperty("code").GetString());
            Assert.Contains("late", refusal.GetProperty("detail").GetString(), StringComparison.Ordinal);

            callers[2].MoveTo(secret);
            await UntilAsync(person, id, r => r.GetProperty("state").GetString() == "ready");
            using var cut = await person.PostAsJsonAsync($"/api/v1/rotations/{id}/disable-old", new { }, Stop);
            Assert.Equal(HttpStatusCode.OK, cut.StatusCode);
            var before = callers.Sum(c => c.Calls);
            await UntilAsync(person, id, _ => callers.Sum(c => c.Calls) > before + 300);

            Assert.Equal([0, 0, 0], callers.Select(c => c.Refused));
            Assert.All(callers, c => Assert.True(c.Calls > 200, $"Only {c.Calls} calls."));

            // Somebody whom nobody saw comes with the old one: refused with its own code, and shown.
            using var stray = console.Client(first);
            using var knock = await stray.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
            Assert.Equal("key_disabled", (await knock.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("code").GetString());
            await UntilAsync(person, id, r => r.GetProperty("knocks").GetArrayLength() == 1);
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(work);
            foreach (var caller in callers)
                caller.Dispose();
        }
    }
}
