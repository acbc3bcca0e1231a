using System.Globalization;
using AgentConsole.Core.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Data;

/// <summary>
/// Remembers in the store when the console was last alive, so that after an outage of its own it does not blame agents and runs for a silence that
/// it could not have heard. Whoever watches deadlines moves them on by <see cref="Outage"/> before looking at them.
/// </summary>
public sealed class AliveMark(ConsoleStore store, TimeProvider clock, ILogger<AliveMark> log)
    : Periodic(TimeSpan.FromSeconds(10), clock, log),
        ILoadAtStart
{
    private const string Fact = "last_alive";
    private readonly TimeProvider _clock = clock;

    /// <summary>For how long no console was alive before this one opened the store; zero for less than a minute, and for a new store.</summary>
    public TimeSpan Outage { get; private set; }

    /// <summary>When this console opened the store, and so the end of the outage.</summary>
    public DateTimeOffset OpenedAt { get; private set; }

    public async Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        OpenedAt = _clock.Now();
        var value = await db.StoreFacts.Where(f => f.Name == Fact).Select(f => f.Value).FirstOrDefaultAsync(cancellationToken);
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var micros))
            return;
        var silent = OpenedAt - Utc.FromMicros(micros);
        Outage = silent >= TimeSpan.FromMinutes(1) ? silent : TimeSpan.Zero;
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var now = Utc.ToMicros(write.Now).ToString(CultureInfo.InvariantCulture);
        if (
            await write
                .Db.StoreFacts.Where(f => f.Name == Fact)
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.Value, now), cancellationToken) == 0
        )
            write.Db.Add(new StoreFact { Name = Fact, Value = now });
        await write.TryCommitAsync(cancellationToken);
    }
}
