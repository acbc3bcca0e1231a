using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retirements;

/// <summary>The steps of a retirement, each an act of its own: none is begun while one before it is open.</summary>
public sealed class RetirementSteps(
    ConsoleStore store,
    AccessDirectory access,
    KeyIndex index,
    KeyMint mint,
    RotationBodies rotations,
    RunCancelService cancels,
    RetirementBodies bodies
)
{
    /// <summary>Runs that are asked to stop in one act; press again for more.</summary>
    public const int MostCancels = 500;

    /// <param name="step">As it travels.</param>
    public async Task<Outcome<RetirementBody>> ActAsync(
        Actor by,
        string agentIdOrSlug,
        string step,
        Outcome<RetirementAct> input,
        CancellationToken cancellationToken
    )
    {
        if (step == KebabCase.Of(RetirementStep.Keys) && by.MissingScope(TokenScopes.KeysWrite) is { } scope)
            return scope;
        List<Guid> asked = [];
        string why;
        Agent agent;
        await using (var write = await RetirementService.BeginAsync(store, by, cancellationToken))
        {
            if (await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } found)
                return AgentProblems.NotFound;
            agent = found;
            if (!KebabCase.TryParse<RetirementStep>(step, out var wanted))
                return RetirementProblems.UnknownStep;
            if (MayNot(by, agent, wanted) is { } missing)
                return missing;
            if (!Read(input, wanted).Try(out var act, out var invalid))
                return invalid;
            var reason = act.Reason;
            if (await RetirementService.LatestAsync(write.Db, agent, cancellationToken) is not { } retirement)
                return RetirementProblems.NotFound;
            if (retirement.State != RetirementState.Open)
                return RetirementProblems.Closed;
            if (agent.Lifecycle == Lifecycle.Deleted)
                return AgentProblems.Deleted;
            var standings = await bodies.StandingsAsync(write.Db, by, agent, retirement, cancellationToken);
            if (standings.Find(s => s.Step < wanted && s.IsOpen) is { } first)
                return RetirementProblems.Order(first.Step, first.Left);
            var mark = new StepMark(KebabCase.Of(wanted), act.Skip, write.Now, Texts.Clip(by.Label, 256)!, act.Skip ? reason : null);
            why = reason ?? retirement.Reason;
            if (!act.Skip)
            {
                switch (wanted)
                {
                    case RetirementStep.Gateways:
                        mark = mark with { Count = await UnlinkAsync(write, by, agent, why, cancellationToken) };
                        break;
                    case RetirementStep.Runs:
                        if (act.Mode == RunsMode.Cancel)
                            asked = await RetirementBodies
                                .OpenRuns(write.Db, agent)
                                .VisibleTo(by)
                                .OrderBy(r => r.Id)
                                .Select(r => r.Id)
                                .Take(MostCancels)
                                .ToListAsync(cancellationToken);
                        mark = mark with { Mode = KebabCase.Of(act.Mode), Count = act.Mode == RunsMode.Cancel ? asked.Count : null };
                        break;
                    case RetirementStep.Keys:
                        if (!(await RevokeAsync(write, by, agent, why, cancellationToken)).Try(out var revoked, out var refused))
                            return refused;
                        mark = mark with { Count = revoked };
                        break;
                    default:
                        return RetirementProblems.DownloadIt;
                }
                // Pressed once more where nothing was left: what was done stays as it was written down.
                if (mark.Count == 0 && retirement.MarkOf(wanted) is { Skipped: false } before && wanted != RetirementStep.Runs)
                    mark = before;
            }
            retirement.Mark(mark);
            write.Trail(
                by,
                act.Skip ? "retirement.step-skipped" : "retirement.step-done",
                RetirementService.Target(agent, retirement),
                after: new
                {
                    step = mark.Step,
                    mode = mark.Mode,
                    count = mark.Count,
                },
                reason: reason
            );
            RetirementService.Tell(write, agent);
            if (!await write.TryFlushAsync(cancellationToken))
                return Write.LostRace();
            var done = await write.CommitAsync(
                by,
                await bodies.OfAsync(write.Db, by, agent, retirement, cancellationToken),
                cancellationToken
            );
            if (done.Problem is not null || asked.Count == 0)
                return done;
        }
        return await CancelAsync(by, agent, asked, why, cancellationToken);
    }

    // Each is asked for as its own page would; what ended meanwhile needs no asking. That the retirement was pressed is written down by now, so that whoever
    // comes after a crash sees runs that are open and presses again.
    private async Task<Outcome<RetirementBody>> CancelAsync(
        Actor by,
        Agent agent,
        List<Guid> asked,
        string reason,
        CancellationToken cancellationToken
    )
    {
        var once = by with { Retry = null };
        foreach (var run in asked)
        {
            var answer = await cancels.AskAsync(once, IdText.Format(IdText.Run, run), null, reason, cancellationToken);
            if (answer.Problem is { Kind: ProblemKind.TooMany } full)
                return full;
        }
        await using var db = await store.ReadAsync(cancellationToken);
        return await RetirementService.LatestAsync(db, agent, cancellationToken) is { } retirement
            ? await bodies.OfAsync(db, by, agent, retirement, cancellationToken)
            : RetirementProblems.NotFound;
    }

    private static async Task<int> UnlinkAsync(Write write, Actor by, Agent agent, string reason, CancellationToken cancellationToken)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        var links = await write
            .Db.GatewayLinks.Where(l => l.OrganizationId == organization && l.AgentId == id)
            .ToListAsync(cancellationToken);
        var ids = links.ConvertAll(l => l.GatewayId);
        var names = await write
            .Db.Gateways.AsNoTracking()
            .Where(g => g.OrganizationId == organization && ids.Contains(g.Id))
            .ToDictionaryAsync(g => g.Id, g => g.Name, cancellationToken);
        foreach (var link in links)
        {
            write.Db.Remove(link);
            write.Trail(
                by,
                "agent.gateway-unlinked",
                AgentService.Target(agent),
                before: new { gateway = names[link.GatewayId] },
                reason: reason
            );
            write.Tell(new LiveEvent("gateways", organization, agent.TeamId, id, link.GatewayId));
        }
        return links.Count;
    }

    // Rotations end by their own rules first; one whose secret is on its way to a sink is waited for.
    private async Task<Outcome<int>> RevokeAsync(Write write, Actor by, Agent agent, string reason, CancellationToken cancellationToken)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        var open = await write
            .Db.Rotations.Where(r => r.OrganizationId == organization && r.AgentId == id && r.ClosedAt == null)
            .ToListAsync(cancellationToken);
        foreach (var act in await rotations.LoadAsync(write.Db, open, write.Now, cancellationToken, (write, index)))
        {
            var refusal = await act.AbortAsync(by, reason, cancellationToken);
            if (refusal == RotationProblems.NothingToGoBackTo)
                refusal = await act.GiveUpAsync(by, cancellationToken, "The agent is retired");
            if (refusal is not null)
                return refusal;
        }
        // What an ended rotation has revoked is seen as revoked.
        if (!await write.TryFlushAsync(cancellationToken))
            return Write.LostRace();
        var keys = await write
            .Db.AgentKeys.Where(k => k.OrganizationId == organization && k.AgentId == id)
            .ToDictionaryAsync(k => k.Id, cancellationToken);
        var versions = await RetirementBodies.LivingVersions(write.Db, agent).OrderBy(v => v.Id).ToListAsync(cancellationToken);
        foreach (var version in versions)
        {
            if (
                KeyService.Apply(write, index, by, agent, keys[version.KeyId], version, "key.revoked", KeyChanges.Revoke, reason) is
                { } impossible
            )
                return impossible;
        }
        return versions.Count;
    }

    private Problem? MayNot(Actor by, Agent agent, RetirementStep step) =>
        step == RetirementStep.Keys ? mint.Refusal(by, agent.TeamId)
        : by.May(Permission.EditAgents, agent.TeamId) ? null
        : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);

    private sealed record Wish(bool Skip, RunsMode Mode, string? Reason);

    private static Outcome<Wish> Read(Outcome<RetirementAct> input, RetirementStep step)
    {
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var skip = body.Skip == true;
        var reason = Texts.Why(body.Reason, errors, required: skip);
        var mode = KebabCase.Read<RunsMode>(body.Mode, "mode", errors);
        if (body.Mode is not null && step != RetirementStep.Runs)
            errors.Add("mode", "Only the step runs has one.");
        if (skip && step is RetirementStep.Gateways or RetirementStep.Keys)
            errors.Add("skip", "This step cannot be left out: a retired agent has no gateways and no keys.");
        return errors.ToProblem() is { } invalid ? invalid : new Wish(skip, mode ?? RunsMode.Drain, reason);
    }
}
