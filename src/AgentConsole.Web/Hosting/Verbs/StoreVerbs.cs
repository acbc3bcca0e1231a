using System.CommandLine;
using System.Globalization;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Hosting.Verbs;

/// <summary><c>backup</c>, <c>restore</c> and <c>migrate</c>.</summary>
internal static class StoreVerbs
{
    public static Command Backup(string[] settings, TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "The file to make; it must not exist yet" };
        var command = new Command("backup", "Write the whole store into one file, also while the console runs; the master key is not in it")
        {
            file,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using var store = OfflineStore.Open(settings, alone: false);
                var path = Path.GetFullPath(parsed.GetRequiredValue(file));
                var manifest = await new Backup(store.Engine, store.Settings.Folder, store.Clock).WriteAsync(path, cancellationToken);
                await output.WriteLineAsync(
                    $"{path}: {Size(new FileInfo(path).Length)}, {Rows(manifest)}, schema {manifest.Migration}. {BackupManifest.MasterKeyNote}"
                );
                return Exit.Done;
            }
        );
        return command;
    }

    public static Command Restore(string[] settings, TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "A file that backup made" };
        var force = new Option<bool>("--force") { Description = "Also over a store that is there; its files are kept aside" };
        var command = new Command("restore", "Put a backup in the place of the store and verify its trail; the console must be stopped")
        {
            file,
            force,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var master = MasterKeyOf(settings);
                await using var store = OfflineStore.Open(settings, alone: true, master);
                var restore = new Restore(
                    store.Engine,
                    store.Get<IDbContextFactory<ConsoleDbContext>>(),
                    store.Get<Core.Trail.TrailVerifier>(),
                    store.Settings.Folder,
                    store.Clock
                );
                var report = await restore.ReadAsync(parsed.GetRequiredValue(file), master, parsed.GetValue(force), cancellationToken);
                await output.WriteLineAsync(
                    $"Restored: {Rows(report.Manifest)}, as of {report.Manifest.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC."
                );
                if (report.Replaced is { } replaced)
                    await output.WriteLineAsync($"What was there before is kept in {replaced}.");
                return await TrailVerbs.WriteAsync(report.Trail, output);
            }
        );
        return command;
    }

    public static Command Migrate(string[] settings, TextWriter output)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, try it on a copy, change nothing" };
        var command = new Command("migrate", "Bring the schema up to date; starting the console does the same") { dryRun };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var only = parsed.GetValue(dryRun);
                await using var store = OfflineStore.Open(settings, alone: !only);
                var rehearsal = await store.Engine.RehearseMigrationAsync(cancellationToken);
                if (rehearsal.Pending.Count == 0)
                {
                    await output.WriteLineAsync("The schema is up to date.");
                    return Exit.Done;
                }
                if (!only)
                {
                    await using var db = await store.Get<IDbContextFactory<ConsoleDbContext>>().CreateDbContextAsync(cancellationToken);
                    await store.Engine.MigrateAsync(db, cancellationToken);
                }
                foreach (var migration in rehearsal.Pending)
                    await output.WriteLineAsync($"{(only ? "pending" : "applied")}  {migration}");
                if (only)
                    await output.WriteLineAsync($"Rehearsed {rehearsal.HowRehearsed}; nothing was changed.");
                return Exit.Done;
            }
        );
        return command;
    }

    private static MasterKey MasterKeyOf(string[] settings)
    {
        var builder = ConsoleHost.NewBuilder(settings);
        var path = StoreSettings.Read(builder.Configuration, builder.Environment.ContentRootPath, makeFolder: false).MasterKeyFile;
        if (!File.Exists(path))
            throw new SettingException(
                $"AgentConsole:Secrets:MasterKeyFile: '{path}' does not exist. Put the master key of this backup there first: it is not in the backup, which is worthless without it."
            );
        try
        {
            return MasterKey.Load(path, mayCreate: false);
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException(e.Message, e);
        }
    }

    private static string Rows(BackupManifest manifest)
    {
        long Of(string table) => manifest.Counts.GetValueOrDefault(table);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Of("agents")} agents, {Of("runs")} runs, {Of("trail_records")} trail records, {manifest.Counts.Values.Sum()} rows in all"
        );
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}

/// <summary>Exit codes of the console and its commands.</summary>
internal static class Exit
{
    public const int Done = 0;

    /// <summary>The command could not be done, or found what must not be: a broken chain, figures that differ.</summary>
    public const int Failed = 1;

    /// <summary>A setting or the command line is wrong.</summary>
    public const int Usage = 2;
}
