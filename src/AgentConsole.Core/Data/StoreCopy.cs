using System.Security.Cryptography;

namespace AgentConsole.Core.Data;

/// <summary>What is known of a consistent copy of the database.</summary>
/// <param name="FileName">How the copy is named within a backup: <c>console.db</c>, or <c>console.dump</c> as <c>pg_restore</c> reads it.</param>
/// <param name="Migration">The newest migration that the copy has.</param>
/// <param name="Counts">Rows by table.</param>
public sealed record StoreCopy(string FileName, string Migration, string? PepperId, IReadOnlyDictionary<string, long> Counts);

/// <summary>What a migration would do.</summary>
/// <param name="Pending">In the order in which they would run; none when the schema is up to date.</param>
/// <param name="HowRehearsed">How it was tried without changing anything.</param>
public sealed record MigrationRehearsal(IReadOnlyList<string> Pending, string HowRehearsed);

/// <summary>A fault of an offline command, in one line that says what to do.</summary>
public sealed class StoreCommandException(string message, Exception? inner = null) : Exception(message, inner);

internal static class PrivateFiles
{
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A new file that only its owner may read.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    public static async Task<string> Sha256Async(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}
