using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Which rollouts.</summary>
/// <param name="Agent">Slug or id.</param>
/// <param name="Open">Only open ones, or only those that are over.</param>
public sealed record RolloutFilter(string? Agent = null, bool? Open = null);

/// <summary>What people and programs read of rollouts.</summary>
public sealed class RolloutLists(ConsoleStore store, AgentDirectory directory, RolloutBodies bodies, TimeProvider clock)
{
    private const int MostTried = 10_000;

    // Records never change: what was tried once need not be tried for every reader.
    private readonly ConcurrentDictionary<string, bool> _tried = new(StringComparer.Ordinal);

    /// <summary>Newest first.</summary>
    public async Task<Outcome<Paged<RolloutBody>>> ListAsync(
        Actor by,
        RolloutFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var rollouts = db.Rollouts.VisibleTo(by, db.Agents);
        if (filter.Agent is { } named)
        {
            var agent = IdText.TryParse(IdText.Agent, named, out var id)
                ? id
                : directory.FindBySlug(by.OrganizationId, named)?.Id ?? Guid.Empty;
            rollouts = rollouts.Where(r => r.AgentId == agent);
        }
        if (filter.Open is { } open)
            rollouts = open ? rollouts.Where(r => r.EndedAt == null) : rollouts.Where(r => r.EndedAt != null);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Rollout, after[0], out var last))
                return Cursor.Bad();
            rollouts = rollouts.Where(r => r.Id < last);
        }
        var rows = await rollouts.OrderByDescending(r => r.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var paged = Paged<Rollout>.Of(rows, page.Limit, r => [IdText.Format(IdText.Rollout, r.Id)]);
        var arms = await ArmsAsync(db, paged.Items, cancellationToken);
        var now = clock.Now();
        return paged.Map(r => bodies.Of(r, [.. arms[(r.Id, r.Step)]], now));
    }

    /// <summary>Of one agent, which the actor must see; newest first.</summary>
    public async Task<Outcome<Paged<RolloutBody>>> OfAgentAsync(
        Actor by,
        string agentIdOrSlug,
        RolloutFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        Guid agent;
        await using (var db = await store.ReadAsync(cancellationToken))
            agent = await db.Agents.VisibleTo(by).Named(agentIdOrSlug).Select(a => a.Id).FirstOrDefaultAsync(cancellationToken);
        return agent == default
            ? AgentProblems.NotFound
            : await ListAsync(by, filter with { Agent = IdText.Format(IdText.Agent, agent) }, page, cancellationToken);
    }

    public async Task<Outcome<RolloutBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } rollout
            ? await BodyAsync(db, rollout, clock.Now(), cancellationToken)
            : RolloutProblems.NotFound;
    }

    /// <summary>Every decision, newest first; there are as many as looks.</summary>
    public async Task<Outcome<RolloutDecisions>> DecisionsAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } rollout)
            return RolloutProblems.NotFound;
        var rows = await db
            .RolloutDecisions.Where(d => d.OrganizationId == rollout.OrganizationId && d.RolloutId == rollout.Id)
            .OrderByDescending(d => d.Number)
            .ToListAsync(cancellationToken);
        return new RolloutDecisions(rows.ConvertAll(Body));
    }

    /// <summary>The record's bytes, from which anybody reaches the decision again.</summary>
    public async Task<Outcome<byte[]>> RecordAsync(Actor by, string id, int number, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } rollout)
            return RolloutProblems.NotFound;
        var record = await db
            .RolloutDecisions.Where(d => d.OrganizationId == rollout.OrganizationId && d.RolloutId == rollout.Id && d.Number == number)
            .Select(d => d.Record)
            .FirstOrDefaultAsync(cancellationToken);
        return record is null ? Problem.NotFound("decision") : record;
    }

    /// <summary>The open one of this agent and environment.</summary>
    internal static Task<Rollout?> OpenAsync(ConsoleDbContext db, Agent agent, string environment, CancellationToken cancellationToken) =>
        db.Rollouts.FirstOrDefaultAsync(
            r => r.OrganizationId == agent.OrganizationId && r.AgentId == agent.Id && r.Environment == environment && r.EndedAt == null,
            cancellationToken
        );

    internal static async Task<Rollout?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Rollout, id, out var rollout)
            ? await db.Rollouts.VisibleTo(by, db.Agents).FirstOrDefaultAsync(r => r.Id == rollout, cancellationToken)
            : null;

    internal async Task<RolloutBody> BodyAsync(
        ConsoleDbContext db,
        Rollout rollout,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arms = await ArmsAsync(db, [rollout], cancellationToken);
        return bodies.Of(rollout, [.. arms[(rollout.Id, rollout.Step)]], now);
    }

    private static async Task<ILookup<(Guid, int), RolloutArm>> ArmsAsync(
        ConsoleDbContext db,
        IReadOnlyCollection<Rollout> rollouts,
        CancellationToken cancellationToken
    )
    {
        var ids = rollouts.Select(r => r.Id).ToArray();
        var organization = rollouts.FirstOrDefault()?.OrganizationId ?? Guid.Empty;
        var arms = await db
            .RolloutArms.AsNoTracking()
            .Where(a => a.OrganizationId == organization && ids.Contains(a.RolloutId))
            .Select(a => new RolloutArm
            {
                OrganizationId = a.OrganizationId,
                RolloutId = a.RolloutId,
                Step = a.Step,
                IsCanary = a.IsCanary,
                Runs = a.Runs,
                Failed = a.Failed,
                ToolFailed = a.ToolFailed,
                Blocked = a.Blocked,
            })
            .ToListAsync(cancellationToken);
        return arms.ToLookup(a => (a.RolloutId, a.Step));
    }

    private bool Replays(RolloutDecision decision)
    {
        if (DecisionRecord.Digest(decision.Record) != decision.Digest)
            return false;
        if (_tried.Count >= MostTried)
            _tried.Clear();
        return _tried.GetOrAdd(decision.Digest, static (_, record) => DecisionRecord.Replays(record), decision.Record);
    }

    private RolloutDecisionBody Body(RolloutDecision decision)
    {
        var record = JsonNode.Parse(decision.Record)!.AsObject();
        foreach (var metric in record["evidence"]!["metrics"]!.AsArray())
        {
            foreach (var arm in (string[])["canary", "stable"])
                metric![arm]!.AsObject().Remove("values");
        }
        return new RolloutDecisionBody
        {
            Number = decision.Number,
            Step = decision.Step,
            At = decision.At,
            Verdict = KebabCase.Of(decision.Verdict),
            Act = KebabCase.Of(decision.Act),
            Digest = decision.Digest,
            Replays = Replays(decision),
            Record = JsonSerializer.SerializeToElement(record),
        };
    }
}
