using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Drift;

/// <summary>
/// Remembers which instance of which agent reported which version last, and writes it in one batch every 2 s: never on a report's path. A kill loses at
/// most that.
/// </summary>
public sealed class InstanceBook(ConsoleStore store, TimeProvider clock, ILogger<InstanceBook> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log),
        IInstanceNotes
{
    private const int AtOnce = 500;
    private readonly TimeProvider _clock = clock;
    private ConcurrentDictionary<Guid, Notes> _notes = new();
    private DateTimeOffset _purgedAt = clock.Now();

    protected override bool StepsOnStop => true;

    public void Note(Actor by, AgentCard agent, string version, int runs, string? instance = null)
    {
        var name = CallerName.Of(by.Address, by.UserAgent, instance ?? by.Instance);
        _notes.GetOrAdd(agent.Id, static (_, card) => new Notes(card), agent).Note(name, by, version, runs, _clock.Now());
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_clock.Now() - _purgedAt >= TimeSpan.FromHours(1))
            await PurgeAsync(cancellationToken);
        if (_notes.IsEmpty)
            return;
        var taken = Interlocked.Exchange(ref _notes, new ConcurrentDictionary<Guid, Notes>());
        // In parts, so that a large fleet's notes do not keep other writers waiting; in order, so that two nodes do not wait for each other.
        var part = new List<Notes>();
        var rows = 0;
        foreach (var notes in taken.Values.OrderBy(n => n.Agent.Id))
        {
            part.Add(notes);
            rows += notes.Count;
            if (rows < AtOnce)
                continue;
            await WriteAsync(part, cancellationToken);
            part.Clear();
            rows = 0;
        }
        if (part.Count > 0)
            await WriteAsync(part, cancellationToken);
    }

    private async Task WriteAsync(List<Notes> part, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await using var again = new RawCommand(
            write,
            "UPDATE agent_instances SET runs = runs + @p0, user_agent = @p1, address = @p2, "
                + "last_seen_at = CASE WHEN @p3 > last_seen_at THEN @p3 ELSE last_seen_at END "
                + "WHERE organization_id = @p4 AND agent_id = @p5 AND caller = @p6 AND version = @p7"
        );
        // Another node may have heard a newer version of it meanwhile.
        await using var other = new RawCommand(
            write,
            "INSERT INTO agent_instances (organization_id, agent_id, caller, instance, user_agent, address, version, since, last_seen_at, runs) "
                + "VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9) ON CONFLICT (organization_id, agent_id, caller) DO UPDATE SET "
                + "user_agent = excluded.user_agent, address = excluded.address, version = excluded.version, since = excluded.since, "
                + "last_seen_at = excluded.last_seen_at, runs = excluded.runs WHERE excluded.last_seen_at >= agent_instances.last_seen_at"
        );
        await using var trim = new RawCommand(
            write,
            "DELETE FROM agent_instances WHERE organization_id = @p0 AND agent_id = @p1 AND last_seen_at < (SELECT MIN(last_seen_at) FROM "
                + "(SELECT last_seen_at FROM agent_instances WHERE organization_id = @p0 AND agent_id = @p1 "
                + $"ORDER BY last_seen_at DESC LIMIT {AgentInstance.MostOfAgent}) AS newest)"
        );
        foreach (var notes in part)
        {
            var (organization, agent, changed) = (notes.Agent.OrganizationId, notes.Agent.Id, false);
            foreach (var note in notes.Take())
            {
                var (agentText, address) = (Texts.Clip(note.UserAgent, 256), Texts.Clip(note.Address, 64));
                if (
                    await again.RunAsync(
                        cancellationToken,
                        note.Runs,
                        agentText,
                        address,
                        note.LastAt,
                        organization,
                        agent,
                        note.Caller,
                        note.Version
                    ) > 0
                )
                    continue;
                changed = true;
                await other.RunAsync(
                    cancellationToken,
                    organization,
                    agent,
                    note.Caller,
                    note.Name.Instance,
                    agentText,
                    address,
                    note.Version,
                    note.Since,
                    note.LastAt,
                    note.Runs
                );
            }
            if (!changed)
                continue;
            await trim.RunAsync(cancellationToken, organization, agent);
            write.Tell(new LiveEvent("drift", organization, notes.Agent.TeamId, agent, agent));
        }
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task PurgeAsync(CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var silent = write.Now - AgentInstance.Kept;
        await write.Db.AgentInstances.Where(i => i.LastSeenAt < silent).ExecuteDeleteAsync(cancellationToken);
        if (await write.TryCommitAsync(cancellationToken))
            _purgedAt = write.Now;
    }

    private sealed class Notes(AgentCard agent)
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<CallerName, InstanceNote> _byName = [];
        private InstanceNote? _latest;

        public AgentCard Agent => agent;

        public int Count
        {
            get
            {
                lock (_lock)
                    return _byName.Count;
            }
        }

        public void Note(CallerName name, Actor by, string version, int runs, DateTimeOffset now)
        {
            lock (_lock)
            {
                // Nearly always the instance of the last report.
                var note = _latest is { } last && last.Name == name ? last : _byName.GetValueOrDefault(name);
                if (note is null)
                {
                    if (_byName.Count >= AgentInstance.MostOfAgent)
                        return;
                    _byName[name] = note = new InstanceNote(name);
                }
                _latest = note;
                note.Take(by, version, runs, now);
            }
        }

        public IReadOnlyList<InstanceNote> Take()
        {
            lock (_lock)
                return [.. _byName.Values.OrderBy(n => Convert.ToHexString(n.Caller))];
        }
    }

    private sealed class InstanceNote(CallerName name)
    {
        public CallerName Name => name;
        public byte[] Caller => field ??= name.Hash();
        public string Version { get; private set; } = "";
        public DateTimeOffset Since { get; private set; }
        public DateTimeOffset LastAt { get; private set; }
        public long Runs { get; private set; }
        public string? UserAgent { get; private set; }
        public string? Address { get; private set; }

        public void Take(Actor by, string version, int runs, DateTimeOffset now)
        {
            if (Version != version)
                (Version, Since, Runs) = (version, now, 0);
            (LastAt, UserAgent, Address) = (now, by.UserAgent, by.Address);
            Runs += runs;
        }
    }
}
