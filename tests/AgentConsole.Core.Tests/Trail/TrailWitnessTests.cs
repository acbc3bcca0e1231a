using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Tests.Trail;

public sealed class TrailWitnessTests
{
    [Theory, BothDatabases]
    public async Task A_change_that_was_rolled_back_is_never_witnessed(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
            write.Trail(house.As(house.Cast.Olga), "team.edited", null);
        await house.Get<TrailWitness>().StepAsync(TestHouse.Stop);

        Assert.Equal(10, WitnessFile.Read(WitnessFile.FolderOf(house.Folder)).Lines.Max(l => l.Seq));
    }

    [Fact]
    public async Task The_last_line_that_a_kill_cut_short_does_not_count_and_the_next_one_stands_alone()
    {
        await using var house = await TestHouse.OpenAsync();
        await house.TenRecordsAsync();
        var folder = WitnessFile.FolderOf(house.Folder);
        var file = Assert.Single(Directory.GetFiles(folder));
        await File.AppendAllTextAsync(file, "org_0123456789", TestHouse.Stop);

        Assert.Empty(WitnessFile.Read(folder).Faults);
        WitnessFile.Mend(folder);
        await WitnessFile.AppendAsync(folder, [new WitnessLine(house.Cast.Acme, 11, new byte[32], house.Clock.GetUtcNow())]);

        var history = WitnessFile.Read(folder);
        Assert.Empty(history.Faults);
        Assert.Equal([10, 11], history.Lines.Select(l => l.Seq));
    }

    [Fact]
    public async Task A_line_that_was_tampered_with_is_named()
    {
        await using var house = await TestHouse.OpenAsync();
        await house.TenRecordsAsync();
        var file = Assert.Single(Directory.GetFiles(WitnessFile.FolderOf(house.Folder)));
        await File.WriteAllTextAsync(file, "nonsense\n" + await File.ReadAllTextAsync(file, TestHouse.Stop), TestHouse.Stop);

        var report = await house.Get<TrailVerifier>().VerifyAsync(null, TestHouse.Stop);

        Assert.False(report.IsGood);
        Assert.Contains("line 1", Assert.Single(report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_history_is_thinned_and_still_begins_early_and_ends_at_the_end()
    {
        var folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        try
        {
            var acme = Guid.NewGuid();
            await WitnessFile.AppendAsync(
                folder,
                Enumerable.Range(1, 10_000).Select(i => new WitnessLine(acme, i, new byte[32], DateTimeOffset.UnixEpoch))
            );

            WitnessFile.Thin(folder);

            var kept = WitnessFile.Read(folder).Lines.Select(l => l.Seq).ToList();
            Assert.Equal(1090, kept.Count);
            Assert.Equal((1L, 10_000L), (kept[0], kept[^1]));
            Assert.Equal(kept.Order(), kept);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Nodes_may_tell_their_commits_out_of_order()
    {
        await using var house = await TestHouse.OpenAsync();
        var witness = house.Get<TrailWitness>();
        witness.Note(house.Cast.Acme, 2, new byte[32]);
        witness.Note(house.Cast.Acme, 1, new byte[32]);
        await witness.StepAsync(TestHouse.Stop);
        witness.Note(house.Cast.Acme, 1, new byte[32]);
        await witness.StepAsync(TestHouse.Stop);

        Assert.Equal(2, Assert.Single(WitnessFile.Read(WitnessFile.FolderOf(house.Folder)).Lines).Seq);
    }
}
