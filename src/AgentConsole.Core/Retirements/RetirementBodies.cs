using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retirements;

/// <summary>What is left of a step, and how it stands by that.</summary>
/// <param name="Items">By name, as far as they are shown.</param>
internal sealed record StepStanding(RetirementStep Step, StepMark? Mark, int Left, IReadOnlyList<string> Items)
{
    public bool IsOpen => Step == RetirementStep.Export ? Mark is null : Left > 0 && Mark is not { Skipped: true };
}

/// <summary>Retirements as the API and the page show them: what was done is written down, what is left is looked up.</summary>
public sealed class RetirementBodies
{
    /// <summary>Names of what is left.</summary>
    public const int MostItems = 20;

    /// <summary>Open runs are counted no further.</summary>
    private const int MostCounted = 10_000;

    internal async Task<RetirementBody> OfAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        Retirement retirement,
        CancellationToken cancellationToken
    )
    {
        var standings =
            retirement.State == RetirementState.Open
                ? await StandingsAsync(db, by, agent, retirement, cancellationToken)
                : [.. Enum.GetValues<RetirementStep>().Select(step => new StepStanding(step, retirement.MarkOf(step), 0, []))];
        return new RetirementBody
        {
            Id = IdText.Format(IdText.Retirement, retirement.Id),
            Agent = agent.Slug,
            AgentId = IdText.Format(IdText.Agent, agent.Id),
            State = KebabCase.Of(retirement.State),
            Reason = retirement.Reason,
            StartedAt = retirement.StartedAt,
            StartedBy = retirement.StartedBy,
            EndedAt = retirement.EndedAt,
            EndedBy = retirement.EndedBy,
            EndReason = retirement.EndReason,
            Steps = [.. standings.Select(s => Of(s, retirement.State))],
            Ready = retirement.State == RetirementState.Open && standings.TrueForAll(s => !s.IsOpen),
        };
    }

    /// <summary>Every step in order, as things stand.</summary>
    internal async Task<List<StepStanding>> StandingsAsync(
        ConsoleDbContext db,
        Actor by,
        Agent agent,
        Retirement retirement,
        CancellationToken cancellationToken
    )
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        var links = db.GatewayLinks.Where(l => l.OrganizationId == organization && l.AgentId == id);
        var gateways = await db
            .Gateways.VisibleTo(by)
            .Where(g => links.Any(l => l.GatewayId == g.Id))
            .OrderBy(g => g.Name)
            .Select(g => g.Name)
            .Take(MostItems)
            .ToListAsync(cancellationToken);
        var runs = OpenRuns(db, agent);
        var seen = await runs.VisibleTo(by).OrderByDescending(r => r.Id).Select(r => r.Id).Take(MostItems).ToListAsync(cancellationToken);
        var versions = LivingVersions(db, agent);
        var keys = await versions
            .Join(
                db.AgentKeys,
                v => new { v.OrganizationId, Id = v.KeyId },
                k => new { k.OrganizationId, k.Id },
                (v, k) => new { k.Name, v.Number }
            )
            .OrderBy(v => v.Name)
            .ThenBy(v => v.Number)
            .Take(MostItems)
            .ToListAsync(cancellationToken);
        return
        [
            Standing(RetirementStep.Gateways, await links.CountAsync(cancellationToken), gateways),
            Standing(
                RetirementStep.Runs,
                await runs.Take(MostCounted).CountAsync(cancellationToken),
                seen.ConvertAll(run => IdText.Format(IdText.Run, run))
            ),
            Standing(
                RetirementStep.Keys,
                await versions.CountAsync(cancellationToken),
                keys.ConvertAll(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name}, version {v.Number}"))
            ),
            Standing(RetirementStep.Export, 0, []),
        ];
        StepStanding Standing(RetirementStep step, int left, IReadOnlyList<string> items) =>
            new(step, retirement.MarkOf(step), left, items);
    }

    internal static IQueryable<Run> OpenRuns(ConsoleDbContext db, Agent agent)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        return db.Runs.Where(r =>
            r.OrganizationId == organization
            && r.AgentId == id
            && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running || r.Status == RunStatus.Waiting)
        );
    }

    internal static IQueryable<KeyVersion> LivingVersions(ConsoleDbContext db, Agent agent)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        return db.KeyVersions.Where(v =>
            v.OrganizationId == organization && v.AgentId == id && v.State != KeyState.Revoked && v.State != KeyState.Expired
        );
    }

    private static RetirementStepBody Of(StepStanding standing, RetirementState state) =>
        new()
        {
            Step = KebabCase.Of(standing.Step),
            State =
                standing.Mark is { Skipped: true } ? "skipped"
                : (state == RetirementState.Open ? standing.IsOpen : standing.Mark is null) ? "open"
                : "done",
            Left = standing.Left,
            Items = standing.Items,
            Mode = standing.Mark?.Mode,
            At = standing.Mark?.At,
            By = standing.Mark?.By,
            Reason = standing.Mark?.Reason,
            Count = standing.Mark?.Count,
            Export = standing.Mark?.Export is { } export
                ? new RetirementExportBody(export.Sha256, export.Bytes, export.Snapshots, export.Runs, export.Records)
                : null,
        };
}
