using System.Collections.Concurrent;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.People;

/// <summary>Remembers when and from where tokens were used, and writes it in one batch every 5 s: never on the request's path.</summary>
public sealed class TokenUse(ConsoleStore store, TimeProvider clock, ILogger<TokenUse> log) : Periodic(TimeSpan.FromSeconds(5), clock, log)
{
    private readonly TimeProvider _clock = clock;
    private ConcurrentDictionary<Guid, (DateTimeOffset At, string? Address, string? UserAgent)> _uses = new();

    protected override bool StepsOnStop => true;

    public void Note(Guid tokenId, string? address, string? userAgent) => _uses[tokenId] = (_clock.GetUtcNow(), address, userAgent);

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_uses.IsEmpty)
            return;
        var taken = Interlocked.Exchange(
            ref _uses,
            new ConcurrentDictionary<Guid, (DateTimeOffset At, string? Address, string? UserAgent)>()
        );
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var (id, use) in taken)
        {
            var at = Utc.FromMicros(Utc.ToMicros(use.At));
            await write
                .Db.ApiTokens.Where(t => t.Id == id)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(t => t.LastUsedAt, at)
                            .SetProperty(t => t.LastUsedAddress, use.Address)
                            .SetProperty(t => t.LastUsedUserAgent, use.UserAgent),
                    cancellationToken
                );
        }
        await write.TryCommitAsync(cancellationToken);
    }
}
