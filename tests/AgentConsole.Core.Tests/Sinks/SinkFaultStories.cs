using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.Sinks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Sinks;

/// <summary>Other sides that misbehave: slow, busy, lying, or not who they were a moment ago.</summary>
public sealed class SinkFaultStories
{
    private const string Loopback = "AgentConsole:Sinks:AllowedAddresses:0";
    private const string Root = "AgentConsole:Sinks:FileRoots:0";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Stop => TestHouse.Stop;

    [Theory]
    [InlineData("vault")]
    [InlineData("webhook")]
    public async Task One_that_never_answers_is_given_up_after_ten_seconds_and_the_sink_says_so(string kind)
    {
        var asked = new TaskCompletionSource();
        await using var mute = await StandIn.StartAsync(async context =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        await using var house = await OpenAsync((Loopback, "127.0.0.0/8"));
        var sink = await MakeAsync(house, kind == "vault" ? Vault(mute.Address) : Webhook(mute.Address + "/keys", Signing("a")));
        var delivering = house.Get<SinkDeliveries>().DeliverAsync(sink, await SecretAsync(house), Stop);
        await asked.Task.WaitAsync(Stop);

        house.Clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(delivering.IsCompleted);
        house.Clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal("sink_timeout", (await delivering).Problem!.Code);

        var body = (await house.Get<SinkService>().GetAsync(house.As(house.Cast.Kurt), Id(sink), Stop)).Value;
        Assert.Equal(("failing", "sink_timeout"), (body.State, body.LastCode));
    }

    [Fact]
    public async Task A_trickle_without_an_end_and_an_answer_without_a_measure_are_cut_off()
    {
        await using var house = await OpenAsync((Loopback, "127.0.0.0/8"));
        await using var endless = await StandIn.StartAsync(async context =>
        {
            var chunk = new byte[8192];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
        });
        var long_ = await MakeAsync(house, Webhook(endless.Address + "/keys", Signing("a"), "Long"));
        var secret = await SecretAsync(house);
        Assert.Equal("sink_answer_odd", (await house.Get<SinkDeliveries>().DeliverAsync(long_, secret, Stop)).Problem!.Code);

        var begun = new TaskCompletionSource();
        await using var slow = await StandIn.StartAsync(async context =>
        {
            await context.Response.WriteAsync("{\"received_sha256\":\"", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        var trickle = await MakeAsync(house, Webhook(slow.Address + "/keys", Signing("a"), "Slow"));
        var delivering = house.Get<SinkDeliveries>().DeliverAsync(trickle, secret, Stop);
        await begun.Task.WaitAsync(Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal("sink_timeout", (await delivering).Problem!.Code);
    }

    [Fact]
    public async Task Somebody_who_writes_the_same_path_between_our_reading_and_writing_is_not_overwritten()
    {
        // As documented: a write names the version it follows, and is refused when that is no longer the newest.
        var (version, data, cut) = (4, new JsonObject { ["note"] = "ours", ["agent_key"] = "the one before" }, true);
        var versions = new List<int>();
        await using var vault = await StandIn.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                var body = (await JsonNode.ParseAsync(context.Request.Body))!;
                var cas = body["options"]!["cas"]!.GetValue<int>();
                versions.Add(cas);
                if (cut)
                    (version, data, cut) = (version + 1, new JsonObject { ["note"] = "theirs", ["other"] = 1 }, false);
                if (cas != version)
                {
                    context.Response.StatusCode = 400;
                    await context.Response.WriteAsync("""{"errors":["check-and-set parameter did not match the current version"]}""");
                    return;
                }
                data = (JsonObject)body["data"]!.DeepClone();
                version++;
                await context.Response.WriteAsync("{\"data\":{\"version\":" + version + "}}");
                return;
            }
            await context.Response.WriteAsync(
                "{\"data\":{\"data\":" + data.ToJsonString() + ",\"metadata\":{\"version\":" + version + "}}}"
            );
        });
        await using var house = await OpenAsync((Loopback, "127.0.0.0/8"));
        var sink = await MakeAsync(house, Vault(vault.Address));
        var (secret, deliveries) = (await SecretAsync(house), house.Get<SinkDeliveries>());

        Assert.Equal("sink_conflict", (await deliveries.DeliverAsync(sink, secret, Stop)).Problem!.Code);
        Assert.Equal(("theirs", null), ((string?)data["note"], (string?)data["agent_key"]));
        Assert.Equal("secret/agents/payments/mailroom-1, version 6", (await deliveries.DeliverAsync(sink, secret, Stop)).Value.Place);

        Assert.Equal([4, 5], versions);
        Assert.Equal(("theirs", 1, secret.Secret), ((string?)data["note"], (int?)data["other"], (string?)data["agent_key"]));
    }

    [Fact]
    public async Task A_vault_that_gives_back_something_else_than_was_written_is_not_believed()
    {
        await using var vault = await StandIn.StartAsync(context =>
            context.Response.WriteAsync(
                context.Request.Method == "POST"
                    ? """{"data":{"version":2}}"""
                    : """{"data":{"data":{"agent_key":"somebody else's"},"metadata":{"version":2}}}"""
            )
        );
        await using var house = await OpenAsync((Loopback, "127.0.0.0/8"));
        var sink = await MakeAsync(house, Vault(vault.Address));
        var sent = await house.Get<SinkDeliveries>().DeliverAsync(sink, await SecretAsync(house), Stop);
        Assert.Equal("sink_unverified", sent.Problem!.Code);
        Assert.DoesNotContain("somebody", sent.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_signing_secret_is_changed_both_sign_and_a_receiver_of_either_is_satisfied()
    {
        var (before, after) = (Signing("before"), Signing("after"));
        var calls = new List<(string Id, string Signatures, bool Before, bool After)>();
        await using var receiver = await StandIn.StartAsync(async context =>
        {
            using var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy);
            var headers = context.Request.Headers;
            var (id, at, signatures) = (
                headers["webhook-id"].ToString(),
                headers["webhook-timestamp"].ToString(),
                headers["webhook-signature"].ToString()
            );
            calls.Add(
                (id, signatures, Verifies(before, id, at, copy.ToArray(), signatures), Verifies(after, id, at, copy.ToArray(), signatures))
            );
            var secret = (string)JsonNode.Parse(copy.ToArray())!["data"]!["secret"]!;
            await context.Response.WriteAsync(
                $$"""{"received_sha256":"{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))}}"}"""
            );
        });
        await using var house = await OpenAsync((Loopback, "127.0.0.0/8"));
        var (sinks, deliveries) = (house.Get<SinkService>(), house.Get<SinkDeliveries>());
        var sink = await MakeAsync(house, Webhook(receiver.Address + "/keys", before));
        var (secret, kurt) = (await SecretAsync(house), house.As(house.Cast.Kurt));

        Assert.Null((await deliveries.DeliverAsync(sink, secret, Stop)).Problem);
        Assert.Null((await sinks.ChangeAsync(kurt, Id(sink), 1, new SetSink { Credential = after }, Stop)).Problem);
        Assert.Null((await deliveries.DeliverAsync(sink, secret, Stop)).Problem);
        house.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Null((await deliveries.DeliverAsync(sink, secret, Stop)).Problem);

        Assert.Equal([(true, false), (true, true), (false, true)], calls.Select(c => (c.Before, c.After)));
        Assert.Equal([1, 2, 1], calls.Select(c => c.Signatures.Split(' ').Length));
        Assert.Equal([IdText.Format(IdText.Rotation, secret.RotationId)], calls.Select(c => c.Id).Distinct());
    }

    [Fact]
    public async Task A_name_is_asked_once_for_a_connection_which_goes_where_was_judged()
    {
        await using var inside = await StandIn.StartAsync(async context =>
        {
            var secret = (string)(await JsonNode.ParseAsync(context.Request.Body))!["data"]!["secret"]!;
            await context.Response.WriteAsync(
                $$"""{"received_sha256":"{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))}}"}"""
            );
        });
        // Harmless when it is judged, and somewhere else for whoever asked a second time to connect.
        var names = new Changing(IPAddress.Loopback, IPAddress.Parse("169.254.169.254"));
        await using var house = await TestHouse.OpenAsync(
            Database.Sqlite,
            new Dictionary<string, string?> { [Loopback] = "127.0.0.0/8" },
            services => services.AddSingleton<INameResolver>(names)
        );
        var address = new UriBuilder(inside.Address) { Host = "receiver.example", Path = "/keys" }.Uri;
        var sink = await MakeAsync(house, Webhook(address.AbsoluteUri, Signing("a")));
        Assert.Equal(0, names.Asked); // where a name leads says nothing at the time at which the sink is made
        var secret = await SecretAsync(house);

        Assert.Null((await house.Get<SinkDeliveries>().DeliverAsync(sink, secret, Stop)).Problem);
        Assert.Equal(1, names.Asked);

        await inside.DisposeAsync(); // the connection is gone: the next one is judged anew
        Assert.Equal("sink_address_refused", (await house.Get<SinkDeliveries>().DeliverAsync(sink, secret, Stop)).Problem!.Code);
        Assert.Equal(2, names.Asked);
    }

    [Fact]
    public async Task A_hard_link_or_a_link_at_the_files_place_does_not_lead_the_secret_elsewhere()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var folder = new Folder();
        var root = folder.Make("root");
        var outside = folder.Make("outside");
        var victim = Path.Combine(outside, "notes.txt");
        await File.WriteAllTextAsync(victim, "mine", Stop);
        await using var house = await OpenAsync((Root, root));
        var sink = await MakeAsync(house, Files(root));
        var (secret, deliveries) = (await SecretAsync(house), house.Get<SinkDeliveries>());
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(root, "payments")).FullName, "mailroom-1.env");

        File.CreateSymbolicLink(file, victim);
        Assert.Equal("sink_link_met", (await deliveries.DeliverAsync(sink, secret, Stop)).Problem!.Code);
        File.Delete(file);
        Directory.Delete(Path.Combine(root, "payments"));
        Directory.CreateSymbolicLink(Path.Combine(root, "payments"), outside);
        Assert.Equal("sink_link_met", (await deliveries.DeliverAsync(sink, secret, Stop)).Problem!.Code);
        File.Delete(Path.Combine(root, "payments"));
        Directory.CreateDirectory(Path.Combine(root, "payments"));

        // A second name of somebody's file, which they can read: it is replaced, and not written into.
        await folder.RunAsync("ln", victim, file);
        File.SetUnixFileMode(victim, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Null((await deliveries.DeliverAsync(sink, secret, Stop)).Problem);
        Assert.Equal(
            ("mine", $"AGENT_KEY={secret.Secret}\n"),
            (await File.ReadAllTextAsync(victim, Stop), await File.ReadAllTextAsync(file, Stop))
        );
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
        Assert.Equal(["notes.txt"], Directory.EnumerateFiles(outside).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_that_is_read_while_it_is_replaced_is_the_one_before_or_the_one_after()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var folder = new Folder();
        var root = folder.Make("root");
        await using var house = await OpenAsync((Root, root));
        var sink = await MakeAsync(house, Files(root));
        var (one, deliveries) = (await SecretAsync(house), house.Get<SinkDeliveries>());
        var other = new SinkSecret
        {
            AgentSlug = one.AgentSlug,
            KeyId = one.KeyId,
            KeyVersion = 3,
            RotationId = house.Get<ConsoleStore>().NewId(),
            Secret = SecretText.Create(SecretText.KeyPrefix),
            IssuedAt = one.IssuedAt,
        };
        await deliveries.DeliverAsync(sink, one, Stop);
        var file = Path.Combine(root, "payments", "mailroom-1.env");
        string[] whole = [$"AGENT_KEY={one.Secret}\n", $"AGENT_KEY={other.Secret}\n"];
        var (done, reads) = (false, 0);
        var reading = Task.Run(
            () =>
            {
                while (!Volatile.Read(ref done))
                {
                    Assert.Contains(File.ReadAllText(file), whole);
                    reads++;
                }
            },
            Stop
        );

        for (var i = 0; i < 60; i++)
            Assert.Null((await deliveries.DeliverAsync(sink, i % 2 == 0 ? other : one, Stop)).Problem);
        Volatile.Write(ref done, true);
        await reading;

        Assert.True(reads > 60, reads.ToString(CultureInfo.InvariantCulture));
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(Path.Combine(root, "payments")));
    }

    // The check as the specification tells it, written without a line of the sender's.
    private static bool Verifies(string secret, string id, string timestamp, byte[] body, string signatures)
    {
        var content = $"{id}.{timestamp}.{Encoding.UTF8.GetString(body)}";
        using var hmac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        var expected = hmac.ComputeHash(Encoding.UTF8.GetBytes(content));
        return signatures
            .Split(' ')
            .Select(s => s.Split(',', 2))
            .Any(s => s[0] == "v1" && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(s[1]), expected));
    }

    private static string Signing(string name) => "whsec_" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private static Task<TestHouse> OpenAsync(params (string Key, string Value)[] settings) =>
        TestHouse.OpenAsync(Database.Sqlite, settings.ToDictionary(s => s.Key, s => (string?)s.Value));

    private static SetSink Vault(string address) =>
        new()
        {
            Team = "payments",
            Name = "Vault",
            Kind = "vault",
            Vault = new VaultSinkSettings { Address = address, Path = "agents/{team}/{agent}" },
            Credential = "hvs.token",
        };

    private static SetSink Webhook(string url, string secret, string name = "Receiver") =>
        new()
        {
            Team = "payments",
            Name = name,
            Kind = "webhook",
            Webhook = new WebhookSinkSettings { Url = url },
            Credential = secret,
        };

    private static SetSink Files(string root) =>
        new()
        {
            Team = "payments",
            Name = "Files",
            Kind = "file",
            File = new FileSinkSettings { Root = root, Path = "{team}/{agent}.env" },
        };

    private static async Task<Guid> MakeAsync(TestHouse house, SetSink body)
    {
        var made = await house.Get<SinkService>().CreateAsync(house.As(house.Cast.Kurt), body, Stop);
        Assert.Null(made.Problem);
        return IdText.Parse(IdText.Sink, made.Value.Id);
    }

    private static async Task<SinkSecret> SecretAsync(TestHouse house)
    {
        var body = new RegisterAgent
        {
            Slug = "mailroom-1",
            Team = "payments",
            Key = true,
        };
        var agent = (await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), body, Stop)).Value;
        return new SinkSecret
        {
            AgentSlug = "mailroom-1",
            KeyId = IdText.Parse(IdText.Key, agent.KeyId!),
            KeyVersion = 2,
            RotationId = house.Get<ConsoleStore>().NewId(),
            Secret = SecretText.Create(SecretText.KeyPrefix),
            IssuedAt = house.Clock.GetUtcNow(),
        };
    }

    private static string Id(Guid sink) => IdText.Format(IdText.Sink, sink);

    /// <summary>A name that says something else each time it is asked.</summary>
    private sealed class Changing(params IPAddress[] answers) : INameResolver
    {
        public int Asked { get; private set; }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult<IPAddress[]>([answers[Math.Min(Asked++, answers.Length - 1)]]);
    }

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;

        public string Make(string name) => Directory.CreateDirectory(Path.Combine(_path, name)).FullName;

        public async Task RunAsync(string program, params string[] arguments)
        {
            using var process = System.Diagnostics.Process.Start(program, arguments);
            await process.WaitForExitAsync(Stop);
            Assert.Equal(0, process.ExitCode);
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
