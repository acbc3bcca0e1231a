using System.Text.Json;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>Where snapshots are appended, whoever sets them: a person, a program, a rollout or a rollback.</summary>
public sealed class SnapshotBook(AgentDirectory directory)
{
    /// <summary>What <see cref="AppendAsync"/> takes, as of this write.</summary>
    /// <param name="trigger">A person or a program, as the actor is, when null.</param>
    /// <param name="takesBack">Id and version of what a rollback takes back.</param>
    internal static Snapshot Make(
        Write write,
        Actor by,
        Agent agent,
        SnapshotDraft draft,
        SnapshotStatus status,
        SnapshotTrigger? trigger = null,
        (Guid Id, string Version)? takesBack = null
    ) =>
        new()
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            TeamId = agent.TeamId,
            Environment = draft.Environment,
            Version = draft.Version,
            Status = status,
            Content = draft.Content.Text,
            Digest = draft.Content.Digest,
            Reason = Texts.Clip(draft.Reason, Texts.MostReason),
            Trigger = trigger ?? (by.Method is AuthMethod.Session or AuthMethod.BreakGlass ? SnapshotTrigger.Person : SnapshotTrigger.Api),
            RolledBackFrom = takesBack?.Id,
            RolledBackVersion = takesBack?.Version,
            DeployedAt = write.Now,
            DeployedBy = Texts.Clip(by.Label, 256)!,
        };

    /// <summary>
    /// Ends what is current and adds the snapshot, with its record on the trail. The caller holds the trail's head, has looked at who may, and at freezes.
    /// </summary>
    /// <param name="failed">What this takes back was found to be worse, not only unwanted.</param>
    /// <returns>False when somebody else deployed meanwhile: leave, and nothing was written.</returns>
    internal async Task<bool> AppendAsync(
        Write write,
        Actor by,
        Agent agent,
        Snapshot snapshot,
        CancellationToken cancellationToken,
        bool failed = false
    )
    {
        var current = await write
            .Db.Snapshots.Where(s =>
                s.OrganizationId == snapshot.OrganizationId
                && s.AgentId == snapshot.AgentId
                && s.Environment == snapshot.Environment
                && s.Outcome == SnapshotOutcome.Current
            )
            .ToListAsync(cancellationToken);
        var ended = current.FindAll(s => s.EndsWith(snapshot.Status));
        snapshot.Begin(agent.Slug, ended);
        foreach (var before in ended)
        {
            before.End(snapshot, failed);
            Tell(write, before);
        }
        // The one before makes room in the index of what is current.
        if (!await write.TryFlushAsync(cancellationToken))
            return false;
        snapshot.DefinitionNumber = SnapshotContent.DefinitionIn(snapshot.Content)?.Number;
        write.Db.Add(snapshot);
        var declares = snapshot.Status == SnapshotStatus.Active && snapshot.Environment == (agent.Environment ?? "");
        if (declares && agent.Version != snapshot.Version)
        {
            (agent.Version, agent.UpdatedAt) = (snapshot.Version, write.Now);
            directory.Announce(write, agent);
        }
        write.Trail(
            by,
            snapshot.Status switch
            {
                _ when snapshot.RolledBackFrom is not null => "snapshot.rolled-back",
                SnapshotStatus.Active => "snapshot.activated",
                SnapshotStatus.Canary => "snapshot.canary",
                _ => "snapshot.retired",
            },
            new TrailTarget("snapshot", snapshot.Id, $"{agent.Slug} {snapshot.Version}", agent.TeamId),
            before: ended.Count == 0
                ? null
                : new
                {
                    ended = ended.Select(s => new
                    {
                        version = s.Version,
                        status = KebabCase.Of(s.Status),
                        digest = s.Digest,
                    }),
                },
            after: new
            {
                version = snapshot.Version,
                status = KebabCase.Of(snapshot.Status),
                environment = snapshot.Environment,
                digest = snapshot.Digest,
                rolled_back_from = snapshot.RolledBackFrom is { } from ? IdText.Format(IdText.Snapshot, from) : null,
                content = JsonElement.Parse(snapshot.Content),
            },
            reason: snapshot.Reason
        );
        Tell(write, snapshot);
        return true;
    }

    private static void Tell(Write write, Snapshot snapshot) =>
        write.Tell(new LiveEvent("snapshot", snapshot.OrganizationId, snapshot.TeamId, snapshot.AgentId, snapshot.Id));
}
