using AgentConsole.Core.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Data;

/// <summary>Deletes stored answers whose 24 hours are over; on SQLite their bytes are overwritten (<c>secure_delete</c>).</summary>
public sealed class RetryPurge(ConsoleStore store, TimeProvider clock, ILogger<RetryPurge> log)
    : Periodic(TimeSpan.FromHours(1), clock, log)
{
    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var now = write.Now;
        await write.Db.StoredRetries.Where(r => r.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        await write.TryCommitAsync(cancellationToken);
    }
}
