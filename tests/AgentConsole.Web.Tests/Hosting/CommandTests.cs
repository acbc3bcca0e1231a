using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Hosting;
using AgentConsole.Web.Hosting.Verbs;

namespace AgentConsole.Web.Tests.Hosting;

public sealed class CommandTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_running_console_is_backed_up_and_verified_and_not_restored_over(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await using (var write = await console.Get<ConsoleStore>().WriteAsync(Stop))
        {
            write.Trail(console.As(console.Cast.Olga), "team.edited", null);
            Assert.True(await write.TryCommitAsync(Stop));
        }
        var settings = Settings(console);
        var file = Path.Combine(console.Folder, "backup.zip");

        var verified = await RunAsync([.. settings, "trail", "verify", "--organization", "acme"]);
        var backedUp = await RunAsync(["backup", file, .. settings]);
        var restored = await RunAsync(["restore", file, "--force", .. settings]);

        Assert.Equal((Exit.Done, ""), (verified.Code, verified.Errors));
        Assert.StartsWith("acme: good, ", verified.Output, StringComparison.Ordinal);
        Assert.Equal((Exit.Done, ""), (backedUp.Code, backedUp.Errors));
        Assert.Contains("The master key is not in this file", backedUp.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
        Assert.Equal(Exit.Usage, restored.Code);
        Assert.StartsWith("AgentConsole:DataDirectory: ", restored.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_comes_back_in_another_folder_and_a_tampered_record_is_named_with_exit_code_1()
    {
        var (file, key) = ("", "");
        await using (var console = await ConsoleServer.StartAsync())
        {
            for (var i = 0; i < 3; i++)
            {
                await using var write = await console.Get<ConsoleStore>().WriteAsync(Stop);
                write.Trail(console.As(console.Cast.Olga), "team.edited", null, reason: "as agreed");
                Assert.True(await write.TryCommitAsync(Stop));
            }
            file = Path.Combine(Path.GetTempPath(), $"agentconsole-test-{Guid.NewGuid():n}.zip");
            Assert.Equal(Exit.Done, (await RunAsync(["backup", file, .. Settings(console)])).Code);
            key = await File.ReadAllTextAsync(Path.Combine(console.Folder, "master.key"), Stop);
        }
        var folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        try
        {
            string[] settings = ["--AgentConsole:DataDirectory=" + folder, "--AgentConsole:Store:Provider=sqlite"];
            var keyless = await RunAsync(["restore", file, .. settings]);
            await File.WriteAllTextAsync(Path.Combine(folder, "master.key"), key, Stop);
            var restored = await RunAsync(["restore", file, .. settings]);
            var again = await RunAsync(["restore", file, .. settings]);
            await using (var connection = await new Data.Sqlite.SqliteEngine(Path.Combine(folder, "console.db")).OpenAsync(Stop))
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "UPDATE trail_records SET reason = 'as if' WHERE seq = 2";
                Assert.Equal(1, await command.ExecuteNonQueryAsync(Stop));
            }
            var verified = await RunAsync(["trail", "verify", .. settings]);
            var rebuilt = await RunAsync(["rollups", "rebuild", "--dry-run", .. settings]);
            var migrated = await RunAsync(["migrate", "--dry-run", .. settings]);

            Assert.Equal(Exit.Usage, keyless.Code);
            Assert.StartsWith("AgentConsole:Secrets:MasterKeyFile: ", keyless.Errors, StringComparison.Ordinal);
            Assert.Equal((Exit.Done, ""), (restored.Code, restored.Errors));
            Assert.Contains("acme: good, 3 records", restored.Output, StringComparison.Ordinal);
            Assert.Equal(Exit.Failed, again.Code);
            Assert.Contains("--force", again.Errors, StringComparison.Ordinal);
            Assert.Equal(Exit.Failed, verified.Code);
            Assert.Contains("acme: BAD at record 2 (trl_", verified.Output, StringComparison.Ordinal);
            Assert.Contains("reason", verified.Output, StringComparison.Ordinal);
            Assert.Equal(Exit.Done, rebuilt.Code);
            Assert.Equal("The schema is up to date.\n", migrated.Output);
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
            File.Delete(file);
        }
    }

    [Fact]
    public void A_request_is_not_logged_line_by_line_unless_somebody_asks_for_it()
    {
        const string level = "Logging:LogLevel:Microsoft.AspNetCore";

        Assert.Equal("Warning", ConsoleHost.NewBuilder([]).Configuration[level]);
        Assert.Equal("Debug", ConsoleHost.NewBuilder([$"--{level}=Debug"]).Configuration[level]);
    }

    [Fact]
    public async Task Every_wrong_setting_is_named_in_a_line_of_its_own_and_no_value_of_a_connection_string_is_repeated()
    {
        var one = await RunAsync(["migrate", "--AgentConsole:DataDirectory=", "--AgentConsole:Store:Provider=mysql"]);
        var two = await RunAsync([
            "migrate",
            "--dry-run",
            "--AgentConsole:Store:Provider",
            "postgres",
            "--AgentConsole:Store:ConnectionString",
            "Password=hunter2;Nonsense=hunter2",
        ]);

        Assert.Equal(Exit.Usage, one.Code);
        Assert.Equal(
            ["AgentConsole:DataDirectory: is empty.", "AgentConsole:Store:Provider: 'mysql' is not one of sqlite, postgres."],
            one.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Equal(Exit.Usage, two.Code);
        Assert.StartsWith("AgentConsole:Store:ConnectionString: ", two.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", two.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("migrate", "--dry-rn")]
    [InlineData("backup")]
    [InlineData("nonsense")]
    [InlineData("--demmo")]
    public async Task A_word_that_no_command_knows_is_a_fault_and_starts_nothing(params string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        var run = await RunAsync([.. args, "--AgentConsole:DataDirectory=" + folder]);

        Assert.Equal(Exit.Usage, run.Code);
        Assert.NotEmpty(run.Errors);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Looking_at_a_store_that_is_not_there_makes_none()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"agentconsole-test-{Guid.NewGuid():n}");
        string[] settings = ["--AgentConsole:DataDirectory=" + folder];

        Assert.Equal(Exit.Failed, (await RunAsync(["trail", "verify", .. settings])).Code);
        Assert.Equal(
            Exit.Failed,
            (await RunAsync(["backup", Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.zip"), .. settings])).Code
        );
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Settings_pass_to_the_host_and_words_to_the_commands()
    {
        var split = Arguments.Split([
            "--demo",
            "--urls",
            "http://localhost:1",
            "--AgentConsole:DataDirectory=/x",
            "Logging:LogLevel:Default=Debug",
            "backup",
            "a=b.zip",
        ]);

        Assert.Equal(["--urls", "http://localhost:1", "--AgentConsole:DataDirectory=/x", "Logging:LogLevel:Default=Debug"], split.Settings);
        Assert.Equal(["--demo", "backup", "a=b.zip"], split.Command);
    }

    private static string[] Settings(ConsoleServer console) =>
        console.Get<IStoreEngine>().HasSingleWriter
            ? ["--AgentConsole:DataDirectory=" + console.Folder]
            :
            [
                "--AgentConsole:DataDirectory=" + console.Folder,
                "--AgentConsole:Store:Provider=postgres",
                "--AgentConsole:Store:ConnectionString=" + console.ConnectionString,
            ];

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = Environment.NewLine };
        var code = await ConsoleProgram.RunAsync(args, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
