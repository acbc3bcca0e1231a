using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

public sealed class FleetMemoryTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("fleet-state-").FullName, "state");

    [Fact]
    public void Keys_survive_a_restart_in_a_file_that_only_its_owner_may_read()
    {
        var first = FleetState.Open(_folder);
        first.Keep("link-checker", new AgentPapers("attempt", "ak_live_1"));
        first.AuditorToken = "act_1";

        var second = FleetState.Open(_folder);

        Assert.Equal("ak_live_1", second.Of("link-checker")!.Key);
        Assert.Equal("act_1", second.AuditorToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(_folder, "fleet.json")).UnixFileMode);
    }

    [Fact]
    public void A_damaged_file_is_named_and_not_overwritten()
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "fleet.json"), "{");

        var fault = Assert.Throws<InvalidDataException>(() => FleetState.Open(_folder));

        Assert.Contains("fleet.json is damaged", fault.Message, StringComparison.Ordinal);
        Assert.Equal("{", File.ReadAllText(Path.Combine(_folder, "fleet.json")));
    }

    [Fact]
    public void The_ledger_gives_back_its_newest_rows_and_forgets_the_oldest()
    {
        Directory.CreateDirectory(_folder);
        var ledger = new RunLedger(Path.Combine(_folder, "ledger.csv"));
        for (var i = 0; i < 5100; i++)
            ledger.Append(new LedgerRow($"run, \"{i}\"", "a", "completed", DateTimeOffset.UnixEpoch.AddSeconds(i), i));

        ledger.Shorten();
        var rows = ledger.Tail(10_000);

        Assert.Equal(5000, rows.Count);
        Assert.Equal("run, \"100\"", rows[0].ExternalId);
        Assert.Equal(new LedgerRow("run, \"5099\"", "a", "completed", DateTimeOffset.UnixEpoch.AddSeconds(5099), 5099), rows[^1]);
    }

    [Theory]
    [InlineData("--port", "'--port' is not an argument of the fleet.")]
    [InlineData("--url", "--url needs a value.")]
    [InlineData("--url ftp://x", "--url: 'ftp://x' is not an http or https address.")]
    [InlineData("--once", "There is no API token: set AGENTCONSOLE_TOKEN, or hand it over with --token -.")]
    public void A_wrong_argument_is_named(string line, string message)
    {
        var fault = Assert.Throws<FormatException>(() => FleetArguments.Read(line.Split(' '), _ => null, TextReader.Null));

        Assert.Equal(message, fault.Message);
    }

    [Fact]
    public void The_token_is_taken_from_the_input_or_from_the_environment()
    {
        var input = FleetArguments.Read(["--token", "-", "--agents", "a, b"], _ => null, new StringReader("act_in\n"));
        var environment = FleetArguments.Read(["--once"], name => name == "AGENTCONSOLE_TOKEN" ? "act_env" : null, TextReader.Null);

        Assert.Equal(("act_in", true), (input.Options.Token, input.EndsWithInput));
        Assert.Equal(["a", "b"], input.Options.Agents);
        Assert.Equal(("act_env", false, true), (environment.Options.Token, environment.EndsWithInput, environment.Options.Once));
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
}
