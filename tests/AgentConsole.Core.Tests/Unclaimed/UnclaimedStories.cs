using System.Collections.Frozen;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Core.Unclaimed;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Unclaimed;

/// <summary>Agents that report with a good token and are not registered.</summary>
public sealed class UnclaimedStories
{
    [Theory, BothDatabases]
    public async Task A_stray_agent_is_seen_within_one_flush_and_claimed_with_a_key_of_its_own(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var token = await TokenAsync(house, house.Cast.Ines);
        for (var i = 0; i < 3; i++)
            Assert.Equal("unclaimed", Note(house, token, "Sorter-9", new Sighted("run", "failed", 100, 10, 210_000)).Value.Code);
        house.Clock.Advance(TimeSpan.FromSeconds(2));
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);
        Note(house, token, "sorter-9", new Sighted("heartbeat"));
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);

        var seen = Assert.Single(await ListAsync(house, house.Cast.Ines));
        Assert.Equal(("sorter-9", 4, "heartbeat", "failed", "0.63"), (seen.Name, seen.Reports, seen.LastKind, seen.LastStatus, seen.Cost));
        Assert.Equal((300, 30), (seen.InputTokens, seen.OutputTokens));
        Assert.Equal(["payments"], seen.Teams!);

        var service = house.Get<UnclaimedService>();
        Assert.Equal("sorter-9", (await service.GetAsync(house.As(house.Cast.Olga), seen.Id, TestHouse.Stop)).Value.Name);
        var hidden = await service.GetAsync(house.As(house.Cast.Victor), seen.Id, TestHouse.Stop);
        Assert.Equal("unclaimed_agent_not_found", hidden.Problem!.Code);
        var made = await service.ClaimAsync(house.As(house.Cast.Ines), seen.Id, new ClaimAgent(), TestHouse.Stop);

        Assert.Equal(("sorter-9", "payments", "ines@acme.example"), (made.Value.Slug, made.Value.Team.Slug, made.Value.Owner!.Email));
        Assert.Equal(KeyCheck.Ok, house.Get<KeyIndex>().Check(made.Value.ApiKey).Code);
        Assert.Empty(await ListAsync(house, house.Cast.Ines));
        Assert.Equal("agent_key_required", Note(house, token, "sorter-9").Problem!.Code);
        Assert.Contains("unclaimed.claimed", await ActionsAsync(house));
        Assert.NotNull((await service.GetAsync(house.As(house.Cast.Olga), seen.Id, TestHouse.Stop)).Problem);
        var again = await service.ClaimAsync(house.As(house.Cast.Olga), seen.Id, new ClaimAgent(), TestHouse.Stop);
        Assert.Equal("unclaimed_agent_not_found", again.Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_blocked_name_is_refused_in_whatever_case_until_it_is_let_in_again(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var token = await TokenAsync(house, house.Cast.Ines);
        Note(house, token, "sorter-9");
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);
        var seen = Assert.Single(await ListAsync(house, house.Cast.Otto));
        var service = house.Get<UnclaimedService>();

        var blocked = await service.BlockAsync(house.As(house.Cast.Otto), seen.Id, "Nobody knows it", TestHouse.Stop);

        Assert.Equal(("blocked", "otto@acme.example"), (blocked.Value.State, blocked.Value.BlockedBy));
        foreach (var name in new[] { "sorter-9", "SORTER-9", " Sorter-9 " })
            Assert.Equal("agent_blocked", Note(house, token, name).Problem!.Code);
        var restarted = new SightingBook(
            house.Get<ConsoleStore>(),
            house.Get<AgentDirectory>(),
            house.Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<SightingBook>.Instance
        );
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
            await restarted.LoadAsync(db, TestHouse.Stop);
        Assert.Equal("agent_blocked", restarted.Note(token, "sorter-9", new Sighted("run")).Problem!.Code);

        Assert.Null((await service.UnblockAsync(house.As(house.Cast.Otto), seen.Id, "", TestHouse.Stop)).Problem);
        Assert.Null(Note(house, token, "sorter-9").Problem);
        Assert.Equal(
            ["unclaimed.blocked", "unclaimed.unblocked"],
            (await ActionsAsync(house)).Where(a => a.StartsWith("unclaimed", StringComparison.Ordinal))
        );
    }

    [Theory, BothDatabases]
    public async Task Only_who_may_edit_in_a_team_of_the_token_sees_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        Note(house, await TokenAsync(house, house.Cast.Ines), "of-payments");
        Note(house, await TokenAsync(house, house.Cast.Olga, house.Cast.Research), "of-research");
        Note(house, await TokenAsync(house, house.Cast.Olga), "of-all");
        Note(house, await TokenAsync(house, house.Cast.Gus), "of-globex");
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);

        async Task<string[]> Names(Person person) =>
            [.. (await ListAsync(house, person)).Select(s => s.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(["of-all", "of-payments", "of-research"], await Names(house.Cast.Olga));
        Assert.Equal(["of-all", "of-payments"], await Names(house.Cast.Otto));
        Assert.Equal(["of-all", "of-research"], await Names(house.Cast.Sara));
        Assert.Equal(["of-globex"], await Names(house.Cast.Gus));
        foreach (var person in new[] { house.Cast.Victor, house.Cast.Kurt, house.Cast.Aude, house.Cast.Nobody })
            Assert.Empty(await Names(person));

        var research = (await ListAsync(house, house.Cast.Sara)).Single(s => s.Name == "of-research");
        var service = house.Get<UnclaimedService>();
        foreach (var person in new[] { house.Cast.Otto, house.Cast.Victor, house.Cast.Gus })
        {
            Assert.Equal(
                "unclaimed_agent_not_found",
                (await service.ClaimAsync(house.As(person), research.Id, new ClaimAgent { Team = "payments" }, TestHouse.Stop))
                    .Problem!
                    .Code
            );
            Assert.Equal(
                "unclaimed_agent_not_found",
                (await service.BlockAsync(house.As(person), research.Id, "", TestHouse.Stop)).Problem!.Code
            );
        }
        var all = (await ListAsync(house, house.Cast.Olga)).Single(s => s.Name == "of-all");
        Assert.Contains(
            "team",
            (await service.ClaimAsync(house.As(house.Cast.Olga), all.Id, new ClaimAgent(), TestHouse.Stop)).Problem!.Errors!.Keys
        );
    }

    [Theory, BothDatabases]
    public async Task A_flood_of_names_fills_neither_memory_nor_rows(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var token = await TokenAsync(house, house.Cast.Ines);
        var taken = 0;
        for (var minute = 0; minute < 12; minute++)
        {
            for (var i = 0; i < 100; i++)
                taken += Note(house, token, $"flood-{minute}-{i}").Problem is null ? 1 : 0;
            await house.Get<SightingBook>().StepAsync(TestHouse.Stop);
            house.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(taken, SightingBook.MostNewPerMinute, SightingBook.MostOfToken);
        Assert.Equal("too_many_unclaimed", Note(house, token, "one-more").Problem!.Code);
        Assert.Null(Note(house, token, "flood-0-0").Problem); // what is known is still counted
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(taken, await db.Sightings.CountAsync(TestHouse.Stop));
        // A month later nobody has seen them: their places are free.
        house.Clock.Advance(TimeSpan.FromDays(31));
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);
        Assert.Equal(0, await db.Sightings.CountAsync(TestHouse.Stop));
        Assert.Null(Note(house, token, "one-more").Problem);
    }

    [Theory, BothDatabases]
    public async Task What_a_flush_could_not_write_is_written_by_the_next(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var token = await TokenAsync(house, house.Cast.Ines);
        var book = house.Get<SightingBook>();
        var first = house.Clock.GetUtcNow();
        Note(house, token, "sorter-9", new Sighted("run", "failed", 100, 10, 210_000));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => book.StepAsync(new CancellationToken(canceled: true)));
        house.Clock.Advance(TimeSpan.FromSeconds(2));
        Note(house, token, "sorter-9", new Sighted("heartbeat"));
        await book.StepAsync(TestHouse.Stop);

        var seen = Assert.Single(await ListAsync(house, house.Cast.Ines));
        Assert.Equal((2, 100, "heartbeat", "failed"), (seen.Reports, seen.InputTokens, seen.LastKind, seen.LastStatus));
        Assert.Equal(first, seen.FirstSeenAt);
    }

    [Fact]
    public async Task Names_on_their_way_to_the_store_are_not_new_a_second_time()
    {
        await using var house = await TestHouse.OpenAsync();
        var token = await TokenAsync(house, house.Cast.Ines);
        var book = house.Get<SightingBook>();
        Task writing;
        await using (await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            for (var i = 0; i < SightingBook.MostNewPerMinute; i++)
                Assert.Null(Note(house, token, $"sorter-{i}").Problem);
            writing = book.StepAsync(TestHouse.Stop); // waits for the gate
            for (var i = 0; i < SightingBook.MostNewPerMinute; i++)
                Assert.Null(Note(house, token, $"sorter-{i}").Problem);
            Assert.Equal("too_many_unclaimed", Note(house, token, "one-more").Problem!.Code);
        }
        await writing;
        await book.StepAsync(TestHouse.Stop);

        Assert.All(await ListAsync(house, house.Cast.Ines), seen => Assert.Equal(2, seen.Reports));
    }

    [Theory, BothDatabases]
    public async Task A_block_is_kept_while_its_token_is_good_and_somebody_runs_into_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (good, lost) = (await TokenAsync(house, house.Cast.Ines), await TokenAsync(house, house.Cast.Ines));
        Note(house, good, "stays");
        Note(house, lost, "goes");
        var book = house.Get<SightingBook>();
        await book.StepAsync(TestHouse.Stop);
        foreach (var seen in await ListAsync(house, house.Cast.Otto))
            Assert.Null((await house.Get<UnclaimedService>().BlockAsync(house.As(house.Cast.Otto), seen.Id, "", TestHouse.Stop)).Problem);
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            (await write.Db.ApiTokens.SingleAsync(t => t.Id == lost.CredentialId, TestHouse.Stop)).RevokedAt = write.Now;
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }
        async Task<string[]> NamesAsync()
        {
            await book.StepAsync(TestHouse.Stop);
            await using var read = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            return await read.Sightings.Select(s => s.Name).Order().ToArrayAsync(TestHouse.Stop);
        }

        house.Clock.Advance(TimeSpan.FromDays(20));
        Assert.Equal(["goes", "stays"], await NamesAsync());
        house.Clock.Advance(TimeSpan.FromDays(20));
        Assert.Equal(["stays"], await NamesAsync());

        house.Clock.Advance(TimeSpan.FromDays(300));
        Assert.Equal("agent_blocked", Note(house, good, "stays").Problem!.Code);
        house.Clock.Advance(TimeSpan.FromDays(300));
        Assert.Equal(["stays"], await NamesAsync());
        house.Clock.Advance(TimeSpan.FromDays(66));
        Assert.Empty(await NamesAsync());
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var forgotten = await db
            .TrailRecords.Where(r => r.Action == "unclaimed.block-forgotten")
            .OrderBy(r => r.Seq)
            .ToListAsync(TestHouse.Stop);
        Assert.Equal(["goes", "stays"], forgotten.Select(r => r.TargetLabel!));
        Assert.All(forgotten, r => Assert.Contains(house.Cast.Otto.Email, r.Before!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_tokens_teams_one_reads_those_that_one_may_see()
    {
        await using var house = await TestHouse.OpenAsync();
        Note(house, await TokenAsync(house, house.Cast.Olga, house.Cast.Payments, house.Cast.Research), "of-two");
        await house.Get<SightingBook>().StepAsync(TestHouse.Stop);

        Assert.Equal(["payments", "research"], Assert.Single(await ListAsync(house, house.Cast.Olga)).Teams!);
        Assert.Equal(["payments"], Assert.Single(await ListAsync(house, house.Cast.Otto)).Teams!);
        Assert.Equal(["research"], Assert.Single(await ListAsync(house, house.Cast.Sara)).Teams!);
    }

    [Theory]
    [InlineData("agt_01m2fz3k9ve4q8t7r5n2x6h0wc")]
    [InlineData("run_x")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("a b")]
    [InlineData("-x")]
    [InlineData("name\u202Egnp")]
    [InlineData("../../etc")]
    public async Task Names_that_are_no_slugs_are_named_as_wrong(string name)
    {
        await using var house = await TestHouse.OpenAsync();
        var token = await TokenAsync(house, house.Cast.Ines);

        Assert.Contains("agent", Note(house, token, name).Problem!.Errors!.Keys);
        Assert.Contains("agent", Note(house, token, new string('a', 101)).Problem!.Errors!.Keys);
        Assert.Equal("agent_key_required", Note(house, token, null).Problem!.Code);
        Assert.Equal("agent_key_required", Note(house, house.As(house.Cast.Ines), "sorter-9").Problem!.Code); // a session is no token
    }

    [Fact]
    public async Task A_registered_agent_whose_name_marks_an_id_by_now_is_told_that_it_lacks_its_key_and_not_another_name()
    {
        await using var house = await TestHouse.OpenAsync();
        var token = await TokenAsync(house, house.Cast.Ines);
        Assert.Contains("agent", Note(house, token, "ses_mailer").Problem!.Errors!.Keys);
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            var agent = new Agent
            {
                Id = write.NewId(),
                OrganizationId = house.Cast.Acme,
                TeamId = house.Cast.Payments,
                Slug = "ses_mailer",
                DisplayName = "Registered before ses_ came to mark sessions",
                CreatedAt = write.Now,
                CreatedBy = "tests",
                UpdatedAt = write.Now,
            };
            write.Db.Add(agent);
            house.Get<AgentDirectory>().Announce(write, agent);
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        Assert.Equal("agent_key_required", Note(house, token, "SES_mailer").Problem!.Code);
    }

    private static Outcome<UnclaimedReport> Note(TestHouse house, Actor by, string? name, Sighted? sighted = null) =>
        house.Get<SightingBook>().Note(by, name, sighted ?? new Sighted("run", "completed"));

    private static async Task<IReadOnlyList<UnclaimedBody>> ListAsync(TestHouse house, Person person) =>
        (await house.Get<UnclaimedService>().ListAsync(house.As(person), new UnclaimedFilter(), new PageRequest(), TestHouse.Stop))
            .Value
            .Items;

    private static async Task<List<string>> ActionsAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.TrailRecords.OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(TestHouse.Stop);
    }

    private static async Task<Actor> TokenAsync(TestHouse house, Person person, params Guid[] teams)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var id = write.NewId();
        write.Db.Add(
            new ApiToken
            {
                Id = id,
                OrganizationId = person.OrganizationId,
                Name = "ci",
                OwnerId = person.Id,
                OwnerKind = ActorKind.User,
                Scopes = string.Join(' ', TokenScopes.All),
                TeamIds = [.. teams],
                Hash = System.Security.Cryptography.SHA256.HashData(id.ToByteArray()),
                PepperId = "p",
                Prefix = "act_x",
                Last4 = "abcd",
                CreatedAt = write.Now,
            }
        );
        write.AfterCommit(house.Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        return house.As(person) with
        {
            Method = AuthMethod.Token,
            CredentialId = id,
            Scopes = TokenScopes.All.ToFrozenSet(StringComparer.Ordinal),
            TeamLimit = teams.Length == 0 ? null : teams.ToFrozenSet(),
        };
    }
}
