using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Agents;

/// <summary>
/// Finds agents whose lease or grace ran out. The console notes every few seconds that it is itself alive: after a time in which nobody could be
/// heard, deadlines move on by that time, so that its own absence makes no agent silent.
/// </summary>
public sealed class LivenessWatch(ConsoleStore store, AgentDirectory agents, TimeProvider clock, ILogger<LivenessWatch> log)
    : Periodic(TimeSpan.FromSeconds(1), clock, log)
{
    private const string AliveFact = "console_alive_at";
    private const int AtOnce = 500;
    private static readonly TimeSpan NoteEvery = TimeSpan.FromSeconds(5);

    /// <summary>A longer gap between two notes means that the console was down, or the machine asleep.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _clock = clock;
    private DateTimeOffset? _notedAt;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        if (_notedAt is null || now - _notedAt >= NoteEvery)
            await NoteAliveAsync(now, cancellationToken);
        while (await JudgeAsync(now, cancellationToken) > 0) { }
    }

    private async Task NoteAliveAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var fact = await write.Db.StoreFacts.SingleOrDefaultAsync(f => f.Name == AliveFact, cancellationToken);
        if (fact is null)
        {
            write.Db.Add(new StoreFact { Name = AliveFact, Value = Text(now) });
        }
        else if (long.TryParse(fact.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var micros))
        {
            var before = Utc.FromMicros(micros);
            if (before >= now)
            {
                _notedAt = now;
                return; // another node was faster
            }
            if (now - before > Gap)
                await PushAsync(write, before, now, cancellationToken);
            fact.Value = Text(now);
        }
        if (await write.TryCommitAsync(cancellationToken))
            _notedAt = now;
    }

    private async Task PushAsync(Write write, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var push = new RawCommand(write, LifeSql.PushDeadlines);
        var moved = await push.RunAsync(cancellationToken, (to - from).Ticks / TimeSpan.TicksPerMicrosecond, from);
        log.LogInformation(
            "Nobody could be heard for {Seconds} s: the deadlines of {Agents} agents were moved on by that time",
            (int)(to - from).TotalSeconds,
            moved
        );
    }

    private async Task<int> JudgeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            if (!await Due(db, now).AnyAsync(cancellationToken))
                return 0;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var due = await Due(write.Db, now)
            .OrderBy(a => a.LivenessDeadline)
            .Take(AtOnce)
            .Select(a => new
            {
                a.Id,
                a.OrganizationId,
                a.TeamId,
                a.Liveness,
                a.LivenessDeadline,
                a.GraceSeconds,
            })
            .ToListAsync(cancellationToken);
        await using var overdue = new RawCommand(write, LifeSql.Overdue);
        var organizations = new HashSet<Guid>();
        foreach (var agent in due)
        {
            var at = agent.LivenessDeadline!.Value;
            var (next, deadline) = LivenessRule.Overdue(agent.Liveness, at, agent.GraceSeconds);
            if (
                await overdue.RunAsync(
                    cancellationToken,
                    KebabCase.Of(next),
                    at,
                    deadline is { } then ? Utc.ToMicros(then) : null,
                    agent.OrganizationId,
                    agent.Id
                ) == 0
            )
                continue; // it was heard in this moment
            write.Db.Add(
                new LivenessChange
                {
                    Id = write.NewId(),
                    OrganizationId = agent.OrganizationId,
                    AgentId = agent.Id,
                    TeamId = agent.TeamId,
                    From = agent.Liveness,
                    To = next,
                    At = at,
                }
            );
            organizations.Add(agent.OrganizationId);
            write.Tell(new LiveEvent("agent", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));
        }
        write.AfterCommit(() =>
        {
            foreach (var organization in organizations)
                agents.Bump(organization);
        });
        return await write.TryCommitAsync(cancellationToken) ? due.Count : 0;
    }

    private static IQueryable<Agent> Due(ConsoleDbContext db, DateTimeOffset now) =>
        db.Agents.Where(a => a.LivenessDeadline != null && a.LivenessDeadline <= now);

    private static string Text(DateTimeOffset at) => Utc.ToMicros(at).ToString(CultureInfo.InvariantCulture);
}
