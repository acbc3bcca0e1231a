using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Spend;

/// <summary>What runs cost, from the rollups alone: right in every time zone, because they are kept by quarters of an hour.</summary>
public sealed class SpendService(
    ConsoleStore store,
    AgentDirectory agents,
    AccessDirectory access,
    PriceDirectory prices,
    TimeProvider clock
)
{
    private const int MostUnpriced = 50;
    private const int MostExported = 200_000;
    private const string Ended = "completed + failed + cancelled + timed_out + skipped + lost";
    private const string Sums =
        $"CAST(SUM(cost_micros) AS bigint), CAST(SUM({Ended}) AS bigint), CAST(SUM(unpriced) AS bigint), "
        + "CAST(SUM(input_tokens) AS bigint), CAST(SUM(output_tokens) AS bigint)";

    // Rows of decisions alone have nothing to say here.
    private const string Something = $" HAVING SUM({Ended}) <> 0 OR SUM(cost_micros) <> 0";

    public async Task<Outcome<SpendBody>> ReadAsync(Actor by, Outcome<SpendQuery> input, CancellationToken cancellationToken)
    {
        var found = await FindAsync(by, input, cancellationToken);
        return found.Problem is { } problem ? problem : Body(found.Value);
    }

    /// <summary>
    /// All rows, or the series, as CSV; both end with their total. Each line says when the file was made and of what, with the days and the zone that were
    /// meant; the trail says who has it.
    /// </summary>
    public async Task<Outcome<SpendFile>> ExportAsync(Actor by, Outcome<SpendQuery> input, bool series, CancellationToken cancellationToken)
    {
        if (input.Problem is null)
            input = input.Value with { Limit = MostExported };
        var found = await FindAsync(by, input, cancellationToken);
        if (found.Problem is { } problem)
            return problem;
        var body = Body(found.Value);
        var what = series ? "series" : "rows";
        var filter = Said(found.Value, series);
        await using var write = await store.WriteAsync(cancellationToken);
        write.Trail(
            by,
            "spend.exported",
            new TrailTarget("spend", null, what),
            after: new
            {
                format = KebabCase.Of(ListFormat.Csv),
                what,
                filter,
            }
        );
        if (!await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        var name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"spend-{what}-{write.Now:yyyyMMdd-HHmmss}Z.csv");
        return new SpendFile(name, Csv(body, series, ListExport<SpendRow>.Time(write.Now), QueryText.Plain(filter)));
    }

    private static string Csv(SpendBody body, bool series, string at, string statement)
    {
        var csv = new StringBuilder();
        void Put(params IReadOnlyList<string?> cells) => csv.Append(CsvText.Line([.. cells, at, statement]));
        const string At = "exported_at";
        const string Filter = "export_filter";
        if (series)
        {
            csv.Append(CsvText.Line("start_utc", "start_local", "zone", "minutes", "cost_usd", "runs", "unpriced_runs", At, Filter));
            foreach (var slot in body.Series)
                Put(Instant(slot.Start), slot.Label, body.Zone, Number(slot.Minutes), slot.Cost, Number(slot.Runs), Number(slot.Unpriced));
            Put("total", "", body.Zone, "", body.Total.Cost, Number(body.Total.Runs), Number(body.Total.Unpriced));
            return csv.ToString();
        }
        csv.Append(
            CsvText.Line(
                body.By,
                "label",
                "agent",
                "team",
                "cost_usd",
                "runs",
                "unpriced_runs",
                "input_tokens",
                "output_tokens",
                At,
                Filter
            )
        );
        foreach (var row in body.Other is { } other ? body.Rows.Append(other) : body.Rows)
            Put(Cells(row));
        Put(Cells(new SpendRow("total", "", null, null, body.Total)));
        return csv.ToString();
    }

    // The query as it was understood: a day that was left away, and the zone, are said too.
    private static Dictionary<string, string> Said(Found found, bool series) =>
        (
            found.Query with
            {
                From = Instant(found.Range.From),
                To = Instant(found.Range.To),
                Zone = found.ZoneId,
                Bucket = series ? found.Range.Bucket : null,
            }
        )
            .ToQuery()
            .Where(m => m.Value is not null)
            .ToDictionary(m => m.Name, m => m.Value!, StringComparer.Ordinal);

    private async Task<Outcome<Found>> FindAsync(Actor by, Outcome<SpendQuery> input, CancellationToken cancellationToken)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        Guid? team = null;
        Guid? agent = null;
        await using var db = await store.ReadAsync(cancellationToken);
        if (input.Problem is null && input.Value.Team is { } teamName)
        {
            if (access.Current.FindTeam(by.OrganizationId, teamName) is not { } card || !scope.Has(card.Id))
                return AgentProblems.TeamNotFound;
            team = card.Id;
            scope = new TeamScope(false, [card.Id]);
        }
        if (input.Problem is null && input.Value.Agent is { } agentName)
        {
            agent = await db.Agents.VisibleTo(by).Named(agentName).Select(a => (Guid?)a.Id).FirstOrDefaultAsync(cancellationToken);
            if (agent is null)
                return AgentProblems.NotFound;
        }
        if (!input.Try(out var query, out var problem))
            return problem;
        var zoneId = query.Zone ?? access.Current.ZoneOf(by.OrganizationId, team ?? (agents.Find(agent ?? default)?.TeamId));
        var zone = Zones.Of(zoneId);
        if (!query.Resolve(zone, clock.Now()).Try(out var range, out var invalid))
            return invalid;

        RollupSql Where(RollupSql sql)
        {
            sql.Add(" FROM run_rollups WHERE organization_id = ")
                .Value(by.OrganizationId)
                .Add(" AND bucket >= ")
                .Value(Utc.ToMicros(range.From))
                .Add(" AND bucket < ")
                .Value(Utc.ToMicros(range.To));
            if (agent is { } one)
                sql.Add(" AND agent_id = ").Value(one);
            if (!scope.All)
                sql.Add(" AND ").In("team_id", scope.Ids);
            return sql;
        }
        // One picture for all three, so that rows and series have one sum also while runs end.
        await using var picture = await db.Engine.BeginPictureAsync(db, cancellationToken);
        var keys = query.By switch
        {
            SpendBy.Agent => "agent_id",
            SpendBy.Team => "team_id",
            SpendBy.Model => "model",
            SpendBy.Version => "agent_id, version",
            _ => "organization_id",
        };
        var columns = query.By == SpendBy.Version ? 2 : 1;
        var rows = await Where(new RollupSql(db).Add($"SELECT {keys}, {Sums}"))
            .Add($" GROUP BY {keys}{Something}")
            .ReadAsync(
                reader =>
                {
                    var id = query.By == SpendBy.Model ? Guid.Empty : RollupSql.Id(reader, 0);
                    var text = query.By switch
                    {
                        SpendBy.Model => reader.GetString(0),
                        SpendBy.Version => reader.GetString(1),
                        _ => "",
                    };
                    return (Id: id, Text: text, Sums: SpendSums.Read(reader, columns));
                },
                cancellationToken
            );
        var quarters = await Where(new RollupSql(db).Add($"SELECT bucket - bucket % {RollupScope.FoldMicros}, {Sums}"))
            .Add($" GROUP BY bucket - bucket % {RollupScope.FoldMicros}")
            .ReadAsync(reader => (At: reader.GetInt64(0), Sums: SpendSums.Read(reader, 1)), cancellationToken);
        var (known, now) = (prices.Of(by.OrganizationId), clock.Now());
        var unpriced = await Where(
                new RollupSql(db).Add(
                    "SELECT model, CAST(SUM(unpriced) AS bigint), CAST(SUM(unpriced_input_tokens) AS bigint), CAST(SUM(unpriced_output_tokens) AS bigint)"
                )
            )
            .Add(" AND unpriced <> 0 GROUP BY model HAVING SUM(unpriced) > 0 ORDER BY 2 DESC, model")
            .ReadAsync(
                reader => new UnpricedModel(
                    reader.GetString(0),
                    reader.GetInt64(1),
                    reader.GetInt64(2),
                    reader.GetInt64(3),
                    known.Find(reader.GetString(0), now) is not null
                ),
                cancellationToken
            );
        return new Found(by.OrganizationId, by.TeamsWith(Permission.ReadFleet), query, zoneId, range, zone, rows, quarters, unpriced);
    }

    private SpendBody Body(Found found)
    {
        var total = new SpendSums();
        foreach (var (_, _, sums) in found.Rows)
            total.Add(sums);
        var slots = SpendCalendar.Cut(found.Range.From, found.Range.To, found.Range.Bucket, found.Zone);
        var bySlot = slots.Select(_ => new SpendSums()).ToArray();
        var starts = slots.Select(s => Utc.ToMicros(s.Start)).ToArray();
        foreach (var (at, sums) in found.Quarters)
        {
            var index = Array.BinarySearch(starts, at);
            bySlot[index >= 0 ? index : ~index - 1].Add(sums);
        }
        var ordered = found
            .Rows.OrderByDescending(r => r.Sums.CostMicros)
            .ThenByDescending(r => r.Sums.Runs)
            .ThenBy(r => r.Text, StringComparer.Ordinal)
            .ThenBy(r => r.Id)
            .ToList();
        var other = new SpendSums();
        foreach (var (_, _, sums) in ordered.Skip(found.Query.Limit))
            other.Add(sums);
        var more = ordered.Count - found.Query.Limit;
        return new SpendBody
        {
            By = KebabCase.Of(found.Query.By),
            Zone = found.ZoneId,
            Bucket = KebabCase.Of(found.Range.Bucket),
            From = found.Range.From,
            To = found.Range.To,
            Total = total.ToFigures(),
            Rows = [.. ordered.Take(found.Query.Limit).Select(r => Row(found, r.Id, r.Text, r.Sums))],
            Other = more > 0 ? new SpendRow("other", $"{more} more", null, null, other.ToFigures()) : null,
            Series =
            [
                .. slots.Select(
                    (s, i) =>
                        new SpendBucket(
                            s.Start,
                            s.Label,
                            (int)(s.End - s.Start).TotalMinutes,
                            Money.Format(bySlot[i].CostMicros),
                            bySlot[i].Runs,
                            bySlot[i].Unpriced
                        )
                ),
            ],
            Unpriced = [.. found.Unpriced.Take(MostUnpriced)],
        };
    }

    private SpendRow Row(Found found, Guid id, string text, SpendSums sums)
    {
        var now = access.Current;
        var agent = agents.Find(id);
        // An agent may have moved to where the reader sees nothing.
        string? TeamOf(Guid? team) => team is { } known && found.Sees.Has(known) ? now.Teams.GetValueOrDefault(known)?.Slug : null;
        return found.Query.By switch
        {
            SpendBy.Agent => new SpendRow(
                IdText.Format(IdText.Agent, id),
                agent?.DisplayName ?? "",
                agent?.Slug,
                TeamOf(agent?.TeamId),
                sums.ToFigures()
            ),
            SpendBy.Team => new SpendRow(
                IdText.Format(IdText.Team, id),
                now.Teams.GetValueOrDefault(id)?.Name ?? "",
                null,
                TeamOf(id),
                sums.ToFigures()
            ),
            SpendBy.Model => new SpendRow(text, text.Length == 0 ? "no model named" : text, null, null, sums.ToFigures()),
            SpendBy.Version => new SpendRow(
                text,
                text.Length == 0 ? "no version named" : text,
                agent?.Slug ?? IdText.Format(IdText.Agent, id),
                TeamOf(agent?.TeamId),
                sums.ToFigures()
            ),
            _ => new SpendRow(
                IdText.Format(IdText.Organization, id),
                now.Organizations.GetValueOrDefault(id) ?? "",
                null,
                null,
                sums.ToFigures()
            ),
        };
    }

    private static string?[] Cells(SpendRow row) =>
        [
            row.Key,
            row.Label,
            row.Agent,
            row.Team,
            row.Figures.Cost,
            Number(row.Figures.Runs),
            Number(row.Figures.Unpriced),
            Number(row.Figures.InputTokens),
            Number(row.Figures.OutputTokens),
        ];

    private static string Number(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Found(
        Guid OrganizationId,
        TeamScope Sees,
        SpendQuery Query,
        string ZoneId,
        SpendRange Range,
        TimeZoneInfo Zone,
        List<(Guid Id, string Text, SpendSums Sums)> Rows,
        List<(long At, SpendSums Sums)> Quarters,
        List<UnpricedModel> Unpriced
    );
}

/// <summary>An export of spend.</summary>
/// <param name="Name">What the file is called.</param>
public sealed record SpendFile(string Name, string Csv);

internal sealed class SpendSums
{
    public long CostMicros { get; private set; }
    public long Runs { get; private set; }
    public long Unpriced { get; private set; }
    public long InputTokens { get; private set; }
    public long OutputTokens { get; private set; }

    public static SpendSums Read(System.Data.Common.DbDataReader reader, int at) =>
        new()
        {
            CostMicros = reader.GetInt64(at),
            Runs = reader.GetInt64(at + 1),
            Unpriced = reader.GetInt64(at + 2),
            InputTokens = reader.GetInt64(at + 3),
            OutputTokens = reader.GetInt64(at + 4),
        };

    public void Add(SpendSums other)
    {
        CostMicros += other.CostMicros;
        Runs += other.Runs;
        Unpriced += other.Unpriced;
        InputTokens += other.InputTokens;
        OutputTokens += other.OutputTokens;
    }

    public SpendFigures ToFigures() => new(Money.Format(CostMicros), Runs, Unpriced, InputTokens, OutputTokens);
}
