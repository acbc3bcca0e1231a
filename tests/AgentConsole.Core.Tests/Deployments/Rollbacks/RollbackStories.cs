using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Tests.Sinks;
using AgentConsole.Core.Trail;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Deployments.Rollbacks;

public sealed class RollbackStories
{
    private const string Why = "It books twice";

    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task The_last_good_version_comes_back_with_its_content_and_the_bad_one_is_marked(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.0.0", "active");
        var good = await SetAsync(house, "2.1.0", "active", b => b with { Model = "small-3", Tools = ["mail.send"] });
        var bad = await SetAsync(house, "2.2.0", "active", b => b with { Model = "small-4" });

        var preview = await PreviewAsync(house);
        Assert.Equal((bad.Id, good.Id), (preview.From.Id, preview.To.Id));
        Assert.Equal(["model", "tools"], preview.Changes.Select(c => c.Path));
        var back = (await RollBackAsync(house, new RollBack { Reason = Why, Preview = preview.Preview })).Value;

        Assert.Equal(
            ("2.1.0", "active", "rollback", "2.2.0", Why),
            (back.Version, back.Status, back.Trigger, back.RolledBackVersion, back.Reason)
        );
        Assert.Equal((good.Digest, bad.Id), (back.Digest, back.RolledBackFrom));
        Assert.Equal(good.Content.GetRawText(), back.Content.GetRawText());
        Assert.Equal(["superseded", "superseded", "rolled-back", "current"], await OutcomesAsync(house));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal("2.1.0", (await db.Agents.SingleAsync(Stop)).Version);
        var record = await db.TrailRecords.SingleAsync(r => r.Action == "snapshot.rolled-back", Stop);
        Assert.Equal(Why, record.Reason);
        Assert.Contains(bad.Id, record.After, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task A_version_that_was_taken_back_is_not_the_last_good_one_although_it_was_there_before(Database database)
    {
        await using var house = await OpenAsync(database);
        var first = await SetAsync(house, "2.0.0", "active");
        await SetAsync(house, "2.2.0", "active");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "active");
        await RollBackAsync(house, new RollBack { Reason = Why });
        Assert.Equal("2.1.0", await DeclaredAsync(house));

        Assert.Equal(first.Id, (await PreviewAsync(house)).To.Id);

        await RollBackAsync(house, new RollBack { Reason = Why });
        Assert.Equal("2.0.0", await DeclaredAsync(house));
        var none = await house.Get<RollbackService>().PreviewAsync(Otto(house), "mailroom-1", null, null, Stop);
        Assert.Equal("no_rollback_target", none.Problem!.Code);
        // Whoever knows better may name it.
        var named = await PreviewAsync(house, to: first.Id, expect: "already_deployed");
        Assert.Null(named);
    }

    [Theory, BothDatabases]
    public async Task A_canary_ends_with_the_active_one_or_is_taken_back_alone(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.0.0", "active");
        var stable = await SetAsync(house, "2.1.0", "active");
        var canary = await SetAsync(house, "2.2.0-rc1", "canary", b => b with { TrafficPercent = 5 });

        Assert.Equal([canary.Id], (await PreviewAsync(house)).AlsoEnds.Select(s => s.Id));
        var alone = await PreviewAsync(house, to: stable.Id);
        Assert.Equal((canary.Id, stable.Id), (alone.From.Id, alone.To.Id));
        var back = (await RollBackAsync(house, new RollBack { Reason = Why, To = stable.Id })).Value;

        Assert.Equal((stable.Digest, "2.2.0-rc1"), (back.Digest, back.RolledBackVersion));
        Assert.Equal(["superseded", "superseded", "rolled-back", "current"], await OutcomesAsync(house));
        // Nothing but what stands is left.
        Assert.Equal("already_deployed", (await RollBackAsync(house, new RollBack { Reason = Why, To = back.Id })).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_canary_that_was_found_to_be_worse_failed(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "canary");
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            await write.Db.Engine.LockTrailHeadAsync(write.Db, house.Cast.Acme, Stop);
            var agent = await write.Db.Agents.SingleAsync(Stop);
            var current = await write.Db.Snapshots.OrderBy(s => s.Id).ToListAsync(Stop);
            var by = Actor.ForSystem(house.Cast.Acme, "rollouts");
            var back = SnapshotBook.Make(
                write,
                by,
                agent,
                new SnapshotDraft("2.1.0", current[0].Environment, "Verdict: fail", new SnapshotContent(current[0].Content)),
                SnapshotStatus.Active,
                SnapshotTrigger.Rollback,
                (current[1].Id, current[1].Version)
            );
            Assert.True(await house.Get<SnapshotBook>().AppendAsync(write, by, agent, back, Stop, failed: true));
            Assert.True(await write.TryCommitAsync(Stop));
        }
        Assert.Equal(["superseded", "failed", "current"], await OutcomesAsync(house));
    }

    [Theory, BothDatabases]
    public async Task A_freeze_lets_it_pass_with_its_reason_whoever_does_it(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "active");
        var now = house.Clock.GetUtcNow();
        var freeze = new SetFreeze
        {
            Name = "Year's end",
            StartsAt = now,
            EndsAt = now.AddDays(3),
            OverrideRole = "org-admin",
            Reason = "The books are closed",
        };
        Assert.Null((await house.Get<FreezeService>().CreateAsync(house.As(house.Cast.Olga), freeze, Stop)).Problem);
        var deployed = await house
            .Get<DeploymentService>()
            .SetAsync(
                Otto(house),
                "mailroom-1",
                new SetSnapshot
                {
                    Version = "2.1.0",
                    Status = "active",
                    Reason = Why,
                },
                Stop
            );
        Assert.Equal("frozen", deployed.Problem!.Code);
        Assert.Equal("Year's end", Assert.Single((await PreviewAsync(house)).Freezes).Name);

        foreach (var reason in (string?[])[null, "  ", "ab"])
            Assert.Equal(["reason"], (await RollBackAsync(house, new RollBack { Reason = reason })).Problem!.Errors!.Keys);
        Assert.Null((await RollBackAsync(house, new RollBack { Reason = Why })).Problem);
        Assert.Equal("2.1.0", await DeclaredAsync(house));
    }

    [Theory, BothDatabases]
    public async Task What_was_decided_on_another_preview_is_refused(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "active");
        var seen = await PreviewAsync(house);
        await SetAsync(house, "2.3.0", "canary");

        var late = await RollBackAsync(
            house,
            new RollBack
            {
                Reason = Why,
                To = seen.To.Id,
                Preview = seen.Preview,
            }
        );

        Assert.Equal("preview_changed", late.Problem!.Code);
        Assert.Equal("2.2.0", await DeclaredAsync(house));
        var both = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(async _ => await RollBackAsync(house, new RollBack { Reason = Why, To = seen.To.Id }))
        );
        Assert.Single(both, b => b.Problem is null);
        Assert.All(both.Where(b => b.Problem is not null), b => Assert.Equal("already_deployed", b.Problem!.Code));
    }

    [Theory, BothDatabases]
    public async Task Who_may_not_see_it_finds_nothing_and_who_only_looks_is_told_the_role(Database database)
    {
        await using var house = await OpenAsync(database);
        var good = await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "active", b => b with { Environment = "staging" });
        await SetAsync(house, "2.3.0", "active");
        var rollbacks = house.Get<RollbackService>();
        var (victor, sara) = (house.As(house.Cast.Victor), house.As(house.Cast.Sara));

        Assert.Equal("agent_not_found", (await rollbacks.PreviewAsync(sara, "mailroom-1", null, null, Stop)).Problem!.Code);
        Assert.Equal("agent_not_found", (await rollbacks.RollBackAsync(sara, "mailroom-1", new RollBack(), Stop)).Problem!.Code);
        Assert.Null((await rollbacks.PreviewAsync(victor, "mailroom-1", null, null, Stop)).Problem);
        Assert.Equal(ProblemKind.Forbidden, (await rollbacks.RollBackAsync(victor, "mailroom-1", new RollBack(), Stop)).Problem!.Kind);
        var elsewhere = await rollbacks.PreviewAsync(Otto(house), "mailroom-1", "staging", good.Id, Stop);
        Assert.Equal(["to"], elsewhere.Problem!.Errors!.Keys);
        Assert.Equal("no_rollback_target", (await rollbacks.PreviewAsync(victor, "mailroom-1", "staging", null, Stop)).Problem!.Code);
        Assert.Equal("nothing_to_roll_back", (await rollbacks.PreviewAsync(victor, "mailroom-1", "lab", null, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task The_preview_says_how_the_version_did_what_runs_and_which_gateways_are_touched(Database database)
    {
        await using var house = await OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(Stop);
        var id = await SelfAsync(house);
        foreach (var name in (string[])["gateway-eu", "gateway-us"])
        {
            var made = await house.Get<GatewayService>().CreateAsync(Otto(house), new SetGateway { Team = "payments", Name = name }, Stop);
            Assert.Null(made.Problem);
        }
        Assert.Null((await house.Get<GatewayLinks>().LinkAsync(Otto(house), "mailroom-1", "gateway-eu", Stop)).Problem);
        await SetAsync(house, "2.1.0", "active", b => b with { Gateways = ["gateway-eu", "gateway-us"] });
        house.Clock.Advance(TimeSpan.FromHours(1));
        await ReportAsync(house, id, "completed", "2.1.0", "0.10");
        await ReportAsync(house, id, "completed", "2.1.0", "0.10");
        house.Clock.Advance(TimeSpan.FromMinutes(10));
        await SetAsync(house, "2.2.0", "active", b => b with { Gateways = ["gateway-eu"] });
        house.Clock.Advance(TimeSpan.FromMinutes(20));
        await ReportAsync(house, id, "failed", "2.2.0", "0.30");
        await ReportAsync(house, id, "completed", "2.2.0", "0.20");
        await ReportAsync(house, id, "running", "2.2.0", null);
        await ReportAsync(house, id, "running", "2.1.0", null);
        await ReportAsync(house, id, "running", null, null);
        house.Clock.Advance(TimeSpan.FromMinutes(2));

        var preview = await PreviewAsync(house);

        Assert.Equal(("2.2.0", 2L, 1L, 0.5, "0.5"), Of(preview.Since));
        Assert.Equal(("2.1.0", 2L, 0L, 0.0, "0.2"), Of(preview.Before!));
        Assert.Equal(preview.Since.To - preview.Since.From, preview.Before!.To - preview.Before.From);
        Assert.Equal(("2.2.0", 1, 1), (preview.RunsInFlight.Version, preview.RunsInFlight.Count, preview.RunsInFlight.WithoutVersion));
        Assert.Single(preview.RunsInFlight.Ids);
        Assert.Equal([("gateway-eu", "both", true), ("gateway-us", "to", false)], preview.Gateways.Select(g => (g.Name, g.In, g.Linked)));
        static (string, long, long, double?, string) Of(RollbackFigures figures) =>
            (figures.Version, figures.Runs, figures.Failures, figures.ErrorRate, figures.Cost);
    }

    [Theory, BothDatabases]
    public async Task Secrets_that_are_gone_are_named_and_what_cannot_be_asked_is_unchecked(Database database)
    {
        var root = Directory.CreateTempSubdirectory("rollback").FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "there.env"), "x", Stop);
        await using var vault = await StandIn.StartAsync(async context =>
        {
            var (status, answer) = context.Request.Path.Value switch
            {
                "/v1/secret/metadata/payments/tax" => (200, Metadata(3, "")),
                "/v1/secret/metadata/payments/deleted" => (200, Metadata(3, "2020-01-02T03:04:05Z")),
                "/v1/secret/metadata/payments/hidden" => (403, """{"errors":["permission denied"]}"""),
                "/v1/secret/data/payments/hidden" => (200, """{"data":{"data":{"k":"v"},"metadata":{"version":1}}}"""),
                _ => (404, """{"errors":[]}"""),
            };
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(answer);
        });
        await using var house = await OpenAsync(
            database,
            ("AgentConsole:Sinks:AllowedAddresses:0", "127.0.0.0/8"),
            ("AgentConsole:Sinks:FileRoots:0", root)
        );
        await SinkAsync(
            house,
            new SetSink
            {
                Name = "vault",
                Kind = "vault",
                Vault = new VaultSinkSettings { Address = vault.Address, Path = "{agent}" },
                Credential = "hvs.a-token",
            }
        );
        await SinkAsync(
            house,
            new SetSink
            {
                Name = "files",
                Kind = "file",
                File = new FileSinkSettings { Root = root, Path = "{agent}.env" },
            }
        );
        await SinkAsync(
            house,
            new SetSink
            {
                Name = "theirs",
                Kind = "file",
                Team = "research",
                File = new FileSinkSettings { Root = root, Path = "{agent}.env" },
            }
        );
        string[] references =
        [
            "files:../there.env",
            "files:gone.env",
            "files:there.env",
            "nameless",
            "theirs:there.env",
            "vault:payments/deleted",
            "vault:payments/gone",
            "vault:payments/hidden",
            "vault:payments/tax",
        ];
        await SetAsync(house, "2.1.0", "active", b => b with { Secrets = references });
        await SetAsync(house, "2.2.0", "active");

        var secrets = (await PreviewAsync(house)).Secrets;

        Assert.Equal(references, secrets.Select(s => s.Reference));
        Assert.Equal(
            ["unchecked", "missing", "exists", "unchecked", "unchecked", "missing", "missing", "exists", "exists"],
            secrets.Select(s => s.State)
        );
        Assert.All(secrets.Where(s => s.State != "exists"), s => Assert.NotNull(s.Why));
        // Whoever may only look does not make the console ask.
        var looked = (await house.Get<RollbackService>().PreviewAsync(house.As(house.Cast.Victor), "mailroom-1", null, null, Stop)).Value;
        Assert.All(looked.Secrets, s => Assert.Equal("unchecked", s.State));
        Directory.Delete(root, recursive: true);
        static string Metadata(int version, string deleted) =>
            """{"data":{"current_version":N,"versions":{"N":{"deletion_time":"T","destroyed":false}}}}"""
                .Replace("N", version.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("\"T\"", $"\"{deleted}\"", StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Afterwards_whoever_still_reports_the_old_version_is_seen_until_nobody_does(Database database)
    {
        await using var house = await OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(Stop);
        var id = await SelfAsync(house);
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "active");
        await ReportAsync(house, id, "completed", "2.2.0", null);
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        var back = (await RollBackAsync(house, new RollBack { Reason = Why })).Value;
        var watcher = house.Get<RollbackWatcher>();
        var victor = house.As(house.Cast.Victor);
        Assert.Equal(0, (await watcher.OfAsync(victor, back.Id, Stop)).Value.Count);
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await ReportAsync(house, id, "completed", "2.2.0", null);
        await ReportAsync(house, id, "completed", "2.1.0", null);

        var watch = (await watcher.OfAsync(victor, back.Id, Stop)).Value;
        Assert.Equal(("2.2.0", 1, false), (watch.Version, watch.Count, watch.Again));
        Assert.Equal(watch.Newest[0].ReceivedAt + RollbackWatcher.Quiet, watch.QuietAt);
        Assert.Equal("snapshot_not_found", (await watcher.OfAsync(house.As(house.Cast.Sara), back.Id, Stop)).Problem!.Code);
        Assert.Equal("snapshot_not_found", (await watcher.OfAsync(victor, back.RolledBackFrom!, Stop)).Problem!.Code);
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await SetAsync(house, "2.2.0", "active");
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await ReportAsync(house, id, "completed", "2.2.0", null);
        watch = (await watcher.OfAsync(victor, back.Id, Stop)).Value;
        Assert.Equal((1, true), (watch.Count, watch.Again)); // what runs by a later decision is no drift
    }

    private static async Task<TestHouse> OpenAsync(Database database, params (string Key, string Value)[] settings)
    {
        var house = await TestHouse.OpenAsync(database, settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        var agent = new RegisterAgent
        {
            Slug = "mailroom-1",
            Team = "payments",
            Environment = "production",
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), agent, Stop)).Problem);
        return house;
    }

    private static Actor Otto(TestHouse house) => house.As(house.Cast.Otto);

    private static async Task SinkAsync(TestHouse house, SetSink sink)
    {
        var made = await house.Get<SinkService>().CreateAsync(house.As(house.Cast.Olga), sink, Stop);
        Assert.Null(made.Problem);
    }

    private static async Task<RollbackPreview> PreviewAsync(TestHouse house, string? to = null, string? expect = null)
    {
        var preview = await house.Get<RollbackService>().PreviewAsync(Otto(house), "mailroom-1", null, to, Stop);
        Assert.Equal(expect, preview.Problem?.Code);
        return expect is null ? preview.Value : null!;
    }

    private static Task<Outcome<SnapshotBody>> RollBackAsync(TestHouse house, RollBack body) =>
        house.Get<RollbackService>().RollBackAsync(Otto(house), "mailroom-1", body, Stop);

    private static async Task<SnapshotBody> SetAsync(
        TestHouse house,
        string version,
        string status,
        Func<SetSnapshot, SetSnapshot>? more = null
    )
    {
        var body = new SetSnapshot { Version = version, Status = status };
        var made = await house.Get<DeploymentService>().SetAsync(Otto(house), "mailroom-1", more?.Invoke(body) ?? body, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    private static Task ReportAsync(TestHouse house, Actor agent, string status, string? version, string? cost) =>
        house.ReportAsync(
            agent,
            null,
            status,
            run => run with { Version = version, Cost = cost is null ? null : System.Text.Json.JsonSerializer.SerializeToElement(cost) }
        );

    // The agent as its own key makes it.
    private static async Task<Actor> SelfAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var agent = await db.Agents.SingleAsync(Stop);
        return new Actor
        {
            OrganizationId = agent.OrganizationId,
            Kind = ActorKind.Agent,
            Id = agent.Id,
            Label = agent.Slug,
            Method = AuthMethod.AgentKey,
            CorrelationId = "c",
            Scopes = TokenScopes.AgentKey,
        };
    }

    private static async Task<string[]> OutcomesAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return [.. (await db.Snapshots.OrderBy(s => s.Id).ToListAsync(Stop)).Select(s => KebabCase.Of(s.Outcome))];
    }

    private static async Task<string?> DeclaredAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return (await db.Agents.SingleAsync(Stop)).Version;
    }
}
