using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Inactivity;

/// <summary>
/// Warns of agents that do nothing, and acts when the grace is over. Each policy is looked at under its organization's lock, so that several nodes do
/// nothing twice. It does not act for some days after a time in which no console ran, and never on more than a share of its agents within a day
/// without a person's confirmation.
/// </summary>
public sealed class InactivityWatch(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory directory,
    KeyIndex index,
    AliveMark alive,
    TimeProvider clock,
    ILogger<InactivityWatch> log
) : Periodic(TimeSpan.FromMinutes(5), clock, log)
{
    /// <summary>Most warnings or acts in one transaction, so that other writers do not wait long.</summary>
    private const int AtOnce = 500;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TimeProvider _clock = clock;
    private bool _notedGap;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (!_notedGap)
        {
            await NoteGapAsync(cancellationToken);
            _notedGap = true;
        }
        List<InactivityPolicy> policies;
        await using (var db = await store.ReadAsync(cancellationToken))
            policies = await db.InactivityPolicies.Where(p => p.Enabled).OrderBy(p => p.Id).ToListAsync(cancellationToken);
        foreach (var policy in policies)
        {
            while (await WatchAsync(policy, cancellationToken) >= AtOnce) { }
        }
    }

    // The mark is read once, when this console opened the store; that nobody was alive before is a fact from then on.
    private async Task NoteGapAsync(CancellationToken cancellationToken)
    {
        if (alive.Outage == TimeSpan.Zero)
            return;
        var to = alive.OpenedAt;
        var from = to - alive.Outage;
        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.ConsoleGaps.AnyAsync(g => g.To > from, cancellationToken))
            return; // another node that came back at the same time was faster
        write.Db.Add(new ConsoleGap { From = from, To = to });
        var before = to.AddDays(-400);
        await write.Db.ConsoleGaps.Where(g => g.To < before).ExecuteDeleteAsync(cancellationToken);
        await write.TryCommitAsync(cancellationToken);
    }

    /// <returns>How many agents were warned of or acted on.</returns>
    private async Task<int> WatchAsync(InactivityPolicy known, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await write.LockOrganizationAsync(known.OrganizationId, cancellationToken);
        var (organization, id) = (known.OrganizationId, known.Id);
        var policy = await write
            .Db.InactivityPolicies.AsNoTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == organization && p.Id == id && p.Enabled, cancellationToken);
        if (policy is null)
            return 0;
        var idle = await InactivityRule.Idle(write.Db, policy, write.Now).ToDictionaryAsync(a => a.Id, cancellationToken);
        var warnings = await write
            .Db.InactivityWarnings.Where(w => w.OrganizationId == organization && w.PolicyId == id)
            .ToDictionaryAsync(w => w.AgentId, cancellationToken);
        Withdraw(write, idle, warnings);
        BeginAnew(write, policy, warnings.Values.Where(w => idle.ContainsKey(w.AgentId)));
        var done = Warn(write, policy, idle.Values.Where(a => !warnings.ContainsKey(a.Id)));
        // An edited policy shows what it would do now; the grace is never cut short by an edit.
        foreach (var warning in warnings.Values.Where(w => w.ActedAt is null && idle.ContainsKey(w.AgentId)))
        {
            (warning.Action, warning.PolicyVersion) = (policy.Action, policy.Revision);
            var due = warning.WarnedAt.AddDays(policy.GraceDays);
            warning.DueAt = due > warning.DueAt ? due : warning.DueAt;
        }
        var ready = warnings.Values.Where(w => w.ActedAt is null && w.DueAt <= write.Now && idle.ContainsKey(w.AgentId)).ToList();
        if (ready.Count > 0 && await MayActAsync(write, policy, ready.Count, warnings.Values, cancellationToken))
            done += await ActAsync(write, policy, [.. ready.OrderBy(w => w.DueAt).Take(AtOnce)], idle, cancellationToken);
        return await write.TryCommitAsync(cancellationToken) ? done : 0;
    }

    // A sign came, somebody exempted it, or took the action back: nothing is due any more.
    private void Withdraw(Write write, Dictionary<Guid, IdleAgent> idle, Dictionary<Guid, InactivityWarning> warnings)
    {
        foreach (var warning in warnings.Values.Where(w => !idle.ContainsKey(w.AgentId)).Take(AtOnce).ToList())
        {
            var paused = directory.Find(warning.AgentId) is { Lifecycle: Lifecycle.Paused };
            if (warning is { ActedAt: not null, Action: InactivityAction.Pause } && paused)
                continue;
            write.Db.Remove(warning);
            warnings.Remove(warning.AgentId);
            Tell(write, warning);
        }
    }

    // Somebody resumed what it had paused: the agent gets its whole grace again.
    private static void BeginAnew(Write write, InactivityPolicy policy, IEnumerable<InactivityWarning> warnings)
    {
        foreach (var warning in warnings.Where(w => w is { ActedAt: not null, Action: InactivityAction.Pause }))
        {
            (warning.ActedAt, warning.WarnedAt, warning.DueAt) = (null, write.Now, write.Now.AddDays(policy.GraceDays));
            Tell(write, warning);
        }
    }

    private static int Warn(Write write, InactivityPolicy policy, IEnumerable<IdleAgent> fresh)
    {
        var count = 0;
        foreach (var agent in fresh.Take(AtOnce))
        {
            var warning = new InactivityWarning
            {
                OrganizationId = policy.OrganizationId,
                AgentId = agent.Id,
                TeamId = agent.TeamId,
                PolicyId = policy.Id,
                PolicyVersion = policy.Revision,
                Action = policy.Action,
                IdleSince = agent.Since(policy.Sign),
                WarnedAt = write.Now,
                DueAt = write.Now.AddDays(policy.GraceDays),
            };
            write.Db.Add(warning);
            Tell(write, warning);
            count++;
        }
        return count;
    }

    private async Task<bool> MayActAsync(
        Write write,
        InactivityPolicy policy,
        int ready,
        IReadOnlyCollection<InactivityWarning> warnings,
        CancellationToken cancellationToken
    )
    {
        if (await InactivityRule.HeldUntilAsync(write.Db, policy, write.Now, cancellationToken) is not null)
            return false;
        if (policy.Action == InactivityAction.Flag)
            return true;
        var yesterday = write.Now - Day;
        var acted = warnings.Count(w => w.ActedAt > yesterday);
        var paused = warnings.Count(w => w is { ActedAt: not null, Action: InactivityAction.Pause });
        var fleet = await InactivityRule.Fleet(write.Db, policy).CountAsync(cancellationToken) + paused;
        var brake = await write.Db.InactivityBrakes.SingleOrDefaultAsync(
            b => b.OrganizationId == policy.OrganizationId && b.PolicyId == policy.Id,
            cancellationToken
        );
        if (acted + ready <= InactivityRule.Allowed(fleet, policy.MaxSharePercent))
        {
            if (brake is not null)
                write.Db.Remove(brake);
            return true;
        }
        // What a person agreed to holds for a day, and for no more agents than they were shown.
        if (brake?.ConfirmedAt > yesterday && acted + ready <= brake.ConfirmedAgents)
            return true;
        if (brake is { ConfirmedAt: null })
        {
            (brake.Agents, brake.Fleet) = (acted + ready, fleet);
            return false;
        }
        if (brake is not null)
        {
            write.Db.Remove(brake);
            await write.Db.SaveChangesAsync(cancellationToken);
        }
        write.Db.Add(
            new InactivityBrake
            {
                OrganizationId = policy.OrganizationId,
                PolicyId = policy.Id,
                At = write.Now,
                Agents = acted + ready,
                Fleet = fleet,
            }
        );
        write.Trail(
            By(policy),
            "inactivity.braked",
            policy.Target(access.Current),
            after: new
            {
                policy_version = policy.Revision,
                agents = acted + ready,
                fleet,
                max_share_percent = policy.MaxSharePercent,
            }
        );
        write.Tell(new LiveEvent("inactivity", policy.OrganizationId, policy.TeamId, null, policy.Id));
        return false;
    }

    private async Task<int> ActAsync(
        Write write,
        InactivityPolicy policy,
        List<InactivityWarning> ready,
        Dictionary<Guid, IdleAgent> idle,
        CancellationToken cancellationToken
    )
    {
        var ids = ready.ConvertAll(w => w.AgentId);
        var organization = policy.OrganizationId;
        var agents = await write
            .Db.Agents.Where(a => a.OrganizationId == organization && ids.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        foreach (var warning in ready)
        {
            var agent = agents[warning.AgentId];
            warning.ActedAt = write.Now;
            var facts = new
            {
                lifecycle = policy.Action == InactivityAction.Pause ? "paused" : null,
                policy = IdText.Format(IdText.InactivityPolicy, policy.Id),
                policy_version = policy.Revision,
                idle_since = idle[agent.Id].Since(policy.Sign),
            };
            switch (policy.Action)
            {
                case InactivityAction.Pause:
                    write.Trail(
                        By(policy),
                        "agent.paused",
                        AgentService.Target(agent),
                        new { lifecycle = KebabCase.Of(agent.Lifecycle) },
                        facts,
                        Reason(policy)
                    );
                    agent.LifecycleBefore = agent.Lifecycle;
                    agent.Lifecycle = Lifecycle.Paused;
                    agent.LivenessDeadline = null;
                    agent.UpdatedAt = write.Now;
                    directory.Announce(write, agent);
                    break;
                case InactivityAction.DisableKeys:
                    await DisableKeysAsync(write, policy, agent, facts, cancellationToken);
                    break;
                default:
                    write.Trail(By(policy), "inactivity.flagged", AgentService.Target(agent), after: facts, reason: Reason(policy));
                    break;
            }
            Tell(write, warning);
        }
        return ready.Count;
    }

    private async Task DisableKeysAsync(
        Write write,
        InactivityPolicy policy,
        Agent agent,
        object facts,
        CancellationToken cancellationToken
    )
    {
        var versions = await write
            .Db.KeyVersions.Where(v =>
                v.OrganizationId == agent.OrganizationId
                && v.AgentId == agent.Id
                && (v.State == KeyState.Active || v.State == KeyState.Retiring)
            )
            .ToListAsync(cancellationToken);
        var keyIds = versions.Select(v => v.KeyId).Distinct().ToArray();
        var keys = await write
            .Db.AgentKeys.AsNoTracking()
            .Where(k => k.OrganizationId == agent.OrganizationId && keyIds.Contains(k.Id))
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        foreach (var version in versions)
        {
            var before = version.State;
            (version.State, version.DisabledAt, version.Reason) = (KeyState.Disabled, write.Now, Reason(policy));
            write.Trail(
                By(policy),
                "key.disabled",
                KeyService.Target(agent, keys[version.KeyId], version),
                new { version = version.Number, state = KebabCase.Of(before) },
                facts,
                Reason(policy)
            );
            KeyService.Announce(write, index, agent.TeamId, version);
        }
    }

    private Actor By(InactivityPolicy policy) =>
        Actor.ForSystem(policy.OrganizationId, "inactivity policy of " + policy.NameOf(access.Current));

    private static string Reason(InactivityPolicy policy) =>
        $"No {policy.Sign.Word()} for {policy.Days.ToString(System.Globalization.CultureInfo.InvariantCulture)} days";

    private static void Tell(Write write, InactivityWarning warning) =>
        write.Tell(new LiveEvent("agent", warning.OrganizationId, warning.TeamId, warning.AgentId, warning.AgentId));
}
