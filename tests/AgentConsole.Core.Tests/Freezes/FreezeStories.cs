using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Freezes;

public sealed class FreezeStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_freeze_is_made_changed_and_taken_away_on_the_trail(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var freezes = house.Get<FreezeService>();
        var olga = house.As(house.Cast.Olga);

        var made = (await freezes.CreateAsync(olga, Weekend(), Stop)).Value;
        Assert.Equal(("team-admin", "Europe/Berlin", 1L), (made.OverrideRole, made.Zone, made.Revision));
        Assert.NotNull(made.Next);
        Assert.Equal("name_taken", (await freezes.CreateAsync(olga, Weekend(), Stop)).Problem!.Code);

        Assert.Equal("if_match_required", (await freezes.ChangeAsync(olga, made.Id, null, new SetFreeze(), Stop)).Problem!.Code);
        var changed = (
            await freezes.ChangeAsync(olga, made.Id, 1, new SetFreeze { OverrideRole = "org-admin", Environment = "production" }, Stop)
        ).Value;
        Assert.Equal(
            ("org-admin", "production", "0 18 * * FRI", 2L),
            (changed.OverrideRole, changed.Environment, changed.Cron, changed.Revision)
        );
        Assert.Equal(
            "changed_meanwhile",
            (await freezes.ChangeAsync(olga, made.Id, 1, new SetFreeze { Name = "Late" }, Stop)).Problem!.Code
        );
        var once = (
            await freezes.ChangeAsync(
                olga,
                made.Id,
                2,
                new SetFreeze { StartsAt = house.Clock.GetUtcNow(), EndsAt = house.Clock.GetUtcNow().AddDays(2) },
                Stop
            )
        ).Value;
        Assert.Equal((null, null, true), (once.Cron, once.DurationMinutes, once.Active));

        Assert.Null((await freezes.DeleteAsync(olga, made.Id, Stop)).Problem);
        Assert.Equal("freeze_not_found", (await freezes.GetAsync(olga, made.Id, Stop)).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            ["freeze.created", "freeze.changed", "freeze.changed", "freeze.deleted"],
            await db.TrailRecords.Where(r => r.TargetKind == "freeze").OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop)
        );
    }

    [Theory, BothDatabases]
    public async Task Who_deploys_in_a_freeze_holds_the_role_and_says_why(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (freezes, cast, now) = (house.Get<FreezeService>(), house.Cast, house.Clock.GetUtcNow());
        var olga = house.As(cast.Olga);
        var body = new SetFreeze
        {
            Name = "Year's end",
            Environment = "production",
            StartsAt = now.AddHours(1),
            EndsAt = now.AddDays(3),
            OverrideRole = "org-admin",
            Reason = "The books are closed.",
        };
        Assert.Null((await freezes.CreateAsync(olga, body, Stop)).Problem);
        async Task<string?> AskAsync(Actor by, string? reason, string? environment = "production", bool rollback = false)
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
            var at = house.Clock.GetUtcNow();
            return (await FreezeService.RefusalAsync(db, by, cast.Payments, environment, reason, rollback, at, Stop))?.Code;
        }

        Assert.Null(await AskAsync(house.As(cast.Ines), null)); // it has not begun
        house.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("frozen", await AskAsync(house.As(cast.Ines), "Urgent"));
        Assert.Null(await AskAsync(house.As(cast.Ines), null, "staging"));
        Assert.Equal("freeze_reason_required", await AskAsync(olga, " "));
        Assert.Null(await AskAsync(olga, "A fault in the tax rates"));
        Assert.Equal("freeze_reason_required", await AskAsync(house.As(cast.Ines), null, rollback: true));
        Assert.Null(await AskAsync(house.As(cast.Ines), "2.2.0 fails", rollback: true));
        house.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Null(await AskAsync(Actor.ForSystem(olga.OrganizationId, "console"), null));
    }

    [Theory, BothDatabases]
    public async Task What_holds_an_agent_is_told_to_its_team_and_no_other(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (freezes, cast, now) = (house.Get<FreezeService>(), house.Cast, house.Clock.GetUtcNow());
        var agent = new RegisterAgent { Slug = "mailroom-1", Team = "payments" };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(cast.Olga), agent, Stop)).Problem);
        foreach (
            var (name, environment, team, starts) in ((string, string?, string, int)[])
                [("Year's end", "production", "payments", 0), ("Later", "production", "payments", 30), ("Lab", "production", "research", 0)]
        )
        {
            var body = new SetFreeze
            {
                Name = name,
                Team = team,
                Environment = environment,
                StartsAt = now.AddSeconds(starts),
                EndsAt = now.AddHours(2),
                Reason = "The books are closed.",
            };
            Assert.Null((await freezes.CreateAsync(house.As(cast.Olga), body, Stop)).Problem);
        }
        async Task<string[]> HoldingAsync(string? environment) =>
            [.. (await freezes.HoldingAsync(house.As(cast.Victor), "mailroom-1", environment, Stop)).Value.Select(w => w.Name)];

        Assert.Equal(["Year's end"], await HoldingAsync("Production")); // as a deployment is held: whatever the case, and not before its time
        Assert.Empty(await HoldingAsync("staging"));
        Assert.Empty(await HoldingAsync(null));
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Later", "Year's end"], await HoldingAsync("production"));
        Assert.Equal("agent_not_found", (await freezes.HoldingAsync(house.As(cast.Sara), "mailroom-1", "production", Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_team_sees_its_own_and_those_of_everybody(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (freezes, cast) = (house.Get<FreezeService>(), house.Cast);
        var olga = house.As(cast.Olga);
        var everybody = (await freezes.CreateAsync(olga, Weekend(), Stop)).Value;
        var payments = (await freezes.CreateAsync(olga, Weekend() with { Name = "Payday", Team = "payments" }, Stop)).Value;
        var sara = house.As(cast.Sara); // of research

        Assert.Equal([everybody.Name], await NamesAsync(sara));
        Assert.Equal(["Payday", "Weekend"], await NamesAsync(house.As(cast.Victor)));
        Assert.Equal("freeze_not_found", (await freezes.GetAsync(sara, payments.Id, Stop)).Problem!.Code);
        Assert.Equal("freeze_not_found", (await freezes.DeleteAsync(sara, payments.Id, Stop)).Problem!.Code);
        Assert.Equal("team_not_found", (await freezes.CreateAsync(sara, Weekend() with { Team = "payments" }, Stop)).Problem!.Code);
        foreach (var victor in (Actor[])[house.As(cast.Victor), house.As(cast.Ines)])
        {
            Assert.Equal(ProblemKind.Forbidden, (await freezes.DeleteAsync(victor, payments.Id, Stop)).Problem!.Kind);
            Assert.Equal(ProblemKind.Forbidden, (await freezes.CreateAsync(victor, Weekend() with { Name = "Mine" }, Stop)).Problem!.Kind);
        }
        var windows = await freezes.WindowsAsync(sara, house.Clock.GetUtcNow(), house.Clock.GetUtcNow().AddDays(90), Stop);
        Assert.Equal([everybody.Id], windows.Value.Windows.Select(w => w.FreezeId).Distinct());

        async Task<string[]> NamesAsync(Actor by) =>
            [.. (await freezes.ListAsync(by, new PageRequest(), Stop)).Value.Items.Select(f => f.Name)];
    }

    [Theory]
    [InlineData("cron", "", "60", null, null)]
    [InlineData("cron", "every friday", "60", null, null)]
    [InlineData("duration_minutes", "0 18 * * FRI", "0", null, null)]
    [InlineData("duration_minutes", "0 18 * * FRI", "44641", null, null)]
    [InlineData("duration_minutes", "0 18 * * FRI", null, null, null)]
    [InlineData("duration_minutes", "0 0 * * *", "1440", null, null)]
    [InlineData("duration_minutes", "0 * * * *", "60", null, null)]
    [InlineData("cron", "0 18 * * FRI", "60", 1, 2)]
    [InlineData("ends_at", null, null, 1, null)]
    [InlineData("ends_at", null, null, 2, 1)]
    [InlineData("ends_at", null, null, -2, -1)]
    [InlineData("ends_at", null, null, 1, 400)]
    [InlineData("starts_at", null, null, null, 1)]
    [InlineData("cron", null, null, null, null)]
    public async Task What_is_no_time_is_refused_by_its_field(string field, string? cron, string? minutes, int? starts, int? ends)
    {
        await using var house = await TestHouse.OpenAsync(Database.Sqlite);
        var now = house.Clock.GetUtcNow();
        var body = new SetFreeze
        {
            Name = "Weekend",
            Reason = "Nobody is here",
            Cron = cron,
            DurationMinutes = minutes is null ? null : int.Parse(minutes, System.Globalization.CultureInfo.InvariantCulture),
            StartsAt = starts is { } from ? now.AddDays(from) : null,
            EndsAt = ends is { } to ? now.AddDays(to) : null,
        };

        var refused = await house.Get<FreezeService>().CreateAsync(house.As(house.Cast.Olga), body, Stop);

        Assert.Contains(field, refused.Problem!.Errors!.Keys);
    }

    [Fact]
    public async Task A_preview_says_when_it_will_bite_and_saves_nothing()
    {
        await using var house = await TestHouse.OpenAsync(Database.Sqlite);
        var freezes = house.Get<FreezeService>();

        var preview = freezes.Preview(Weekend()).Value;

        Assert.Equal(FreezeService.Previewed, preview.Count);
        Assert.All(preview, window => Assert.Equal(TimeSpan.FromHours(62), window.EndsAt - window.StartsAt));
        Assert.Equal("invalid", freezes.Preview(Weekend() with { Zone = "Mars/Olympus" }).Problem!.Code);
        Assert.Empty((await freezes.ListAsync(house.As(house.Cast.Olga), new PageRequest(), Stop)).Value.Items);
    }

    [Theory, BothDatabases]
    public async Task A_name_says_nothing_of_another_teams_freezes(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (freezes, cast) = (house.Get<FreezeService>(), house.Cast);
        var (tara, sara, olga) = (house.As(cast.Tara), house.As(cast.Sara), house.As(cast.Olga));
        async Task<string?> MakeAsync(Actor by, string? team, string name = "Weekend") =>
            (await freezes.CreateAsync(by, Weekend() with { Team = team, Name = name }, Stop)).Problem?.Code;

        Assert.Null(await MakeAsync(tara, "payments"));
        Assert.Null(await MakeAsync(sara, "research"));
        Assert.Null(await MakeAsync(olga, null));
        Assert.Equal("name_taken", await MakeAsync(tara, "payments"));
        Assert.Equal("name_taken", await MakeAsync(olga, null));
        Assert.Null(await MakeAsync(sara, "research", "Payday"));

        // Three of one name, page by page, each once.
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await freezes.ListAsync(olga, new PageRequest(1, cursor), Stop)).Value;
            seen.AddRange(page.Items.Select(f => $"{f.Name} {f.Team}"));
            cursor = page.NextCursor;
        } while (cursor is not null);
        Assert.Equal(["Payday research", "Weekend payments", "Weekend research", "Weekend "], seen);
        // Neither does a change.
        var payday = (await freezes.ListAsync(sara, new PageRequest(), Stop)).Value.Items.First(f => f.Name == "Payday");
        Assert.Equal(
            "name_taken",
            (await freezes.ChangeAsync(sara, payday.Id, payday.Revision, new SetFreeze { Name = "Weekend" }, Stop)).Problem!.Code
        );
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_is_said_to_whoever_might_make_one()
    {
        await using var house = await TestHouse.OpenAsync();
        Outcome<SetFreeze> unreadable = Problem.Invalid("body", "Is no JSON.");
        async Task<ProblemKind> AskAsync(Person by) =>
            (await house.Get<FreezeService>().CreateAsync(house.As(by), unreadable, Stop)).Problem!.Kind;

        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Tara));
        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Olga));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Ines));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Aude));
    }

    private static SetFreeze Weekend() =>
        new()
        {
            Name = "Weekend",
            Cron = "0 18 * * FRI",
            DurationMinutes = 62 * 60,
            Zone = "Europe/Berlin",
            Reason = "Nobody is here to look after it.",
        };
}
