using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>A run is cancelled when its agent says so, and not a moment before.</summary>
public sealed class RunCancelTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    /// <summary>The console goes on.</summary>
    private static CancellationToken Never => new(canceled: false);

    private static Task<Outcome<CancelBody>> AskAsync(TestHouse house, Person by, string run, string reason = "") =>
        house.Get<RunCancelService>().AskAsync(house.As(by), run, null, reason, Stop);

    private static async Task<CancelBody> StandsAsync(TestHouse house, string run) =>
        (await house.Get<RunCancelService>().GetAsync(house.As(house.Cast.Olga), run, null, Stop)).Value;

    [Theory, BothDatabases]
    public async Task It_is_asked_acknowledged_and_cancelled_only_when_the_agent_reports_it(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;

        var asked = (await AskAsync(house, house.Cast.Otto, run.Id, "wrong tax year")).Value;
        Assert.Equal(("requested", "running", false), (asked.State, asked.RunStatus, asked.NotConfirmed));
        Assert.Equal(house.As(house.Cast.Otto).Label, asked.RequestedBy);

        // It hears of it with whatever it sends next.
        var next = await house.ReportAsync(agent, "job-7", "waiting");
        Assert.Equal(("requested", "wrong tax year"), (next.Run.Cancel!.State, next.Run.Cancel.Reason));
        Assert.Equal("waiting", next.Run.Status);
        var steps = await house.Get<RunIngest>().AddEventsAsync(agent, null, "job-7", (ReportEvent[])[new() { Kind = "log" }], 50);
        Assert.Equal("requested", steps.Value.Cancel!.State);
        var batch = await house.Get<RunIngest>().ReportBatchAsync(agent, null, [], 10);
        Assert.Equal("job-7", Assert.Single(batch.Value.Cancels!).ExternalId);
        var beat = await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat());
        Assert.Equal(run.Id, Assert.Single(beat.Value.Cancels!).Run);

        house.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.True((await StandsAsync(house, run.Id)).NotConfirmed);

        var heard = (await house.Get<RunCancelService>().AcknowledgeAsync(agent, "job-7", Stop)).Value;
        Assert.Equal("acknowledged", heard.State);
        Assert.Equal(("acknowledged", "waiting"), ((await StandsAsync(house, run.Id)).State, (await StandsAsync(house, run.Id)).RunStatus));

        var ended = await house.ReportAsync(agent, "job-7", "cancelled");
        Assert.Null(ended.Run.Cancel);
        var stands = await StandsAsync(house, run.Id);
        Assert.Equal(("cancelled", "cancelled", false), (stands.State, stands.RunStatus, stands.NotConfirmed));
        Assert.False(house.Get<OpenCancels>().Any);
        Assert.Null((await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat())).Value.Cancels);
        Assert.Equal("run_finished", (await AskAsync(house, house.Cast.Otto, run.Id)).Problem!.Code);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var record = await db.TrailRecords.SingleAsync(r => r.Action == "run.cancel-requested", Stop);
        Assert.Equal(("wrong tax year", house.Cast.Payments), (record.Reason, record.TeamId));
    }

    [Fact]
    public async Task What_was_read_before_the_agent_heard_does_not_make_it_unheard()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.Sqlite);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "job-7", "running");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        Assert.Null((await AskAsync(house, house.Cast.Otto, run.Id, "wrong tax year")).Problem);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var before = await db.RunCancels.SingleAsync(Stop);
        Assert.Null((await house.Get<RunCancelService>().AcknowledgeAsync(agent, "job-7", Stop)).Problem);

        house.Get<OpenCancels>().Put(before, "job-7"); // as a comparison with the store does that began a moment too early

        Assert.NotNull(Assert.Single(house.Get<OpenCancels>().All).AcknowledgedAt);
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_was_done_before_it_heard_finished_first(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        await AskAsync(house, house.Cast.Tara, run.Id);

        await house.ReportAsync(agent, "job-7", "completed");

        var stands = await StandsAsync(house, run.Id);
        Assert.Equal(("finished-first", "completed"), (stands.State, stands.RunStatus));
        Assert.NotNull(stands.EndedAt);
        Assert.Equal("finished-first", (await house.Get<RunCancelService>().AcknowledgeAsync(agent, "job-7", Stop)).Value.State);
    }

    [Theory, BothDatabases]
    public async Task Asking_twice_is_asking_once(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, null, "running")).Run;
        var first = (await AskAsync(house, house.Cast.Otto, run.Id, "first")).Value;
        house.Clock.Advance(TimeSpan.FromSeconds(5));

        var second = (await AskAsync(house, house.Cast.Ines, run.Id, "second")).Value;

        Assert.Equal((first.RequestedAt, "first", first.RequestedBy), (second.RequestedAt, second.Reason, second.RequestedBy));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.TrailRecords.CountAsync(r => r.Action == "run.cancel-requested", Stop));
    }

    [Theory, BothDatabases]
    public async Task Children_are_asked_for_as_far_as_one_may_and_the_others_are_named_or_counted(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var stranger = await house.AgentAsync("reader-1", a => a.TeamId = house.Cast.Research);
        var root = (await house.ReportAsync(agent, "root", "running")).Run;
        var done = (await house.ReportAsync(agent, "done", "completed", r => r with { ParentRun = root.Id })).Run;
        var below = (await house.ReportAsync(agent, "below", "running", r => r with { ParentRun = done.Id })).Run;
        var foreign = (await house.ReportAsync(stranger, "foreign", "running", r => r with { ParentRun = root.Id })).Run;
        await house.ReportAsync(stranger, "beyond", "running", r => r with { ParentRun = foreign.Id });

        var plan = (await house.Get<RunCancelService>().PlanAsync(house.As(house.Cast.Otto), root.Id, Stop)).Value;
        var asked = (await AskAsync(house, house.Cast.Otto, root.Id)).Value;

        Assert.Equal((1, 0, 1), (plan.Children, plan.NotIncluded, plan.NotVisible));
        Assert.Equal(below.Id, Assert.Single(asked.Children).Run);
        Assert.Empty(asked.NotIncluded);
        Assert.Equal(1, asked.NotVisible);
        Assert.DoesNotContain(foreign.Id, System.Text.Json.JsonSerializer.Serialize(asked), StringComparison.Ordinal);
        Assert.Null(house.Get<OpenCancels>().Of(stranger.AgentId!.Value));
        Assert.Equal(root.Id, (await StandsAsync(house, below.Id)).With);

        // An org-admin may act on all of them.
        var all = (await AskAsync(house, house.Cast.Olga, root.Id)).Value;
        Assert.Equal(3, all.Children.Count);
        Assert.Equal(2, house.Get<OpenCancels>().Of(stranger.AgentId!.Value)!.Count);
    }

    [Theory, BothDatabases]
    public async Task A_child_that_nobody_asked_to_cancel_is_named_also_after_its_parent_was_cancelled(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var root = (await house.ReportAsync(agent, "root", "running")).Run;
        var asked = (await house.ReportAsync(agent, "asked", "running", r => r with { ParentRun = root.Id })).Run;
        Assert.Empty((await AskAsync(house, house.Cast.Otto, root.Id)).Value.NotAsked);

        var late = (await house.ReportAsync(agent, "late", "running", r => r with { ParentRun = root.Id })).Run;
        var stands = await StandsAsync(house, root.Id);
        Assert.Equal((asked.Id, late.Id), (Assert.Single(stands.Children).Run, Assert.Single(stands.NotAsked).Run));

        await house.ReportAsync(agent, "root", "cancelled");
        stands = await StandsAsync(house, root.Id);
        Assert.Equal(("cancelled", late.Id), (stands.State, Assert.Single(stands.NotAsked).Run));

        // Who may not cancel sees what was asked for as asked for, and the other one as not theirs.
        var viewer = (await house.Get<RunCancelService>().GetAsync(house.As(house.Cast.Victor), root.Id, null, Stop)).Value;
        Assert.Equal((asked.Id, late.Id), (Assert.Single(viewer.Children).Run, Assert.Single(viewer.NotIncluded).Run));
        Assert.Empty(viewer.NotAsked);

        // Asked for by itself, it is a child that was asked for.
        await AskAsync(house, house.Cast.Otto, late.Id);
        stands = await StandsAsync(house, root.Id);
        Assert.Equal([asked.Id, late.Id], stands.Children.Select(c => c.Run));
        Assert.Empty(stands.NotAsked);
    }

    [Theory, BothDatabases]
    public async Task Asking_again_keeps_the_reason_and_with_what_a_child_was_asked_for(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var root = (await house.ReportAsync(agent, "root", "running")).Run;
        var child = (await house.ReportAsync(agent, "child", "running", r => r with { ParentRun = root.Id })).Run;
        await AskAsync(house, house.Cast.Otto, root.Id, "wrong tax year");
        house.Clock.Advance(TimeSpan.FromSeconds(31));

        var again = (await AskAsync(house, house.Cast.Ines, child.Id)).Value;

        Assert.Equal(("wrong tax year", root.Id, false), (again.Reason, again.With, again.NotConfirmed));
        Assert.Equal(house.As(house.Cast.Ines).Label, again.RequestedBy);
        Assert.Equal(child.Id, Assert.Single((await StandsAsync(house, root.Id)).Children).Run);
        // One that nobody heard of for so long is another one.
        var otto = house.As(house.Cast.Otto); // whose session ends before
        house.Clock.Advance(RunCancel.Stands);
        again = (await house.Get<RunCancelService>().AskAsync(otto, child.Id, null, "", Stop)).Value;
        Assert.Null(again.Reason);
        Assert.Null(again.With);
    }

    [Theory, BothDatabases]
    public async Task A_request_that_was_not_confirmed_can_be_made_again(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        var cancels = house.Get<RunCancelService>();
        await AskAsync(house, house.Cast.Otto, run.Id, "first");
        await cancels.AcknowledgeAsync(agent, run.Id, Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.True((await StandsAsync(house, run.Id)).NotConfirmed);

        var again = (await AskAsync(house, house.Cast.Ines, run.Id, "second")).Value;

        Assert.Equal(
            ("requested", "second", false, house.As(house.Cast.Ines).Label),
            (again.State, again.Reason, again.NotConfirmed, again.RequestedBy)
        );
        Assert.Null(again.AcknowledgedAt);
        // The agent hears of it once more.
        var heard = Assert.Single((await house.Get<CancelPolls>().WaitAsync(agent, 0, () => agent, Never, Stop)).Value.Data);
        Assert.Equal(("requested", "second"), (heard.State, heard.Reason));
        Assert.Equal(1, house.Get<OpenCancels>().CountOf(house.Cast.Acme));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(2, await db.TrailRecords.CountAsync(r => r.Action == "run.cancel-requested", Stop));
    }

    [Theory, BothDatabases]
    public async Task A_plan_says_whom_else_it_leaves_and_that_there_are_more_than_it_covers(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house
            .Get<TeamService>()
            .SetMemberAsync(
                house.As(house.Cast.Olga),
                "research",
                IdText.Format(IdText.User, house.Cast.Otto.Id),
                new SetMember { Roles = ["viewer"] },
                Stop
            );
        var root = (await house.ReportAsync(agent, "root", "running")).Run;
        for (var i = 0; i < CancelPlan.MostNamed + 2; i++)
        {
            var reader = await house.AgentAsync($"reader-{i}", a => a.TeamId = house.Cast.Research);
            await house.ReportAsync(reader, "theirs", "running", r => r with { ParentRun = root.Id });
        }
        var cancels = house.Get<RunCancelService>();

        var plan = (await cancels.PlanAsync(house.As(house.Cast.Otto), root.Id, Stop)).Value;
        Assert.Equal((0, 7, 2, false), (plan.Children, plan.NotIncluded, plan.OtherAgents, plan.More));
        // What somebody else asked for does not go on.
        await AskAsync(house, house.Cast.Olga, root.Id);
        plan = (await cancels.PlanAsync(house.As(house.Cast.Otto), root.Id, Stop)).Value;
        Assert.Equal((0, 0), (plan.NotIncluded, plan.NotIncludedAgents.Count));

        var many = Enumerable
            .Range(0, RunCancelService.MostRuns)
            .Select(i => house.ReportAsync(agent, $"mine-{i}", "running", r => r with { ParentRun = root.Id }));
        await Task.WhenAll(many);
        plan = (await cancels.PlanAsync(house.As(house.Cast.Otto), root.Id, Stop)).Value;
        Assert.True(plan.More);
        Assert.True((await AskAsync(house, house.Cast.Otto, root.Id)).Value.More);
    }

    [Theory, BothDatabases]
    public async Task A_ring_of_parents_ends(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var a = (await house.ReportAsync(agent, "a", "running")).Run;
        await house.ReportAsync(agent, "b", "running", r => r with { ParentRun = a.Id });
        await house.ReportAsync(agent, "a", "running", r => r with { ParentRun = "b" });

        var asked = (await AskAsync(house, house.Cast.Otto, a.Id)).Value;

        Assert.Single(asked.Children);
    }

    [Theory, BothDatabases]
    public async Task Who_may_not_edit_may_not_cancel_and_an_agent_acknowledges_its_own_only(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("mailroom-2");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;

        foreach (var person in new[] { house.Cast.Victor, house.Cast.Alma, house.Cast.Kurt, house.Cast.Aude })
            Assert.Equal("role_missing", (await AskAsync(house, person, run.Id)).Problem!.Code);
        foreach (var person in new[] { house.Cast.Sara, house.Cast.Nobody, house.Cast.Gus })
            Assert.Equal("run_not_found", (await AskAsync(house, person, run.Id)).Problem!.Code);
        var cancels = house.Get<RunCancelService>();
        Assert.Equal("cancel_not_asked", (await cancels.AcknowledgeAsync(agent, run.Id, Stop)).Problem!.Code);
        await AskAsync(house, house.Cast.Otto, run.Id);
        Assert.Equal("run_not_found", (await cancels.AcknowledgeAsync(other, run.Id, Stop)).Problem!.Code);
        Assert.Equal("agent_key_required", (await cancels.AcknowledgeAsync(house.As(house.Cast.Olga), run.Id, Stop)).Problem!.Code);
        Assert.Equal("invalid", (await AskAsync(house, house.Cast.Otto, run.Id, new string('x', 501))).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task It_survives_a_restart_and_reaches_an_agent_that_comes_back_from_being_lost(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        var over = (await house.ReportAsync(agent, "job-8", "running")).Run;
        await AskAsync(house, house.Cast.Otto, run.Id);
        await AskAsync(house, house.Cast.Otto, over.Id);
        await house.ReportAsync(agent, "job-8", "failed");
        house.Clock.Advance(TimeSpan.FromMinutes(31));
        await house.Get<LostWatch>().StepAsync(Stop);

        await using var restarted = house.OpenNode();
        await restarted.StartAsync();

        var open = Assert.Single(restarted.Get<OpenCancels>().All);
        Assert.Equal("job-7", open.ExternalId);
        Assert.Equal("requested", (await house.ReportAsync(agent, "job-7", "running")).Run.Cancel!.State);

        house.Clock.Advance(RunCancel.Stands);
        Assert.Equal("expired", (await house.Get<RunCancelService>().GetAsync(agent, run.Id, null, Stop)).Value.State);
    }

    [Fact]
    public async Task Other_nodes_learn_that_it_was_asked_and_that_it_is_over()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.PostgreSql);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        await using var node = house.OpenNode();
        await node.StartAsync();
        var waits = node.Get<CancelPolls>().WaitAsync(agent, 30, () => agent, Never, Stop);

        await AskAsync(house, house.Cast.Otto, run.Id);
        await node.HearUntilAsync(() => waits.IsCompleted);
        Assert.Equal("job-7", Assert.Single((await waits).Value.Data).ExternalId);

        await house.ReportAsync(agent, "job-7", "cancelled");
        await node.HearUntilAsync(() => !node.Get<OpenCancels>().Any);
        Assert.False(node.Get<OpenCancels>().Any);
    }

    [Fact]
    public async Task A_poll_answers_the_moment_somebody_asks_and_not_again_once_it_was_acknowledged()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.Sqlite);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        var polls = house.Get<CancelPolls>();
        var waits = polls.WaitAsync(agent, 30, () => agent, Never, Stop);
        Assert.False(waits.IsCompleted);

        await AskAsync(house, house.Cast.Otto, run.Id);
        Assert.Equal(run.Id, Assert.Single((await waits).Value.Data).Run);
        Assert.Single((await polls.WaitAsync(agent, 30, () => agent, Never, Stop)).Value.Data);

        await house.Get<RunCancelService>().AcknowledgeAsync(agent, run.Id, Stop);
        var quiet = polls.WaitAsync(agent, 3, () => agent, Never, Stop);
        Assert.False(quiet.IsCompleted);
        house.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty((await quiet).Value.Data);
        Assert.Equal(0, polls.Waiting);
    }

    [Fact]
    public async Task A_poll_ends_with_its_key_with_the_console_and_at_its_bounds()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.Sqlite);
        var agent = await house.AgentAsync("mailroom-1");
        var polls = house.Get<CancelPolls>();
        Outcome<Actor> now = agent;
        using var stopping = new CancellationTokenSource();
        var waits = polls.WaitAsync(agent, 60, () => now, Never, Stop);
        var stops = polls.WaitAsync(agent, 60, () => agent, stopping.Token, Stop);

        now = ActorSource.SignInRequired;
        house.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(ActorSource.SignInRequired, (await waits).Problem);
        await stopping.CancelAsync();
        Assert.Equal("stopping", (await stops).Problem!.Code);

        var most = Enumerable.Range(0, CancelPolls.MostOfAgent).Select(_ => polls.WaitAsync(agent, 60, () => agent, Never, Stop)).ToList();
        Assert.Equal("too_many_polls", (await polls.WaitAsync(agent, 60, () => agent, Never, Stop)).Problem!.Code);
        house.Clock.Advance(TimeSpan.FromSeconds(60));
        await Task.WhenAll(most);
    }

    [Fact]
    public async Task Pages_are_told_once_when_it_was_not_confirmed_in_time()
    {
        await using var house = await RunServiceTests.OpenAsync(
            Database.Sqlite,
            new Dictionary<string, string?> { ["AgentConsole:Runs:CancelConfirmSeconds"] = "10" }
        );
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        var watch = house.Get<CancelWatch>();
        await AskAsync(house, house.Cast.Otto, run.Id);
        var told = 0;
        using var _ = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, e => told += e.Noun == "run" ? 1 : 0);

        await watch.StepAsync(Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(9));
        await watch.StepAsync(Stop);
        Assert.Equal(0, told);
        house.Clock.Advance(TimeSpan.FromSeconds(2));
        await watch.StepAsync(Stop);
        house.Clock.Advance(TimeSpan.FromSeconds(20));
        await watch.StepAsync(Stop);

        Assert.Equal(1, told);
    }
}
