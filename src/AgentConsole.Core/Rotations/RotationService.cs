using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>
/// What people and agents do with rotations. A rotation can be left at any state and taken up by anybody who may manage the key; only the one to whom a
/// secret was issued can be shown it again, by repeating the call with its <c>Idempotency-Key</c>.
/// </summary>
public sealed class RotationService(
    ConsoleStore store,
    AgentDirectory directory,
    RotationIssuer issuer,
    KeyMint mint,
    RotationBodies bodies,
    ISecretSinks sinks,
    TimeProvider clock
)
{
    private const int MostNamed = 5;
    private static readonly int LongestGrace = (int)Rotation.LongestGrace.TotalSeconds;

    /// <summary>
    /// Plans and issues at once; the new secret is in this answer and never again. An open rotation of the key is superseded. Where only a plan is asked for,
    /// nothing is made, and an issued rotation of the key refuses it; one that is planned is changed.
    /// </summary>
    public async Task<Outcome<RotationBody>> CreateAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<CreateRotation> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var agent = await write.Db.Agents.AsNoTracking().VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        if (mint.Refusal(by, agent.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        var sink = Texts.Line(body.Sink, "sink", 100, errors);
        Check(body.GraceSeconds, 0, errors);
        CheckTtl(body.TtlDays, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        if (agent.Lifecycle == Lifecycle.Retired)
            return AgentProblems.Retired;
        if (KeyMint.TooLong(body.TtlDays, mint.LongestDays(agent)) is { } tooLong)
            return tooLong;
        if (sink is not null && await sinks.RefusalAsync(write.Db, by.OrganizationId, agent.TeamId, sink, cancellationToken) is { } noSink)
            return noSink;
        var chosen = await ChooseKeyAsync(write.Db, agent, body.KeyId, write.Now, cancellationToken);
        if (!chosen.Try(out var key, out var unclear))
            return unclear;
        if (body.PlanOnly && await RotationTables.OpenOf(write.Db, key).AnyAsync(r => r.State != RotationState.Planned, cancellationToken))
            return RotationProblems.Open;
        var begun = await issuer.BeginAsync(
            write,
            by,
            bodies.AgentOf(AgentCard.Of(agent)),
            key,
            RotationTrigger.Person,
            reason,
            cancellationToken
        );
        if (!begun.Try(out var act, out var lost))
            return lost;
        act.Rotation.GraceSeconds = body.GraceSeconds ?? (int)Rotation.UsualGrace.TotalSeconds;
        act.Rotation.RevokeImmediately = body.RevokeImmediately;
        act.Rotation.AutoExtend = body.AutoExtend;
        act.Rotation.TtlDays = body.TtlDays;
        act.Rotation.Sink = sink;
        if (!body.PlanOnly)
            return await issuer.HandOutAsync(write, by, act, act.Issue(by, mint), cancellationToken);
        act.Planned(by);
        return await write.CommitAsync(by, await bodies.FullAsync(write.Db, by, act, write.Now, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// An agent gives the key that it calls with a new version. Only where a key-admin allowed it, and never beside another rotation of the key: a
    /// second one would cut off the agent's other instances.
    /// </summary>
    public async Task<Outcome<RotationBody>> RotateOwnAsync(Actor by, Outcome<RotateOwnKey> input, CancellationToken cancellationToken)
    {
        if (by.AgentId is not { } own)
            return RotationProblems.AgentKeyRequired;
        await using var write = await store.WriteAsync(cancellationToken);
        var version = await write
            .Db.KeyVersions.AsNoTracking()
            .FirstOrDefaultAsync(
                v => v.OrganizationId == by.OrganizationId && v.Id == by.CredentialId && v.AgentId == own,
                cancellationToken
            );
        var key = version is null
            ? null
            : await write.Db.AgentKeys.FirstOrDefaultAsync(
                k => k.OrganizationId == by.OrganizationId && k.Id == version.KeyId,
                cancellationToken
            );
        if (version is null || key is not { SelfRotation: true } || directory.Find(own) is not { } agent)
            return RotationProblems.SelfRotationOff;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        Check(body.GraceSeconds, 60, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (await RotationTables.OpenOf(write.Db, key).AnyAsync(r => r.State != RotationState.Planned, cancellationToken))
            return RotationProblems.Open;
        var begun = await issuer.BeginAsync(write, by, bodies.AgentOf(agent), key, RotationTrigger.Agent, reason, cancellationToken);
        if (!begun.Try(out var act, out var lost))
            return lost;
        // An agent does not give itself more time than its key-admin did.
        if (write.Db.Entry(act.Rotation).State == EntityState.Added)
        {
            act.Rotation.GraceSeconds = body.GraceSeconds ?? (int)Rotation.UsualGrace.TotalSeconds;
            act.Rotation.TtlDays = version.ExpiresAt is { } end ? Math.Max(1, (int)Math.Floor((end - version.CreatedAt).TotalDays)) : null;
        }
        else if (body.GraceSeconds is { } wished)
        {
            act.Rotation.GraceSeconds = Math.Min(wished, act.Rotation.GraceSeconds);
        }
        return await issuer.HandOutAsync(write, by, act, act.Issue(by, mint), cancellationToken);
    }

    /// <summary>Issues a planned rotation.</summary>
    public Task<Outcome<RotationBody>> IssueAsync(Actor by, string id, Outcome<IssueRotation> input, CancellationToken cancellationToken) =>
        HandOutAsync(
            by,
            id,
            input,
            again: false,
            static rotation =>
                rotation.State == RotationState.Planned
                    ? null
                    : RotationProblems.State(rotation.State, "issued: the secret was issued already"),
            cancellationToken
        );

    /// <summary>Revokes the issued version, which nobody used yet, and issues another: for whoever takes over, and for a secret that got lost.</summary>
    public Task<Outcome<RotationBody>> ReissueAsync(
        Actor by,
        string id,
        Outcome<IssueRotation> input,
        CancellationToken cancellationToken
    ) =>
        HandOutAsync(
            by,
            id,
            input,
            again: true,
            static rotation =>
                rotation.IsOpen && rotation.State != RotationState.Planned ? null : RotationProblems.State(rotation.State, "issued again"),
            cancellationToken
        );

    /// <summary>The issuer proves with the last four characters that the secret was stored; from then on nobody is shown it again.</summary>
    public Task<Outcome<RotationBody>> AcknowledgeAsync(
        Actor by,
        string id,
        Outcome<AcknowledgeRotation> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            id,
            input,
            async (act, body, _) =>
            {
                if (!act.Rotation.IsOpen || act.New is not { } made)
                    return RotationProblems.State(act.Rotation.State, "acknowledged");
                if (act.Rotation.IssuerId != by.Id)
                    return RotationProblems.IssuerOnly;
                if (body.LastFour != made.Last4)
                    return Problem.Invalid("last_four", "These are not the last four characters of the new secret.");
                if (act.Rotation.AcknowledgedAt is null)
                    await act.AcknowledgeAsync(by, cancellationToken);
                return null;
            },
            cancellationToken
        );

    public Task<Outcome<RotationBody>> ExtendAsync(
        Actor by,
        string id,
        Outcome<GraceOfRotation> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            id,
            input,
            (act, body, reason) =>
            {
                if (body.GraceSeconds is null)
                    return Refuse(Problem.Invalid("grace_seconds", "This is required: seconds from now."));
                var errors = new FieldErrors();
                Check(body.GraceSeconds, 60, errors);
                return Refuse(errors.ToProblem() ?? act.Extend(by, body.GraceSeconds.Value, body.AutoExtend, reason));
            },
            cancellationToken,
            body => body.Reason
        );

    /// <summary>Ends the grace now. Before the rotation is ready this needs a reason, as an override does.</summary>
    public Task<Outcome<RotationBody>> EndGraceAsync(Actor by, string id, Outcome<Reason> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            (act, _, reason) =>
                Refuse(
                    reason is null && act.Rotation.State is RotationState.Issued or RotationState.Observing
                        ? Problem.Invalid("reason", "Not every caller has moved. Say why the grace ends nevertheless.")
                    : act is { Rotation.IsOpen: true, New: not null, NewIsAccepted: false } ? RotationProblems.NewNotAccepted
                    : act.DisableOld(by, Rotation.UsualWindow, reason)
                ),
            cancellationToken,
            body => body.Text
        );

    /// <summary>Refuses the old version, reversibly. Locked until the rotation is ready, or overridden.</summary>
    public Task<Outcome<RotationBody>> DisableOldAsync(
        Actor by,
        string id,
        Outcome<DisableOld> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            id,
            input,
            async (act, body, reason) =>
            {
                if (body.Days is < 1 or > 30)
                    return Problem.Invalid("days", "Must be from 1 to 30.");
                if (act.Rotation.State is RotationState.Issued or RotationState.Observing)
                    return await NotReadyAsync(act, cancellationToken);
                if (act is { Rotation.IsOpen: true, New: not null, NewIsAccepted: false })
                    return RotationProblems.NewNotAccepted;
                var window = body.Days is { } days ? TimeSpan.FromDays(days) : Rotation.UsualWindow;
                return act.DisableOld(by, window, reason);
            },
            cancellationToken,
            body => body.Reason
        );

    public Task<Outcome<RotationBody>> EnableOldAsync(
        Actor by,
        string id,
        Outcome<GraceOfRotation> input,
        CancellationToken cancellationToken
    ) =>
        ActAsync(
            by,
            id,
            input,
            (act, body, reason) =>
            {
                var errors = new FieldErrors();
                Check(body.GraceSeconds, 60, errors);
                return Refuse(errors.ToProblem() ?? act.EnableOld(by, body.GraceSeconds ?? act.GraceForAnother, reason));
            },
            cancellationToken,
            body => body.Reason
        );

    /// <summary>Revokes the old version for good.</summary>
    public Task<Outcome<RotationBody>> CompleteAsync(Actor by, string id, Outcome<Reason> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            async (act, _, reason) =>
                act.Rotation.State is RotationState.Issued or RotationState.Observing && !act.OldHasEnded
                    ? await NotReadyAsync(act, cancellationToken)
                    : await act.CompleteAsync(by, reason, cancellationToken),
            cancellationToken,
            body => body.Text
        );

    /// <summary>Revokes the new version; the old one goes on.</summary>
    public Task<Outcome<RotationBody>> AbortAsync(Actor by, string id, Outcome<Reason> input, CancellationToken cancellationToken) =>
        ActAsync(by, id, input, (act, _, reason) => act.AbortAsync(by, reason, cancellationToken), cancellationToken, body => body.Text);

    /// <summary>A person says, with a reason, that the old version may go although callers have not moved.</summary>
    public Task<Outcome<RotationBody>> OverrideAsync(Actor by, string id, Outcome<Reason> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            (act, _, reason) =>
                Refuse(
                    reason is null ? Problem.Invalid("reason", "This is required: why nobody is waited for.") : act.Override(by, reason)
                ),
            cancellationToken,
            body => body.Text
        );

    private async Task<Outcome<RotationBody>> HandOutAsync(
        Actor by,
        string id,
        Outcome<IssueRotation> input,
        bool again,
        Func<Rotation, Problem?> state,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await bodies.FindAsync(write, by, id, cancellationToken) is not { } act)
            return RotationProblems.NotFound;
        if (mint.Refusal(by, act.Agent.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        Check(body.GraceSeconds, 0, errors);
        CheckTtl(body.TtlDays, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (KeyMint.TooLong(body.TtlDays, mint.LongestDays(act.Agent.Id)) is { } tooLong)
            return tooLong;
        var rotation = act.Rotation;
        if (state(rotation) is { } impossible)
            return impossible;
        if (again && act.New?.FirstUsedAt is not null)
            return RotationProblems.NewWasUsed;
        if (
            rotation.Sink is { } sink
            && await sinks.RefusalAsync(write.Db, by.OrganizationId, act.Agent.TeamId, sink, cancellationToken) is { } noSink
        )
            return noSink;
        if (again)
            await act.ForgetSecretAsync(cancellationToken);
        rotation.GraceSeconds = body.GraceSeconds ?? rotation.GraceSeconds;
        rotation.RevokeImmediately = body.RevokeImmediately ?? rotation.RevokeImmediately;
        rotation.AutoExtend = body.AutoExtend ?? rotation.AutoExtend;
        rotation.TtlDays = body.TtlDays ?? rotation.TtlDays;
        rotation.Reason = reason ?? rotation.Reason;
        return await issuer.HandOutAsync(write, by, act, act.Issue(by, mint, again), cancellationToken);
    }

    /// <param name="reason">Where the body has one; it is checked before <paramref name="perform"/>.</param>
    private async Task<Outcome<RotationBody>> ActAsync<T>(
        Actor by,
        string id,
        Outcome<T> input,
        Func<RotationAct, T, string?, Task<Problem?>> perform,
        CancellationToken cancellationToken,
        Func<T, string?>? reason = null
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await bodies.FindAsync(write, by, id, cancellationToken) is not { } act)
            return RotationProblems.NotFound;
        // An agent acknowledges what it issued itself, and does nothing else here.
        if (by.AgentId is { } own ? own != act.Rotation.IssuerId : mint.Refusal(by, act.Agent.TeamId) is not null)
            return by.AgentId is null ? mint.Refusal(by, act.Agent.TeamId)! : RotationProblems.IssuerOnly;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var why = Texts.Block(reason?.Invoke(body), "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (await perform(act, body, why) is { } refusal)
            return refusal;
        var answer = await bodies.FullAsync(write.Db, by, act, write.Now, cancellationToken);
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    private async Task<Problem> NotReadyAsync(RotationAct act, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var all = await Adoption.AllAsync(db, act.Rotation, clock.Now(), cancellationToken);
        var waiting = all.FindAll(a => a.State == CallerState.Waiting);
        return RotationProblems.NotReady(
            [.. waiting.Take(MostNamed).Select(a => a.Name)],
            waiting.Count,
            act.Key.CallersOverflowedAt is not null
        );
    }

    private static async Task<Outcome<AgentKey>> ChooseKeyAsync(
        ConsoleDbContext db,
        Agent agent,
        string? keyId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var keys = db.AgentKeys.Where(k => k.OrganizationId == agent.OrganizationId && k.AgentId == agent.Id);
        if (!string.IsNullOrEmpty(keyId))
            return
                IdText.TryParse(IdText.Key, keyId, out var id)
                && await keys.FirstOrDefaultAsync(k => k.Id == id, cancellationToken) is { } named
                ? named
                : RotationProblems.OtherKey;
        var versions = db.KeyVersions;
        var active = await keys.Where(k =>
                versions.Any(v =>
                    v.OrganizationId == k.OrganizationId
                    && v.KeyId == k.Id
                    && v.State == KeyState.Active
                    && (v.ExpiresAt == null || v.ExpiresAt > now)
                )
            )
            .Take(2)
            .ToListAsync(cancellationToken);
        return active.Count switch
        {
            1 => active[0],
            0 => RotationProblems.NoKey,
            _ => RotationProblems.SeveralKeys,
        };
    }

    private static void Check(int? graceSeconds, int least, FieldErrors errors)
    {
        if (graceSeconds < least || graceSeconds > LongestGrace)
            errors.Add("grace_seconds", string.Create(CultureInfo.InvariantCulture, $"Must be from {least} to {LongestGrace} (30 days)."));
    }

    private static void CheckTtl(int? days, FieldErrors errors)
    {
        if (days is < 1 or > 3650)
            errors.Add("ttl_days", "Must be from 1 to 3650 days; leave it away for a version that does not expire.");
    }

    private static Task<Problem?> Refuse(Problem? problem) => Task.FromResult(problem);
}
