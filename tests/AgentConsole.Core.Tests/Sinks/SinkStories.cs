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
using AgentConsole.Core.Sinks.Senders;
using AgentConsole.Core.Trail;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Sinks;

/// <summary>Secrets go where they should and nowhere else, against stand-ins on loopback that answer as documented.</summary>
public sealed class SinkStories
{
    private const string Token = "hvs.a-token-of-the-vault";
    private const string Loopback = "AgentConsole:Sinks:AllowedAddresses:0";
    private const string Root = "AgentConsole:Sinks:FileRoots:0";
    private static readonly string SigningSecret = "whsec_" + Convert.ToBase64String(SHA256.HashData("signing"u8));

    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_vault_gets_the_secret_once_keeps_what_else_lies_there_and_nothing_tells_the_secret(Database database)
    {
        var (version, data) = (1, new JsonObject { ["note"] = "ours" });
        await using var vault = await StandIn.StartAsync(async context =>
        {
            Assert.Equal("/v1/secret/data/agents/payments/mailroom-1", context.Request.Path);
            if (context.Request.Headers["X-Vault-Token"] != Token)
            {
                context.Response.StatusCode = 403;
                await context.Response.WriteAsync("""{"errors":["permission denied"]}""");
                return;
            }
            if (context.Request.Method == "POST")
            {
                var body = (await JsonNode.ParseAsync(context.Request.Body))!;
                if (body["options"]!["cas"]!.GetValue<int>() != version)
                {
                    context.Response.StatusCode = 400;
                    await context.Response.WriteAsync("""{"errors":["check-and-set parameter did not match the current version"]}""");
                    return;
                }
                data = (JsonObject)body["data"]!.DeepClone();
                version++;
                await context.Response.WriteAsync("{\"data\":{\"version\":" + version + ",\"destroyed\":false}}");
                return;
            }
            await context.Response.WriteAsync(
                "{\"data\":{\"data\":" + data.ToJsonString() + ",\"metadata\":{\"version\":" + version + "}}}"
            );
        });
        await using var house = await OpenAsync(database, (Loopback, "127.0.0.0/8"));
        var sink = await VaultAsync(house, vault.Address);
        var secret = await SecretAsync(house);

        var first = await house.Get<SinkDeliveries>().DeliverAsync(sink, secret, Stop);
        Assert.Equal("secret/agents/payments/mailroom-1, version 2", first.Value.Place);
        Assert.Null((await house.Get<SinkDeliveries>().DeliverAsync(sink, secret, Stop)).Problem);
        Assert.Equal((2, "ours", secret.Secret), (version, (string?)data["note"], (string?)data["agent_key"]));

        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var row = await db.SecretSinks.SingleAsync(Stop);
        Assert.Equal((null, 1L), (row.LastCode, row.Revision));
        Assert.DoesNotContain(Token, Encoding.UTF8.GetString(row.Credential!), StringComparison.Ordinal);
        var told = string.Join('\n', (await db.TrailRecords.ToListAsync(Stop)).Select(r => $"{r.Action} {r.Before} {r.After}"));
        Assert.Contains("sink.delivered", told, StringComparison.Ordinal);
        Assert.DoesNotContain(secret.Secret, told, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, """{"errors":["permission denied"]}""", "sink_forbidden")]
    [InlineData(503, """{"errors":["Vault is sealed"]}""", "sink_sealed")]
    [InlineData(500, """{"errors":["internal error"]}""", "sink_failed")]
    [InlineData(307, "", "sink_redirects")]
    [InlineData(200, "{}", "sink_answer_odd")]
    public async Task What_a_vault_refuses_is_named(int status, string answer, string code)
    {
        await using var vault = await StandIn.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(answer);
        });
        await using var house = await OpenAsync(Database.Sqlite, (Loopback, "127.0.0.0/8"));
        var sink = await VaultAsync(house, vault.Address);
        var failed = await house.Get<SinkDeliveries>().DeliverAsync(sink, await SecretAsync(house), Stop);
        Assert.Equal(code, failed.Problem!.Code);
        Assert.Equal("failing", (await house.Get<SinkService>().GetAsync(house.As(house.Cast.Kurt), Id(sink), Stop)).Value.State);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "sink_unverified")]
    public async Task A_webhook_is_signed_and_must_prove_that_it_has_the_secret(bool proves, string? code)
    {
        var signed = false;
        await using var receiver = await StandIn.StartAsync(async context =>
        {
            using var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy);
            var headers = context.Request.Headers;
            signed =
                headers["webhook-signature"]
                == WebhookSender.Sign(SigningSecret, headers["webhook-id"]!, headers["webhook-timestamp"]!, copy.ToArray());
            var secret = (string)JsonNode.Parse(copy.ToArray())!["data"]!["secret"]!;
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(proves ? secret : "another")));
            await context.Response.WriteAsync($$"""{"received_sha256":"{{hash}}"}""");
        });
        await using var house = await OpenAsync(Database.Sqlite, (Loopback, "127.0.0.0/8"));
        var sink = await MakeAsync(house, Webhook(receiver.Address + "/keys"));
        var sent = await house.Get<SinkDeliveries>().DeliverAsync(sink, await SecretAsync(house), Stop);
        Assert.True(signed);
        Assert.Equal(code, sent.Problem?.Code);
    }

    [Fact]
    public async Task A_redirect_to_the_metadata_address_is_not_followed_and_no_name_leads_inside()
    {
        await using var receiver = await StandIn.StartAsync(context =>
        {
            context.Response.Redirect("http://169.254.169.254/latest");
            return Task.CompletedTask;
        });
        await using (var house = await OpenAsync(Database.Sqlite, (Loopback, "127.0.0.0/8")))
        {
            var sink = await MakeAsync(house, Webhook(receiver.Address + "/keys"));
            var sent = await house.Get<SinkDeliveries>().DeliverAsync(sink, await SecretAsync(house), Stop);
            Assert.Equal("sink_redirects", sent.Problem!.Code);
        }

        // The name said something harmless when the sink was made; what counts is where the connection would go.
        await using var other = await TestHouse.OpenAsync(change: services => services.AddSingleton<INameResolver>(new Rebinding()));
        var rebound = await MakeAsync(other, Webhook("https://receiver.example/keys"));
        var refused = await other.Get<SinkDeliveries>().DeliverAsync(rebound, await SecretAsync(other), Stop);
        Assert.Equal("sink_address_refused", refused.Problem!.Code);
        var literal = await other.Get<SinkService>().CreateAsync(other.As(other.Cast.Kurt), Webhook("https://10.0.0.7/keys"), Stop);
        Assert.True(literal.Problem!.Errors!.ContainsKey("webhook.url"));
    }

    [Fact]
    public async Task A_file_is_its_owners_alone_and_a_link_is_not_followed()
    {
        var top = Directory.CreateTempSubdirectory("sinks").FullName;
        try
        {
            var (root, outside) = (Path.Combine(top, "root"), Path.Combine(top, "outside"));
            Directory.CreateDirectory(root);
            Directory.CreateDirectory(outside);
            await using var house = await OpenAsync(Database.Sqlite, (Root, root));
            var sink = await MakeAsync(
                house,
                new SetSink
                {
                    Team = "payments",
                    Name = "Files",
                    Kind = "file",
                    File = new FileSinkSettings { Root = root, Path = "{team}/{agent}.env" },
                }
            );
            var (secret, deliveries) = (await SecretAsync(house), house.Get<SinkDeliveries>());
            Assert.Null((await deliveries.DeliverAsync(sink, secret, Stop)).Problem);
            var file = Path.Combine(root, "payments", "mailroom-1.env");
            Assert.Equal($"AGENT_KEY={secret.Secret}\n", await File.ReadAllTextAsync(file, Stop));
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(root, "payments")));
            Assert.True((await house.Get<SinkService>().TestAsync(house.As(house.Cast.Kurt), Id(sink), Stop)).Value.Delivered);
            Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(root, "payments")));

            // Somebody swaps the folder for a link to elsewhere and back, as fast as they can.
            var (folder, aside, done) = (Path.Combine(root, "payments"), Path.Combine(root, "aside"), false);
            var attack = Task.Run(
                () =>
                {
                    while (!Volatile.Read(ref done))
                    {
                        try
                        {
                            Directory.Move(folder, aside);
                            Directory.CreateSymbolicLink(folder, outside);
                            File.Delete(folder);
                            Directory.Move(aside, folder);
                        }
                        catch (IOException)
                        {
                            if (!Directory.Exists(aside))
                                continue;
                            try
                            {
                                Directory.Delete(folder);
                            }
                            catch (IOException)
                            {
                                // The delivery made the folder anew and wrote into it: that one stays.
                                Directory.Delete(aside, recursive: true);
                            }
                        }
                    }
                },
                Stop
            );
            for (var i = 0; i < 100; i++)
                await deliveries.DeliverAsync(sink, secret, Stop);
            Volatile.Write(ref done, true);
            await attack;
            Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    [Theory, BothDatabases]
    public async Task Another_teams_sink_is_not_there_and_a_made_one_needs_a_fresh_proof(Database database)
    {
        await using var house = await OpenAsync(database);
        var (sinks, cast) = (house.Get<SinkService>(), house.Cast);
        var sink = Id(await MakeAsync(house, Webhook("https://receiver.example/keys")));
        Assert.Equal("sink_not_found", (await sinks.GetAsync(house.As(cast.Sara), sink, Stop)).Problem!.Code);
        Assert.Equal("sink_not_found", (await sinks.TestAsync(house.As(cast.Gus), sink, Stop)).Problem!.Code);
        Assert.Equal("role_missing", (await sinks.DeleteAsync(house.As(cast.Victor), sink, Stop)).Problem!.Code);
        Assert.Empty((await sinks.ListAsync(house.As(cast.Sara), new PageRequest(), Stop)).Value.Items);
        Assert.Single((await sinks.ListAsync(house.As(cast.Kurt), new PageRequest(), Stop)).Value.Items);

        // A signing secret that takes the place of another signs beside it.
        var body = new SetSink { Credential = "whsec_" + Convert.ToBase64String(SHA256.HashData("next"u8)) };
        var changed = await sinks.ChangeAsync(house.As(cast.Kurt), sink, 1, body, Stop);
        Assert.Equal((2L, true), (changed.Value.Revision, changed.Value.PreviousCredentialUntil is not null));
        house.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("step_up_required", (await sinks.ChangeAsync(house.As(cast.Kurt), sink, 2, body, Stop)).Problem!.Code);
    }

    [Fact]
    public void A_path_never_leaves_its_root_whatever_template_and_names_hold()
    {
        var piece = Gen.Elements("{agent}", "{team}", "{key}", "/", ".", "..", "a", "-", "%2e", "\\", "\0", "é", "{", "}");
        var text = piece.ListOf().Select(parts => string.Concat(parts));
        Prop.ForAll(
                text.ToArbitrary(),
                text.ToArbitrary(),
                (template, name) =>
                {
                    var path = SinkTemplate.Fill(template, new SinkNames(name, name, name));
                    return path is null || (Path.GetFullPath(Path.Combine("/root", path)) == "/root/" + path && !path.Contains('\\'));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:a9fe:a9fe::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1%3", false)]
    [InlineData("ff02::1", false)]
    [InlineData("::1", false)]
    public void Only_the_public_internet_is_reached(string address, bool may) =>
        Assert.Equal(may, new AddressRules([]).MayReach(IPAddress.Parse(address)));

    private static Task<TestHouse> OpenAsync(Database database, params (string Key, string Value)[] settings) =>
        TestHouse.OpenAsync(database, settings.ToDictionary(s => s.Key, s => (string?)s.Value));

    private static SetSink Webhook(string url) =>
        new()
        {
            Team = "payments",
            Name = "Receiver",
            Kind = "webhook",
            Webhook = new WebhookSinkSettings { Url = url },
            Credential = SigningSecret,
        };

    private static Task<Guid> VaultAsync(TestHouse house, string address) =>
        MakeAsync(
            house,
            new SetSink
            {
                Team = "payments",
                Name = "Vault",
                Kind = "vault",
                Vault = new VaultSinkSettings { Address = address, Path = "agents/{team}/{agent}" },
                Credential = Token,
            }
        );

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

    private sealed class Rebinding : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8"), IPAddress.Parse("169.254.169.254")]);
    }
}
