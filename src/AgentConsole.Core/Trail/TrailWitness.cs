using System.Collections.Concurrent;
using System.Threading.Channels;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Trail;

/// <summary>
/// Keeps the end of each chain outside the database as well, so that a truncation is noticed. It is told after the commit and writes off the
/// request's path: it may trail the table, and never leads it.
/// </summary>
public sealed class TrailWitness(IOptions<ConsoleOptions> options, TimeProvider clock, ILogger<TrailWitness> log)
    : BackgroundService,
        ILoadAtStart
{
    private readonly ConcurrentDictionary<Guid, WitnessLine> _news = new();
    private readonly ConcurrentDictionary<Guid, long> _written = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly SemaphoreSlim _file = new(1, 1);

    private string Folder => WitnessFile.FolderOf(options.Value.DataDirectory);

    /// <summary>Called after each commit that grew a chain.</summary>
    public void Note(Guid organizationId, long seq, byte[] hash)
    {
        var line = new WitnessLine(organizationId, seq, hash, clock.Now());
        _news.AddOrUpdate(organizationId, line, (_, known) => known.Seq > seq ? known : line); // nodes' commits may be told out of order
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Appends what was noted since the last time, and returns when it is on disk.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        await _file.WaitAsync(cancellationToken);
        try
        {
            var lines = new List<WitnessLine>();
            foreach (var organization in _news.Keys)
            {
                if (_news.TryRemove(organization, out var line) && line.Seq > _written.GetValueOrDefault(organization))
                    lines.Add(line);
            }
            if (lines.Count == 0)
                return;
            await WitnessFile.AppendAsync(Folder, lines);
            foreach (var line in lines)
                _written[line.OrganizationId] = line.Seq;
        }
        finally
        {
            _file.Release();
        }
    }

    /// <summary>Compares each chain with the last end that was witnessed, and says aloud when it has become shorter or another one.</summary>
    async Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        WitnessFile.Mend(Folder);
        var history = WitnessFile.Read(Folder);
        foreach (var line in history.Lines.GroupBy(l => l.OrganizationId).Select(g => g.MaxBy(l => l.Seq)!))
        {
            _written[line.OrganizationId] = line.Seq;
            var hash = await db
                .TrailRecords.Where(r => r.OrganizationId == line.OrganizationId && r.Seq == line.Seq)
                .Select(r => r.Hash)
                .SingleOrDefaultAsync(cancellationToken);
            if (hash is null || !hash.AsSpan().SequenceEqual(line.Hash))
                log.LogCritical(
                    "The trail of organization {Organization} {What} its witness, which saw record {Seq} at {At:O}. Run: -- trail verify",
                    IdText.Format(IdText.Organization, line.OrganizationId),
                    hash is null ? "is shorter than" : "is another one than that of",
                    line.Seq,
                    line.At
                );
        }
        foreach (var fault in history.Faults)
            log.LogCritical("The trail's witness: {Fault}", fault);
        WitnessFile.Thin(Folder);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in _wake.Reader.ReadAllAsync(stoppingToken))
            await TryStepAsync();
    }

    /// <summary>Also when the stop has run into its limit, what was committed is witnessed before this returns.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryStepAsync();
    }

    public override void Dispose()
    {
        _file.Dispose();
        base.Dispose();
    }

    private async Task TryStepAsync()
    {
        try
        {
            await StepAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next commit notes a later end, which proves the same and more.
            log.LogError(e, "The trail's witness could not be written to {Folder}", Folder);
        }
    }
}
