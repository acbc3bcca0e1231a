using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.Core.Common;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Data;

/// <summary>What a restore found and did.</summary>
/// <param name="Replaced">Folder to which the files that were there before were moved; null when there were none.</param>
public sealed record RestoreReport(BackupManifest Manifest, TrailReport Trail, string? Replaced);

/// <summary>Puts a backup in the place of the store. The caller holds the folder's lock.</summary>
public sealed partial class Restore(
    IStoreEngine engine,
    IDbContextFactory<ConsoleDbContext> contexts,
    TrailVerifier verifier,
    string dataDirectory,
    TimeProvider clock
)
{
    private const long MostManifestBytes = 16 << 20;

    [GeneratedRegex("^witness/[A-Za-z0-9][A-Za-z0-9._-]{0,100}\\.log$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex WitnessName { get; }

    /// <param name="force">Also over a store that is there; files that are replaced are kept aside.</param>
    /// <exception cref="StoreCommandException">One line for the operator; nothing was changed then.</exception>
    public async Task<RestoreReport> ReadAsync(string path, MasterKey master, bool force, CancellationToken cancellationToken)
    {
        var scratch = Path.Combine(dataDirectory, $"restore-{Guid.NewGuid():n}");
        try
        {
            using var zip = Open(path);
            var manifest = await ManifestAsync(zip, cancellationToken);
            await CheckAsync(manifest, master, cancellationToken);
            if (!force && (await engine.ExistsAsync(cancellationToken) || HasWitness()))
                throw new StoreCommandException(
                    "There is a store in this place already. Name an empty one, or add --force to put the backup in its place."
                );
            PrivateFiles.MakeFolder(scratch);
            await UnpackAsync(zip, manifest, scratch, cancellationToken);

            var aside = Path.Combine(
                dataDirectory,
                string.Create(CultureInfo.InvariantCulture, $"replaced-{clock.GetUtcNow():yyyyMMdd-HHmmss}")
            );
            await engine.RestoreFromAsync(Path.Combine(scratch, manifest.Database), aside, cancellationToken);
            PlaceWitness(scratch, aside);
            await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
                await engine.MigrateAsync(db, cancellationToken);
            return new RestoreReport(manifest, await verifier.VerifyAsync(null, cancellationToken), Directory.Exists(aside) ? aside : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreCommandException($"The backup could not be restored: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(scratch))
                Directory.Delete(scratch, recursive: true);
        }
    }

    private static ZipArchive Open(string path)
    {
        if (!File.Exists(path))
            throw new StoreCommandException($"'{path}' does not exist.");
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException e)
        {
            throw new StoreCommandException($"'{path}' is not a backup, or is damaged.", e);
        }
    }

    private static async Task<BackupManifest> ManifestAsync(ZipArchive zip, CancellationToken cancellationToken)
    {
        if (zip.GetEntry(BackupManifest.Name) is not { Length: < MostManifestBytes } entry)
            throw new StoreCommandException("This is not a backup: it has no manifest.");
        try
        {
            await using var input = await entry.OpenAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync<BackupManifest>(input, Contracts.ConsoleJson.Options, cancellationToken)
                ?? throw new JsonException("It is empty.");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw new StoreCommandException($"The backup's manifest cannot be read: {e.Message}", e);
        }
    }

    private async Task CheckAsync(BackupManifest manifest, MasterKey master, CancellationToken cancellationToken)
    {
        if (manifest.Format != BackupManifest.CurrentFormat)
            throw new StoreCommandException($"The backup has format {manifest.Format}, which this version does not know.");
        if (manifest.Provider != engine.Provider)
            throw new StoreCommandException(
                $"AgentConsole:Store:Provider: the backup is of '{manifest.Provider}', and this store is '{engine.Provider}'."
            );
        if (
            !manifest.Files.ContainsKey(manifest.Database)
            || manifest.Files.Keys.Any(n => n != manifest.Database && !WitnessName.IsMatch(n))
        )
            throw new StoreCommandException("The backup's manifest names members that do not belong there.");
        if (Path.GetFileName(manifest.Database) != manifest.Database)
            throw new StoreCommandException("The backup's manifest names members that do not belong there.");
        if (manifest.PepperId is { } pepper && pepper != master.PepperId)
            throw new StoreCommandException(
                $"AgentConsole:Secrets:MasterKeyFile: this is not the master key of the backup (it has {master.PepperId}, the backup was made with {pepper})."
            );
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!db.Database.GetMigrations().Contains(manifest.Migration))
            throw new StoreCommandException(
                $"The backup was made by AgentConsole {manifest.ProductVersion} with the schema {manifest.Migration}, which this version does not know. Use that version or a later one."
            );
    }

    private static async Task UnpackAsync(ZipArchive zip, BackupManifest manifest, string folder, CancellationToken cancellationToken)
    {
        foreach (var (name, member) in manifest.Files)
        {
            if (zip.GetEntry(name) is not { } entry || entry.Length != member.Size)
                throw new StoreCommandException($"The backup is damaged: {name} is missing or has another size than its manifest says.");
            var path = Path.Combine(folder, Path.GetFileName(name));
            try
            {
                await using (var output = PrivateFiles.Create(path))
                {
                    await using var input = await entry.OpenAsync(cancellationToken);
                    await input.CopyToAsync(output, cancellationToken);
                    output.Flush(flushToDisk: true);
                }
            }
            catch (InvalidDataException e)
            {
                throw new StoreCommandException($"The backup is damaged: {name} cannot be unpacked.", e);
            }
            if (await PrivateFiles.Sha256Async(path, cancellationToken) != member.Sha256)
                throw new StoreCommandException($"The backup is damaged: {name} is not what its manifest says.");
        }
    }

    private bool HasWitness() =>
        Directory.Exists(WitnessFile.FolderOf(dataDirectory))
        && Directory.EnumerateFiles(WitnessFile.FolderOf(dataDirectory), "*.log").Any();

    private void PlaceWitness(string scratch, string aside)
    {
        var folder = WitnessFile.FolderOf(dataDirectory);
        if (Directory.Exists(folder))
        {
            PrivateFiles.MakeFolder(aside);
            Directory.Move(folder, Path.Combine(aside, "witness"));
        }
        PrivateFiles.MakeFolder(folder);
        foreach (var file in Directory.EnumerateFiles(scratch, "*.log"))
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)));
    }
}
