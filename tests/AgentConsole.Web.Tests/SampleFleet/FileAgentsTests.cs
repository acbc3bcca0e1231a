using AgentConsole.Core.Common;
using AgentConsole.SampleFleet.Agents;

namespace AgentConsole.Web.Tests.SampleFleet;

public sealed class FileAgentsTests : IDisposable
{
    private readonly AgentBench _bench = new();

    [Fact]
    public async Task The_link_checker_names_each_broken_link_with_its_line_and_stays_on_the_machine_and_in_its_folder()
    {
        _bench.Put(
            "root/docs/a.md",
            "# One\n\n[good](b.md#two-words), [gone](c.md)\n[no heading](b.md#three)\n[off](https://example.com/x)\n"
        );
        _bench.Put("root/docs/b.md", "# Two words\n\n[out](../../outside.md)\n```\n[in code](nowhere.md)\n```\n[itself](#two-words)\n");

        var finding = await _bench.LetWorkAsync(new LinkChecker(_bench.Surroundings));

        Assert.Equal(("failed", "broken_links"), (finding.Status, finding.ErrorCode));
        Assert.Equal("docs/a.md:3 c.md: there is no such file\ndocs/a.md:4 b.md#three: the page has no heading #three", finding.Error);
        Assert.Equal(["file outside the root", "no traffic off this machine"], _bench.Decisions("blocked").Select(d => d.Name));
        Assert.Equal(2, _bench.Steps.Count(step => step is { Kind: "tool-call", Name: "read-page", Status: "ok" }));
        Assert.True(_bench.Work.WordsRead > 10);
    }

    [Fact]
    public async Task The_link_checker_is_content_with_good_links_and_skips_a_folder_without_pages()
    {
        var checker = new LinkChecker(_bench.Surroundings);
        _bench.Put("root/docs/a.md", "# A\n[b](sub/b.md#b-1)\n");
        _bench.Put("root/docs/sub/b.md", "# B\n## B\n[a](../a.md)\n");

        var docs = await _bench.LetWorkAsync(checker);
        var handbook = await _bench.LetWorkAsync(checker);

        Assert.Equal("completed", docs.Status);
        Assert.Equal("skipped", handbook.Status);
    }

    [Fact]
    public async Task The_reconciler_finds_what_differs_accepts_a_rounding_and_escalates_a_large_amount()
    {
        _bench.Put("fixtures/ledgers/2026-01/bank.csv", "reference,amount\nr1,10.00\nr2,5.00\nr3,20.01\n");
        _bench.Put("fixtures/ledgers/2026-01/books.csv", "reference,amount\nr1,10.00\nr3,20.00\nr4,-2500.00\n");

        var finding = await _bench.LetWorkAsync(new LedgerReconciler(_bench.Surroundings));

        Assert.Equal(("failed", "ledgers_differ"), (finding.Status, finding.ErrorCode));
        Assert.Equal("r2 is not in the books\nr4 is in the books only", finding.Error);
        Assert.Single(_bench.Decisions("allowed"));
        Assert.Equal("r4", Assert.Single(_bench.Decisions("escalated")).Metadata!.Value.GetProperty("reference").GetString());
    }

    [Theory]
    [InlineData("reference,amount\nr1,10.00\nr2,ten\n", "Line 3: 'ten' is not an amount.")]
    [InlineData("reference,amount\nr1,\"10.00\n", "Line 2: A quote is opened and never closed.")]
    [InlineData("reference,amount\nr1\n", "Line 2: 1 fields where the header has 2.")]
    [InlineData("reference,amount\nr1,1\nr1,1\n", "Line 3: The reference r1 stands there twice.")]
    [InlineData("", "Line 1: The file is empty; a header line is expected.")]
    public async Task The_reconciler_says_in_which_line_a_ledger_is_malformed(string bank, string error)
    {
        _bench.Put("fixtures/ledgers/2026-01/bank.csv", bank);
        _bench.Put("fixtures/ledgers/2026-01/books.csv", "reference,amount\n");

        var finding = await _bench.LetWorkAsync(new LedgerReconciler(_bench.Surroundings));

        Assert.Equal(("failed", "csv_malformed", error), (finding.Status, finding.ErrorCode, finding.Error));
        Assert.Contains(_bench.Steps, step => step is { Kind: "tool-call", Name: "read-ledger", Status: "error" });
    }

    [Fact]
    public async Task The_ledgers_that_come_with_the_fleet_agree_differ_and_are_malformed_as_their_page_says()
    {
        var ledgers = Path.Combine(AppContext.BaseDirectory, "Fixtures", "ledgers");
        var codes = new List<string?>();
        foreach (var month in Directory.GetDirectories(ledgers).Order(StringComparer.Ordinal))
            codes.Add((await LedgerReconciler.ReconcileAsync(month, _bench.Work, CancellationToken.None)).ErrorCode);

        Assert.Equal([null, null, null, "ledgers_differ", "csv_malformed"], codes);
    }

    [Fact]
    public async Task The_summariser_groups_lines_and_masks_addresses()
    {
        _bench.Put(
            "logs/dpkg.log",
            "2026-01-01 10:00:00 status installed libc6 2.36\n2026-01-01 10:00:01 status installed libc7 2.37\n2026-01-01 10:00:02 error: mail to kim@example.com from 10.0.0.7 failed\n"
        );

        var finding = await _bench.LetWorkAsync(new LogSummariser(_bench.Surroundings));

        Assert.Equal("completed", finding.Status);
        Assert.Contains("3 lines", finding.Summary, StringComparison.Ordinal);
        Assert.Contains("1 of them speak of errors", finding.Summary, StringComparison.Ordinal);
        Assert.Single(_bench.Decisions("redacted"));
        Assert.DoesNotContain(
            _bench.Steps,
            step => step.Content?.ToString()?.Contains("kim@example.com", StringComparison.Ordinal) == true
        );
    }

    [Fact]
    public async Task The_summariser_skips_where_there_is_no_log_and_does_not_follow_one_that_leads_elsewhere()
    {
        var without = await _bench.LetWorkAsync(new LogSummariser(_bench.Surroundings));
        File.CreateSymbolicLink(Path.Combine(_bench.Logs, "syslog"), _bench.Put("elsewhere/secret.txt", "not a log\n"));
        var leading = await _bench.LetWorkAsync(new LogSummariser(_bench.Surroundings));

        Assert.Equal(("skipped", "skipped"), (without.Status, leading.Status));
        Assert.Equal("file outside the root", Assert.Single(_bench.Decisions("blocked")).Name);
    }

    [Fact]
    public async Task The_inventory_counts_packages_and_escalates_one_that_stands_there_in_two_versions()
    {
        _bench.Put("root/a/a.csproj", """<Project><ItemGroup><PackageReference Include="X" /></ItemGroup></Project>""");
        _bench.Put("root/a/packages.lock.json", """{"dependencies":{"net10.0":{"X":{"resolved":"1.0.0"},"Y":{"resolved":"2.0.0"}}}}""");
        _bench.Put("root/b/b.csproj", """<Project><ItemGroup><PackageReference Include="X" /></ItemGroup></Project>""");
        _bench.Put("root/b/packages.lock.json", """{"dependencies":{"net10.0":{"X":{"resolved":"1.1.0"},"p":{"type":"Project"}}}}""");
        _bench.Put("root/c/c.csproj", "<Project />");

        var finding = await _bench.LetWorkAsync(new DependencyInventory(_bench.Surroundings));

        Assert.Equal(
            "3 projects ask for 2 packages and resolve to 2; 1 stand there in more than one version, 1 projects are not locked.",
            finding.Summary
        );
        Assert.Equal("X", Assert.Single(_bench.Decisions("escalated")).Metadata!.Value.GetProperty("package").GetString());
    }

    [Fact]
    public async Task The_inventory_fails_on_a_project_that_is_no_xml()
    {
        _bench.Put("root/a/a.csproj", "<Project>");

        var finding = await _bench.LetWorkAsync(new DependencyInventory(_bench.Surroundings));

        Assert.Equal(("failed", "project_malformed"), (finding.Status, finding.ErrorCode));
    }

    [Fact]
    public async Task The_disk_watcher_measures_folders_and_this_machines_disks()
    {
        _bench.Put("root/big/file.bin", new string('x', 3000));
        _bench.Put("root/small/file.bin", "x");
        _bench.Put("root/.git/file.bin", new string('x', 9000));

        var finding = await _bench.LetWorkAsync(new DiskWatcher(_bench.Surroundings));

        Assert.Contains("biggest folders: big 2.9 KiB, small 0.0 KiB.", finding.Summary, StringComparison.Ordinal);
        Assert.Contains(_bench.Steps, step => step is { Kind: "decision", Name: "a tenth is free" });
    }

    [Fact]
    public async Task The_scout_escalates_a_genuine_secret_notes_a_look_alike_and_tells_neither()
    {
        var secret = SecretText.Create(SecretText.KeyPrefix);
        var lookAlike = secret[..^1] + (secret[^1] == 'a' ? 'b' : 'a');
        _bench.Put("root/src/config.txt", $"first\nkey = {secret}\nother = {lookAlike}\n");
        var kept = _bench.Put("root/src/kept.txt", SecretText.Create(SecretText.TokenPrefix));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var finding = await _bench.LetWorkAsync(new SecretScout(_bench.Surroundings));

        Assert.Equal(("failed", "secret_found"), (finding.Status, finding.ErrorCode));
        Assert.Equal($"src/config.txt:2 ak_live_…{secret[^4..]}", finding.Error);
        Assert.Single(_bench.Decisions("escalated"));
        Assert.Single(_bench.Decisions("allowed"));
        var told = finding + string.Concat(_bench.Steps);
        Assert.DoesNotContain(secret, told, StringComparison.Ordinal);
        Assert.DoesNotContain(lookAlike, told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_scout_passes_over_a_file_that_another_program_holds()
    {
        var held = _bench.Put("root/data/console.lock", "1\n");
        using var holder = new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        var finding = await _bench.LetWorkAsync(new SecretScout(_bench.Surroundings));

        Assert.Equal("completed", finding.Status);
        Assert.Contains(_bench.Steps, step => step is { Kind: "log", Role: "debug" });
    }

    [Fact]
    public async Task The_scout_finds_nothing_in_the_notes_that_come_with_the_fleet()
    {
        var here = _bench.Surroundings with { Fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures") };

        var finding = await _bench.LetWorkAsync(new SecretScout(here));

        Assert.Equal("completed", finding.Status);
        Assert.Equal("2 files hold no secret; 2 texts look like one and fail the checksum.", finding.Summary);
    }

    public void Dispose() => _bench.Dispose();
}
