using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>How every rotation begins and hands its secret over, whoever wants it.</summary>
public sealed class RotationIssuer(ConsoleStore store, KeyIndex index, RotationBodies bodies, ISecretSinks sinks)
{
    private const int MostNotes = 5;

    /// <summary>A planned rotation of the key is taken up; one that was issued gives way.</summary>
    internal async Task<Outcome<RotationAct>> BeginAsync(
        Write write,
        Actor by,
        RotatedAgent agent,
        AgentKey key,
        RotationTrigger trigger,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        var versions = await RotationTables.VersionsOfAsync(write.Db, key, cancellationToken);
        var id = write.NewId();
        if (await RotationTables.OpenOf(write.Db, key).FirstOrDefaultAsync(cancellationToken) is { } open)
        {
            var before = new RotationAct((write, index), write.Now, open, agent, key, versions);
            if (open.State == RotationState.Planned)
            {
                open.Reason = reason ?? open.Reason;
                return before;
            }
            if (before.IsDelivering)
                return RotationProblems.Delivering;
            await before.SupersedeAsync(by, id, reason, cancellationToken);
            if (!await write.TryFlushAsync(cancellationToken))
                return Write.LostRace();
        }
        return RotationAct.Plan(write, index, by, agent, key, versions, trigger, reason, id);
    }

    /// <summary>Commits. The secret leaves in this answer, or goes to the sink and to nobody else.</summary>
    internal async Task<Outcome<RotationBody>> HandOutAsync(
        Write write,
        Actor by,
        RotationAct act,
        string secret,
        CancellationToken cancellationToken
    )
    {
        var body = await bodies.FullAsync(write.Db, by, act, write.Now, cancellationToken);
        if (act.Rotation.Sink is not { } sink)
            return await write.CommitAsync(by, body with { ApiKey = secret }, cancellationToken);
        if (act.IsDelivering)
            return RotationProblems.Delivering;
        act.Rotation.DeliveringUntil = write.Now + Rotation.LongestDelivery;
        var committed = await write.CommitAsync(by, body, cancellationToken);
        if (committed.Problem is not null)
            return committed;
        var delivery = new SecretDelivery
        {
            OrganizationId = by.OrganizationId,
            TeamId = act.Agent.TeamId,
            Sink = sink,
            AgentSlug = act.Agent.Slug,
            KeyId = act.Key.Id,
            KeyVersion = act.New!.Number,
            RotationId = act.Rotation.Id,
            Secret = secret,
            ExpiresAt = act.New.ExpiresAt,
            IssuedAt = write.Now,
        };
        // Somebody who hangs up now must not leave a secret behind that half arrived.
        return await DeliverAsync(by, delivery, CancellationToken.None) ?? committed;
    }

    private async Task<Outcome<RotationBody>?> DeliverAsync(Actor by, SecretDelivery delivery, CancellationToken cancellationToken)
    {
        var delivered = await sinks.DeliverAsync(delivery, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            // The watch of any node may have moved the rotation in the same moment.
            var (isWritten, body) = await NoteAsync(by, delivery, delivered, cancellationToken);
            if (isWritten || attempt == MostNotes)
                return body;
        }
    }

    private async Task<(bool IsWritten, Outcome<RotationBody>? Body)> NoteAsync(
        Actor by,
        SecretDelivery delivery,
        Outcome<DeliveryReceipt> delivered,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // What became of the delivery is written down whatever the actor may see by now.
        var rotation = await write.Db.Rotations.FirstOrDefaultAsync(
            r => r.OrganizationId == delivery.OrganizationId && r.Id == delivery.RotationId,
            cancellationToken
        );
        if (rotation is not { IsOpen: true } || rotation.ToVersion != delivery.KeyVersion)
            return (true, null);
        var act = (await bodies.LoadAsync(write.Db, [rotation], write.Now, cancellationToken, (write, index)))[0];
        if (delivered.Try(out var receipt, out var problem))
            act.Delivered(by, receipt);
        else
            act.NotDelivered(by, Texts.Clip($"The new secret was not delivered to {delivery.Sink}: {problem.Detail}", 500)!);
        var body = await bodies.FullAsync(write.Db, by, act, write.Now, cancellationToken);
        await AnswerAgainAsync(write, by, body, cancellationToken);
        return await write.TryCommitAsync(cancellationToken) ? (true, body) : (false, null);
    }

    // Whoever repeats the call must not be told to issue again what has arrived since.
    private static async Task AnswerAgainAsync(Write write, Actor by, RotationBody body, CancellationToken cancellationToken)
    {
        if (by.Retry is not { } ticket)
            return;
        var (organization, scope, answer) = (by.OrganizationId, ticket.Scope, ticket.Shape(body));
        await write
            .Db.StoredRetries.Where(r => r.OrganizationId == organization && r.Scope == scope)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(r => r.Body, answer.Body)
                        .SetProperty(r => r.ETag, answer.ETag)
                        .SetProperty(r => r.Sealed, answer.Sealed),
                cancellationToken
            );
    }
}
