using System.Globalization;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Reconciles the bank's statement of a month with the books: every reference on both sides, once, with the same amount.</summary>
public sealed class LedgerReconciler(Surroundings here) : FleetAgent
{
    private const decimal Rounding = 0.05m;
    private const decimal Large = 1000m;
    private int _turn;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "ledger-reconciler",
            DisplayName = "Ledger reconciler",
            Description = "Reconciles the bank's statement of a month with the books and escalates what differs by a large amount.",
            Team = "finance",
            Environment = "production",
            Tags = ["ledgers", "month-end"],
            Cadence = TimeSpan.FromSeconds(26),
            KeyCare = KeyCare.File,
            CaptureMode = "full",
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(here.Fixtures, "ledgers");
        var months = Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal).ToList() : [];
        return months.Count == 0
            ? Finding.Skipped("There is no month to reconcile.")
            : await ReconcileAsync(months[_turn++ % months.Count], work, cancellationToken);
    }

    /// <summary>Compares <c>bank.csv</c> with <c>books.csv</c> of one folder.</summary>
    internal static async Task<Finding> ReconcileAsync(string folder, Work work, CancellationToken cancellationToken)
    {
        var month = Path.GetFileName(folder);
        try
        {
            work.BeginRound("read ledgers");
            var bank = await ReadAsync("bank.csv");
            var books = await ReadAsync("books.csv");
            work.BeginRound("match entries");
            var differences = await work.UseAsync(
                "match-entries",
                new { month },
                () => Match(bank, books, work),
                found => new { differences = found.Count },
                cancellationToken
            );
            var figures = new
            {
                bank = bank.Count,
                books = books.Count,
                differences = differences.Count,
            };
            return differences.Count == 0
                ? Finding.Completed($"{month}: all {bank.Count} entries of the bank stand in the books.") with
                {
                    Figures = figures,
                }
                : Finding.Failed(
                    "ledgers_differ",
                    string.Join("\n", differences.Take(10)),
                    $"{month}: {differences.Count} differences between {bank.Count} entries of the bank and {books.Count} in the books."
                ) with
                {
                    Figures = figures,
                };
        }
        catch (CsvFault fault)
        {
            return Finding.Failed(
                "csv_malformed",
                fault.Message,
                $"{month} cannot be reconciled: a ledger is malformed in line {fault.Line}."
            );
        }

        Task<Dictionary<string, decimal>> ReadAsync(string name) =>
            work.UseAsync(
                "read-ledger",
                new { file = $"{month}/{name}" },
                async token => Entries(CsvTable.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name), token))),
                entries => new { entries = entries.Count, total = entries.Values.Sum() },
                cancellationToken
            );
    }

    private static Dictionary<string, decimal> Entries(CsvTable table)
    {
        var entries = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var row in table.Rows)
        {
            if (
                !decimal.TryParse(
                    row["amount"],
                    NumberStyles.Number & ~NumberStyles.AllowThousands,
                    CultureInfo.InvariantCulture,
                    out var amount
                )
            )
                throw new CsvFault(row.Line, $"'{row["amount"]}' is not an amount.");
            if (!entries.TryAdd(row["reference"], amount))
                throw new CsvFault(row.Line, $"The reference {row["reference"]} stands there twice.");
        }
        return entries;
    }

    private static List<string> Match(Dictionary<string, decimal> bank, Dictionary<string, decimal> books, Work work)
    {
        var differences = new List<string>();
        foreach (var (reference, amount) in bank)
        {
            if (!books.TryGetValue(reference, out var booked))
                Differ(reference, Math.Abs(amount), "is not in the books");
            else if (booked != amount)
                Differ(reference, Math.Abs(amount - booked), $"is {Text(amount)} at the bank and {Text(booked)} in the books");
        }
        foreach (var (reference, amount) in books.Where(entry => !bank.ContainsKey(entry.Key)))
            Differ(reference, Math.Abs(amount), "is in the books only");
        return differences;

        void Differ(string reference, decimal by, string how)
        {
            if (by <= Rounding)
            {
                work.Decide("rounding is accepted", "allowed", new { reference, by });
                return;
            }
            if (by >= Large)
                work.Decide("large difference", "escalated", new { reference, by });
            differences.Add($"{reference} {how}");
            work.Say("warn", differences[^1]);
        }
    }

    private static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);
}
