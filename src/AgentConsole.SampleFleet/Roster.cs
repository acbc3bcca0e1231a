using AgentConsole.SampleFleet.Agents;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet;

/// <summary>What the agents work on.</summary>
/// <param name="Root">Folder with the documents and projects they look at; they read nothing outside it, except logs.</param>
/// <param name="Fixtures">Folder with the handbook, ledgers and notes that come with the fleet, some of them faulty on purpose.</param>
/// <param name="Logs">Folder of the machine's logs.</param>
public sealed record Surroundings(Uri Console, string Root, string Fixtures, string Logs, string StateFolder);

/// <summary>Every agent of the fleet. A new one is a class beside the others and a line here.</summary>
public static class Roster
{
    /// <summary>Version that every agent reports, save where the console's routes say otherwise.</summary>
    public const string Version = "1.0.0";

    /// <summary>The next version of the ledger reconciler. It is worse, see <see cref="LedgerReconciler"/>, and nobody has noticed.</summary>
    public const string NextLedgerReconciler = "1.1.0";

    /// <param name="auditor">The console with the auditor's right to read; null before the scene is set.</param>
    public static IReadOnlyList<FleetAgent> Of(Surroundings here, RunLedger ledger, Func<FleetClient?> auditor, TimeProvider clock) =>
        [
            new LinkChecker(here),
            new ServiceProber(here.Console),
            new LedgerReconciler(here),
            new LogSummariser(here),
            new PageReader(here.Console),
            new DependencyInventory(here),
            new DiskWatcher(here),
            new SecretScout(here),
            new RunAuditor(ledger, auditor, clock),
        ];
}
