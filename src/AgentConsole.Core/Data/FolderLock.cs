namespace AgentConsole.Core.Data;

/// <summary>Held for as long as the process uses the data folder; a second process is refused at start.</summary>
public sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <exception cref="InvalidOperationException">Another process holds the folder.</exception>
    public static FolderLock Take(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, "console.lock");
        try
        {
            // FileShare.None is an advisory flock on Unix: it ends with the process, also after kill -9.
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return new FolderLock(file);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException(
                $"AgentConsole:DataDirectory: '{dataDirectory}' is in use by another AgentConsole process. Stop it first, or name another folder.",
                e
            );
        }
    }

    public void Dispose() => _file.Dispose();
}
