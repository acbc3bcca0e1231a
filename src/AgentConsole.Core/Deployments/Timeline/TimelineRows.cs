using System.Data.Common;
using System.Globalization;
using System.Text;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Timeline;

/// <summary>Snapshots of one lane that have one status and move and lie in one part of the window: how many, when, and the last of them.</summary>
internal sealed record TimelineRow(
    Guid AgentId,
    string Environment,
    SnapshotStatus Status,
    SnapshotMove Move,
    bool Picked,
    int Count,
    DateTimeOffset First,
    DateTimeOffset Last,
    Guid Id,
    string Version,
    SnapshotOutcome Outcome,
    DateTimeOffset? EndedAt,
    double? TrafficPercent
);

/// <summary>What the database reads for some lanes. It counts there, so that what comes back is bounded by lanes and parts of the window.</summary>
internal static class TimelineRows
{
    private const int AtOnce = 400;

    /// <summary>What was deployed in the window.</summary>
    public static async Task<List<TimelineRow>> InWindowAsync(
        ConsoleDbContext db,
        Actor by,
        SnapshotFilter filter,
        IReadOnlyCollection<Guid> agents,
        TimelineWindow window,
        CancellationToken cancellationToken
    )
    {
        var rows = new List<TimelineRow>();
        await db.Database.OpenConnectionAsync(cancellationToken);
        foreach (var some in agents.Chunk(AtOnce))
        {
            await using var command = Command(db, by, filter, some, window);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(Read(reader));
        }
        return rows;
    }

    /// <summary>What was current just before the window begins.</summary>
    public static async Task<List<TimelineRow>> BeforeAsync(
        ConsoleDbContext db,
        Actor by,
        SnapshotFilter filter,
        IReadOnlyCollection<Guid> agents,
        TimelineWindow window,
        CancellationToken cancellationToken
    )
    {
        var (organization, from) = (by.OrganizationId, window.From);
        var rows = new List<TimelineRow>();
        var visible = db.Snapshots.VisibleTo(by);
        foreach (var some in agents.Chunk(AtOnce))
        {
            var lanes = db
                .Snapshots.Where(s => s.OrganizationId == organization && some.Contains(s.AgentId) && s.Outcome == SnapshotOutcome.Current)
                .Select(s => new { s.AgentId, s.Environment })
                .Distinct();
            // Of each status at most one is current at a time: the last one before the window, unless it had ended by then.
            var last = await lanes
                .Select(lane => new
                {
                    Active = visible
                        .Where(s =>
                            s.AgentId == lane.AgentId
                            && s.Environment == lane.Environment
                            && s.Status == SnapshotStatus.Active
                            && s.DeployedAt < from
                        )
                        .OrderByDescending(s => s.DeployedAt)
                        .ThenByDescending(s => s.Id)
                        .Select(s => (Guid?)s.Id)
                        .FirstOrDefault(),
                    Canary = visible
                        .Where(s =>
                            s.AgentId == lane.AgentId
                            && s.Environment == lane.Environment
                            && s.Status == SnapshotStatus.Canary
                            && s.DeployedAt < from
                        )
                        .OrderByDescending(s => s.DeployedAt)
                        .ThenByDescending(s => s.Id)
                        .Select(s => (Guid?)s.Id)
                        .FirstOrDefault(),
                })
                .ToListAsync(cancellationToken);
            foreach (var ids in last.SelectMany(l => new[] { l.Active, l.Canary }).OfType<Guid>().Chunk(AtOnce))
            {
                var alive = visible.Where(s => ids.Contains(s.Id) && (s.EndedAt == null || s.EndedAt > from));
                var picked = filter.Picks ? await filter.Pick(alive).Select(s => s.Id).ToListAsync(cancellationToken) : null;
                var found = await alive
                    .Select(s => new
                    {
                        s.AgentId,
                        s.Environment,
                        s.Status,
                        s.Move,
                        s.DeployedAt,
                        s.Id,
                        s.Version,
                        s.Outcome,
                        s.EndedAt,
                        s.TrafficPercent,
                    })
                    .ToListAsync(cancellationToken);
                rows.AddRange(
                    found.Select(s => new TimelineRow(
                        s.AgentId,
                        s.Environment,
                        s.Status,
                        s.Move,
                        picked?.Contains(s.Id) ?? true,
                        1,
                        s.DeployedAt,
                        s.DeployedAt,
                        s.Id,
                        s.Version,
                        s.Outcome,
                        s.EndedAt,
                        s.TrafficPercent
                    ))
                );
            }
        }
        return rows;
    }

    /// <summary>The question of <see cref="InWindowAsync"/>.</summary>
    internal static DbCommand Command(ConsoleDbContext db, Actor by, SnapshotFilter filter, Guid[] agents, TimelineWindow window)
    {
        var command = db.Database.GetDbConnection().CreateCommand();
        string Put(object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"p{command.Parameters.Count}");
            parameter.Value = value is Guid id && db.Engine.StoresGuidsAsBytes ? id.ToByteArray(bigEndian: true) : value;
            command.Parameters.Add(parameter);
            return "@" + parameter.ParameterName;
        }
        string List(IEnumerable<Guid> ids) => string.Join(", ", ids.Select(id => Put(id)));
        var (organization, from, to) = (Put(by.OrganizationId), Put(Utc.ToMicros(window.From)), Put(Utc.ToMicros(window.To)));
        var picks = new List<string>();
        foreach (
            var (column, value) in ((string, string?)[])
                [
                    ("version", filter.Version),
                    ("status", filter.Status is { } status ? KebabCase.Of(status) : null),
                    ("outcome", filter.Outcome is { } outcome ? KebabCase.Of(outcome) : null),
                    ("trigger", filter.Trigger is { } trigger ? KebabCase.Of(trigger) : null),
                ]
        )
        {
            if (value is not null)
                picks.Add($"\"{column}\" = {Put(value)}");
        }
        var scope = by.TeamsWith(Permission.ReadFleet);
        var sql = new StringBuilder("WITH parts AS (SELECT agent_id, environment, status, move, ")
            .Append(picks.Count == 0 ? "1" : $"CASE WHEN {string.Join(" AND ", picks)} THEN 1 ELSE 0 END")
            .Append(
                $" AS picked, (deployed_at - {from}) / {Put(Math.Max(1, Utc.ToMicros(window.To) - Utc.ToMicros(window.From)) / TimelineWindow.Parts)} AS part, "
            )
            .Append("COUNT(*) AS n, MIN(deployed_at) AS first_at, MAX(deployed_at) AS last_at, ")
            .Append(db.Engine.StoresGuidsAsBytes ? "MAX(id)" : "CAST(MAX(CAST(id AS text)) AS uuid)")
            .Append($" AS last_id FROM snapshots WHERE organization_id = {organization} AND agent_id IN ({List(agents)})")
            .Append($" AND deployed_at >= {from} AND deployed_at < {to}");
        if (!scope.All)
            sql.Append(scope.Ids.Length == 0 ? " AND 1 = 0" : $" AND visible_team_id IN ({List(scope.Ids)})");
        sql.Append(" GROUP BY 1, 2, 3, 4, 5, 6) ")
            .Append(
                "SELECT p.agent_id, p.environment, p.status, p.move, p.picked, p.n, p.first_at, p.last_at, s.id, s.version, s.outcome, s.ended_at, s.traffic_percent "
            )
            .Append($"FROM parts p JOIN snapshots s ON s.organization_id = {organization} AND s.id = p.last_id");
#pragma warning disable CA2100 // names of columns and parameters
        command.CommandText = sql.ToString();
#pragma warning restore CA2100
        return command;
    }

    private static TimelineRow Read(DbDataReader row) =>
        new(
            Id(row, 0),
            row.GetString(1),
            KebabCase.Parse<SnapshotStatus>(row.GetString(2)),
            KebabCase.Parse<SnapshotMove>(row.GetString(3)),
            row.GetInt32(4) == 1,
            row.GetInt32(5),
            Utc.FromMicros(row.GetInt64(6)),
            Utc.FromMicros(row.GetInt64(7)),
            Id(row, 8),
            row.GetString(9),
            KebabCase.Parse<SnapshotOutcome>(row.GetString(10)),
            row.IsDBNull(11) ? null : Utc.FromMicros(row.GetInt64(11)),
            row.IsDBNull(12) ? null : row.GetDouble(12)
        );

    private static Guid Id(DbDataReader row, int column) =>
        row.GetValue(column) is byte[] bytes ? new Guid(bytes, bigEndian: true) : row.GetGuid(column);
}
