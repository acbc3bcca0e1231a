using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>A stretch of the rows of a bulk act.</summary>
/// <param name="Total">How many match in all.</param>
public sealed record KeyBulkWindow(IReadOnlyList<KeyBulkRowBody> Rows, int Total);

/// <summary>
/// One act for many keys: a plan says what would be done with each; applying it does exactly that, or is refused with the difference. What was applied goes on
/// by itself, also after a crash; rows that failed can be tried again.
/// </summary>
public sealed class KeyBulkService
{
    private const int MostNamed = 100;

    /// <summary>Rows that are done with the call.</summary>
    private const int MostAtOnce = 2 * KeyBulkWork.Part;
    private const int Tries = 5;
    private const int MostRefusals = 20;
    private static readonly int LongestGrace = (int)Rotation.LongestGrace.TotalSeconds;

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly TimeProvider _clock;
    private readonly KeyBulkReading _reading;
    private readonly KeyBulkWork _work;
    private readonly KeyBulkRunner _runner;
    private readonly RotationBodies _bodies;
    private readonly KeyIndex _index;
    private readonly KeyMint _mint;

    internal KeyBulkService(
        ConsoleStore store,
        AccessDirectory access,
        TimeProvider clock,
        KeyBulkReading reading,
        KeyBulkWork work,
        KeyBulkRunner runner,
        RotationBodies bodies,
        KeyIndex index,
        KeyMint mint
    )
    {
        (_store, _access, _clock, _reading, _work) = (store, access, clock, reading, work);
        (_runner, _bodies, _index, _mint) = (runner, bodies, index, mint);
    }

    /// <summary>Makes a plan; no key is touched.</summary>
    public Task<Outcome<KeyBulkBody>> PlanAsync(
        Actor by,
        KeyBulkAction? action,
        Outcome<MakeKeyBulk> input,
        CancellationToken cancellationToken
    ) => MakeAsync(by, action, input, cancellationToken);

    /// <summary>Plans and applies at once: for programs that have no use for a look between.</summary>
    public async Task<Outcome<KeyBulkBody>> DoAsync(
        Actor by,
        KeyBulkAction? action,
        Outcome<MakeKeyBulk> input,
        CancellationToken cancellationToken
    )
    {
        // The answer of the whole is the one that is stored; a plan that nobody applied by then runs out.
        var planned = await MakeAsync(by with { Retry = null }, action, input, cancellationToken);
        return planned.Try(out var plan, out var refusal)
            ? await ApplyAsync(by, plan.Id, new ApplyKeyBulk { Digest = plan.Digest }, cancellationToken)
            : refusal;
    }

    private async Task<Outcome<KeyBulkBody>> MakeAsync(
        Actor by,
        KeyBulkAction? action,
        Outcome<MakeKeyBulk> input,
        CancellationToken cancellationToken
    )
    {
        if (by.TeamsWith(Permission.ManageKeys) is { All: false, Ids.Length: 0 })
            return Actor.MissingRole(Permission.ManageKeys, null);
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var wanted = action ?? ReadAction(body.Action, errors);
        var selection = ReadSelection(by, body, errors);
        var bulk = Read(by, wanted, body, selection, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        return await WriteAsync(by, bulk, selection, null, cancellationToken);
    }

    /// <summary>Asks the same question once more: another plan, of the keys as they are now. It takes the place of one that was not applied.</summary>
    /// <param name="choices">How it is to be done instead; which keys it is about stays. Null keeps what was chosen.</param>
    public async Task<Outcome<KeyBulkBody>> MakeAgainAsync(Actor by, string id, MakeKeyBulk? choices, CancellationToken cancellationToken)
    {
        KeyBulk? seen;
        await using (var db = await _store.ReadAsync(cancellationToken))
            seen = await FindAsync(db, by, id, cancellationToken);
        if (seen is null)
            return KeyBulkProblems.NotFound;
        if (by.TeamsWith(Permission.ManageKeys) is { All: false, Ids.Length: 0 })
            return Actor.MissingRole(Permission.ManageKeys, null);
        var errors = new FieldErrors();
        var wish =
            choices
            ?? new MakeKeyBulk
            {
                GraceSeconds = seen.GraceSeconds,
                RevokeImmediately = seen.RevokeImmediately,
                AutoExtend = seen.AutoExtend,
                TtlDays = seen.TtlDays,
                Sink = seen.Sink,
                Reason = seen.Reason,
            };
        var selection = KeySelection.Read(seen.Selection);
        var bulk = Read(by, seen.Action, wish, selection, errors);
        return errors.ToProblem() is { } invalid ? invalid : await WriteAsync(by, bulk, selection, seen, cancellationToken);
    }

    /// <summary>Takes a disable or an enable back: the versions that it changed get the opposite, where nobody changed them since.</summary>
    public async Task<Outcome<KeyBulkBody>> UndoAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        KeyBulk? seen;
        List<string> versions = [];
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            seen = await FindAsync(db, by, id, cancellationToken);
            if (seen is null)
                return KeyBulkProblems.NotFound;
            if (Refusal(by, seen) is { } refusal)
                return refusal;
            if (seen.Action is not (KeyBulkAction.Disable or KeyBulkAction.Enable) || seen.Done == 0)
                return PlanProblems.NothingToUndo;
            var wasDisable = seen.Action == KeyBulkAction.Disable;
            versions =
            [
                .. (
                    await db
                        .KeyBulkRows.VisibleTo(by, seen)
                        .Where(r => r.Outcome == KeyBulkOutcome.Done)
                        .Join(
                            db.KeyVersions,
                            r => new
                            {
                                r.OrganizationId,
                                KeyId = r.KeyId!.Value,
                                Number = r.Version!.Value,
                            },
                            v => new
                            {
                                v.OrganizationId,
                                v.KeyId,
                                v.Number,
                            },
                            (r, v) =>
                                new
                                {
                                    v.Id,
                                    v.DisabledAt,
                                    r.EndedAt,
                                }
                        )
                        .Where(b => b.DisabledAt == (wasDisable ? b.EndedAt : null))
                        .Select(b => b.Id)
                        .ToListAsync(cancellationToken)
                ).Select(v => IdText.Format(IdText.KeyVersion, v)),
            ];
        }
        if (versions.Count == 0)
            return PlanProblems.NothingToUndo;
        return await DoAsync(
            by,
            seen.Action == KeyBulkAction.Disable ? KeyBulkAction.Enable : KeyBulkAction.Disable,
            new MakeKeyBulk { Keys = versions, Reason = $"Undo of {IdText.Format(IdText.Bulk, seen.Id)}" },
            cancellationToken
        );
    }

    private KeyBulk Read(Actor by, KeyBulkAction action, MakeKeyBulk body, KeySelection selection, FieldErrors errors)
    {
        var now = _clock.Now();
        if (body.GraceSeconds < 0 || body.GraceSeconds > LongestGrace)
            errors.Add("grace_seconds", string.Create(CultureInfo.InvariantCulture, $"Must be from 0 to {LongestGrace} (30 days)."));
        if (body.TtlDays is < 1 or > 3650)
            errors.Add("ttl_days", "Must be from 1 to 3650 days; leave it away for versions that do not expire.");
        if (action != KeyBulkAction.Rotate && !string.IsNullOrEmpty(body.Sink))
            errors.Add("sink", "Only a rotation makes secrets that a sink could take.");
        return new KeyBulk
        {
            Id = _store.NewId(),
            OrganizationId = by.OrganizationId,
            Action = action,
            GraceSeconds = body.GraceSeconds ?? (int)Rotation.UsualGrace.TotalSeconds,
            RevokeImmediately = body.RevokeImmediately,
            AutoExtend = body.AutoExtend,
            TtlDays = body.TtlDays,
            Sink = Texts.Line(body.Sink, "sink", 100, errors),
            Reason = Texts.Block(body.Reason, "reason", 500, errors),
            Selection = selection.Text(),
            MakerId = by.Id ?? Guid.Empty,
            MakerLabel = Texts.Clip(by.Label, 256)!,
            CreatedAt = now,
            ExpiresAt = now + KeyBulk.Life,
        };
    }

    private async Task<Outcome<KeyBulkBody>> WriteAsync(
        Actor by,
        KeyBulk bulk,
        KeySelection selection,
        KeyBulk? instead,
        CancellationToken cancellationToken
    )
    {
        List<PlannedKey> rows;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            if (await FullAsync(db, by, instead?.Id, cancellationToken) is { } full)
                return full;
            rows = await _reading.RowsAsync(db, by, bulk, selection, cancellationToken);
        }
        if (rows.Count > KeyBulk.MostRows)
            return KeyBulkProblems.TooMany;
        if (rows.Count == 0)
            return KeyBulkProblems.None;
        bulk.Total = rows.Count;
        bulk.Change = rows.Count(r => r.Effect == KeyBulkEffect.Change);
        bulk.NoChange = rows.Count(r => r.Effect == KeyBulkEffect.NoChange);
        bulk.Refused = rows.Count(r => r.Effect == KeyBulkEffect.Refused);
        using (var digest = DigestOf(bulk))
        {
            foreach (var row in rows)
                digest.Add(row.Shown);
            bulk.Digest = digest.End();
        }
        await using var write = await _store.WriteAsync(cancellationToken);
        bulk.ExpiresAt = write.Now + KeyBulk.Life;
        write.Db.Add(bulk);
        await write.Db.SaveChangesAsync(cancellationToken);
        await KeyBulkRows.InsertAsync(write, bulk, rows, cancellationToken);
        if (
            instead is not null
            && await write.Db.KeyBulks.FirstOrDefaultAsync(
                b => b.OrganizationId == instead.OrganizationId && b.Id == instead.Id && b.State == KeyBulkState.Planned,
                cancellationToken
            )
                is { } old
            && old.MakerId == bulk.MakerId
        )
            old.State = KeyBulkState.Discarded;
        return await write.CommitAsync(by, KeyBulkBodies.Of(bulk, write.Now), cancellationToken);
    }

    /// <summary>
    /// Does what the plan says. 409 <c>plan_changed</c>, naming the difference, when the same question would get another plan by now. With more rows than one
    /// part has, and with a sink, the answer is the operation in state <c>working</c>, and it goes on without the caller.
    /// </summary>
    public async Task<Outcome<KeyBulkBody>> ApplyAsync(
        Actor by,
        string id,
        Outcome<ApplyKeyBulk> input,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            KeyBulk? seen;
            List<PlannedKey> planned;
            await using (var db = await _store.ReadAsync(cancellationToken))
            {
                seen = await FindAsync(db, by, id, cancellationToken);
                if (seen is null)
                    return KeyBulkProblems.NotFound;
                if (seen.MakerId != (by.Id ?? Guid.Empty))
                    return KeyBulkProblems.NotTheMaker;
                if (by.TeamsWith(Permission.ManageKeys) is { All: false, Ids.Length: 0 })
                    return Actor.MissingRole(Permission.ManageKeys, null);
                if (!input.Try(out var body, out var unreadable))
                    return unreadable;
                if (string.IsNullOrEmpty(body.Digest))
                    return Problem.Invalid("digest", "Send the digest of the plan you read.");
                if (seen.State != KeyBulkState.Planned)
                    return KeyBulkProblems.AppliedAlready;
                if (seen.ExpiresAt <= _clock.Now())
                    return KeyBulkProblems.Expired;
                if (!string.Equals(body.Digest, seen.Digest, StringComparison.Ordinal))
                    return KeyBulkProblems.OtherDigest;
                planned = await KeyBulkRows.ReadAsync(db, seen, cancellationToken);
                if (await DifferenceAsync(db, by, seen, planned, cancellationToken) is { } difference)
                    return difference;
            }
            await using var write = await _store.WriteAsync(cancellationToken);
            var bulk = await TrackAsync(write, seen, cancellationToken);
            if (bulk.Begin(by, _store.NewId(), write.Now) is { } state)
                return state;
            write.Trail(
                by,
                "bulk.applied",
                KeyBulkWork.Target(bulk),
                after: new
                {
                    action = KebabCase.Of(bulk.Action),
                    keys = bulk.Change,
                    refused = bulk.Refused,
                    sink = bulk.Sink,
                    digest = bulk.Digest,
                },
                reason: bulk.Reason
            );
            var done = await BeginWorkAsync(write, bulk, by, cancellationToken);
            if (done.Problem is null || attempt == Tries)
                return done;
        }
    }

    // What is small and needs no sink is done when the answer comes.
    private async Task<Outcome<KeyBulkBody>> BeginWorkAsync(Write write, KeyBulk bulk, Actor by, CancellationToken cancellationToken)
    {
        var workId = bulk.WorkId!.Value;
        if (bulk.Sink is null && bulk.Pending <= MostAtOnce)
        {
            while (bulk.Pending > 0)
                await _work.BeginPartAsync(write, bulk, by, cancellationToken);
        }
        bulk.FinishIfDone(write.Now);
        KeyBulkWork.Tell(write, bulk);
        var goesOn = bulk.WorkId is not null;
        var done = await write.CommitAsync(by, KeyBulkBodies.Of(bulk, write.Now), cancellationToken);
        if (done.Problem is null && goesOn)
            _runner.Start(bulk.OrganizationId, bulk.Id, workId, by);
        return done;
    }

    /// <summary>Tries the rows that failed once more, and goes on with what a person was needed for. What is done is not done again.</summary>
    public async Task<Outcome<KeyBulkBody>> ResumeAsync(
        Actor by,
        string id,
        Outcome<ResumeKeyBulk> input,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            if (await FindAsync(write.Db, by, id, cancellationToken, track: true) is not { } bulk)
                return KeyBulkProblems.NotFound;
            if (Refusal(by, bulk) is { } refusal)
                return refusal;
            if (!input.Try(out var body, out var unreadable))
                return unreadable;
            if (body.Rows is not (null or "failed" or "remaining"))
                return Problem.Invalid("rows", "Must be failed or remaining.");
            if (body.Rows == "failed" && bulk.Failed == 0)
                return KeyBulkProblems.NothingToResume;
            if (body.Rows == "failed" && bulk.Pending > 0)
                return KeyBulkProblems.RowsRemain;
            if (bulk.Resume(by, _store.NewId(), write.Now) is { } state)
                return state;
            write.Trail(
                by,
                "bulk.resumed",
                KeyBulkWork.Target(bulk),
                after: new
                {
                    action = KebabCase.Of(bulk.Action),
                    failed = bulk.Failed,
                    remaining = bulk.Pending + bulk.Issued,
                }
            );
            await KeyBulkWork.RetryFailedAsync(write, bulk, cancellationToken);
            var done = await BeginWorkAsync(write, bulk, by, cancellationToken);
            if (done.Problem is null || attempt == Tries)
                return done;
        }
    }

    /// <summary>
    /// Whatever was not begun is not begun any more; a secret that is on its way still arrives, or fails. A plan that was not applied is thrown away. The
    /// answer is what it is by then.
    /// </summary>
    public async Task<Outcome<KeyBulkBody>> CancelAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            if (await FindAsync(write.Db, by, id, cancellationToken, track: true) is not { } bulk)
                return KeyBulkProblems.NotFound;
            if (Refusal(by, bulk) is { } refusal)
                return refusal;
            if (bulk.State == KeyBulkState.Planned)
            {
                var was = KeyBulkBodies.Of(bulk, write.Now);
                (bulk.State, bulk.ExpiresAt) = (KeyBulkState.Discarded, write.Now);
                KeyBulkWork.Tell(write, bulk);
                return await write.CommitAsync(by, was, cancellationToken);
            }
            if (bulk.State != KeyBulkState.Working || bulk.Pending == 0)
                return KeyBulkProblems.NothingToCancel;
            bulk.CancelledAt = write.Now;
            write.Trail(by, "bulk.cancelled", KeyBulkWork.Target(bulk), after: new { done = bulk.Done, cancelled = bulk.Pending });
            await SetAsideAsync(write, bulk, KeyBulkOutcome.Pending, KeyBulkOutcome.Cancelled, cancellationToken);
            bulk.FinishIfDone(write.Now);
            KeyBulkWork.Tell(write, bulk);
            var done = await write.CommitAsync(by, KeyBulkBodies.Of(bulk, write.Now), cancellationToken);
            if (done.Problem is null || attempt == Tries)
                return done;
        }
    }

    private static async Task SetAsideAsync(
        Write write,
        KeyBulk bulk,
        KeyBulkOutcome from,
        KeyBulkOutcome to,
        CancellationToken cancellationToken
    )
    {
        var (organization, id, now) = (bulk.OrganizationId, bulk.Id, (DateTimeOffset?)write.Now);
        bulk.Cancelled += await write
            .Db.KeyBulkRows.Where(r => r.OrganizationId == organization && r.BulkId == id && r.Outcome == from)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Outcome, to).SetProperty(r => r.EndedAt, now), cancellationToken);
    }

    /// <summary>Refuses, reversibly, the old versions of all its rotations that are ready. The others are left, and may follow later.</summary>
    public Task<Outcome<KeyBulkCut>> DisableOldAsync(Actor by, string id, Outcome<DisableOld> input, CancellationToken cancellationToken) =>
        CutAsync(
            by,
            id,
            input.Try(out var body, out var unreadable)
                ? body.Days is < 1 or > 30
                    ? Problem.Invalid("days", "Must be from 1 to 30.")
                    : body.Reason is { Length: > 500 }
                        ? Problem.Invalid("reason", "At most 500 characters.")
                        : new Done()
                : unreadable,
            "bulk.old-disabled",
            [RotationState.Ready],
            (act, told) =>
                act.NewIsAccepted
                    ? Task.FromResult(
                        act.DisableOld(
                            told,
                            input.Value.Days is { } days ? TimeSpan.FromDays(days) : Rotation.UsualWindow,
                            input.Value.Reason
                        )
                    )
                    : Task.FromResult<Problem?>(RotationProblems.NewNotAccepted),
            cancellationToken
        );

    /// <summary>Revokes the old versions of all its rotations that are disabled, for good.</summary>
    public Task<Outcome<KeyBulkCut>> CompleteAsync(Actor by, string id, Outcome<Reason> input, CancellationToken cancellationToken) =>
        CutAsync(
            by,
            id,
            input.Try(out var body, out var unreadable)
                ? body.Text is { Length: > 500 }
                    ? Problem.Invalid("reason", "At most 500 characters.")
                    : new Done()
                : unreadable,
            "bulk.completed",
            [RotationState.OldDisabled],
            (act, told) => act.CompleteAsync(told, input.Value.Text, cancellationToken),
            cancellationToken
        );

    // Part by part, each of which commits by itself: a repetition does the rest.
    private async Task<Outcome<KeyBulkCut>> CutAsync(
        Actor by,
        string id,
        Outcome<Done> input,
        string action,
        RotationState[] from,
        Func<RotationAct, Actor, Task<Problem?>> perform,
        CancellationToken cancellationToken
    )
    {
        KeyBulk? bulk;
        await using (var db = await _store.ReadAsync(cancellationToken))
            bulk = await FindAsync(db, by, id, cancellationToken);
        if (bulk is null)
            return KeyBulkProblems.NotFound;
        if (Refusal(by, bulk) is { } refusal)
            return refusal;
        if (!input.Try(out _, out var invalid))
            return invalid;
        if (bulk.Action != KeyBulkAction.Rotate)
            return KeyBulkProblems.NotARotation;
        var told = KeyBulkWork.Told(bulk, by);
        var (done, refused) = (0, 0);
        var refusals = new List<KeyBulkRefusal>();
        var after = 0;
        var (organization, bulkId) = (bulk.OrganizationId, bulk.Id);
        for (var lost = 0; ; )
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            var part = await write
                .Db.KeyBulkRows.VisibleTo(by, bulk)
                .Where(r => r.Ordinal > after)
                .Join(
                    write.Db.Rotations.Where(r => from.Contains(r.State) && r.ClosedAt == null),
                    r => new { r.OrganizationId, Id = r.RotationId!.Value },
                    o => new { o.OrganizationId, o.Id },
                    (r, o) => new { r.Ordinal, Rotation = o }
                )
                .OrderBy(r => r.Ordinal)
                .Take(KeyBulkWork.Part)
                .ToListAsync(cancellationToken);
            if (part.Count == 0)
                break;
            var acts = await _bodies.LoadAsync(write.Db, [.. part.Select(p => p.Rotation)], write.Now, cancellationToken, (write, _index));
            var (doneHere, refusedHere) = (0, new List<KeyBulkRefusal>());
            foreach (var act in acts)
            {
                if ((_mint.Refusal(by, act.Agent.TeamId) ?? await perform(act, told)) is { } why)
                    refusedHere.Add(
                        new KeyBulkRefusal(IdText.Format(IdText.Rotation, act.Rotation.Id), act.Agent.Slug, why.Code, why.Detail)
                    );
                else
                    doneHere++;
            }
            if (doneHere > 0)
            {
                write.Trail(by, action, KeyBulkWork.Target(bulk), after: new { rotations = doneHere, refused = refusedHere.Count });
                KeyBulkWork.Tell(write, bulk);
                if (!await write.TryCommitAsync(cancellationToken))
                {
                    if (++lost == Tries)
                        return Write.LostRace();
                    continue;
                }
            }
            (lost, after) = (0, part[^1].Ordinal);
            done += doneHere;
            refused += refusedHere.Count;
            refusals.AddRange(refusedHere.Take(MostRefusals - refusals.Count));
        }
        // The answer is kept for a repetition of the call.
        await using var last = await _store.WriteAsync(cancellationToken);
        var isLast = from.Contains(RotationState.OldDisabled);
        var rotations = last.Db.Rotations;
        var left = await last
            .Db.KeyBulkRows.VisibleTo(by, bulk)
            .CountAsync(
                r =>
                    r.RotationId != null
                    && rotations.Any(o =>
                        o.OrganizationId == organization
                        && o.Id == r.RotationId
                        && o.ClosedAt == null
                        && (isLast || o.State != RotationState.OldDisabled)
                    ),
                cancellationToken
            );
        return await last.CommitAsync(
            by,
            new KeyBulkCut(IdText.Format(IdText.Bulk, bulkId), done, left, refused, refusals),
            cancellationToken
        );
    }

    /// <summary>With the states of its rotations.</summary>
    public async Task<Outcome<KeyBulkBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } bulk)
            return KeyBulkProblems.NotFound;
        return await FullAsync(db, by, bulk, cancellationToken);
    }

    /// <summary>Newest first; plans that were thrown away are none.</summary>
    public async Task<Outcome<Paged<KeyBulkBody>>> ListAsync(
        Actor by,
        KeyBulkAction? action,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        var bulks = db.KeyBulks.VisibleTo(by);
        if (action is { } wanted)
            bulks = bulks.Where(b => b.Action == wanted);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Bulk, after[0], out var last))
                return Cursor.Bad();
            bulks = bulks.Where(b => b.Id < last);
        }
        var rows = await bulks.OrderByDescending(b => b.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var now = _clock.Now();
        return Paged<KeyBulk>.Of(rows, page.Limit, last => [IdText.Format(IdText.Bulk, last.Id)]).Map(b => KeyBulkBodies.Of(b, now));
    }

    /// <summary>Rows in their order.</summary>
    public async Task<Outcome<Paged<KeyBulkRowBody>>> RowsAsync(
        Actor by,
        string id,
        KeyBulkFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } bulk)
            return KeyBulkProblems.NotFound;
        var after = 0;
        if (
            page.Cursor is not null
            && (
                !Cursor.TryDecode(page.Cursor, 1, out var key)
                || !int.TryParse(key[0], NumberStyles.None, CultureInfo.InvariantCulture, out after)
            )
        )
            return Cursor.Bad();
        var rows = await (await MatchingAsync(db, by, bulk, filter, cancellationToken))
            .Where(r => r.Ordinal > after)
            .OrderBy(r => r.Ordinal)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var bodies = (await BodiesAsync(db, bulk, rows, cancellationToken)).ToDictionary(b => b.Row);
        return Paged<KeyBulkRow>
            .Of(rows, page.Limit, last => [last.Ordinal.ToString(CultureInfo.InvariantCulture)])
            .Map(row => bodies[row.Ordinal]);
    }

    /// <summary>Rows from <paramref name="skip"/> on, for a virtualised table.</summary>
    public async Task<Outcome<KeyBulkWindow>> WindowAsync(
        Actor by,
        string id,
        KeyBulkFilter filter,
        int skip,
        int take,
        CancellationToken cancellationToken
    )
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } bulk)
            return KeyBulkProblems.NotFound;
        var matching = await MatchingAsync(db, by, bulk, filter, cancellationToken);
        var total = await matching.CountAsync(cancellationToken);
        var rows = await matching
            .OrderBy(r => r.Ordinal)
            .Skip(Math.Max(0, skip))
            .Take(Math.Clamp(take, 1, 500))
            .ToListAsync(cancellationToken);
        return new KeyBulkWindow(await BodiesAsync(db, bulk, rows, cancellationToken), total);
    }

    /// <summary>Every row with its outcome, and where its rotation stands.</summary>
    public async Task<Outcome<KeyBulkReport>> ReportAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } bulk)
            return KeyBulkProblems.NotFound;
        var rows = await db.KeyBulkRows.VisibleTo(by, bulk).OrderBy(r => r.Ordinal).ToListAsync(cancellationToken);
        return new KeyBulkReport(await FullAsync(db, by, bulk, cancellationToken), await BodiesAsync(db, bulk, rows, cancellationToken));
    }

    private async Task<IQueryable<KeyBulkRow>> MatchingAsync(
        ConsoleDbContext db,
        Actor by,
        KeyBulk bulk,
        KeyBulkFilter filter,
        CancellationToken cancellationToken
    )
    {
        var rows = filter.Apply(db.KeyBulkRows.VisibleTo(by, bulk), db.Rotations);
        if (!filter.Waiting)
            return rows;
        var late = (
            await Adoption.WaitingAsync(db, RotationsOf(db, by, bulk).Where(r => r.ClosedAt == null), _clock.Now(), cancellationToken)
        )
            .Keys.Select(id => (Guid?)id)
            .ToArray();
        return rows.Where(r => late.Contains(r.RotationId));
    }

    private static IQueryable<Rotation> RotationsOf(ConsoleDbContext db, Actor by, KeyBulk bulk) =>
        db
            .KeyBulkRows.VisibleTo(by, bulk)
            .Join(db.Rotations, r => new { r.OrganizationId, Id = r.RotationId!.Value }, o => new { o.OrganizationId, o.Id }, (_, o) => o);

    private async Task<KeyBulkBody> FullAsync(ConsoleDbContext db, Actor by, KeyBulk bulk, CancellationToken cancellationToken)
    {
        var body = KeyBulkBodies.Of(bulk, _clock.Now());
        if (bulk.Action != KeyBulkAction.Rotate || bulk.StartedAt is null)
            return body;
        var rotations = RotationsOf(db, by, bulk);
        var states = await rotations
            .GroupBy(r => r.State)
            .Select(same => new { same.Key, Count = same.Count() })
            .ToListAsync(cancellationToken);
        var waiting = await Adoption.WaitingAsync(db, rotations.Where(r => r.ClosedAt == null), _clock.Now(), cancellationToken);
        return body with
        {
            Rotations = states.OrderBy(s => s.Key).ToDictionary(s => KebabCase.Of(s.Key), s => s.Count),
            Waiting = waiting.Count,
        };
    }

    private async Task<List<KeyBulkRowBody>> BodiesAsync(
        ConsoleDbContext db,
        KeyBulk bulk,
        List<KeyBulkRow> rows,
        CancellationToken cancellationToken
    )
    {
        var ids = rows.Where(r => r.RotationId is not null).Select(r => r.RotationId!.Value).ToArray();
        Dictionary<Guid, RotationState> states = [];
        Dictionary<Guid, int> waiting = [];
        if (ids.Length > 0)
        {
            states = await db
                .Rotations.Where(r => r.OrganizationId == bulk.OrganizationId && ids.Contains(r.Id))
                .Select(r => new { r.Id, r.State })
                .ToDictionaryAsync(r => r.Id, r => r.State, cancellationToken);
            waiting = await Adoption.WaitingAsync(
                db,
                [.. states.Where(s => s.Value is not (RotationState.Completed or RotationState.Aborted)).Select(s => s.Key)],
                _clock.Now(),
                cancellationToken
            );
        }
        var now = _access.Current;
        return rows.ConvertAll(row =>
            KeyBulkBodies.Of(
                bulk,
                row,
                now,
                row.RotationId is { } id && states.TryGetValue(id, out var state) ? state : null,
                row.RotationId is { } open && states.ContainsKey(open) ? waiting.GetValueOrDefault(open) : null
            )
        );
    }

    private async Task<Problem?> FullAsync(ConsoleDbContext db, Actor by, Guid? instead, CancellationToken cancellationToken)
    {
        var (organization, maker, now, replaced) = (by.OrganizationId, by.Id ?? Guid.Empty, _clock.Now(), instead ?? Guid.Empty);
        var open = await db
            .KeyBulks.Where(b =>
                b.OrganizationId == organization
                && b.MakerId == maker
                && b.State == KeyBulkState.Planned
                && b.ExpiresAt > now
                && b.Id != replaced
            )
            .OrderBy(b => b.ExpiresAt)
            .Select(b => b.ExpiresAt)
            .Take(KeyBulk.MostOpen)
            .ToListAsync(cancellationToken);
        return open.Count < KeyBulk.MostOpen ? null : KeyBulkProblems.TooManyOpen((int)Math.Ceiling((open[0] - now).TotalSeconds));
    }

    // What would be planned now, against what was planned; null when it is the same.
    private async Task<Problem?> DifferenceAsync(
        ConsoleDbContext db,
        Actor by,
        KeyBulk bulk,
        List<PlannedKey> planned,
        CancellationToken cancellationToken
    )
    {
        var difference = new RowsDifference(planned.Select(r => (r.Key(bulk.Action), r.Name, r.Sign)));
        foreach (var row in await _reading.RowsAsync(db, by, bulk, KeySelection.Read(bulk.Selection), cancellationToken))
            difference.Add(row.Key(bulk.Action), row.Name, row.Sign);
        return difference.IsNone ? null : difference.ToProblem("keys");
    }

    // Whoever made it, and whoever may manage every key of the organization: the maker may be away.
    private static Problem? Refusal(Actor by, KeyBulk bulk) =>
        by.TeamsWith(Permission.ManageKeys) is { All: false, Ids.Length: 0 } ? Actor.MissingRole(Permission.ManageKeys, null)
        : bulk.MakerId == (by.Id ?? Guid.Empty) || by.MayEverywhere(Permission.ManageKeys) ? null
        : KeyBulkProblems.NotTheMaker;

    private static Task<KeyBulk?> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string id,
        CancellationToken cancellationToken,
        bool track = false
    )
    {
        if (!IdText.TryParse(IdText.Bulk, id, out var key))
            return Task.FromResult<KeyBulk?>(null);
        var bulks = db.KeyBulks.VisibleTo(by).Where(b => b.Id == key);
        return (track ? bulks : bulks.AsNoTracking()).FirstOrDefaultAsync(cancellationToken);
    }

    private static Task<KeyBulk> TrackAsync(Write write, KeyBulk seen, CancellationToken cancellationToken) =>
        write.Db.KeyBulks.SingleAsync(b => b.OrganizationId == seen.OrganizationId && b.Id == seen.Id, cancellationToken);

    private static RowsDigest DigestOf(KeyBulk bulk) =>
        new(
            new
            {
                format = 1,
                organization = bulk.OrganizationId,
                action = KebabCase.Of(bulk.Action),
                grace_seconds = bulk.GraceSeconds,
                revoke_immediately = bulk.RevokeImmediately,
                auto_extend = bulk.AutoExtend,
                ttl_days = bulk.TtlDays,
                sink = bulk.Sink,
                reason = bulk.Reason,
            }
        );

    private static KeyBulkAction ReadAction(string? text, FieldErrors errors)
    {
        if (KebabCase.TryParse<KeyBulkAction>(text, out var action) && action != KeyBulkAction.Rotate)
            return action;
        errors.Add("action", "Must be one of disable, enable, revoke. To rotate, post to /api/v1/rotations/bulk.");
        return default;
    }

    private KeySelection ReadSelection(Actor by, MakeKeyBulk body, FieldErrors errors)
    {
        var given = new object?[] { body.Keys, body.Agents, body.Filter, body.AgentFilter }.Count(member => member is not null);
        if (given != 1)
            errors.Add("keys", "Give exactly one of keys and agents, which are lists of ids, and filter and agent_filter.");
        foreach (var (field, names) in new[] { ("keys", body.Keys), ("agents", body.Agents) })
        {
            if (names is null)
                continue;
            if (names.Count is 0 or > KeyBulk.MostRows)
                errors.Add(field, string.Create(CultureInfo.InvariantCulture, $"Must be from 1 to {KeyBulk.MostRows}."));
            else if (names.Any(name => string.IsNullOrEmpty(name) || Texts.Fault(name, MostNamed, multiline: false) is not null))
                errors.Add(field, $"Each must be an id of at most {MostNamed} characters.");
        }
        string? filter = null;
        if (body.Filter is { } members)
            filter = QueryText.Write(ReadFilter(by, members, errors).ToQuery());
        string? agents = null;
        if (body.AgentFilter is { } agentMembers)
        {
            var found = new FieldErrors();
            agents = PlanFilters.Text(PlanFilters.Read(_access.Current, by, agentMembers, found));
            foreach (var (field, sentences) in found.ToDictionary())
            {
                foreach (var sentence in sentences)
                    errors.Add("agent_" + field, sentence);
            }
        }
        return new KeySelection(body.Keys, body.Agents, filter, agents);
    }

    // A name that no filter has is an error: left out, it would hit more than was meant.
    private KeyFilter ReadFilter(Actor by, IReadOnlyDictionary<string, string> members, FieldErrors errors)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var found = new FieldErrors();
        var filter = KeyFilter.Parse(
            name =>
            {
                asked.Add(name);
                return members.GetValueOrDefault(name);
            },
            found
        );
        foreach (var (field, sentences) in found.ToDictionary())
        {
            foreach (var sentence in sentences)
                errors.Add("filter." + field, sentence);
        }
        foreach (var name in members.Keys.Where(name => !asked.Contains(name)).Take(20))
            errors.Add("filter." + Texts.Clip(name, 60), "Is no member of a filter.");
        if (
            filter.Team is { } team
            && (_access.Current.FindTeam(by.OrganizationId, team) is not { } known || !by.TeamsWith(Permission.ReadFleet).Has(known.Id))
        )
            errors.Add("filter.team", $"{team} is no team that you see.");
        return filter with { Order = default };
    }
}
