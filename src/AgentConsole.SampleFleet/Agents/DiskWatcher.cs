using System.Globalization;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Looks how full the disks of this machine are and which folders below the root take the most.</summary>
public sealed class DiskWatcher(Surroundings here) : FleetAgent
{
    private const double Scarce = 0.10;
    private const double Critical = 0.03;
    private const int MostFiles = 20_000;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "disk-watcher",
            DisplayName = "Disk watcher",
            Description = "Measures free space and the biggest folders; escalates below a tenth free and fails below three hundredths.",
            Team = "platform",
            Environment = "production",
            Tags = ["capacity"],
            Cadence = TimeSpan.FromSeconds(33),
            KeyCare = KeyCare.Self,
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        work.BeginRound("free space");
        var disks = await work.UseAsync("list-disks", new { }, Disks, found => new { disks = found.Count }, cancellationToken);
        if (disks.Count == 0)
            return Finding.Skipped("No disk of this machine says how full it is.");
        foreach (var disk in disks)
            work.Decide(
                "a tenth is free",
                disk.Free >= Scarce ? "allowed" : "escalated",
                new
                {
                    disk = disk.Name,
                    free = Percent(disk.Free),
                    size_gib = disk.Size >> 30,
                }
            );

        work.BeginRound("biggest folders");
        var fence = new Fence(here.Root);
        var folders = new List<(string Name, long Bytes, int Files)>();
        foreach (var folder in fence.Exists ? Fence.Folders(fence.Folder) : [])
        {
            var (bytes, files) = await work.UseAsync(
                "measure-folder",
                new { folder = fence.Name(folder) },
                () => Measure(fence, folder, cancellationToken),
                size => new { size.Bytes, size.Files },
                cancellationToken
            );
            folders.Add((fence.Name(folder), bytes, files));
        }
        var biggest = folders.OrderByDescending(f => f.Bytes).Take(3).ToList();
        var tightest = disks.MinBy(d => d.Free)!;
        var summary =
            $"{tightest.Name} has {Percent(tightest.Free)} free"
            + (biggest.Count == 0 ? "." : $"; biggest folders: {string.Join(", ", biggest.Select(f => $"{f.Name} {Size(f.Bytes)}"))}.");
        var figures = new
        {
            disks = disks.Count,
            least_free = Math.Round(tightest.Free, 4),
            folders = folders.Count,
            bytes = folders.Sum(f => f.Bytes),
        };
        return tightest.Free < Critical
            ? Finding.Failed("disk_full", $"{tightest.Name} has {Percent(tightest.Free)} free.", summary) with
            {
                Figures = figures,
            }
            : Finding.Completed(summary) with
            {
                Figures = figures,
            };
    }

    private static List<Disk> Disks() =>
        [
            .. DriveInfo
                .GetDrives()
                .Where(drive => drive.DriveType is DriveType.Fixed or DriveType.Network && drive.IsReady && drive.TotalSize > 1 << 30)
                .GroupBy(drive => (drive.TotalSize, drive.AvailableFreeSpace)) // the same disk, mounted several times
                .Select(same => same.MinBy(drive => drive.Name.Length)!)
                .Select(drive => new Disk(drive.Name, drive.TotalSize, (double)drive.AvailableFreeSpace / drive.TotalSize))
                .Take(10),
        ];

    private static (long Bytes, int Files) Measure(Fence fence, string folder, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        var files = 0;
        foreach (var file in fence.Files("*", folder).Take(MostFiles))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A file may go while it is looked at; then it takes nothing.
            if (new FileInfo(file) is { Exists: true } info)
                bytes += info.Length;
            files++;
        }
        return (bytes, files);
    }

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    private static string Size(long bytes) =>
        bytes >= 1 << 20
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB");

    private sealed record Disk(string Name, long Size, double Free);
}
