using System.CommandLine;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Hosting.Verbs;

/// <summary>Commands that prove what the store says: <c>trail verify</c> and <c>rollups rebuild</c>.</summary>
internal static class TrailVerbs
{
    public static Command Trail(string[] settings, TextWriter output)
    {
        var organization = new Option<string?>("--organization") { Description = "Slug or id; all organizations when absent" };
        var verify = new Command("verify", "Recompute every chain and name the first bad record; also while the console runs")
        {
            organization,
        };
        verify.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using var store = OfflineStore.Open(settings, alone: false);
                await store.MustExistAsync(cancellationToken);
                Guid? id = parsed.GetValue(organization) is { } name ? await FindAsync(store, name, cancellationToken) : null;
                return await WriteAsync(await store.Get<TrailVerifier>().VerifyAsync(id, cancellationToken), output);
            }
        );
        return new Command("trail", "The trail of changes") { verify };
    }

    public static Command Rollups(string[] settings, TextWriter output)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only compare" };
        var rebuild = new Command("rebuild", "Count all runs anew, compare with the kept figures, and replace those that differ")
        {
            dryRun,
        };
        rebuild.SetAction(
            async (parsed, cancellationToken) =>
            {
                var only = parsed.GetValue(dryRun);
                await using var store = OfflineStore.Open(settings, alone: true);
                await store.MustExistAsync(cancellationToken);
                var report = await store.Get<RollupRebuild>().RunAsync(write: !only, cancellationToken);
                foreach (var difference in report.Differences)
                    await output.WriteLineAsync(
                        $"{IdText.Format(IdText.Agent, difference.AgentId)} {difference.Bucket.UtcDateTime:yyyy-MM-ddTHH:mm}Z: {difference.Members}"
                    );
                await output.WriteLineAsync(
                    report.Equal
                        ? $"Equal: {report.Buckets} buckets of {report.Agents} agents, counted from {report.Runs} runs."
                        : $"{report.Differences.Count} of {report.Buckets} buckets differed{(report.Written ? " and were replaced" : "")}."
                );
                return report.Equal || report.Written ? Exit.Done : Exit.Failed;
            }
        );
        return new Command("rollups", "Figures of runs") { rebuild };
    }

    /// <summary>Says what was found, a line for each chain, and answers the exit code.</summary>
    public static async Task<int> WriteAsync(TrailReport report, TextWriter output)
    {
        foreach (var chain in report.Chains)
        {
            var erased = chain.Erased > 0 ? $", {chain.Erased} with erased values" : "";
            await output.WriteLineAsync(
                chain.Fault is { } fault
                    ? $"{chain.Organization}: BAD at record {fault.Seq}{(fault.RecordId is { } id ? $" ({IdText.Format(IdText.Trail, id)})" : "")}: {fault.What}. {chain.Records} records before it are good."
                    : $"{chain.Organization}: good, {chain.Records} records{erased}, witnessed up to {chain.WitnessedUpTo}."
            );
        }
        foreach (var fault in report.Faults)
            await output.WriteLineAsync($"The witness: {fault}");
        if (report.Chains.Count == 0)
            await output.WriteLineAsync("There is no record on the trail yet.");
        return report.IsGood ? Exit.Done : Exit.Failed;
    }

    private static async Task<Guid> FindAsync(OfflineStore store, string name, CancellationToken cancellationToken)
    {
        if (IdText.TryParse(IdText.Organization, name, out var id))
            return id;
        await using var db = await store.Get<IDbContextFactory<ConsoleDbContext>>().CreateDbContextAsync(cancellationToken);
        var found = await db.Organizations.Where(o => o.Slug == name).Select(o => o.Id).ToListAsync(cancellationToken);
        return found is [var one] ? one : throw new StoreCommandException($"--organization: there is no organization '{name}'.");
    }
}
