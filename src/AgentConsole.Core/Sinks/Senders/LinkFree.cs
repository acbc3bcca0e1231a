using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>
/// Files by Linux's calls relative to an open folder (openat(2) and its siblings). Each step of a path is opened by itself, from the folder before it, and
/// never through a link; what is open stays what it is, whatever somebody puts in the place of its name meanwhile. .NET's own calls take whole paths.
/// </summary>
internal static class LinkFree
{
    public const int NotThere = 2,
        Exists = 17;

    private const int NotAFolder = 20,
        IsALink = 40,
        NotALink = 22;

    private const int WriteOnly = 0x1,
        Create = 0x40,
        Exclusive = 0x80,
        NonBlocking = 0x800,
        CloseOnExec = 0x80000,
        PathOnly = 0x200000,
        RemoveFolder = 0x200;

    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Two flags have other numbers on some processors.
    private static readonly bool Swapped =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le;
    private static readonly int Folder = Swapped ? 0x4000 : 0x10000;
    private static readonly int NoFollow = Swapped ? 0x8000 : 0x20000;

    /// <summary>The folder at the top.</summary>
    public static SafeFileHandle OpenTop() => Checked(open(Bytes("/"), PathOnly | Folder | CloseOnExec), "/");

    /// <summary>A folder in a folder.</summary>
    public static SafeFileHandle OpenFolder(SafeFileHandle folder, string name) =>
        Checked(openat(folder, Bytes(name), PathOnly | Folder | NoFollow | CloseOnExec, 0), name);

    /// <summary>Makes a folder (0700) unless there is something of this name.</summary>
    /// <returns>Whether it was made.</returns>
    public static bool MakeFolder(SafeFileHandle folder, string name)
    {
        if (mkdirat(folder, Bytes(name), 0x1C0) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw new LinkFreeException(name, error);
    }

    /// <summary>A new file (0600, whatever the process masks) that was not there before.</summary>
    public static SafeFileHandle CreateFile(SafeFileHandle folder, string name)
    {
        var file = Checked(openat(folder, Bytes(name), WriteOnly | Create | Exclusive | NoFollow | CloseOnExec, 0x180), name);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, OwnersOnly);
        return file;
    }

    public static bool IsOwnersOnly(SafeFileHandle file) => !OperatingSystem.IsWindows() && File.GetUnixFileMode(file) == OwnersOnly;

    public static SafeFileHandle OpenFile(SafeFileHandle folder, string name) =>
        Checked(openat(folder, Bytes(name), NoFollow | NonBlocking | CloseOnExec, 0), name);

    public static bool IsLink(SafeFileHandle folder, string name)
    {
        if (readlinkat(folder, Bytes(name), new byte[1], 1) >= 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error is NotThere or NotALink ? false : throw new LinkFreeException(name, error);
    }

    /// <summary>Puts a file in the place of another of the same folder, in one step. A link of that name would be replaced, not followed.</summary>
    public static void Replace(SafeFileHandle folder, string from, string to)
    {
        if (renameat(folder, Bytes(from), folder, Bytes(to)) != 0)
            throw new LinkFreeException(to, Marshal.GetLastPInvokeError());
    }

    /// <summary>Takes a file away, or an empty folder, if it is there.</summary>
    public static bool Remove(SafeFileHandle folder, string name, bool isFolder = false) =>
        unlinkat(folder, Bytes(name), isFolder ? RemoveFolder : 0) == 0;

    /// <summary>Makes the names in a folder durable.</summary>
    public static void Flush(SafeFileHandle folder)
    {
        using var readable = Checked(openat(folder, Bytes("."), Folder | CloseOnExec, 0), ".");
        if (fsync(readable) != 0)
            throw new LinkFreeException(".", Marshal.GetLastPInvokeError());
    }

    private static SafeFileHandle Checked(SafeFileHandle handle, string name)
    {
        if (!handle.IsInvalid)
            return handle;
        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw new LinkFreeException(name, error);
    }

    private static byte[] Bytes(string name) => Encoding.UTF8.GetBytes(name + "\0");

    /// <summary>A step of a path could not be taken.</summary>
    public sealed class LinkFreeException(string step, int error) : IOException($"{step}: error {error}")
    {
        public string Step => step;
        public int Error => error;

        /// <summary>There is a link, or something else that is no folder, where a folder or a file should be.</summary>
        public bool MetLink => error is IsALink or NotAFolder;
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle openat(SafeFileHandle folder, byte[] name, int flags, uint mode);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkdirat(SafeFileHandle folder, byte[] name, uint mode);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint readlinkat(SafeFileHandle folder, byte[] name, byte[] target, nint size);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int renameat(SafeFileHandle fromFolder, byte[] from, SafeFileHandle toFolder, byte[] to);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int unlinkat(SafeFileHandle folder, byte[] name, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle file);
}
