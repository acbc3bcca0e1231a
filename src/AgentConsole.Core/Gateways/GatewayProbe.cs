using System.Net;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Gateways;

/// <summary>
/// Calls the URLs of gateways that are to be probed. An answer below 500 is a sign of life; two misses in a row are a gateway that is down. Each probe is
/// claimed by moving its due time on, so that of several nodes one calls. Every organization has places of its own, so that one whose gateways do not answer
/// takes none from the others; those that are suspended are not probed.
/// </summary>
public sealed class GatewayProbe : Periodic
{
    private const int AtOnce = 32;
    private const int AtOnceOfOne = 4;

    // A step ends soon after, also for an organization that has more: the next one begins with everybody's oldest.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);
    private const int MostOfOne = 200;
    private const int MostOrganizations = 500;
    private const int MissesUntilDown = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _every;
    private readonly OutgoingHttp _http;

    public GatewayProbe(
        ConsoleStore store,
        AccessDirectory access,
        IOptions<GatewayOptions> options,
        INameResolver names,
        TimeProvider clock,
        ILogger<GatewayProbe> log
    )
        : base(TimeSpan.FromSeconds(5), clock, log)
    {
        (_store, _access, _clock, _every) = (store, access, clock, TimeSpan.FromSeconds(options.Value.ProbeSeconds));
        _http = new OutgoingHttp(options.Value.Rules, names);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        Guid[] suspended = [.. _access.Current.SuspendedOrganizations];
        List<Guid> organizations;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            organizations = await db
                .Gateways.Where(g => g.ProbeDue != null && g.ProbeDue <= now && !suspended.Contains(g.OrganizationId))
                .GroupBy(g => g.OrganizationId)
                .OrderBy(g => g.Min(gateway => gateway.ProbeDue))
                .Select(g => g.Key)
                .Take(MostOrganizations)
                .ToListAsync(cancellationToken);
        }
        using var places = new SemaphoreSlim(AtOnce);
        await Task.WhenAll(organizations.Select(organization => ProbeAsync(organization, now, places, cancellationToken)));
    }

    private async Task ProbeAsync(Guid organization, DateTimeOffset now, SemaphoreSlim places, CancellationToken cancellationToken)
    {
        List<Gateway> due;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            due = await db
                .Gateways.Where(g => g.OrganizationId == organization && g.ProbeDue != null && g.ProbeDue <= now)
                .OrderBy(g => g.ProbeDue)
                .Take(MostOfOne)
                .ToListAsync(cancellationToken);
        }
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnceOfOne, CancellationToken = cancellationToken },
            async (gateway, stop) =>
            {
                // Places are given in the order in which they are asked for: to each organization in its turn.
                await places.WaitAsync(stop);
                try
                {
                    if (_clock.Now() - now < Turn)
                        await ProbeAsync(gateway, stop);
                }
                finally
                {
                    places.Release();
                }
            }
        );
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    private async Task ProbeAsync(Gateway gateway, CancellationToken cancellationToken)
    {
        var (organization, id, due, next) = (gateway.OrganizationId, gateway.Id, gateway.ProbeDue, _clock.Now() + _every);
        await using (var write = await _store.WriteAsync(cancellationToken))
        {
            var claimed = await write
                .Db.Gateways.Where(g => g.OrganizationId == organization && g.Id == id && g.ProbeDue == due)
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
            .Db.Gateways.Where(g => g.OrganizationId == organization && g.Id == id && g.ProbeDue == next)
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
