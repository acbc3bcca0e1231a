using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Retirements;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Deployments.Rollouts;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Retirements;

public sealed class RetirementStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task An_agent_leaves_step_by_step_in_several_hands_and_its_history_stays(Database database)
    {
        await using var house = await OpenAsync(database);
        var self = await SelfAsync(house);
        var (otto, kurt, tara) = (house.Cast.Otto, house.Cast.Kurt, house.Cast.Tara);
        await LinkAsync(house, "gateway-eu", "gateway-us");
        await SetAsync(house, "2.1.0", null);
        await SetAsync(house, "3.0.0", "staging");
        await house.ReportAsync(self, "job-1", "running");
        Assert.Null((await house.Get<RotationService>().CreateAsync(house.As(kurt), "mailroom-1", new CreateRotation(), Stop)).Problem);

        var begun = await StartAsync(house);
        Assert.Equal(["open", "open", "open", "open"], begun.Steps.Select(s => s.State));
        Assert.Equal(["gateway-eu", "gateway-us"], begun.Steps[0].Items);
        Assert.Equal(2, begun.Steps[2].Left); // the old version in its grace, and the new one
        Assert.Equal("retirement_step_open", (await StepAsync(house, otto, "runs")).Problem!.Code);
        Assert.Equal("retirement_step_open", (await FinishAsync(house)).Problem!.Code);

        var unlinked = (await StepAsync(house, otto, "gateways")).Value;
        Assert.Equal(("done", 0, 2), (unlinked.Steps[0].State, unlinked.Steps[0].Left, unlinked.Steps[0].Count));
        var waits = (await StepAsync(house, otto, "runs")).Value;
        Assert.Equal(("open", "drain", 1), (waits.Steps[1].State, waits.Steps[1].Mode, waits.Steps[1].Left));
        Assert.Equal("retirement_step_open", (await StepAsync(house, kurt, "keys")).Problem!.Code);
        await house.ReportAsync(self, "job-1", "completed");

        // Nobody remembers anything: who comes next finds where it stands.
        Assert.Equal("done", (await GetAsync(house, kurt)).Steps[1].State);
        Assert.Equal(ProblemKind.Forbidden, (await StepAsync(house, otto, "keys")).Problem!.Kind); // an operator has no keys
        var revoked = (await StepAsync(house, kurt, "keys")).Value;
        Assert.Equal(("done", kurt.Email), (revoked.Steps[2].State, revoked.Steps[2].By));
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(Stop))
        {
            Assert.All(await db.KeyVersions.ToListAsync(Stop), v => Assert.Equal(KeyState.Revoked, v.State));
            Assert.Equal(RotationState.Aborted, (await db.Rotations.SingleAsync(Stop)).State);
        }
        Assert.Equal(ProblemKind.Forbidden, (await ExportAsync(house, otto)).Problem!.Kind); // nor the trail
        var file = await ReadAsync((await ExportAsync(house, tara)).Value);
        var done = await GetAsync(house, otto);
        Assert.True(done.Ready);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), done.Steps[3].Export!.Sha256);
        Assert.Equal((file.Length, 2, 1), (done.Steps[3].Export!.Bytes, done.Steps[3].Export!.Snapshots, done.Steps[3].Export!.Runs));

        var finished = (await FinishAsync(house)).Value;

        Assert.Equal(("finished", false), (finished.State, finished.Ready));
        Assert.All(finished.Steps, s => Assert.Equal("done", s.State));
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(Stop))
        {
            Assert.Equal(Lifecycle.Retired, (await db.Agents.SingleAsync(Stop)).Lifecycle);
            var last = await db.Snapshots.Where(s => s.Outcome == SnapshotOutcome.Current).OrderBy(s => s.Version).ToListAsync(Stop);
            Assert.Equal(
                [("2.1.0", "production", SnapshotStatus.Retired), ("3.0.0", "staging", SnapshotStatus.Retired)],
                last.Select(s => (s.Version, s.Environment, s.Status))
            );
            Assert.All(last, s => Assert.Equal("Replaced by mailroom-2", s.Reason));
            Assert.Equal(
                ["retirement.started", "retirement.finished"],
                await db
                    .TrailRecords.Where(r => r.Action == "retirement.started" || r.Action == "retirement.finished")
                    .OrderBy(r => r.Seq)
                    .Select(r => r.Action)
                    .ToListAsync(Stop)
            );
        }
        Assert.Equal(
            "agent_retired",
            (await house.Get<GatewayLinks>().LinkAsync(house.As(otto), "mailroom-1", "gateway-eu", Stop)).Problem!.Code
        );
        Assert.Equal(
            "agent_retired",
            (await house.Get<KeyService>().MintAsync(house.As(kurt), "mailroom-1", new MintKey(), Stop)).Problem!.Code
        );
        Assert.Equal(
            "agent_retired",
            (await house.Get<RotationService>().CreateAsync(house.As(kurt), "mailroom-1", new CreateRotation(), Stop)).Problem!.Code
        );
        Assert.Equal("agent_retired", (await TryStartAsync(house)).Problem!.Code);
        var victor = house.As(house.Cast.Victor);
        Assert.Equal("retired", (await house.Get<AgentService>().GetAsync(victor, "mailroom-1", Stop)).Value.Lifecycle);
        Assert.Single(
            (await house.Get<RunService>().ListAsync(victor, new RunFilter { Agent = "mailroom-1" }, new PageRequest(), Stop)).Value.Items
        );
        Assert.Equal(
            4,
            (await house.Get<SnapshotLists>().OfAgentAsync(victor, "mailroom-1", SnapshotFilter.None, new PageRequest(), Stop))
                .Value
                .Items
                .Count
        );
        Assert.Equal("finished", (await house.Get<RetirementService>().FindAsync(victor, finished.Id, Stop)).Value.State);
    }

    [Theory, BothDatabases]
    public async Task The_export_holds_all_that_concerns_the_agent_and_nothing_else_and_says_where_it_ends(Database database)
    {
        await using var house = await OpenAsync(database);
        var self = await SelfAsync(house);
        var other = await house.AgentAsync("mailroom-2");
        await house.ReportAsync(self, "job-1", "completed");
        await house.ReportAsync(other, "job-2", "completed");
        await SetAsync(house, "2.1.0", null);
        await StartAsync(house);
        await StepAsync(house, house.Cast.Kurt, "keys");

        var broken = (await ExportAsync(house, house.Cast.Olga)).Value;
        await Assert.ThrowsAsync<IOException>(() => broken.WriteToAsync(new BrokenStream(), Stop));
        Assert.Equal("open", (await GetAsync(house, house.Cast.Olga)).Steps[3].State); // a file that was cut off is no copy

        var lines = Encoding
            .UTF8.GetString(await ReadAsync((await ExportAsync(house, house.Cast.Olga)).Value))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();

        Assert.Equal("manifest", lines[0].GetProperty("kind").GetString());
        Assert.Equal("mailroom-1", lines[0].GetProperty("agent").GetProperty("slug").GetString());
        Assert.Equal("job-1", lines.Single(l => KindOf(l) == "run").GetProperty("data").GetProperty("external_id").GetString());
        var actions = lines.Where(l => KindOf(l) == "trail").Select(l => l.GetProperty("data").GetProperty("action").GetString()).ToList();
        Assert.Equal(
            [
                "agent.registered",
                "key.minted",
                "snapshot.activated",
                "retirement.started",
                "key.revoked",
                "retirement.step-done",
                "retirement.export-granted",
            ],
            actions
        );
        Assert.Equal(
            ("end", 1, 1, actions.Count),
            (
                KindOf(lines[^1]),
                lines[^1].GetProperty("snapshots").GetInt32(),
                lines[^1].GetProperty("runs").GetInt32(),
                lines[^1].GetProperty("trail").GetInt32()
            )
        );
        static string KindOf(JsonElement line) => line.GetProperty("kind").GetString()!;
    }

    [Theory, BothDatabases]
    public async Task The_export_holds_what_its_rollouts_did(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", null);
        var (rollouts, otto) = (house.Get<RolloutService>(), house.As(house.Cast.Otto));
        var trial = new StartRollout
        {
            Snapshot = new SetSnapshot { Version = "2.2.0", Reason = "New tax rates" },
            Plan = RolloutHouse.Plan(RolloutHouse.Step(10)),
        };
        var started = (await rollouts.StartAsync(otto, "mailroom-1", trial, Stop)).Value;
        var why = new RolloutAct { Reason = "It leaves instead" };
        Assert.Equal("aborted", (await rollouts.AbortAsync(otto, started.Id, why, Stop)).Value.State);
        await StartAsync(house);
        await StepAsync(house, house.Cast.Kurt, "keys");

        var file = Encoding.UTF8.GetString(await ReadAsync((await ExportAsync(house, house.Cast.Olga)).Value));

        Assert.Equal(
            ["rollout.started", "rollout.aborted"],
            file.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement)
                .Where(l => l.GetProperty("kind").GetString() == "trail")
                .Select(l => l.GetProperty("data").GetProperty("action").GetString()!)
                .Where(action => action.StartsWith("rollout.", StringComparison.Ordinal))
        );
    }

    [Theory, BothDatabases]
    public async Task Two_who_begin_at_once_share_one_and_it_can_be_abandoned(Database database)
    {
        await using var house = await OpenAsync(database);

        var both = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TryStartAsync(house)));

        Assert.Single(both, b => b.Problem is null);
        Assert.All(both.Where(b => b.Problem is not null), b => Assert.Equal("retirement_open", b.Problem!.Code));
        var retirements = house.Get<RetirementService>();
        var otto = house.As(house.Cast.Otto);
        Assert.Equal(["reason"], (await retirements.AbandonAsync(otto, "mailroom-1", new RetirementReason(), Stop)).Problem!.Errors!.Keys);
        var left = (await retirements.AbandonAsync(otto, "mailroom-1", new RetirementReason { Reason = "It is needed" }, Stop)).Value;
        Assert.Equal(("abandoned", "It is needed"), (left.State, left.EndReason));
        Assert.Equal("retirement_closed", (await FinishAsync(house)).Problem!.Code);
        Assert.Equal("retirement_closed", (await StepAsync(house, house.Cast.Otto, "gateways")).Problem!.Code);
        Assert.NotEqual(left.Id, (await StartAsync(house)).Id);
    }

    [Theory, BothDatabases]
    public async Task What_comes_back_opens_its_step_again(Database database)
    {
        await using var house = await OpenAsync(database);
        await LinkAsync(house, "gateway-eu");
        await StartAsync(house);
        await StepAsync(house, house.Cast.Otto, "gateways");
        await StepAsync(house, house.Cast.Kurt, "keys");
        await StepAsync(house, house.Cast.Otto, "export", new RetirementAct { Skip = true, Reason = "A trial" });
        Assert.True((await GetAsync(house, house.Cast.Otto)).Ready);

        Assert.Null((await house.Get<GatewayLinks>().LinkAsync(house.As(house.Cast.Otto), "mailroom-1", "gateway-eu", Stop)).Problem);

        var refused = await FinishAsync(house);
        Assert.Equal("retirement_step_open", refused.Problem!.Code);
        Assert.Contains("one gateway", refused.Problem.Detail, StringComparison.Ordinal);
        await StepAsync(house, house.Cast.Otto, "gateways");
        var finished = (await FinishAsync(house)).Value;
        Assert.Equal(["done", "done", "done", "skipped"], finished.Steps.Select(s => s.State));
        Assert.Equal("A trial", finished.Steps[3].Reason);
    }

    [Theory, BothDatabases]
    public async Task Only_runs_and_the_copy_can_be_left_out_and_with_a_reason(Database database)
    {
        await using var house = await OpenAsync(database);
        var self = await SelfAsync(house);
        await house.ReportAsync(self, "job-1", "running");
        await LinkAsync(house, "gateway-eu");
        await StartAsync(house);

        foreach (var step in (string[])["gateways", "keys"])
        {
            var kept = await StepAsync(house, house.Cast.Ines, step, new RetirementAct { Skip = true, Reason = "No time" });
            Assert.Equal(["skip"], kept.Problem!.Errors!.Keys);
        }
        Assert.Equal(
            ["reason"],
            (await StepAsync(house, house.Cast.Otto, "runs", new RetirementAct { Skip = true })).Problem!.Errors!.Keys
        );
        Assert.Equal(
            ["mode"],
            (await StepAsync(house, house.Cast.Otto, "runs", new RetirementAct { Mode = "kill" })).Problem!.Errors!.Keys
        );
        Assert.Equal("retirement_step_not_found", (await StepAsync(house, house.Cast.Otto, "coffee")).Problem!.Code);
        await StepAsync(house, house.Cast.Otto, "gateways");
        var skipped = (await StepAsync(house, house.Cast.Otto, "runs", new RetirementAct { Skip = true, Reason = "It hangs" })).Value;
        Assert.Equal(("skipped", 1, "It hangs"), (skipped.Steps[1].State, skipped.Steps[1].Left, skipped.Steps[1].Reason));
        Assert.Null((await StepAsync(house, house.Cast.Kurt, "keys")).Problem);
        Assert.Equal("retirement_export_missing", (await StepAsync(house, house.Cast.Otto, "export")).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Runs_that_are_asked_to_stop_are_open_until_their_agent_says_so(Database database)
    {
        await using var house = await OpenAsync(database);
        var self = await SelfAsync(house);
        await house.ReportAsync(self, "job-1", "running");
        await house.ReportAsync(self, "job-2", "waiting");
        await StartAsync(house);

        var asked = (await StepAsync(house, house.Cast.Otto, "runs", new RetirementAct { Mode = "cancel" })).Value;

        Assert.Equal(("open", "cancel", 2, 2), (asked.Steps[1].State, asked.Steps[1].Mode, asked.Steps[1].Left, asked.Steps[1].Count));
        Assert.Equal(2, house.Get<OpenCancels>().CountOf(house.Cast.Acme));
        await house.ReportAsync(self, "job-1", "cancelled");
        Assert.Equal(1, (await GetAsync(house, house.Cast.Otto)).Steps[1].Left);
        await house.ReportAsync(self, "job-2", "cancelled");
        Assert.Equal("done", (await GetAsync(house, house.Cast.Otto)).Steps[1].State);
    }

    [Theory, BothDatabases]
    public async Task A_rotation_that_cannot_go_back_is_given_up_and_one_on_its_way_to_a_sink_is_waited_for(Database database)
    {
        await using var house = await OpenAsync(database);
        var body = new CreateRotation { RevokeImmediately = true };
        Assert.Null((await house.Get<RotationService>().CreateAsync(house.As(house.Cast.Kurt), "mailroom-1", body, Stop)).Problem);
        await StartAsync(house);
        await DeliveringAsync(house.Clock.GetUtcNow().AddSeconds(30));

        Assert.Equal("rotation_delivering", (await StepAsync(house, house.Cast.Kurt, "keys")).Problem!.Code);
        Assert.Equal(1, (await GetAsync(house, house.Cast.Kurt)).Steps[2].Left); // nothing was revoked by halves

        await DeliveringAsync(null);
        Assert.Equal(1, (await StepAsync(house, house.Cast.Kurt, "keys")).Value.Steps[2].Count);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(RotationState.Aborted, (await db.Rotations.SingleAsync(Stop)).State);
        Assert.All(await db.KeyVersions.ToListAsync(Stop), v => Assert.Equal(KeyState.Revoked, v.State));
        var last = await db.TrailRecords.Where(r => r.Action == "rotation.aborted").SingleAsync(Stop);
        Assert.Equal("The agent is retired", last.Reason);

        async Task DeliveringAsync(DateTimeOffset? until)
        {
            await using var write = await house.Get<ConsoleStore>().WriteAsync(Stop);
            (await write.Db.Rotations.SingleAsync(Stop)).DeliveringUntil = until;
            Assert.True(await write.TryCommitAsync(Stop));
        }
    }

    [Theory, BothDatabases]
    public async Task In_one_call_only_what_nothing_hangs_on(Database database)
    {
        await using var house = await OpenAsync(database);
        var (retirements, otto) = (house.Get<RetirementService>(), house.As(house.Cast.Otto));
        var reason = new RetirementReason { Reason = "Never used" };

        var hangs = await retirements.RetireAsync(otto, "mailroom-1", reason, Stop);
        Assert.Equal("retirement_step_open", hangs.Problem!.Code);
        Assert.Contains("one version of a key", hangs.Problem.Detail, StringComparison.Ordinal);
        Assert.Equal("retirement_not_found", (await retirements.GetAsync(otto, "mailroom-1", Stop)).Problem!.Code); // nothing was begun

        var key = (await house.Get<KeyService>().ListAsync(otto, "mailroom-1", Stop)).Value.Single();
        await house.Get<KeyService>().RevokeAsync(house.As(house.Cast.Kurt), "mailroom-1", key.Id, new KeyAction(), Stop);
        var gone = (await retirements.RetireAsync(otto, "mailroom-1", reason, Stop)).Value;
        Assert.Equal(("finished", "skipped"), (gone.State, gone.Steps[3].State));
        Assert.Equal("retired", (await house.Get<AgentService>().GetAsync(otto, "mailroom-1", Stop)).Value.Lifecycle);
    }

    [Theory, BothDatabases]
    public async Task A_freeze_holds_the_end_as_it_holds_a_deployment_and_strangers_find_nothing(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", null);
        await StartAsync(house);
        await StepAsync(house, house.Cast.Kurt, "keys");
        await StepAsync(house, house.Cast.Otto, "export", new RetirementAct { Skip = true, Reason = "A trial" });
        var now = house.Clock.GetUtcNow();
        var freeze = new SetFreeze
        {
            Name = "Year's end",
            StartsAt = now,
            EndsAt = now.AddHours(2),
            OverrideRole = "org-admin",
            Reason = "The books are closed",
        };
        Assert.Null((await house.Get<FreezeService>().CreateAsync(house.As(house.Cast.Olga), freeze, Stop)).Problem);

        Assert.Equal("frozen", (await FinishAsync(house)).Problem!.Code);
        var (retirements, sara, victor) = (house.Get<RetirementService>(), house.As(house.Cast.Sara), house.As(house.Cast.Victor));
        var mine = (await retirements.GetAsync(victor, "mailroom-1", Stop)).Value;
        Assert.Equal("agent_not_found", (await retirements.GetAsync(sara, "mailroom-1", Stop)).Problem!.Code);
        Assert.Equal("retirement_not_found", (await retirements.FindAsync(sara, mine.Id, Stop)).Problem!.Code);
        Assert.Equal(
            ProblemKind.Forbidden,
            (await retirements.FinishAsync(victor, "mailroom-1", new RetirementReason(), Stop)).Problem!.Kind
        );
        house.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Null((await FinishAsync(house)).Problem);
    }

    private static async Task<TestHouse> OpenAsync(Database database)
    {
        var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(Stop);
        var agent = new RegisterAgent
        {
            Slug = "mailroom-1",
            Team = "payments",
            Environment = "production",
            Key = true,
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), agent, Stop)).Problem);
        return house;
    }

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

    private static async Task LinkAsync(TestHouse house, params string[] names)
    {
        foreach (var name in names)
        {
            var otto = house.As(house.Cast.Otto);
            Assert.Null(
                (await house.Get<GatewayService>().CreateAsync(otto, new SetGateway { Team = "payments", Name = name }, Stop)).Problem
            );
            Assert.Null((await house.Get<GatewayLinks>().LinkAsync(otto, "mailroom-1", name, Stop)).Problem);
        }
    }

    private static async Task SetAsync(TestHouse house, string version, string? environment)
    {
        var body = new SetSnapshot
        {
            Version = version,
            Status = "active",
            Environment = environment,
        };
        Assert.Null((await house.Get<DeploymentService>().SetAsync(house.As(house.Cast.Otto), "mailroom-1", body, Stop)).Problem);
    }

    private static Task<Outcome<RetirementBody>> TryStartAsync(TestHouse house) =>
        house
            .Get<RetirementService>()
            .StartAsync(house.As(house.Cast.Otto), "mailroom-1", new RetirementReason { Reason = "Replaced by mailroom-2" }, Stop);

    private static async Task<RetirementBody> StartAsync(TestHouse house) => (await TryStartAsync(house)).Value;

    private static Task<Outcome<RetirementBody>> StepAsync(TestHouse house, Person by, string step, RetirementAct? act = null) =>
        house.Get<RetirementSteps>().ActAsync(house.As(by), "mailroom-1", step, act ?? new RetirementAct(), Stop);

    private static Task<Outcome<RetirementBody>> FinishAsync(TestHouse house) =>
        house.Get<RetirementService>().FinishAsync(house.As(house.Cast.Otto), "mailroom-1", new RetirementReason(), Stop);

    private static async Task<RetirementBody> GetAsync(TestHouse house, Person by) =>
        (await house.Get<RetirementService>().GetAsync(house.As(by), "mailroom-1", Stop)).Value;

    private static Task<Outcome<RetirementExport>> ExportAsync(TestHouse house, Person by) =>
        house.Get<RetirementExports>().ExportAsync(house.As(by), "mailroom-1", Stop);

    private static async Task<byte[]> ReadAsync(RetirementExport export)
    {
        using var file = new MemoryStream();
        await export.WriteToAsync(file, Stop);
        return file.ToArray();
    }

    /// <summary>A reader who goes away.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The connection broke.");
    }
}
