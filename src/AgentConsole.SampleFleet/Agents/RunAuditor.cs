using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>
/// Reconciles the fleet's own book of acknowledged runs with what the console says it holds. What was acknowledged must be there, with the status
/// and the number of steps that were acknowledged: the console's promise, checked from outside.
/// </summary>
public sealed class RunAuditor(RunLedger ledger, Func<FleetClient?> auditor, TimeProvider clock) : FleetAgent
{
    private const int MostRows = 200;
    private const int MostPages = 8;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "run-auditor",
            DisplayName = "Run auditor",
            Description = "Reconciles the runs the console acknowledged with the runs it holds: nothing lost, nothing changed.",
            Team = "finance",
            Environment = "production",
            Tags = ["audit"],
            Cadence = TimeSpan.FromSeconds(36),
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        if (auditor() is not { } console)
            return Finding.Skipped("The auditor has no right to read yet.");
        IReadOnlyList<LedgerRow> ours;
        try
        {
            ours = await work.UseAsync(
                "read-ledger",
                new { file = Path.GetFileName(ledger.Path) },
                () => ledger.Tail(MostRows),
                rows => new { rows = rows.Count },
                cancellationToken
            );
        }
        catch (CsvFault fault)
        {
            return Finding.Failed("csv_malformed", fault.Message, "The fleet's ledger cannot be read.");
        }
        if (ours.Count == 0)
            return Finding.Skipped("No run has been acknowledged yet.");
        var since = ours.Min(row => row.StartedAt).AddMinutes(-1);
        work.BeginRound("ask the console");
        var (theirs, complete) = await FetchAsync(console, since, work, cancellationToken);
        work.BeginRound("compare");
        var differences = new List<string>();
        var compared = 0;
        foreach (var row in ours)
        {
            if (!theirs.TryGetValue((row.Agent, row.ExternalId), out var run))
            {
                if (complete)
                    Differ(row, "is not in the console");
                continue;
            }
            compared++;
            if (run.Status != row.Status)
                Differ(row, $"was acknowledged as {row.Status} and is {run.Status}");
            else if (run.EventCount != row.Steps)
                Differ(row, string.Create(CultureInfo.InvariantCulture, $"has {run.EventCount} steps where {row.Steps} were acknowledged"));
        }
        var figures = new
        {
            ledger = ours.Count,
            console = theirs.Count,
            compared,
            differences = differences.Count,
        };
        return differences.Count == 0
            ? Finding.Completed(
                $"{compared} acknowledged runs of the last {Minutes(since)} min are in the console as they were acknowledged."
            ) with
            {
                Figures = figures,
            }
            : Finding.Failed(
                "runs_differ",
                string.Join("\n", differences.Take(10)),
                $"{differences.Count} of {ours.Count} acknowledged runs are not as acknowledged."
            ) with
            {
                Figures = figures,
            };

        void Differ(LedgerRow row, string how)
        {
            differences.Add($"{row.ExternalId} {how}");
            work.Decide("acknowledged means kept", "escalated", new { run = row.ExternalId, how });
        }
    }

    private static async Task<(Dictionary<(string Agent, string ExternalId), RunBody> Runs, bool Complete)> FetchAsync(
        FleetClient console,
        DateTimeOffset since,
        Work work,
        CancellationToken cancellationToken
    )
    {
        var runs = new Dictionary<(string, string), RunBody>();
        string? cursor = null;
        for (var page = 1; page <= MostPages; page++)
        {
            var at = cursor;
            var answer = await work.UseAsync(
                "list-runs",
                new { since, page },
                token =>
                    console.RunsAsync(
                        $"since={since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}&limit=200"
                            + (at is null ? "" : "&cursor=" + Uri.EscapeDataString(at)),
                        token
                    ),
                list => new { runs = list.Data.Count, list.HasMore },
                cancellationToken
            );
            foreach (var run in answer.Data.Where(run => run.ExternalId is not null))
                runs[(run.Agent, run.ExternalId!)] = run;
            if (!answer.HasMore)
                return (runs, true);
            cursor = answer.NextCursor;
        }
        return (runs, false);
    }

    private string Minutes(DateTimeOffset since) => (clock.GetUtcNow() - since).TotalMinutes.ToString("0", CultureInfo.InvariantCulture);
}
