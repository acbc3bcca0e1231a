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
/// Warns of agents that do nothing, and acts when the grace is over. Who is concerned is searched for while others write; each part of them is looked at
/// again under the organization's lock, so that several nodes do nothing twice. It does not act for some days after a time in which no console ran, and never on more than a share of its agents within a day
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
            await WatchAsync(policy, cancellationToken);
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

    private async Task WatchAsync(InactivityPolicy policy, CancellationToken cancellationToken)
    {
        var look = await LookAsync(policy, cancellationToken);
        foreach (var part in look.Changed.Chunk(AtOnce))
        {
            if (!await ChangeAsync(policy, part, cancellationToken))
                return;
        }
        for (var done = 0; done < look.Ready.Count; done += AtOnce)
        {
            if (!await ActAsync(policy, look, done, cancellationToken))
                return;
        }
    }

    /// <summary>Finds once, while others write, what there is to do; each part is looked at again in its transaction. What is left out waits for the next look.</summary>
    private async Task<Look> LookAsync(InactivityPolicy policy, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var now = _clock.Now();
        var idle = await InactivityRule.Idle(db, policy, now).ToDictionaryAsync(a => a.Id, cancellationToken);
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var fleet = InactivityRule.Fleet(db, policy);
        // Also those that another policy gave to what are this one's agents by now.
        var warnings = await db
            .InactivityWarnings.Where(w => w.OrganizationId == organization && (w.PolicyId == id || fleet.Any(a => a.Id == w.AgentId)))
            .ToDictionaryAsync(w => w.AgentId, cancellationToken);
        var accepted = await AcceptedAgain(db, policy).ToHashSetAsync(cancellationToken);
        var changed = new List<Guid>();
        var ready = new List<(Guid Agent, DateTimeOffset Due)>();
        foreach (var agentId in warnings.Keys.Union(idle.Keys))
        {
            var warning = warnings.GetValueOrDefault(agentId);
            var paused = directory.Find(agentId) is { Lifecycle: Lifecycle.Paused };
            var move = Judge(policy, idle.GetValueOrDefault(agentId), warning, paused, accepted.Contains(agentId), now);
            if (move == Move.Act)
                ready.Add((agentId, warning!.DueAt));
            if (move is not (Move.None or Move.Act) || (move == Move.Act && !Shows(warning!, policy, idle[agentId])))
                changed.Add(agentId);
        }
        return new Look(
            changed,
            [.. ready.OrderBy(r => r.Due).ThenBy(r => r.Agent).Select(r => r.Agent)],
            await fleet.CountAsync(cancellationToken)
                + warnings.Values.Count(w => w.PolicyId == id && w is { ActedAt: not null, Action: InactivityAction.Pause })
        );
    }

    /// <summary>What becomes of an agent and its warning now.</summary>
    private static Move Judge(
        InactivityPolicy policy,
        IdleAgent? idle,
        InactivityWarning? warning,
        bool paused,
        bool acceptedAgain,
        DateTimeOffset now
    )
    {
        if (idle is null)
        {
            // A sign came, somebody exempted it, or took the action back: nothing is due any more. What it paused stays on show.
            return
                warning is null
                || warning.PolicyId != policy.Id
                || (paused && warning is { ActedAt: not null, Action: InactivityAction.Pause })
                ? Move.None
                : Move.Withdraw;
        }
        if (warning is null)
            return Move.Warn;
        // Another policy's, or one of a silence that a sign has ended since: the agent gets its whole grace.
        if (warning.PolicyId != policy.Id || Utc.ToMicros(warning.IdleSince) != Utc.ToMicros(idle.Since(policy.Sign)))
            return Move.BeginAnew;
        if (warning.ActedAt is not null)
        {
            // Somebody took the action back, or the policy wants another one than was done.
            return warning.Action != policy.Action || warning.Action == InactivityAction.Pause || acceptedAgain
                ? Move.BeginAnew
                : Move.None;
        }
        return Due(warning, policy) <= now ? Move.Act
            : Shows(warning, policy, idle) ? Move.None
            : Move.Renew;
    }

    // The grace is never cut short by an edit.
    private static DateTimeOffset Due(InactivityWarning warning, InactivityPolicy policy)
    {
        var due = warning.WarnedAt.AddDays(policy.GraceDays);
        return due > warning.DueAt ? due : warning.DueAt;
    }

    /// <summary>Whether the warning says what the policy, as it stands now, would do.</summary>
    private static bool Shows(InactivityWarning warning, InactivityPolicy policy, IdleAgent agent) =>
        warning.Action == policy.Action
        && warning.PolicyVersion == policy.Revision
        && warning.TeamId == agent.TeamId
        && warning.DueAt == Due(warning, policy);

    /// <summary>Agents whose keys were disabled, and of which one is accepted again.</summary>
    private static IQueryable<Guid> AcceptedAgain(ConsoleDbContext db, InactivityPolicy policy)
    {
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var versions = db.KeyVersions;
        return db
            .InactivityWarnings.Where(w =>
                w.OrganizationId == organization
                && w.PolicyId == id
                && w.ActedAt != null
                && w.Action == InactivityAction.DisableKeys
                && versions.Any(v =>
                    v.OrganizationId == organization
                    && v.AgentId == w.AgentId
                    && (v.State == KeyState.Active || v.State == KeyState.Retiring)
                )
            )
            .Select(w => w.AgentId);
    }

    /// <summary>Warns, withdraws and begins anew, for those of these agents for which it is still right.</summary>
    /// <returns>False when the policy was changed meanwhile: the next look follows the new one.</returns>
    private async Task<bool> ChangeAsync(InactivityPolicy known, Guid[] part, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await AgainAsync(write, known, part, cancellationToken) is not { } again)
            return false;
        var policy = again.Policy;
        foreach (var (agentId, move) in again.Moves)
        {
            var warning = again.Warnings.GetValueOrDefault(agentId);
            switch (move)
            {
                case Move.Withdraw:
                    write.Db.Remove(warning!);
                    break;
                case Move.Warn:
                    write.Db.Add(
                        warning = Anew(
                            new InactivityWarning { OrganizationId = policy.OrganizationId, AgentId = agentId },
                            policy,
                            again.Idle[agentId],
                            write.Now
                        )
                    );
                    break;
                case Move.BeginAnew:
                    Anew(warning!, policy, again.Idle[agentId], write.Now);
                    break;
                case Move.Renew or Move.Act:
                    Renew(warning!, policy, again.Idle[agentId]);
                    break;
                default:
                    continue;
            }
            if (move is not (Move.Renew or Move.Act))
                Tell(write, warning!);
        }
        return await write.TryCommitAsync(cancellationToken);
    }

    private static InactivityWarning Anew(InactivityWarning warning, InactivityPolicy policy, IdleAgent agent, DateTimeOffset now)
    {
        (warning.PolicyId, warning.PolicyVersion, warning.Action) = (policy.Id, policy.Revision, policy.Action);
        (warning.TeamId, warning.IdleSince) = (agent.TeamId, agent.Since(policy.Sign));
        (warning.WarnedAt, warning.DueAt, warning.ActedAt) = (now, now.AddDays(policy.GraceDays), null);
        return warning;
    }

    // An edited policy shows what it would do now.
    private static void Renew(InactivityWarning warning, InactivityPolicy policy, IdleAgent agent) =>
        (warning.Action, warning.PolicyVersion, warning.TeamId, warning.DueAt) = (
            policy.Action,
            policy.Revision,
            agent.TeamId,
            Due(warning, policy)
        );

    /// <summary>Acts on the next part of those that are due, if it may.</summary>
    /// <param name="done">How many of the look's were dealt with before.</param>
    private async Task<bool> ActAsync(InactivityPolicy known, Look look, int done, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        Guid[] part = [.. look.Ready.Skip(done).Take(AtOnce)];
        if (await AgainAsync(write, known, part, cancellationToken) is not { } again)
            return false;
        var due = part.Where(id => again.Moves[id] == Move.Act).ToList();
        if (due.Count == 0)
            return true;
        // Those of later parts are due as far as one knows, but for those that another node acted on since: they count as acted already.
        var later = Math.Min(look.Ready.Count - done - part.Length, await UnactedAsync(write, again.Policy, part, cancellationToken));
        var ready = later + due.Count;
        var may = await MayActAsync(write, again.Policy, ready, look.Fleet, cancellationToken);
        if (may)
            await ActAsync(write, again, due, cancellationToken);
        return await write.TryCommitAsync(cancellationToken) && may;
    }

    /// <summary>How many others of the policy are due and wait for it in the transaction.</summary>
    private static Task<int> UnactedAsync(Write write, InactivityPolicy policy, Guid[] part, CancellationToken cancellationToken)
    {
        var (organization, id, now) = (policy.OrganizationId, policy.Id, write.Now);
        return write.Db.InactivityWarnings.CountAsync(
            w => w.OrganizationId == organization && w.PolicyId == id && w.ActedAt == null && w.DueAt <= now && !part.Contains(w.AgentId),
            cancellationToken
        );
    }

    /// <summary>Under the organization's lock: the policy, and what becomes of these agents by now. Null when the policy was changed or is off.</summary>
    private async Task<Again?> AgainAsync(Write write, InactivityPolicy known, Guid[] part, CancellationToken cancellationToken)
    {
        await write.LockOrganizationAsync(known.OrganizationId, cancellationToken);
        var (organization, id, revision) = (known.OrganizationId, known.Id, known.Revision);
        var policy = await write
            .Db.InactivityPolicies.AsNoTracking()
            .SingleOrDefaultAsync(
                p => p.OrganizationId == organization && p.Id == id && p.Enabled && p.Revision == revision,
                cancellationToken
            );
        if (policy is null)
            return null;
        var idle = await InactivityRule
            .Idle(write.Db, policy, write.Now)
            .Where(a => part.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var warnings = await write
            .Db.InactivityWarnings.Where(w => w.OrganizationId == organization && part.Contains(w.AgentId))
            .ToDictionaryAsync(w => w.AgentId, cancellationToken);
        var agents = await write
            .Db.Agents.Where(a => a.OrganizationId == organization && part.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var accepted = await AcceptedAgain(write.Db, policy).Where(a => part.Contains(a)).ToHashSetAsync(cancellationToken);
        return new Again(
            policy,
            idle,
            warnings,
            agents,
            part.ToDictionary(
                a => a,
                a =>
                    Judge(
                        policy,
                        idle.GetValueOrDefault(a),
                        warnings.GetValueOrDefault(a),
                        agents.GetValueOrDefault(a) is { Lifecycle: Lifecycle.Paused },
                        accepted.Contains(a),
                        write.Now
                    )
            )
        );
    }

    private async Task<bool> MayActAsync(Write write, InactivityPolicy policy, int ready, int fleet, CancellationToken cancellationToken)
    {
        if (await InactivityRule.HeldUntilAsync(write.Db, policy, write.Now, cancellationToken) is not null)
            return false;
        if (policy.Action == InactivityAction.Flag)
            return true;
        var yesterday = write.Now - Day;
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var acted = await write.Db.InactivityWarnings.CountAsync(
            w => w.OrganizationId == organization && w.PolicyId == id && w.ActedAt > yesterday,
            cancellationToken
        );
        var brake = await write.Db.InactivityBrakes.SingleOrDefaultAsync(
            b => b.OrganizationId == organization && b.PolicyId == id,
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

    private async Task ActAsync(Write write, Again again, List<Guid> due, CancellationToken cancellationToken)
    {
        var policy = again.Policy;
        var keys = policy.Action == InactivityAction.DisableKeys ? await AcceptedAsync(write.Db, policy, due, cancellationToken) : null;
        foreach (var agentId in due)
        {
            var (agent, warning, idle) = (again.Agents[agentId], again.Warnings[agentId], again.Idle[agentId]);
            Renew(warning, policy, idle);
            var facts = new
            {
                lifecycle = policy.Action == InactivityAction.Pause ? "paused" : null,
                policy = IdText.Format(IdText.InactivityPolicy, policy.Id),
                policy_version = policy.Revision,
                idle_since = idle.Since(policy.Sign),
            };
            switch (policy.Action)
            {
                case InactivityAction.Pause:
                    var before = agent.Lifecycle;
                    if (AgentMoves.Pause(agent, write.Now) is not null)
                        continue; // not one that can be paused: the rule leaves it out with the next look
                    agent.UpdatedAt = write.Now;
                    write.Trail(
                        By(policy),
                        "agent.paused",
                        AgentService.Target(agent),
                        new { lifecycle = KebabCase.Of(before) },
                        facts,
                        Reason(policy)
                    );
                    directory.Announce(write, agent);
                    break;
                case InactivityAction.DisableKeys:
                    foreach (var (version, key) in keys![agentId])
                        Disable(write, policy, agent, key, version, facts);
                    break;
                default:
                    write.Trail(By(policy), "inactivity.flagged", AgentService.Target(agent), after: facts, reason: Reason(policy));
                    break;
            }
            warning.ActedAt = write.Now;
            Tell(write, warning);
        }
    }

    private static async Task<ILookup<Guid, (KeyVersion Version, AgentKey Key)>> AcceptedAsync(
        ConsoleDbContext db,
        InactivityPolicy policy,
        List<Guid> agents,
        CancellationToken cancellationToken
    )
    {
        var organization = policy.OrganizationId;
        var versions = await db
            .KeyVersions.Where(v =>
                v.OrganizationId == organization
                && agents.Contains(v.AgentId)
                && (v.State == KeyState.Active || v.State == KeyState.Retiring)
            )
            .ToListAsync(cancellationToken);
        var ids = versions.Select(v => v.KeyId).Distinct().ToArray();
        var keys = await db
            .AgentKeys.AsNoTracking()
            .Where(k => k.OrganizationId == organization && ids.Contains(k.Id))
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        return versions.ToLookup(v => v.AgentId, v => (v, keys[v.KeyId]));
    }

    private void Disable(Write write, InactivityPolicy policy, Agent agent, AgentKey key, KeyVersion version, object facts)
    {
        var before = version.State;
        (version.State, version.DisabledAt, version.Reason) = (KeyState.Disabled, write.Now, Reason(policy));
        write.Trail(
            By(policy),
            "key.disabled",
            KeyService.Target(agent, key, version),
            new { version = version.Number, state = KebabCase.Of(before) },
            facts,
            Reason(policy)
        );
        KeyService.Announce(write, index, agent.TeamId, version);
    }

    private Actor By(InactivityPolicy policy) =>
        Actor.ForSystem(policy.OrganizationId, "inactivity policy of " + policy.NameOf(access.Current));

    private static string Reason(InactivityPolicy policy) =>
        $"No {policy.Sign.Word()} for {policy.Days.ToString(System.Globalization.CultureInfo.InvariantCulture)} days";

    private static void Tell(Write write, InactivityWarning warning) =>
        write.Tell(new LiveEvent("agent", warning.OrganizationId, warning.TeamId, warning.AgentId, warning.AgentId));

    private enum Move
    {
        None,
        Withdraw,
        Warn,

        /// <summary>Warned of as if for the first time.</summary>
        BeginAnew,

        /// <summary>Stays warned of, by the policy as it stands now.</summary>
        Renew,
        Act,
    }

    /// <summary>What one look found.</summary>
    /// <param name="Ready">Those whose grace is over, the longest first.</param>
    /// <param name="Fleet">Agents the policy is for, with those that it paused.</param>
    private sealed record Look(List<Guid> Changed, List<Guid> Ready, int Fleet);

    private sealed record Again(
        InactivityPolicy Policy,
        Dictionary<Guid, IdleAgent> Idle,
        Dictionary<Guid, InactivityWarning> Warnings,
        Dictionary<Guid, Agent> Agents,
        Dictionary<Guid, Move> Moves
    );
}
