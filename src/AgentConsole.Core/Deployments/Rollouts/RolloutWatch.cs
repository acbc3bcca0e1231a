using System.Globalization;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs.Arms;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>
/// Folds the runs of open rollouts into their arms, looks when it is time, and does what the plan says. Everything of one move is in one transaction that
/// begins with the lock of the organization's trail, so that a crash leaves all of it or nothing, and of two nodes the second finds it done.
/// </summary>
public sealed class RolloutWatch(
    ConsoleStore store,
    RolloutBook book,
    AccessDirectory access,
    TimeProvider clock,
    ILogger<RolloutWatch> log
)
{
    /// <summary>Entries folded in one transaction, so that ingest does not wait long.</summary>
    private const int MostEntries = 2_000;
    private const int MostAtOnce = 500;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);
    private DateTimeOffset _sweptAt;

    /// <summary>For crash tests: called with the name of each point between two writes of one move.</summary>
    internal Action<string>? Fault { get; set; }

    /// <summary>One turn over every open rollout.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        var after = Guid.Empty;
        while (true)
        {
            List<(Guid Organization, Guid Id)> open;
            await using (var db = await store.ReadAsync(cancellationToken))
            {
                open = (
                    await db
                        .Rollouts.Where(r => r.EndedAt == null && r.Id > after)
                        .OrderBy(r => r.Id)
                        .Take(MostAtOnce)
                        .Select(r => new { r.OrganizationId, r.Id })
                        .ToListAsync(cancellationToken)
                ).ConvertAll(r => (r.OrganizationId, r.Id));
            }
            foreach (var (organization, id) in open)
            {
                if (access.Current.SuspendedOrganizations.Contains(organization))
                    continue;
                try
                {
                    await StepAsync(organization, id, cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    log.LogError(e, "Rollout {Rollout} could not be moved on and is tried again", IdText.Format(IdText.Rollout, id));
                }
            }
            if (open.Count < MostAtOnce)
                return;
            after = open[^1].Id;
        }
    }

    // A node that had not heard yet that a rollout is over may have set runs aside for it.
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (now - _sweptAt < SweepEvery)
            return;
        _sweptAt = now;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            if (!await Orphans(db).AnyAsync(cancellationToken))
                return;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        await Orphans(write.Db).ExecuteDeleteAsync(cancellationToken);
        await write.TryCommitAsync(cancellationToken);
    }

    private static IQueryable<ArmEntry> Orphans(ConsoleDbContext db)
    {
        var open = db.Rollouts.Where(r => r.EndedAt == null);
        return db.ArmEntries.Where(e => !open.Any(r => r.OrganizationId == e.OrganizationId && r.Id == e.RolloutId));
    }

    private async Task StepAsync(Guid organization, Guid id, CancellationToken cancellationToken)
    {
        while (await FoldAsync(organization, id, cancellationToken) == MostEntries) { }
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            // Most turns find nothing to decide, and then take neither the gate nor the lock.
            var now = clock.Now();
            if (await LoadAsync(db, organization, id, cancellationToken) is not { } seen || !IsDue(seen, now))
                return;
            if (seen.Rollout is { Waits: RolloutWait.Freeze } && await IsFrozenAsync(db, seen, now, cancellationToken))
                return;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, organization, cancellationToken);
        if (await LoadAsync(write.Db, organization, id, cancellationToken) is not { } loaded || !IsDue(loaded, write.Now))
            return;
        if (await MoveAsync(write, loaded, cancellationToken))
        {
            Fault?.Invoke("before-commit");
            await write.TryCommitAsync(cancellationToken);
            Fault?.Invoke("after-commit");
        }
    }

    /// <returns>How many entries were folded.</returns>
    private async Task<int> FoldAsync(Guid organization, Guid id, CancellationToken cancellationToken)
    {
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            if (!await db.ArmEntries.AnyAsync(e => e.OrganizationId == organization && e.RolloutId == id, cancellationToken))
                return 0;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, organization, cancellationToken);
        if (await LoadAsync(write.Db, organization, id, cancellationToken) is not { } loaded)
            return 0;
        var entries = await write
            .Db.ArmEntries.AsNoTracking()
            .Where(e => e.OrganizationId == organization && e.RolloutId == id)
            .OrderBy(e => e.Id)
            .Take(MostEntries)
            .ToListAsync(cancellationToken);
        foreach (var some in entries.Where(e => e.StartedAt >= loaded.Rollout.StepStartedAt).GroupBy(e => e.IsCanary))
        {
            var arm = some.Key ? loaded.Canary : loaded.Stable;
            var samples = ArmSamples.Read(loaded.Plan.ValueMetrics, arm.Samples);
            foreach (var entry in some)
            {
                arm.Runs += entry.Sign;
                arm.Failed += entry.Failed ? entry.Sign : 0;
                arm.ToolFailed += entry.ToolFailed ? entry.Sign : 0;
                arm.Blocked += entry.Blocked ? entry.Sign : 0;
                samples.Fold(entry);
            }
            arm.Samples = samples.Write();
        }
        Fault?.Invoke("folded");
        foreach (var ids in entries.Select(e => e.Id).Chunk(500))
        {
            await write
                .Db.ArmEntries.Where(e => e.OrganizationId == organization && e.RolloutId == id && ids.Contains(e.Id))
                .ExecuteDeleteAsync(cancellationToken);
        }
        write.Tell(new Live.LiveEvent("rollout", organization, loaded.Agent.TeamId, loaded.Rollout.AgentId, id));
        return await write.TryCommitAsync(cancellationToken) ? entries.Count : 0;
    }

    private static bool IsDue(Loaded loaded, DateTimeOffset now)
    {
        var (rollout, plan) = (loaded.Rollout, loaded.Plan);
        if (loaded.Agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted)
            return true;
        return rollout.State == RolloutState.Running
            && (
                RolloutMachine.DueLook(rollout, plan, loaded.Canary, loaded.Stable, now) is not null
                || RolloutMachine.Next(rollout, plan, now) != RolloutMove.None
                || RolloutMachine.WaitOf(rollout, plan, now) != rollout.Waits
            );
    }

    /// <returns>Whether there is something to commit.</returns>
    private async Task<bool> MoveAsync(Write write, Loaded loaded, CancellationToken cancellationToken)
    {
        var (rollout, plan, agent) = (loaded.Rollout, loaded.Plan, loaded.Agent);
        var by = Actor.ForSystem(rollout.OrganizationId, $"rollout {IdText.Format(IdText.Rollout, rollout.Id)}");
        if (agent.Lifecycle is Lifecycle.Retired or Lifecycle.Deleted)
        {
            await book.OverrunAsync(write, by, agent, rollout, $"The agent is {KebabCase.Of(agent.Lifecycle)}.", cancellationToken);
            return true;
        }
        RolloutDecision? decision = null;
        byte[] record = [];
        if (RolloutMachine.DueLook(rollout, plan, loaded.Canary, loaded.Stable, write.Now) is { } look)
        {
            var evidence = RolloutMachine.Gather(plan, look, loaded.Canary, loaded.Stable);
            var decided = VerdictEngine.Decide(evidence);
            record = DecisionRecord.Write(evidence, decided);
            var number = rollout.Look(decided.Verdict, look.RunsNow, look.IsLast);
            var act = RolloutMachine.Next(rollout, plan, write.Now);
            decision = new RolloutDecision
            {
                OrganizationId = rollout.OrganizationId,
                RolloutId = rollout.Id,
                Number = number,
                Step = rollout.Step,
                At = write.Now,
                Verdict = decided.Verdict,
                Act = act,
                Record = record,
                Digest = DecisionRecord.Digest(record),
            };
            write.Db.Add(decision);
            RolloutBook.Record(
                write,
                by,
                agent,
                rollout,
                "rollout.judged",
                null,
                new
                {
                    number,
                    step = rollout.Step,
                    verdict = KebabCase.Of(decided.Verdict),
                    act = KebabCase.Of(act),
                    digest = decision.Digest,
                    canary_runs = loaded.Canary.Runs,
                    stable_runs = loaded.Stable.Runs,
                }
            );
            Fault?.Invoke("judged");
        }
        var moved = await ActAsync(write, by, loaded, cancellationToken);
        if (!moved)
            return false;
        if (rollout.State == RolloutState.Running)
            rollout.Waits = loaded.Frozen ? RolloutWait.Freeze : RolloutMachine.WaitOf(rollout, plan, write.Now);
        book.Tell(write, agent, rollout);
        return true;
    }

    // False when somebody deployed meanwhile, and nothing may be committed.
    private async Task<bool> ActAsync(Write write, Actor by, Loaded loaded, CancellationToken cancellationToken)
    {
        var (rollout, plan, agent) = (loaded.Rollout, loaded.Plan, loaded.Agent);
        var move = RolloutMachine.Next(rollout, plan, write.Now);
        if (move is RolloutMove.Advance or RolloutMove.Promote)
        {
            if (await IsFrozenAsync(write.Db, loaded, write.Now, cancellationToken))
            {
                loaded.Frozen = true;
                return true;
            }
        }
        var step = string.Create(CultureInfo.InvariantCulture, $"Step {rollout.Step} of {plan.Steps.Count}");
        switch (move)
        {
            case RolloutMove.Advance:
                RolloutBook.Record(write, by, agent, rollout, "rollout.advanced", null, new { step = rollout.Step + 1 });
                return await book.BeginStepAsync(
                    write,
                    by,
                    agent,
                    rollout,
                    await RolloutBook.ContentAsync(write.Db, rollout, rollout.CanarySnapshotId, cancellationToken),
                    rollout.Step + 1,
                    $"{step} passed",
                    cancellationToken
                );
            case RolloutMove.Promote:
                return await book.PromoteAsync(write, by, agent, rollout, $"{step} passed", cancellationToken);
            case RolloutMove.RollBack:
                return await book.RollBackAsync(write, by, agent, rollout, failed: true, $"{step} failed", cancellationToken);
            case RolloutMove.Pause:
                book.Pause(
                    write,
                    by,
                    agent,
                    rollout,
                    rollout.Verdict switch
                    {
                        Verdict.Fail => RolloutWait.Fail,
                        Verdict.NotEnoughData => RolloutWait.NotEnoughData,
                        _ => RolloutWait.Inconclusive,
                    },
                    null
                );
                return true;
            default:
                return true;
        }
    }

    private static async Task<bool> IsFrozenAsync(
        ConsoleDbContext db,
        Loaded loaded,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (rollout, team) = (loaded.Rollout, loaded.Agent.TeamId);
        var biting = await FreezeService.BitingAsync(db, rollout.OrganizationId, team, rollout.Environment, now, cancellationToken);
        return biting.Count > 0;
    }

    private static async Task<Loaded?> LoadAsync(ConsoleDbContext db, Guid organization, Guid id, CancellationToken cancellationToken)
    {
        var rollout = await db.Rollouts.FirstOrDefaultAsync(
            r => r.OrganizationId == organization && r.Id == id && r.EndedAt == null,
            cancellationToken
        );
        if (rollout is null)
            return null;
        var agent = await db.Agents.FirstAsync(a => a.OrganizationId == organization && a.Id == rollout.AgentId, cancellationToken);
        var arms = await db
            .RolloutArms.Where(a => a.OrganizationId == organization && a.RolloutId == id && a.Step == rollout.Step)
            .ToListAsync(cancellationToken);
        return new Loaded(rollout, RolloutPlan.Parse(rollout.Plan), agent, arms.Single(a => a.IsCanary), arms.Single(a => !a.IsCanary));
    }

    private sealed record Loaded(Rollout Rollout, RolloutPlan Plan, Agent Agent, RolloutArm Canary, RolloutArm Stable)
    {
        public bool Frozen { get; set; }
    }
}
