using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Gateways;

/// <summary>Gateways, and whether they should get traffic. Which agents are linked to them is <see cref="GatewayLinks"/>.</summary>
public sealed class GatewayService(
    ConsoleStore store,
    AccessDirectory access,
    GatewayTraffic traffic,
    IOptions<GatewayOptions> options,
    TimeProvider clock
)
{
    public const int MostGateways = 5000;
    private const int MostTraffic = 200;

    /// <summary>Those that the actor may see, by name.</summary>
    public async Task<Outcome<Paged<GatewayBody>>> ListAsync(
        Actor by,
        GatewayFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var gateways = filter.Apply(db.Gateways.VisibleTo(by));
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after))
                return Cursor.Bad();
            var name = after[0];
            gateways = gateways.Where(g => string.Compare(g.Name, name) > 0);
        }
        var rows = await gateways.OrderBy(g => g.Name).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var paged = Paged<Gateway>.Of(rows, page.Limit, g => [g.Name]);
        var counts = await CountAsync(db, by, [.. paged.Items.Select(g => g.Id)], cancellationToken);
        var sums = await traffic.ByGatewayAsync(by, cancellationToken);
        return paged.Map(g => Body(g, counts.GetValueOrDefault(g.Id), sums));
    }

    /// <param name="idOrName">With its prefix, or as runs name it.</param>
    public async Task<Outcome<GatewayBody>> GetAsync(Actor by, string idOrName, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.Gateways.VisibleTo(by).Named(idOrName).FirstOrDefaultAsync(cancellationToken) is { } gateway
            ? await BodyAsync(db, by, gateway, cancellationToken)
            : GatewayProblems.NotFound;
    }

    /// <summary>What came through it in the last 24 hours, by agent: linked or not, as far as the actor may see.</summary>
    public async Task<Outcome<GatewayTrafficBody>> TrafficAsync(Actor by, string idOrName, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.Gateways.VisibleTo(by).Named(idOrName).FirstOrDefaultAsync(cancellationToken) is not { } gateway)
            return GatewayProblems.NotFound;
        var now = clock.Now();
        var busiest = (await traffic.ByAgentAsync(by, Texts(gateway), cancellationToken))
            .OrderByDescending(s => s.Total)
            .ThenBy(s => s.AgentId)
            .Take(MostTraffic)
            .ToList();
        var ids = busiest.Select(s => s.AgentId).ToArray();
        var agents = await db
            .Agents.VisibleTo(by)
            .Where(a => ids.Contains(a.Id))
            .Select(a => new
            {
                a.Id,
                a.Slug,
                a.TeamId,
            })
            .ToDictionaryAsync(a => a.Id, cancellationToken);
        var linked = (
            await db
                .GatewayLinks.Where(l => l.OrganizationId == gateway.OrganizationId && l.GatewayId == gateway.Id && ids.Contains(l.AgentId))
                .Select(l => l.AgentId)
                .ToListAsync(cancellationToken)
        ).ToHashSet();
        return new GatewayTrafficBody(
            now - GatewayTraffic.Window,
            now,
            [
                .. busiest
                    .Where(s => agents.ContainsKey(s.AgentId))
                    .Select(s => new GatewayAgentTraffic(
                        IdText.Format(IdText.Agent, s.AgentId),
                        agents[s.AgentId].Slug,
                        access.Current.Teams.GetValueOrDefault(agents[s.AgentId].TeamId)?.Slug ?? "",
                        linked.Contains(s.AgentId),
                        s.Total,
                        s.Failures,
                        Money.Format(s.CostMicros)
                    )),
            ]
        );
    }

    /// <summary>Makes a gateway of a team, or of the organization when none is named. It is in routing from the start.</summary>
    public async Task<Outcome<GatewayBody>> CreateAsync(Actor by, Outcome<SetGateway> input, CancellationToken cancellationToken)
    {
        if (!input.Try(out var body, out var unreadable))
            return by.MayNowhere(Permission.EditAgents) ?? unreadable;
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(access.Current, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, team?.Id) is { } missing)
            return missing;
        var errors = new FieldErrors();
        if (Common.Texts.SlugFault(body.Name) is { } fault)
            errors.Add("name", fault);
        await using var write = await store.WriteAsync(cancellationToken);
        var label = Common.Texts.Clip(by.Label, 256)!;
        var gateway = new Gateway
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            TeamId = team?.Id,
            Name = body.Name ?? "",
            RoutingBy = label,
            CreatedAt = write.Now,
            UpdatedAt = write.Now,
            UpdatedBy = label,
        };
        Apply(gateway, body, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        gateway.Route(true, label, null, write.Now);
        gateway.ProbeAnew(write.Now);
        var organization = by.OrganizationId;
        if (await write.Db.Gateways.CountAsync(g => g.OrganizationId == organization, cancellationToken) >= MostGateways)
            return PeopleProblems.TooMany("gateways", MostGateways);
        if (await write.Db.Gateways.AnyAsync(g => g.OrganizationId == organization && g.Name == gateway.Name, cancellationToken))
            return GatewayProblems.NameTaken;
        write.Db.Add(gateway);
        write.Trail(by, "gateway.created", Target(gateway), after: Facts(gateway));
        Tell(write, gateway);
        return await write.CommitAsync(by, Body(gateway, 0, Nothing), cancellationToken);
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<GatewayBody>> ChangeAsync(
        Actor by,
        string idOrName,
        long? ifMatch,
        Outcome<SetGateway> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (!(await FindAsync(write, by, idOrName, cancellationToken)).Try(out var gateway, out var problem))
            return problem;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var (before, place) = (Facts(gateway), (gateway.Url, gateway.Probe));
        var errors = new FieldErrors();
        if (body.Name is not null && body.Name != gateway.Name)
            errors.Add("name", "Never changes, since runs name it: make another gateway.");
        if (body.Team is not null && AgentService.ResolveTeam(access.Current, by, body.Team)?.Id != gateway.TeamId)
            errors.Add("team", "Never changes: make another gateway.");
        Apply(gateway, body, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != gateway.Revision)
            return await write.ChangedAsync(by, "gateway", gateway.Id, cancellationToken);
        if (place != (gateway.Url, gateway.Probe))
            gateway.ProbeAnew(write.Now);
        (gateway.UpdatedAt, gateway.UpdatedBy) = (write.Now, Common.Texts.Clip(by.Label, 256)!);
        write.Trail(by, "gateway.changed", Target(gateway), before, Facts(gateway));
        Tell(write, gateway);
        var answer = await BodyAsync(write.Db, by, gateway, cancellationToken);
        return await write.CommitAsync(by, answer with { Revision = gateway.Revision + 1 }, cancellationToken);
    }

    /// <summary>Takes it out of routing or puts it in again, at once and with one record. One that stands so already stays as it is.</summary>
    public async Task<Outcome<GatewayBody>> RouteAsync(
        Actor by,
        string idOrName,
        bool into,
        Outcome<RouteGateway> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (!(await FindAsync(write, by, idOrName, cancellationToken)).Try(out var gateway, out var problem))
            return problem;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Common.Texts.Line(body.Reason, "reason", Gateway.MostReason, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (!gateway.Route(into, Common.Texts.Clip(by.Label, 256)!, reason, write.Now))
            return await BodyAsync(write.Db, by, gateway, cancellationToken);
        write.Trail(
            by,
            into ? "gateway.put-in" : "gateway.taken-out",
            Target(gateway),
            new { in_routing = !into },
            new { in_routing = into },
            reason
        );
        Tell(write, gateway);
        var answer = await BodyAsync(write.Db, by, gateway, cancellationToken);
        return await write.CommitAsync(by, answer with { Revision = gateway.Revision + 1 }, cancellationToken);
    }

    /// <summary>What it carried stays in the figures. 409 <c>gateway_in_use</c> while agents are linked, also such as the actor may not see.</summary>
    public async Task<Outcome<Done>> DeleteAsync(Actor by, string idOrName, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // Whoever links an agent comes before, and is counted, or finds no gateway.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        if (!(await FindAsync(write, by, idOrName, cancellationToken)).Try(out var gateway, out var problem))
            return problem;
        var (organization, id) = (gateway.OrganizationId, gateway.Id);
        var linked = await write.Db.GatewayLinks.CountAsync(l => l.OrganizationId == organization && l.GatewayId == id, cancellationToken);
        if (linked > 0)
            return GatewayProblems.InUse(linked);
        write.Db.Remove(gateway);
        write.Trail(by, "gateway.deleted", Target(gateway), before: Facts(gateway));
        Tell(write, gateway);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    internal static TrailTarget Target(Gateway gateway) => new("gateway", gateway.Id, gateway.Name, gateway.TeamId);

    internal static void Tell(Write write, Gateway gateway) =>
        write.Tell(new LiveEvent("gateways", gateway.OrganizationId, gateway.TeamId, null, gateway.Id));

    private static readonly Dictionary<string, RunSums> Nothing = [];

    // Runs may name it by its name or by its id.
    private static string[] Texts(Gateway gateway) => [gateway.Name, IdText.Format(IdText.Gateway, gateway.Id)];

    private async Task<Outcome<Gateway>> FindAsync(Write write, Actor by, string idOrName, CancellationToken cancellationToken)
    {
        if (await write.Db.Gateways.VisibleTo(by).Named(idOrName).FirstOrDefaultAsync(cancellationToken) is not { } gateway)
            return GatewayProblems.NotFound;
        return MayNot(by, gateway.TeamId) is { } missing ? missing : gateway;
    }

    private Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.EditAgents, team)
                ? null
                : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private void Apply(Gateway gateway, SetGateway body, FieldErrors errors)
    {
        if (body.Description is not null)
            gateway.Description = Common.Texts.Block(body.Description, "description", Gateway.MostDescription, errors);
        if (body.Region is not null)
            gateway.Region = Common.Texts.Line(body.Region, "region", Gateway.MostPlace, errors);
        if (body.Environment is not null)
            gateway.Environment = Common.Texts.Line(body.Environment, "environment", Gateway.MostPlace, errors);
        if (body.Probe is { } probe)
            gateway.Probe = probe;
        if (string.IsNullOrWhiteSpace(body.Url))
            gateway.Url = body.Url is null ? gateway.Url : null;
        else if (gateway.Probe)
            gateway.Url = OutgoingAddress.Read(body.Url, "url", options.Value.Rules, Networks, errors)?.AbsoluteUri;
        else
            gateway.Url = ReadUrl(body.Url, errors);
        if (gateway.Probe && gateway.Url is null)
            errors.Add("probe", "Needs a url to call.");
        else if (gateway.Probe && body.Url is null)
            OutgoingAddress.Read(gateway.Url, "url", options.Value.Rules, Networks, errors); // it was written when nobody called it
    }

    private const string Networks = $"{GatewayOptions.Section}:{nameof(GatewayOptions.AllowedAddresses)}";

    // An address that the console never calls may lead anywhere; it is only shown.
    private static string? ReadUrl(string value, FieldErrors errors)
    {
        var text = Common.Texts.Line(value, "url", OutgoingAddress.MaxLength, errors);
        if (text is null)
            return null;
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
            && url.Host.Length > 0
            && url.UserInfo.Length == 0
            && url.Query.Length == 0
            && url.Fragment.Length == 0
        )
            return url.AbsoluteUri;
        errors.Add("url", "Must be an address such as https://gateway.example/healthz, without name, password, query and fragment.");
        return null;
    }

    // Of agents that one may not see one does not count.
    private static async Task<Dictionary<Guid, int>> CountAsync(
        ConsoleDbContext db,
        Actor by,
        Guid[] ids,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        return await db
            .GatewayLinks.Where(l => l.OrganizationId == organization && ids.Contains(l.GatewayId))
            .Join(db.Agents.VisibleTo(by).Where(a => a.DeletedAt == null), l => l.AgentId, a => a.Id, (l, _) => l.GatewayId)
            .GroupBy(id => id)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
    }

    private async Task<GatewayBody> BodyAsync(ConsoleDbContext db, Actor by, Gateway gateway, CancellationToken cancellationToken) =>
        Body(
            gateway,
            (await CountAsync(db, by, [gateway.Id], cancellationToken)).GetValueOrDefault(gateway.Id),
            await traffic.ByGatewayAsync(by, cancellationToken)
        );

    private GatewayBody Body(Gateway gateway, int agents, IReadOnlyDictionary<string, RunSums> sums)
    {
        var through = Texts(gateway).Select(text => sums.GetValueOrDefault(text)).OfType<RunSums>().ToList();
        return new GatewayBody
        {
            Id = IdText.Format(IdText.Gateway, gateway.Id),
            Team = gateway.TeamId is { } team ? access.Current.Teams.GetValueOrDefault(team)?.Slug : null,
            Name = gateway.Name,
            Description = gateway.Description,
            Region = gateway.Region,
            Environment = gateway.Environment,
            Url = gateway.Url,
            InRouting = gateway.InRouting,
            RoutingSince = gateway.RoutingSince,
            RoutingBy = gateway.RoutingBy,
            RoutingReason = gateway.RoutingReason,
            Probe = gateway.Probe,
            Health = KebabCase.Of(gateway.Health),
            HealthSince = gateway.HealthSince,
            HealthProblem = gateway.HealthProblem,
            ProbedAt = gateway.ProbedAt,
            Agents = agents,
            Runs = through.Sum(s => s.Total),
            Failures = through.Sum(s => s.Failures),
            CreatedAt = gateway.CreatedAt,
            UpdatedAt = gateway.UpdatedAt,
            UpdatedBy = gateway.UpdatedBy,
            Revision = gateway.Revision,
        };
    }

    private static object Facts(Gateway gateway) =>
        new
        {
            name = gateway.Name,
            description = gateway.Description,
            region = gateway.Region,
            environment = gateway.Environment,
            url = gateway.Url,
            probe = gateway.Probe,
        };
}
