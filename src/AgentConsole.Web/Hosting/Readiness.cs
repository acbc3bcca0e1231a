using System.Globalization;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Hosting;

internal sealed record ReadinessReport(bool Ready, bool Reads, bool Writes, bool Confirmed, string? Detail);

/// <summary>Ready means: a query was answered and a write was committed just now, each within its time, and the node is not about to go.</summary>
internal sealed class Readiness(
    ConsoleStore store,
    StoreConfirmation confirmation,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<Readiness> log
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private const string Fact = "last_ready";

    public async Task<ReadinessReport> CheckAsync(CancellationToken cancellationToken)
    {
        var reads = await TryAsync(ReadAsync, cancellationToken);
        var writes = reads && await TryAsync(WriteAsync, cancellationToken);
        var confirmed = confirmation.IsConfirmed;
        var detail =
            lifetime.ApplicationStopping.IsCancellationRequested ? "This node is stopping."
            : !reads ? "The store does not answer queries."
            : !writes ? "The store does not take writes."
            : !confirmed ? StoreConfirmation.Unconfirmed.Detail
            : null;
        return new ReadinessReport(detail is null, reads, writes, confirmed, detail);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        await db.Organizations.Select(o => o.Id).FirstOrDefaultAsync(cancellationToken);
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var now = write.Now.ToString("O", CultureInfo.InvariantCulture);
        if (
            await write
                .Db.StoreFacts.Where(f => f.Name == Fact)
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.Value, now), cancellationToken) == 0
        )
            write.Db.Add(new StoreFact { Name = Fact, Value = now });
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await act(either.Token);
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            log.LogWarning(e, "Not ready");
            return false;
        }
    }
}
