namespace AgentConsole.SampleFleet.Text;

/// <summary>A folder an agent may read in, links followed to where they really lead.</summary>
public sealed class Fence(string folder)
{
    private static readonly HashSet<string> Machinery = new([
        "bin",
        "obj",
        "node_modules",
        "artifacts",
        "TestResults",
        "BenchmarkDotNet.Artifacts",
    ]);
    private readonly string _root = Real(Path.GetFullPath(folder));

    public string Folder => _root;

    public bool Exists => Directory.Exists(_root);

    /// <summary>Whether the path, after its links, lies within.</summary>
    public bool Holds(string path)
    {
        var real = Real(Path.GetFullPath(path));
        return real == _root
            || real.StartsWith(_root.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    /// <summary>The path as it reads from within, with forward slashes.</summary>
    public string Name(string path) => Path.GetRelativePath(_root, path).Replace('\\', '/');

    /// <summary>Files below, in order of their names; hidden folders, what builds leave behind and links are not entered.</summary>
    public IEnumerable<string> Files(string pattern, string within = ".")
    {
        var start = Path.GetFullPath(within, _root);
        return Directory.Exists(start) ? Walk(start, pattern) : [];
    }

    /// <summary>The folders directly below that <see cref="Files"/> would enter.</summary>
    public static IEnumerable<string> Folders(string folder) =>
        Directory
            .EnumerateDirectories(folder)
            .Where(child =>
                Path.GetFileName(child) is var name
                && !name.StartsWith('.')
                && !Machinery.Contains(name)
                && new DirectoryInfo(child).LinkTarget is null
            )
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Walk(string folder, string pattern)
    {
        foreach (var file in Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal))
            yield return file;
        foreach (var child in Folders(folder))
        {
            foreach (var file in Walk(child, pattern))
                yield return file;
        }
    }

    private static string Real(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            FileSystemInfo here = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            if (here.LinkTarget is not null && here.ResolveLinkTarget(returnFinalTarget: true) is { } target)
                real = target.FullName;
        }
        return real;
    }
}
