using System.IO.Compression;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Data;

/// <summary>First member of a backup file.</summary>
/// <param name="Files">Every other member: name to size and SHA-256.</param>
public sealed record BackupManifest(
    int Format,
    string ProductVersion,
    DateTimeOffset CreatedAt,
    string Provider,
    string Database,
    string Migration,
    string? PepperId,
    IReadOnlyDictionary<string, long> Counts,
    IReadOnlyDictionary<string, BackupMember> Files,
    string Note
)
{
    public const int CurrentFormat = 1;
    public const string Name = "manifest.json";
    public const string MasterKeyNote =
        "The master key is not in this file. Without it no stored secret can be checked: keep a copy of it in another place.";
}

public sealed record BackupMember(long Size, string Sha256);

/// <summary>
/// Makes one file of the whole store while the console may be running: a zip of a consistent copy of the database, the trail's witness and a manifest.
/// It appears under its name only when it is complete and on disk.
/// </summary>
public sealed class Backup(IStoreEngine engine, string dataDirectory, TimeProvider clock)
{
    public static string ProductVersion => typeof(Backup).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <exception cref="StoreCommandException">One line for the operator.</exception>
    public async Task<BackupManifest> WriteAsync(string path, CancellationToken cancellationToken)
    {
        path = Path.GetFullPath(path);
        if (File.Exists(path) || Directory.Exists(path))
            throw new StoreCommandException($"'{path}' exists already; name a new file.");
        if (Path.GetDirectoryName(path) is not { } target || !Directory.Exists(target))
            throw new StoreCommandException($"The folder of '{path}' does not exist.");
        if (!await engine.ExistsAsync(cancellationToken))
            throw new StoreCommandException(
                "There is no store to back up yet: AgentConsole:DataDirectory or AgentConsole:Store names another place."
            );
        var scratch = Path.Combine(target, $".{Path.GetFileName(path)}.{Guid.NewGuid():n}");
        try
        {
            PrivateFiles.MakeFolder(scratch);
            // Before the database: the witness in a backup must not lead the database in it.
            var files = CopyWitness(scratch);
            var copied = Path.Combine(scratch, "copy");
            var copy = await engine.CopyToAsync(copied, cancellationToken);
            files.Insert(0, (copy.FileName, copied));
            var members = new Dictionary<string, BackupMember>(StringComparer.Ordinal);
            foreach (var (name, file) in files)
                members[name] = new BackupMember(new FileInfo(file).Length, await PrivateFiles.Sha256Async(file, cancellationToken));
            var manifest = new BackupManifest(
                BackupManifest.CurrentFormat,
                ProductVersion,
                clock.Now(),
                engine.Provider,
                copy.FileName,
                copy.Migration,
                copy.PepperId,
                copy.Counts,
                members,
                BackupManifest.MasterKeyNote
            );
            var whole = Path.Combine(scratch, "backup");
            await PackAsync(whole, manifest, files, cancellationToken);
            File.Move(whole, path);
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreCommandException($"The backup could not be written: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(scratch))
                Directory.Delete(scratch, recursive: true);
        }
    }

    private List<(string Name, string File)> CopyWitness(string scratch)
    {
        var files = new List<(string Name, string File)>();
        var folder = WitnessFile.FolderOf(dataDirectory);
        if (!Directory.Exists(folder))
            return files;
        foreach (var file in Directory.EnumerateFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            var copy = Path.Combine(scratch, "witness-" + Path.GetFileName(file));
            File.Copy(file, copy);
            files.Add(("witness/" + Path.GetFileName(file), copy));
        }
        return files;
    }

    private static async Task PackAsync(
        string path,
        BackupManifest manifest,
        List<(string Name, string File)> files,
        CancellationToken cancellationToken
    )
    {
        await using var output = PrivateFiles.Create(path);
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true))
        {
            await using (var entry = await zip.CreateEntry(BackupManifest.Name).OpenAsync(cancellationToken))
                await JsonSerializer.SerializeAsync(entry, manifest, Contracts.ConsoleJson.Options, cancellationToken);
            foreach (var (name, file) in files)
            {
                await using var entry = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
                await using var input = File.OpenRead(file);
                await input.CopyToAsync(entry, cancellationToken);
            }
        }
        output.Flush(flushToDisk: true);
    }
}
