using System.Security.Cryptography;
using AgentConsole.Core.Common;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>
/// A file below one of the roots of the settings: written beside its place (0600), made durable, put into place in one step, and read back. Every folder on
/// the way is opened from the one before and never through a link, so that nobody who may write there can lead the secret elsewhere, however quick.
/// </summary>
internal sealed class FileSender(IOptions<SinkOptions> options) : ISinkSender, IDisposable
{
    // A repeated delivery uses the name of the first one's unfinished file; two at once would write one file. Other places need not wait for that.
    private readonly SemaphoreSlim[] _ways = [.. Enumerable.Range(0, Ways).Select(_ => new SemaphoreSlim(1, 1))];
    private const int Ways = 16;

    public SinkKind Kind => SinkKind.File;

    public string? PlaceOf(SinkSettings settings, Parcel parcel) =>
        SinkTemplate.Fill(settings.File!.Path, parcel.Names) is { } path
            ? $"{settings.File.Root}/{path}{(parcel.Probe ? ".probe" : "")}"
            : null;

    public async Task<Outcome<string>> SendAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        Parcel parcel,
        CancellationToken cancellationToken
    )
    {
        if (options.Value.FileRoots.Length == 0)
            return SinkProblems.FilesOff;
        if (!OperatingSystem.IsLinux())
            return SinkProblems.FilesNeedLinux;
        var (root, place) = (settings.File!.Root, PlaceOf(settings, parcel)!);
        if (!options.Value.FileRoots.Contains(root, StringComparer.Ordinal))
            return SinkProblems.Failed(
                "sink_place_unknown",
                $"The folder {root} is not among AgentConsole:Sinks:FileRoots any more. Choose another one."
            );
        var content = SinkContent.File(parcel, KebabCase.Parse<SinkFileFormat>(settings.File.Format));
        try
        {
            var one = _ways[(uint)string.GetHashCode(place, StringComparison.Ordinal) % Ways];
            await one.WaitAsync(cancellationToken);
            // A folder on a dead network disk may never answer; the next delivery to it waits until this one did, and gives up like this one.
            return await Task.Run(
                    () =>
                    {
                        try
                        {
                            return Write(root, place[(root.Length + 1)..], content, parcel, cancellationToken);
                        }
                        finally
                        {
                            one.Release();
                        }
                    },
                    CancellationToken.None
                )
                .WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return SinkProblems.Failed("sink_timeout", "The folder did not answer within 10 seconds.");
        }
        catch (LinkFree.LinkFreeException e)
        {
            return e switch
            {
                { MetLink: true } => Link(e.Step),
                { Error: LinkFree.NotThere } => SinkProblems.Failed("sink_place_unknown", $"There is no folder '{e.Step}' on the way."),
                _ => SinkProblems.Failed(
                    "sink_failed",
                    $"The console's user may not read and write at '{e.Step}', or the disk refused ({Words(e.Error)})."
                ),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SinkProblems.Failed("sink_failed", "The disk refused to write or read the file. Is it full?");
        }
    }

    public async Task<SecretPresence> LookAsync(
        SinkSettings settings,
        SinkCredentials credentials,
        string path,
        CancellationToken cancellationToken
    )
    {
        var root = settings.File!.Root;
        if (!OperatingSystem.IsLinux() || !options.Value.FileRoots.Contains(root, StringComparer.Ordinal))
            return SecretPresence.Unchecked($"The folder {root} is not among AgentConsole:Sinks:FileRoots.");
        // A folder on a dead network disk may never answer.
        return await Task.Run(() => Look(root, path), CancellationToken.None).WaitAsync(cancellationToken);
    }

    private static SecretPresence Look(string root, string path)
    {
        var open = new Stack<SafeFileHandle>();
        try
        {
            open.Push(LinkFree.OpenTop());
            foreach (var step in root.Split('/', StringSplitOptions.RemoveEmptyEntries))
                open.Push(LinkFree.OpenFolder(open.Peek(), step));
            var steps = path.Split('/');
            foreach (var step in steps[..^1])
                open.Push(LinkFree.OpenFolder(open.Peek(), step));
            using var file = LinkFree.OpenFile(open.Peek(), steps[^1]);
            return SecretPresence.Exists;
        }
        catch (LinkFree.LinkFreeException e)
        {
            return e.Error == LinkFree.NotThere
                ? SecretPresence.Missing("There is no such file.")
                : SecretPresence.Unchecked(e.MetLink ? Link(e.Step).Detail : $"'{e.Step}' cannot be opened ({Words(e.Error)}).");
        }
        finally
        {
            foreach (var handle in open)
                handle.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var way in _ways)
            way.Dispose();
    }

    private static Outcome<string> Write(string root, string path, byte[] content, Parcel parcel, CancellationToken cancellationToken)
    {
        var open = new Stack<SafeFileHandle>();
        var made = new Stack<(SafeFileHandle Folder, string Name)>();
        try
        {
            open.Push(LinkFree.OpenTop());
            foreach (var step in root.Split('/', StringSplitOptions.RemoveEmptyEntries))
                open.Push(LinkFree.OpenFolder(open.Peek(), step));
            var steps = path.Split('/');
            foreach (var step in steps[..^1])
            {
                if (LinkFree.MakeFolder(open.Peek(), step))
                    made.Push((open.Peek(), step));
                open.Push(LinkFree.OpenFolder(open.Peek(), step));
            }
            var (folder, name) = (open.Peek(), steps[^1]);
            if (LinkFree.IsLink(folder, name))
                return Link(name);
            var unfinished = $".{name}.{parcel.Secret.RotationId:n}.tmp";
            LinkFree.Remove(folder, unfinished);
            try
            {
                using (var file = LinkFree.CreateFile(folder, unfinished))
                {
                    RandomAccess.Write(file, content, 0);
                    RandomAccess.FlushToDisk(file);
                }
                // Who waited for this has gone, and the next secret may lie there by now.
                cancellationToken.ThrowIfCancellationRequested();
                LinkFree.Replace(folder, unfinished, name);
            }
            catch
            {
                LinkFree.Remove(folder, unfinished);
                throw;
            }
            LinkFree.Flush(folder);
            var holds = Holds(folder, name, content);
            if (parcel.Probe)
            {
                LinkFree.Remove(folder, name);
                foreach (var (parent, child) in made)
                    LinkFree.Remove(parent, child, isFolder: true);
            }
            return holds ? $"{root}/{path}" : SinkProblems.Unverified;
        }
        finally
        {
            foreach (var handle in open)
                handle.Dispose();
        }
    }

    private static bool Holds(SafeFileHandle folder, string name, byte[] content)
    {
        using var file = LinkFree.OpenFile(folder, name);
        var read = new byte[content.Length + 1];
        return RandomAccess.Read(file, read, 0) == content.Length
            && CryptographicOperations.FixedTimeEquals(read.AsSpan(0, content.Length), content)
            && LinkFree.IsOwnersOnly(file);
    }

    private static Problem Link(string step) =>
        SinkProblems.Failed(
            "sink_link_met",
            $"'{step}' is a link, or no folder, and is not followed. Give the real path, and look who put it there."
        );

    private static string Words(int error) => System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error);
}
