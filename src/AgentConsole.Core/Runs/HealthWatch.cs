using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Runs;

/// <summary>Judges every agent by the figures of the last while, and writes what changed: the word, since when, and the sentence that says why.</summary>
public sealed class HealthWatch(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory agents,
    IOptions<RunOptions> options,
    TimeProvider clock,
    ILogger<HealthWatch> log
) : Periodic(TimeSpan.FromSeconds(10), clock, log)
{
    private readonly TimeProvider _clock = clock;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        foreach (var organization in access.Current.Organizations.Keys)
            await JudgeAsync(organization, cancellationToken);
    }

    private async Task JudgeAsync(Guid organization, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var from = _clock.GetUtcNow().AddMinutes(-options.Value.HealthWindowMinutes);
        var sums = await new RollupScope(organization, TeamScope.Everything, null, from).ByAgentAsync(db, cancellationToken);
        var verdicts = sums.ToDictionary(s => s.AgentId, s => HealthRule.Judge(s, options.Value));
        var unwell = await db
            .Agents.Where(a => a.OrganizationId == organization && a.Health != Health.Ok)
            .Select(a => new Standing(a.Id, a.TeamId, a.Health, a.HealthSince, a.HealthReason))
            .ToDictionaryAsync(a => a.Id, cancellationToken);

        var changes = new List<(Standing Now, HealthVerdict Verdict)>();
        foreach (var (id, verdict) in verdicts)
        {
            // Whoever is well and was well is the common case, and costs nothing.
            if (verdict.Health != Health.Ok && !unwell.ContainsKey(id) && agents.Find(id) is { } card)
                changes.Add((new Standing(id, card.TeamId, Health.Ok, null, null), verdict));
        }
        foreach (var (id, standing) in unwell)
        {
            var verdict = verdicts.GetValueOrDefault(id);
            if (verdict.Health != standing.Health || (standing.Since is { } since && verdict.Since(since) != standing.Reason))
                changes.Add((standing, verdict));
        }
        if (changes.Count > 0)
            await WriteAsync(organization, changes, cancellationToken);
    }

    private async Task WriteAsync(
        Guid organization,
        List<(Standing Now, HealthVerdict Verdict)> changes,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var (standing, verdict) in changes.OrderBy(c => c.Now.Id))
        {
            // From degraded to failing is the same trouble: it is told since it began.
            DateTimeOffset? since = verdict.Health == Health.Ok ? null : standing.Since ?? write.Now;
            var reason = since is { } began ? verdict.Since(began) : null;
            await write
                .Db.Agents.Where(a => a.OrganizationId == organization && a.Id == standing.Id)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(a => a.Health, verdict.Health)
                            .SetProperty(a => a.HealthSince, since)
                            .SetProperty(a => a.HealthReason, reason),
                    cancellationToken
                );
            write.Tell(new LiveEvent("agent", organization, standing.TeamId, standing.Id, standing.Id));
        }
        write.AfterCommit(() => agents.Bump(organization));
        await write.TryCommitAsync(cancellationToken);
    }

    private sealed record Standing(Guid Id, Guid TeamId, Health Health, DateTimeOffset? Since, string? Reason);
}
