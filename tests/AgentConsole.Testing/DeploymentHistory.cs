using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Testing;

/// <summary>What was deployed before a test began, so that there is a past to look at.</summary>
public static class DeploymentHistory
{
    /// <summary>One change, so long before now.</summary>
    /// <param name="TakesBack">It is a rollback from what was current.</param>
    public sealed record Step(
        double HoursAgo,
        string Version,
        SnapshotStatus Status = SnapshotStatus.Active,
        double? Share = null,
        SnapshotTrigger Trigger = SnapshotTrigger.Person,
        bool TakesBack = false,
        string? Reason = null
    );

    /// <param name="steps">In the order of time; later than anything that the agent has.</param>
    /// <returns>Their ids.</returns>
    public static async Task<IReadOnlyList<Guid>> DeployedAsync(
        this IServiceProvider services,
        string agent,
        string environment,
        params Step[] steps
    )
    {
        var stop = CancellationToken.None;
        await using var write = await services.GetRequiredService<ConsoleStore>().WriteAsync(stop);
        var of = await write.Db.Agents.SingleAsync(a => a.Slug == agent && a.DeletedAt == null, stop);
        var current = await write
            .Db.Snapshots.Where(s => s.AgentId == of.Id && s.Environment == environment && s.Outcome == SnapshotOutcome.Current)
            .ToListAsync(stop);
        var made = new List<Guid>();
        foreach (var step in steps)
        {
            var content = step.Share is { } share
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"model":"small-4","traffic_percent":{{share}}}""")
                : """{"model":"small-4"}""";
            var ends = current.FindAll(s => s.Status == SnapshotStatus.Canary || step.Status != SnapshotStatus.Canary);
            var snapshot = new Snapshot
            {
                Id = write.NewId(),
                OrganizationId = of.OrganizationId,
                AgentId = of.Id,
                TeamId = of.TeamId,
                Environment = environment,
                Version = step.Version,
                Status = step.Status,
                Content = content,
                Digest = new SnapshotContent(content).Digest,
                Reason = step.Reason,
                Trigger = step.TakesBack ? SnapshotTrigger.Rollback : step.Trigger,
                RolledBackFrom = step.TakesBack ? ends[^1].Id : null,
                DeployedAt = write.Now.AddHours(-step.HoursAgo),
                DeployedBy = "ines@acme.example",
            };
            snapshot.Begin(of.Slug, ends);
            foreach (var before in ends)
                before.End(snapshot);
            if (!await write.TryFlushAsync(stop))
                throw new InvalidOperationException("The history could not be written.");
            write.Db.Add(snapshot);
            current.RemoveAll(ends.Contains);
            current.Add(snapshot);
            made.Add(snapshot.Id);
        }
        if (!await write.TryCommitAsync(stop))
            throw new InvalidOperationException("The history could not be written.");
        return made;
    }
}
