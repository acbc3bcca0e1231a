namespace AgentConsole.SampleFleet.Keys;

/// <summary>
/// The file into which a secret sink of the console puts an agent's key, as a line <c>AGENT_KEY=…</c>. It is replaced in one step, so whoever reads it
/// sees the key before or the key after.
/// </summary>
public sealed class KeyFile(string path)
{
    private const string Name = "AGENT_KEY=";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path => path;

    /// <returns>Null when there is no file, or no key in it.</returns>
    public string? Read()
    {
        try
        {
            return
                Array.Find(File.ReadAllLines(path), line => line.StartsWith(Name, StringComparison.Ordinal)) is { } line
                && line[Name.Length..].Trim() is { Length: > 0 } key
                ? key
                : null;
        }
        catch (IOException)
        {
            return null; // not there, or not yet
        }
    }

    /// <summary>Puts the agent's first key there; later ones come from the sink.</summary>
    public void Write(string key)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        var folder = System.IO.Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }
        var next = path + ".new";
        File.Delete(next);
        using (var file = new StreamWriter(next, options))
        {
            file.Write($"{Name}{key}\n");
            file.Flush();
            ((FileStream)file.BaseStream).Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }
}
