using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Spend;

/// <summary>Looks at the runs that ended in a period, in the order of their ends, and says what today's prices make of each.</summary>
internal sealed class ReratingPlan(Rerating rerating, PriceList prices) : IDisposable
{
    private const int AtOnce = 2000;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Dictionary<string, Sum> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Sum> _agents = [];
    private readonly Dictionary<Guid, Sum> _teams = [];

    public long LookedAt { get; private set; }
    public long Changes { get; private set; }
    public long OldMicros { get; private set; }
    public long NewMicros { get; private set; }

    /// <summary>Hands over what changes, part by part, until there is no more or the receiver says stop.</summary>
    public async Task ReadAsync(ConsoleDbContext db, Func<List<ReratingRow>, Task<bool>> part, CancellationToken cancellationToken)
    {
        var organization = rerating.OrganizationId;
        var (from, to, model, reported) = (rerating.From, rerating.To, rerating.Model, rerating.IncludeReported);
        var (at, id) = (from, Guid.Empty);
        while (true)
        {
            var runs = await Ended(db.Runs, organization, at, to, id)
                .AsNoTracking()
                .Where(r => (reported || r.CostSource != CostSource.Reported) && (model == null || r.Model == model))
                .Take(AtOnce)
                .ToListAsync(cancellationToken);
            if (runs.Count == 0)
                return;
            (at, id) = (runs[^1].FinishedAt!.Value, runs[^1].Id);
            var rows = new List<ReratingRow>();
            foreach (var run in runs.Where(r => r.Status.IsTerminal()))
            {
                LookedAt++;
                if (Rate(run) is { } row)
                    rows.Add(row);
            }
            if (rows.Count > 0 && !await part(rows))
                return;
        }
    }

    /// <summary>Runs with something to rate, whose ends were received from <paramref name="at"/> on and after <paramref name="id"/>: a walk along an index.</summary>
    internal static IQueryable<Run> Ended(IQueryable<Run> runs, Guid organization, DateTimeOffset at, DateTimeOffset to, Guid id) =>
        runs.Where(r => r.OrganizationId == organization && r.CostSource != null)
            .Where(r => r.FinishedAt >= at && r.FinishedAt < to && (r.FinishedAt > at || r.Id.CompareTo(id) > 0))
            .OrderBy(r => r.FinishedAt)
            .ThenBy(r => r.Id);

    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public string Groups(AgentDirectory agents, AccessSnapshot access)
    {
        static IEnumerable<RerateGroup> Rows<T>(Dictionary<T, Sum> sums, Func<T, (string Key, string Label)> name)
            where T : notnull =>
            sums.OrderByDescending(s => Math.Abs(s.Value.New - s.Value.Old))
                .Take(200)
                .Select(s =>
                {
                    var (key, label) = name(s.Key);
                    return new RerateGroup(
                        key,
                        label,
                        s.Value.Runs,
                        Money.Format(s.Value.Old),
                        Money.Format(s.Value.New),
                        Money.Format(s.Value.New - s.Value.Old)
                    );
                });
        return JsonSerializer.Serialize(
            new RerateGroups(
                [.. Rows(_models, m => (m, m.Length == 0 ? "no model named" : m))],
                [.. Rows(_agents, a => (IdText.Format(IdText.Agent, a), agents.Find(a)?.Slug ?? ""))],
                [.. Rows(_teams, t => (IdText.Format(IdText.Team, t), access.Teams.GetValueOrDefault(t)?.Slug ?? ""))]
            ),
            ConsoleJson.Options
        );
    }

    public void Dispose() => _hash.Dispose();

    private ReratingRow? Rate(Run run)
    {
        var cost = prices.CostOf(run.Model, run.InputTokens, run.OutputTokens, run.EndedAt ?? run.ReceivedAt);
        var tokens = run.InputTokens > 0 || run.OutputTokens > 0;
        // What an agent reported is replaced by something better only, never by nothing.
        var (micros, source) =
            cost is { } known && tokens ? (known, CostSource.Computed)
            : run.CostSource == CostSource.Reported ? (run.CostMicros, CostSource.Reported)
            : ((long?)null, CostSource.Unpriced);
        if (micros == run.CostMicros && source == run.CostSource)
            return null;
        Changes++;
        OldMicros += run.CostMicros ?? 0;
        NewMicros += micros ?? 0;
        Add(_models, run.Model ?? "", run, micros);
        Add(_agents, run.AgentId, run, micros);
        Add(_teams, run.TeamId, run, micros);
        _hash.AppendData(
            Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{run.Id:n}|{run.CostMicros}|{run.CostSource}|{micros}|{source}\n")
            )
        );
        return new ReratingRow
        {
            OrganizationId = run.OrganizationId,
            ReratingId = rerating.Id,
            RunId = run.Id,
            OldMicros = run.CostMicros,
            OldSource = run.CostSource,
            NewMicros = micros,
            NewSource = source,
            Basis = ReratingRow.BasisOf(run),
        };
    }

    private static void Add<T>(Dictionary<T, Sum> sums, T key, Run run, long? micros)
        where T : notnull
    {
        if (!sums.TryGetValue(key, out var sum))
            sums[key] = sum = new Sum();
        sum.Runs++;
        sum.Old += run.CostMicros ?? 0;
        sum.New += micros ?? 0;
    }

    private sealed class Sum
    {
        public long Runs;
        public long Old;
        public long New;
    }
}
