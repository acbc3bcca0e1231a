using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

public sealed class LostWatchTests
{
    [Theory, BothDatabases]
    public async Task A_run_of_which_nothing_is_heard_is_lost_until_a_late_report_replaces_it(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "job-7", "running", r => r with { InputTokens = 30 });
        await house.ReportAsync(agent, "job-8", "completed");
        await house.ReportAsync(agent, "job-9", "waiting");

        house.Clock.Advance(TimeSpan.FromMinutes(29));
        await StepAsync(house);
        Assert.Equal("running", await StatusAsync(house, agent, "job-7"));

        house.Clock.Advance(TimeSpan.FromMinutes(2));
        await StepAsync(house);
        await StepAsync(house);
        Assert.Equal("lost", await StatusAsync(house, agent, "job-7"));
        Assert.Equal("completed", await StatusAsync(house, agent, "job-8"));
        Assert.Equal((1, 0, 2), await CountsAsync(house));
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
            Assert.Equal("lost", (await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop)).LastRunStatus);

        house.Clock.Advance(TimeSpan.FromHours(3));
        var late = await house.ReportAsync(agent, "job-7", "failed");
        Assert.Equal("failed", late.Run.Status);
        Assert.Equal((1, 1, 1), await CountsAsync(house));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, TestHouse.Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task A_step_is_a_sign_of_life_of_its_run(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "job-7", "running");
        house.Clock.Advance(TimeSpan.FromMinutes(20));
        await house.Get<RunIngest>().AddEventsAsync(agent, null, "job-7", (ReportEvent[])[new() { Kind = "log" }], 50);
        house.Clock.Advance(TimeSpan.FromMinutes(20));

        await StepAsync(house);

        Assert.Equal("running", await StatusAsync(house, agent, "job-7"));
    }

    [Theory, BothDatabases]
    public async Task After_an_outage_of_the_console_nobody_is_blamed_for_the_silence(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "job-7", "running");
        house.Clock.Advance(TimeSpan.FromMinutes(10));
        await house.Get<AliveMark>().StepAsync(TestHouse.Stop);

        house.Clock.Advance(TimeSpan.FromHours(5)); // the console is down, and comes back
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
            await house.Get<AliveMark>().LoadAsync(db, TestHouse.Stop);
        await StepAsync(house);
        Assert.Equal(TimeSpan.FromHours(5), house.Get<AliveMark>().Outage);
        Assert.Equal("running", await StatusAsync(house, agent, "job-7"));

        house.Clock.Advance(TimeSpan.FromMinutes(21));
        await StepAsync(house);
        Assert.Equal("lost", await StatusAsync(house, agent, "job-7"));
    }

    private static Task StepAsync(TestHouse house) => house.Get<LostWatch>().StepAsync(TestHouse.Stop);

    private static async Task<string> StatusAsync(TestHouse house, Actor agent, string externalId) =>
        (await house.Get<RunService>().GetAsync(agent, externalId, null, TestHouse.Stop)).Value.Status;

    private static async Task<(long Completed, long Failed, long Lost)> CountsAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var rows = await db.RunRollups.ToListAsync(TestHouse.Stop);
        return (rows.Sum(r => r.Completed), rows.Sum(r => r.Failed), rows.Sum(r => r.Lost));
    }
}
