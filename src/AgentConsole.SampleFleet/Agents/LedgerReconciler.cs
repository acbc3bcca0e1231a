using System.Globalization;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>
/// Reconciles the bank's statement of a month with the books: every reference on both sides, once, with the same amount. Version 1.1.0 is faster and wrong: it
/// walks both files side by side, line by line, as if they came in one order. The bank's comes by day, the books' by reference.
/// </summary>
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

    public override IReadOnlyList<string> OtherVersions => [Roster.NextLedgerReconciler];

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
                () => work.Version == Roster.NextLedgerReconciler ? MatchSideBySide(bank, books, work) : Match(bank, books, work),
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

        Task<List<Entry>> ReadAsync(string name) =>
            work.UseAsync(
                "read-ledger",
                new { file = $"{month}/{name}" },
                async token => Entries(CsvTable.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name), token))),
                entries => new { entries = entries.Count, total = entries.Sum(e => e.Amount) },
                cancellationToken
            );
    }

    private sealed record Entry(string Reference, decimal Amount);

    private static List<Entry> Entries(CsvTable table)
    {
        var (entries, references) = (new List<Entry>(), new HashSet<string>(StringComparer.Ordinal));
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
            if (!references.Add(row["reference"]))
                throw new CsvFault(row.Line, $"The reference {row["reference"]} stands there twice.");
            entries.Add(new Entry(row["reference"], amount));
        }
        return entries;
    }

    private static List<string> Match(List<Entry> bank, List<Entry> booked, Work work)
    {
        var differences = new List<string>();
        var books = booked.ToDictionary(e => e.Reference, e => e.Amount, StringComparer.Ordinal);
        foreach (var (reference, amount) in bank)
        {
            if (!books.TryGetValue(reference, out var other))
                Differ(reference, Math.Abs(amount), "is not in the books");
            else if (other != amount)
                Differ(reference, Math.Abs(amount - other), $"is {Text(amount)} at the bank and {Text(other)} in the books");
        }
        var known = bank.Select(e => e.Reference).ToHashSet(StringComparer.Ordinal);
        foreach (var (reference, amount) in booked.Where(e => !known.Contains(e.Reference)))
            Differ(reference, Math.Abs(amount), "is in the books only");
        return differences;

        void Differ(string reference, decimal by, string how) => Note(differences, reference, by, how, work);
    }

    private static List<string> MatchSideBySide(List<Entry> bank, List<Entry> booked, Work work)
    {
        var differences = new List<string>();
        foreach (var (left, right) in bank.Zip(booked))
        {
            if (left.Amount != right.Amount)
                Note(
                    differences,
                    left.Reference,
                    Math.Abs(left.Amount - right.Amount),
                    $"is {Text(left.Amount)} at the bank and {Text(right.Amount)} in the books",
                    work
                );
        }
        return differences;
    }

    private static void Note(List<string> differences, string reference, decimal by, string how, Work work)
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

    private static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);
}
