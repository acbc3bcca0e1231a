using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retention;

/// <summary>An organization's retention: what is kept how long, and what would go now.</summary>
public sealed class RetentionService(ConsoleStore store, AccessDirectory access, TimeProvider clock)
{
    public const int MostDays = 3650;

    // What a row takes beside its texts, with its indexes: a guess by its columns, good for an order of magnitude.
    private const long RunBytes = 600;
    private const long StepBytes = 350;
    private const long SmallBytes = 150;

    public async Task<Outcome<RetentionBody>> GetAsync(Actor by, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var db = await store.ReadAsync(cancellationToken);
        return await BodyAsync(db, by.OrganizationId, cancellationToken);
    }

    /// <summary>Sets limits and hold; takes effect with the next round of removals, within ten minutes.</summary>
    /// <param name="ifMatch">Revision the caller read; 0 before anything was set.</param>
    public async Task<Outcome<RetentionBody>> SetAsync(
        Actor by,
        long? ifMatch,
        Outcome<SetRetention> input,
        CancellationToken cancellationToken
    )
    {
        if (Refusal(by) is { } refused)
            return refused;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var limits = Check(body.RunDays, body.StepDays, body.ContentDays, body.LivenessDays, body.SessionDays, errors);
        var reason = Texts.Line(body.HoldReason, "hold_reason", 500, errors, required: body.LegalHold == true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        await using var write = await store.WriteAsync(cancellationToken);
        var policy = await write
            .Db.RetentionPolicies.AsTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == by.OrganizationId, cancellationToken);
        if ((policy?.Revision ?? 0) != ifMatch)
            return await write.ChangedAsync(by, "retention policy", by.OrganizationId, cancellationToken, "retention.changed");
        var hold = body.LegalHold ?? policy?.LegalHold ?? false;
        if (policy is { LegalHold: true } && !hold && reason is null)
            return Problem.Invalid("hold_reason", "Say why the legal hold is lifted.");
        var before = policy is null ? null : Facts(policy);
        if (policy is null)
            write.Db.Add(
                policy = new RetentionPolicy
                {
                    OrganizationId = by.OrganizationId,
                    ChangedBy = by.Label,
                    Revision = 1,
                }
            );
        (policy.RunDays, policy.StepDays, policy.ContentDays) = (limits.Runs, limits.Steps, limits.Content);
        (policy.LivenessDays, policy.SessionDays) = (limits.Liveness, limits.Sessions);
        (policy.LegalHold, policy.HoldReason) = (
            hold,
            !hold ? null
            : body.LegalHold is null ? policy.HoldReason
            : reason
        );
        (policy.ChangedAt, policy.ChangedBy) = (write.Now, by.Label);
        write.Trail(
            by,
            "retention.changed",
            new TrailTarget("organization", by.OrganizationId, access.Current.Organizations.GetValueOrDefault(by.OrganizationId)),
            before,
            Facts(policy),
            reason
        );
        write.Tell(new LiveEvent("retention", by.OrganizationId, null, null, by.OrganizationId));
        var answer = await BodyAsync(write.Db, by.OrganizationId, cancellationToken);
        return await write.CommitAsync(
            by,
            Fill(answer, policy) with
            {
                Revision = before is null ? 1 : policy.Revision + 1,
            },
            cancellationToken
        );
    }

    /// <summary>What would go now: under these limits, or under those that are set when none are given.</summary>
    public async Task<Outcome<RetentionPreview>> PreviewAsync(Actor by, Func<string, string?> value, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        var errors = new FieldErrors();
        var given = (string[])["run_days", "step_days", "content_days", "liveness_days", "session_days"];
        var days = given.Select(name => Days(value(name), name, errors)).ToArray();
        var limits = Check(days[0], days[1], days[2], days[3], days[4], errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        await using var db = await store.ReadAsync(cancellationToken);
        var policy = await db.RetentionPolicies.SingleOrDefaultAsync(p => p.OrganizationId == by.OrganizationId, cancellationToken);
        if (given.All(name => value(name) is null))
            limits = policy?.Limits ?? limits;
        await using var picture = await db.Engine.BeginPictureAsync(db, cancellationToken);
        var scope = new RetentionScope(db, by.OrganizationId, limits, clock.Now());
        var rows = new List<RetentionRow>();
        void Add(string kind, Guid? team, long count, DateTimeOffset oldest, DateTimeOffset newest, long bytes) =>
            rows.Add(
                new RetentionRow(
                    kind,
                    team is { } id ? access.Current.Teams.GetValueOrDefault(id)?.Slug ?? IdText.Format(IdText.Team, id) : null,
                    count,
                    oldest,
                    newest,
                    bytes
                )
            );
        if (scope.Runs is { } runs)
        {
            var groups = await runs.GroupBy(r => r.TeamId)
                .Select(g => new
                {
                    g.Key,
                    Count = g.LongCount(),
                    Oldest = g.Min(r => r.FinishedAt),
                    Newest = g.Max(r => r.FinishedAt),
                })
                .ToListAsync(cancellationToken);
            foreach (var g in groups)
                Add("runs", g.Key, g.Count, g.Oldest!.Value, g.Newest!.Value, g.Count * RunBytes);
        }
        if (scope.Steps is { } steps)
        {
            var groups = await steps
                .GroupBy(e => e.TeamId)
                .Select(g => new
                {
                    g.Key,
                    Count = g.LongCount(),
                    Oldest = g.Min(e => e.ReceivedAt),
                    Newest = g.Max(e => e.ReceivedAt),
                })
                .ToListAsync(cancellationToken);
            foreach (var g in groups)
                Add("steps", g.Key, g.Count, g.Oldest, g.Newest, g.Count * StepBytes);
        }
        if (scope.Contents is { } contents)
        {
            var groups = await contents
                .GroupBy(e => e.TeamId)
                .Select(g => new
                {
                    g.Key,
                    Count = g.LongCount(),
                    Oldest = g.Min(e => e.ReceivedAt),
                    Newest = g.Max(e => e.ReceivedAt),
                    Bytes = g.Sum(e => (long)e.Payload!.Length),
                })
                .ToListAsync(cancellationToken);
            foreach (var g in groups)
                Add("content", g.Key, g.Count, g.Oldest, g.Newest, g.Bytes);
        }
        if (scope.Liveness is { } liveness)
        {
            var groups = await liveness
                .GroupBy(c => c.TeamId)
                .Select(g => new
                {
                    g.Key,
                    Count = g.LongCount(),
                    Oldest = g.Min(c => c.At),
                    Newest = g.Max(c => c.At),
                })
                .ToListAsync(cancellationToken);
            foreach (var g in groups)
                Add("liveness", g.Key, g.Count, g.Oldest, g.Newest, g.Count * SmallBytes);
        }
        if (scope.Sessions is { } sessions)
        {
            var groups = await sessions
                .GroupBy(s => s.OrganizationId)
                .Select(g => new
                {
                    Count = g.LongCount(),
                    Oldest = g.Min(s => s.ExpiresAt),
                    Newest = g.Max(s => s.ExpiresAt),
                })
                .ToListAsync(cancellationToken);
            foreach (var g in groups)
                Add("sessions", null, g.Count, g.Oldest, g.Newest, g.Count * SmallBytes);
        }
        return new RetentionPreview(
            clock.Now(),
            limits.Runs,
            limits.Steps,
            limits.Content,
            limits.Liveness,
            limits.Sessions,
            policy?.LegalHold ?? false,
            rows.Sum(r => r.Count),
            rows.Sum(r => r.Bytes),
            [.. rows.OrderBy(r => r.Kind, StringComparer.Ordinal).ThenBy(r => r.Team, StringComparer.Ordinal)]
        );
    }

    internal static object Facts(RetentionPolicy policy) =>
        new
        {
            policy.RunDays,
            policy.StepDays,
            policy.ContentDays,
            policy.LivenessDays,
            policy.SessionDays,
            policy.LegalHold,
            policy.HoldReason,
        };

    private static Problem? Refusal(Actor by) =>
        by.MayEverywhere(Permission.ManageOrganization) ? null : Actor.MissingRole(Permission.ManageOrganization, null);

    private static int? Days(string? text, string field, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var days))
            return days;
        errors.Add(field, $"Must be a whole number of days from 1 to {MostDays}.");
        return null;
    }

    private static RetentionLimits Check(int? runs, int? steps, int? content, int? liveness, int? sessions, FieldErrors errors)
    {
        void Bound(int? days, string field)
        {
            if (days is < 1 or > MostDays)
                errors.Add(field, $"Must be from 1 to {MostDays} days; leave it away to keep them for ever.");
        }
        Bound(runs, "run_days");
        Bound(steps, "step_days");
        Bound(content, "content_days");
        Bound(liveness, "liveness_days");
        Bound(sessions, "session_days");
        if (steps > runs)
            errors.Add("step_days", "Steps go with their run: this cannot be longer than run_days.");
        if (content > (steps ?? runs))
            errors.Add("content_days", "Content goes with its step: this cannot be longer than step_days and run_days.");
        return new RetentionLimits(runs, steps, content, liveness, sessions);
    }

    private static async Task<RetentionBody> BodyAsync(ConsoleDbContext db, Guid organization, CancellationToken cancellationToken)
    {
        var policy = await db
            .RetentionPolicies.AsNoTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
        var purges = await db
            .Purges.AsNoTracking()
            .Where(p => p.OrganizationId == organization)
            .OrderByDescending(p => p.Id)
            .Take(20)
            .ToListAsync(cancellationToken);
        var body = new RetentionBody
        {
            Purges =
            [
                .. purges.Select(p => new PurgeBody(
                    IdText.Format(IdText.Purge, p.Id),
                    KebabCase.Of(p.State),
                    p.PolicyRevision,
                    p.StartedAt,
                    p.FinishedAt,
                    p.Runs,
                    p.Steps,
                    p.Contents,
                    p.LivenessChanges,
                    p.Sessions
                )),
            ],
        };
        return policy is null ? body : Fill(body, policy);
    }

    private static RetentionBody Fill(RetentionBody body, RetentionPolicy policy) =>
        body with
        {
            RunDays = policy.RunDays,
            StepDays = policy.StepDays,
            ContentDays = policy.ContentDays,
            LivenessDays = policy.LivenessDays,
            SessionDays = policy.SessionDays,
            LegalHold = policy.LegalHold,
            HoldReason = policy.HoldReason,
            ChangedAt = policy.ChangedAt,
            ChangedBy = policy.ChangedBy,
            Revision = policy.Revision,
        };
}
