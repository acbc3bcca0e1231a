using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Tests.Trail;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Data;

public sealed class BackupTests
{
    private static readonly MasterKey Master = new(SHA256.HashData("a test"u8));

    [Theory, BothDatabases]
    public async Task A_backup_is_one_consistent_file_made_while_others_write_and_holds_no_master_key(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var key = Convert.ToBase64String(SHA256.HashData("a test"u8));
        await File.WriteAllTextAsync(Path.Combine(house.Folder, "master.key"), key, TestHouse.Stop);
        var path = Path.Combine(house.Folder, "backup.zip");
        await using var open = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        open.Trail(house.As(house.Cast.Olga), "team.edited", null);
        await open.Db.SaveChangesAsync(TestHouse.Stop);

        var manifest = await new Backup(house.Engine, house.Folder, house.Clock).WriteAsync(path, TestHouse.Stop);

        Assert.Equal(10, manifest.Counts["trail_records"]);
        Assert.Equal(11, manifest.Counts["users"]);
        Assert.Equal(Master.PepperId, manifest.PepperId);
        Assert.Equal(["witness/trail.log"], manifest.Files.Keys.Where(n => n != manifest.Database));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using var zip = ZipFile.OpenRead(path);
        foreach (var entry in zip.Entries)
        {
            using var bytes = new MemoryStream();
            await using (var stream = await entry.OpenAsync(TestHouse.Stop))
                await stream.CopyToAsync(bytes, TestHouse.Stop);
            Assert.DoesNotContain(key, Encoding.Latin1.GetString(bytes.ToArray()), StringComparison.Ordinal);
        }
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(house.Folder),
            name => Path.GetFileName(name).StartsWith(".backup", StringComparison.Ordinal)
        );
        Assert.True(await open.TryCommitAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task What_was_backed_up_comes_back_and_what_was_there_is_kept_aside(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var path = await BackUpAsync(house);
        await house.TenRecordsAsync();
        Assert.Equal(20, (await house.VerifyAsync()).Records);

        var report = await RestoreAsync(house, path, Master, force: true);

        Assert.True(report.Trail.IsGood);
        var verdict = await house.VerifyAsync();
        Assert.Equal((10, 10), (verdict.Records, verdict.WitnessedUpTo));
        Assert.Null(verdict.Fault);
        Assert.True(Directory.Exists(Path.Combine(report.Replaced!, "witness")));
        Assert.Equal(database == Database.Sqlite, File.Exists(Path.Combine(report.Replaced!, "console.db")));
    }

    [Theory, BothDatabases]
    public async Task A_store_that_is_there_a_wrong_key_and_a_damaged_file_are_refused_and_nothing_changes(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var path = await BackUpAsync(house);
        await house.TenRecordsAsync();
        var damaged = Rewrite(
            path,
            (name, bytes) =>
            {
                if (name == "witness/trail.log")
                    bytes[20] ^= 1;
                return bytes;
            }
        );
        var newer = Rewrite(
            path,
            (name, bytes) =>
                name != "manifest.json"
                    ? bytes
                    : JsonSerializer.SerializeToUtf8Bytes(
                        JsonSerializer.Deserialize<BackupManifest>(bytes, ConsoleJson.Options)! with
                        {
                            Migration = "20991231000000_Later",
                        },
                        ConsoleJson.Options
                    )
        );
        var escaping = Rewrite(
            path,
            (name, bytes) =>
                name != "manifest.json"
                    ? bytes
                    : Encoding.UTF8.GetBytes(
                        Encoding.UTF8.GetString(bytes).Replace("witness/trail.log", "witness/../../x.log", StringComparison.Ordinal)
                    )
        );
        var nothing = Path.Combine(house.Folder, "nothing.zip");
        await File.WriteAllTextAsync(nothing, "not a zip", TestHouse.Stop);

        async Task<string> FaultAsync(string file, MasterKey? master = null, bool force = true) =>
            (await Assert.ThrowsAsync<StoreCommandException>(async () => await RestoreAsync(house, file, master ?? Master, force))).Message;

        Assert.Contains("--force", await FaultAsync(path, force: false), StringComparison.Ordinal);
        Assert.Contains(
            "AgentConsole:Secrets:MasterKeyFile",
            await FaultAsync(path, new MasterKey(new byte[32])),
            StringComparison.Ordinal
        );
        Assert.Contains("witness/trail.log", await FaultAsync(damaged), StringComparison.Ordinal);
        Assert.Contains("20991231000000_Later", await FaultAsync(newer), StringComparison.Ordinal);
        Assert.Contains("do not belong", await FaultAsync(escaping), StringComparison.Ordinal);
        Assert.Contains("not a backup", await FaultAsync(nothing), StringComparison.Ordinal);
        Assert.Contains("does not exist", await FaultAsync(path + ".no"), StringComparison.Ordinal);

        Assert.Equal(20, (await house.VerifyAsync()).Records);
        Assert.Empty(Directory.GetDirectories(house.Folder, "re*"));
    }

    [Fact]
    public async Task A_file_that_exists_is_not_overwritten_by_a_backup()
    {
        await using var house = await TestHouse.OpenAsync();
        var path = await BackUpAsync(house);

        var fault = await Assert.ThrowsAsync<StoreCommandException>(async () =>
            await new Backup(house.Engine, house.Folder, house.Clock).WriteAsync(path, TestHouse.Stop)
        );

        Assert.Contains("exists already", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_was_tampered_with_before_it_was_made_says_so_when_it_comes_back()
    {
        await using var house = await TestHouse.OpenAsync();
        await house.TenRecordsAsync();
        await house.SqlAsync("UPDATE trail_records SET reason = 'another' WHERE seq = 4");
        var path = await BackUpAsync(house);

        var report = await RestoreAsync(house, path, Master, force: true);

        Assert.Equal(4, Assert.Single(report.Trail.Chains).Fault?.Seq);
    }

    private static async Task<string> BackUpAsync(TestHouse house)
    {
        var path = Path.Combine(house.Folder, "backup.zip");
        await new Backup(house.Engine, house.Folder, house.Clock).WriteAsync(path, TestHouse.Stop);
        return path;
    }

    private static async Task<RestoreReport> RestoreAsync(TestHouse house, string path, MasterKey master, bool force)
    {
        await house.Get<NodeLink>().DisposeAsync(); // no node may be there
        var restore = new Restore(
            house.Engine,
            house.Get<IDbContextFactory<ConsoleDbContext>>(),
            house.Get<TrailVerifier>(),
            house.Folder,
            house.Clock
        );
        return await restore.ReadAsync(path, master, force, TestHouse.Stop);
    }

    private static string Rewrite(string path, Func<string, byte[], byte[]> change)
    {
        var copy = $"{path}.{Guid.NewGuid():n}.zip";
        using var source = ZipFile.OpenRead(path);
        using var target = ZipFile.Open(copy, ZipArchiveMode.Create);
        foreach (var entry in source.Entries)
        {
            using var bytes = new MemoryStream();
            using (var input = entry.Open())
                input.CopyTo(bytes);
            using var output = target.CreateEntry(entry.FullName).Open();
            output.Write(change(entry.FullName, bytes.ToArray()));
        }
        return copy;
    }
}
