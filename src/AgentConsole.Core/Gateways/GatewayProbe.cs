using System.Net;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Outgoing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Gateways;

/// <summary>
/// Calls the URLs of gateways that are to be probed. An answer below 500 is a sign of life; two misses in a row are a gateway that is down. Each probe is
/// claimed by moving its due time on, so that of several nodes one calls.
/// </summary>
public sealed class GatewayProbe : Periodic
{
    private const int AtOnce = 20;
    private const int MissesUntilDown = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConsoleStore _store;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _every;
    private readonly OutgoingHttp _http;

    public GatewayProbe(
        ConsoleStore store,
        IOptions<GatewayOptions> options,
        INameResolver names,
        TimeProvider clock,
        ILogger<GatewayProbe> log
    )
        : base(TimeSpan.FromSeconds(5), clock, log)
    {
        (_store, _clock, _every) = (store, clock, TimeSpan.FromSeconds(options.Value.ProbeSeconds));
        _http = new OutgoingHttp(options.Value.Rules, names);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        List<Gateway> due;
        var now = _clock.Now();
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            due = await db
                .Gateways.Where(g => g.ProbeDue != null && g.ProbeDue <= now)
                .OrderBy(g => g.ProbeDue)
                .Take(AtOnce)
                .ToListAsync(cancellationToken);
        }
        if (due.Count > 0)
            await Task.WhenAll(due.Select(gateway => ProbeAsync(gateway, cancellationToken)));
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    private async Task ProbeAsync(Gateway gateway, CancellationToken cancellationToken)
    {
        var (id, due, next) = (gateway.Id, gateway.ProbeDue, _clock.Now() + _every);
        await using (var write = await _store.WriteAsync(cancellationToken))
        {
            var claimed = await write
                .Db.Gateways.Where(g => g.Id == id && g.ProbeDue == due)
                .ExecuteUpdateAsync(set => set.SetProperty(g => g.ProbeDue, next), cancellationToken);
            if (claimed == 0 || !await write.TryCommitAsync(cancellationToken))
                return;
        }
        var answer = await CallAsync(gateway.Url!, cancellationToken);
        var alive = answer.Fault is null && answer.Status < HttpStatusCode.InternalServerError;
        var misses = alive ? 0 : gateway.Misses + 1;
        var health =
            alive ? GatewayHealth.Up
            : misses >= MissesUntilDown ? GatewayHealth.Down
            : gateway.Health;
        var problem = alive ? null : Texts.Clip(GatewayProblems.Of(answer), Gateway.MostProblem);
        await using var result = await _store.WriteAsync(cancellationToken);
        var since = health == gateway.Health ? gateway.HealthSince : result.Now;
        // Written only if nobody gave it another address meanwhile, which would have moved its due time.
        var written = await result
            .Db.Gateways.Where(g => g.Id == id && g.ProbeDue == next)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(g => g.Misses, misses)
                        .SetProperty(g => g.Health, health)
                        .SetProperty(g => g.HealthSince, since)
                        .SetProperty(g => g.HealthProblem, problem)
                        .SetProperty(g => g.ProbedAt, result.Now),
                cancellationToken
            );
        if (written > 0 && (health != gateway.Health || problem != gateway.HealthProblem))
            result.Tell(new LiveEvent("gateways", gateway.OrganizationId, gateway.TeamId, null, id));
        await result.TryCommitAsync(cancellationToken);
    }

    private async Task<OutgoingAnswer> CallAsync(string url, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        return await _http.SendAsync(request, either.Token);
    }
}
