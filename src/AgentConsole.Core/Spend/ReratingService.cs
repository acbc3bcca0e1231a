using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Spend;

/// <summary>Prices a period anew: a plan shows what would change, and exactly that plan is applied, or refused when something changed since.</summary>
public sealed class ReratingService(
    ConsoleStore store,
    PriceDirectory prices,
    AgentDirectory agents,
    AccessDirectory access,
    TimeProvider clock
)
{
    public const int MostRuns = 200_000;
    private static readonly TimeSpan Lasts = TimeSpan.FromHours(1);
    private static readonly Problem NotFound = Problem.NotFound("rerating");

    public async Task<Outcome<Paged<RerateBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        var before = Guid.Empty;
        if (page.Cursor is not null && (!Cursor.TryDecode(page.Cursor, 1, out var key) || !Guid.TryParse(key[0], out before)))
            return Cursor.Bad();
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .Reratings.Where(r => r.OrganizationId == by.OrganizationId && (page.Cursor == null || r.Id.CompareTo(before) < 0))
            .OrderByDescending(r => r.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        return Paged<Rerating>.Of(rows, page.Limit, r => [r.Id.ToString()]).Map(Body);
    }

    public async Task<Outcome<RerateBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (!IdText.TryParse(IdText.Rerating, id, out var known))
            return NotFound;
        await using var db = await store.ReadAsync(cancellationToken);
        var found = await db.Reratings.SingleOrDefaultAsync(r => r.OrganizationId == by.OrganizationId && r.Id == known, cancellationToken);
        return found is null ? NotFound
            : Refusal(by) is { } refused ? refused
            : Body(found);
    }

    /// <summary>The dry run: what today's prices make of the period. Nothing changes; the plan can be applied within an hour.</summary>
    public async Task<Outcome<RerateBody>> PlanAsync(Actor by, Outcome<PlanRerating> input, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var model = Texts.Line(body.Model, "model", 100, errors);
        if (string.IsNullOrEmpty(body.From))
            errors.Add("from", "This is required: the first day, or an instant on a quarter of an hour.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var zone = Zones.Of(access.Current.ZoneOf(by.OrganizationId));
        var resolved = new SpendQuery
        {
            From = body.From,
            To = body.To,
            Bucket = SpendStep.Day,
        }.Resolve(zone, clock.Now());
        if (!resolved.Try(out var range, out var odd))
            return odd;
        Rerating rerating;
        await using (var write = await store.WriteAsync(cancellationToken))
        {
            rerating = new Rerating
            {
                OrganizationId = by.OrganizationId,
                Id = write.NewId(),
                State = ReratingState.Planning,
                From = range.From,
                To = range.To,
                Model = model,
                IncludeReported = body.IncludeReported,
                PlannedAt = write.Now,
                PlannedBy = by.Label,
                ExpiresAt = write.Now + Lasts,
            };
            write.Db.Add(rerating);
            await write.TryCommitAsync(cancellationToken);
        }
        using var plan = new ReratingPlan(rerating, prices.Of(by.OrganizationId));
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            await plan.ReadAsync(
                db,
                async rows =>
                {
                    if (plan.Changes > MostRuns)
                        return false;
                    foreach (var part in rows.Chunk(500))
                    {
                        await using var write = await store.WriteAsync(cancellationToken);
                        write.Db.AddRange(part);
                        await write.TryCommitAsync(cancellationToken);
                    }
                    return true;
                },
                cancellationToken
            );
        }
        await using (var write = await store.WriteAsync(cancellationToken))
        {
            var planned = await write
                .Db.Reratings.AsTracking()
                .SingleAsync(r => r.OrganizationId == by.OrganizationId && r.Id == rerating.Id, cancellationToken);
            if (plan.Changes > MostRuns)
            {
                write.Db.Remove(planned);
                await write.TryCommitAsync(cancellationToken);
                return Problem.Invalid("from", $"More than {MostRuns} runs would change. Ask for a shorter period or one model.");
            }
            planned.State = ReratingState.Planned;
            planned.Digest = plan.Digest();
            (planned.LookedAt, planned.Runs) = (plan.LookedAt, plan.Changes);
            (planned.OldMicros, planned.NewMicros) = (plan.OldMicros, plan.NewMicros);
            planned.Groups = plan.Groups(agents, access.Current);
            return await write.CommitAsync(by, Body(planned), cancellationToken);
        }
    }

    /// <summary>Applies exactly what the plan showed. It goes on in the background, also after a restart.</summary>
    public async Task<Outcome<RerateBody>> ApplyAsync(
        Actor by,
        string id,
        Outcome<ApplyRerating> input,
        CancellationToken cancellationToken
    )
    {
        if (!IdText.TryParse(IdText.Rerating, id, out var known))
            return NotFound;
        Rerating? found;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            found = await db.Reratings.SingleOrDefaultAsync(r => r.OrganizationId == by.OrganizationId && r.Id == known, cancellationToken);
            if (found is null)
                return NotFound;
            if (Refusal(by) is { } refused)
                return refused;
            if (!input.Try(out var body, out var problem))
                return problem;
            var errors = new FieldErrors();
            var reason = Texts.Line(body.Reason, "reason", 500, errors, required: true);
            if (body.Digest is null)
                errors.Add("digest", "This is required: the digest of the plan that you saw.");
            if (errors.ToProblem() is { } invalid)
                return invalid;
            if (found.State != ReratingState.Planned || found.ExpiresAt <= clock.Now())
                return new Problem(
                    ProblemKind.Conflict,
                    "plan_over",
                    $"This plan is {KebabCase.Of(found.State == ReratingState.Planned ? ReratingState.Expired : found.State)}. Make a new one."
                );
            // What it would do now must be what was shown: neither runs nor prices may have changed.
            using var now = new ReratingPlan(found, prices.Of(by.OrganizationId));
            await now.ReadAsync(db, _ => Task.FromResult(true), cancellationToken);
            if (body.Digest != found.Digest || now.Digest() != found.Digest)
                return new Problem(
                    ProblemKind.Conflict,
                    "plan_changed",
                    $"Runs or prices changed since this plan was made: it changed {found.Runs} runs from {Money.Format(found.OldMicros)} to {Money.Format(found.NewMicros)} USD; now it would change {now.Changes} from {Money.Format(now.OldMicros)} to {Money.Format(now.NewMicros)} USD. Make a new plan and look at it."
                );
            await using var write = await store.WriteAsync(cancellationToken);
            var rerating = await write
                .Db.Reratings.AsTracking()
                .SingleAsync(r => r.OrganizationId == by.OrganizationId && r.Id == known, cancellationToken);
            if (rerating.State != ReratingState.Planned)
                return Write.LostRace();
            rerating.State = ReratingState.Applying;
            (rerating.AppliedAt, rerating.AppliedBy, rerating.Reason) = (write.Now, by.Label, reason);
            write.Trail(by, "spend.re-rating-applied", Target(rerating), after: Facts(rerating), reason: reason);
            write.Tell(new LiveEvent("re-rating", by.OrganizationId, null, null, rerating.Id));
            return await write.CommitAsync(by, Body(rerating), cancellationToken);
        }
    }

    internal static TrailTarget Target(Rerating rerating) =>
        new(
            "re-rating",
            rerating.Id,
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{rerating.From:yyyy-MM-dd} to {rerating.To:yyyy-MM-dd}")
        );

    internal static object Facts(Rerating rerating) =>
        new
        {
            rerating.From,
            rerating.To,
            rerating.Model,
            rerating.IncludeReported,
            rerating.Digest,
            rerating.Runs,
            old_cost = Money.Format(rerating.OldMicros),
            new_cost = Money.Format(rerating.NewMicros),
            rerating.Changed,
            rerating.Skipped,
        };

    private static Problem? Refusal(Actor by) =>
        by.MayEverywhere(Permission.ManageOrganization) ? null : Actor.MissingRole(Permission.ManageOrganization, null);

    private static RerateBody Body(Rerating rerating)
    {
        var groups = JsonSerializer.Deserialize<RerateGroups>(rerating.Groups, ConsoleJson.Options);
        return new RerateBody
        {
            Id = IdText.Format(IdText.Rerating, rerating.Id),
            State = KebabCase.Of(rerating.State),
            From = rerating.From,
            To = rerating.To,
            Model = rerating.Model,
            IncludeReported = rerating.IncludeReported,
            Digest = rerating.Digest,
            LookedAt = rerating.LookedAt,
            Runs = rerating.Runs,
            OldCost = Money.Format(rerating.OldMicros),
            NewCost = Money.Format(rerating.NewMicros),
            Difference = Money.Format(rerating.NewMicros - rerating.OldMicros),
            ByModel = groups?.ByModel ?? [],
            ByAgent = groups?.ByAgent ?? [],
            ByTeam = groups?.ByTeam ?? [],
            PlannedAt = rerating.PlannedAt,
            PlannedBy = rerating.PlannedBy,
            ExpiresAt = rerating.ExpiresAt,
            AppliedAt = rerating.AppliedAt,
            AppliedBy = rerating.AppliedBy,
            Reason = rerating.Reason,
            FinishedAt = rerating.FinishedAt,
            Changed = rerating.Changed,
            Skipped = rerating.Skipped,
        };
    }
}
