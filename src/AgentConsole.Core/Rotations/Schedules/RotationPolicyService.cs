using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>The rotation policies. The organization's and those of environments belong to org-admins, others to whoever manages the team's keys.</summary>
public sealed class RotationPolicyService
{
    public const int MostPolicies = 1_000;

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly AgentDirectory _agents;
    private readonly RotationPolicyDirectory _policies;
    private readonly SchedulePasses _passes;

    internal RotationPolicyService(
        ConsoleStore store,
        AccessDirectory access,
        AgentDirectory agents,
        RotationPolicyDirectory policies,
        SchedulePasses passes
    )
    {
        (_store, _access, _agents, _policies, _passes) = (store, access, agents, policies, passes);
    }

    /// <summary>Those that hold for agents the actor sees: the organization's first, then by team, environment and agent.</summary>
    public async Task<Outcome<Paged<RotationPolicyBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        var policies = VisibleTo(db, by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after))
                return Cursor.Bad();
            var last = after[0];
            policies = policies.Where(p => string.Compare(p.Scope, last) > 0);
        }
        var rows = await policies.OrderBy(p => p.Scope).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var paged = Paged<RotationPolicy>.Of(rows, page.Limit, last => [last.Scope]);
        var bodies = await BodiesAsync(db, paged.Items, cancellationToken);
        return new Paged<RotationPolicyBody>(bodies, paged.NextCursor);
    }

    public async Task<Outcome<RotationPolicyBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } policy
            ? (await BodiesAsync(db, [policy], cancellationToken))[0]
            : ScheduleProblems.NotFound;
    }

    public async Task<Outcome<RotationPolicyBody>> CreateAsync(
        Actor by,
        Outcome<SetRotationPolicy> input,
        CancellationToken cancellationToken
    )
    {
        if (!input.Try(out var body, out var unreadable))
            return by.MayNowhere(Permission.ManageKeys) ?? unreadable;
        await using var write = await _store.WriteAsync(cancellationToken);
        var agent = string.IsNullOrEmpty(body.Agent)
            ? null
            : await write.Db.Agents.AsNoTracking().VisibleTo(by).Named(body.Agent).FirstOrDefaultAsync(cancellationToken);
        if (!string.IsNullOrEmpty(body.Agent) && agent is null)
            return AgentProblems.NotFound;
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(_access.Current, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, agent?.TeamId ?? team?.Id) is { } missing)
            return missing;
        var errors = new FieldErrors();
        var environment = Texts.Line(body.Environment, "environment", 60, errors);
        if (agent is not null && (team is not null || environment is not null))
            errors.Add("agent", "A policy of one agent names neither team nor environment.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var policy = new RotationPolicy
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            TeamId = agent is null ? team?.Id : null,
            Environment = environment,
            AgentId = agent?.Id,
            Scope = RotationPolicy.ScopeOf(team?.Id, environment, agent?.Id),
            CreatedAt = write.Now,
            UpdatedAt = write.Now,
            UpdatedBy = Texts.Clip(by.Label, 256)!,
        };
        if (await ApplyAsync(write.Db, policy, body, agent?.TeamId ?? team?.Id, cancellationToken) is { } wrong)
            return wrong;
        var organization = by.OrganizationId;
        if (await write.Db.RotationPolicies.AnyAsync(p => p.OrganizationId == organization && p.Scope == policy.Scope, cancellationToken))
            return ScheduleProblems.Exists;
        if (await write.Db.RotationPolicies.CountAsync(p => p.OrganizationId == organization, cancellationToken) >= MostPolicies)
            return PeopleProblems.TooMany("rotation policies", MostPolicies);
        write.Db.Add(policy);
        write.Trail(by, "rotation-policy.created", Target(policy), after: Facts(policy));
        return await FinishAsync(write, by, policy, cancellationToken);
    }

    /// <summary>Replaces every field; what is absent falls through from now on.</summary>
    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<RotationPolicyBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<SetRotationPolicy> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return ScheduleProblems.NotFound;
        if (MayNot(by, TeamOf(policy)) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var before = Facts(policy);
        if (await ApplyAsync(write.Db, policy, body, TeamOf(policy), cancellationToken) is { } wrong)
            return wrong;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != policy.Revision)
            return await write.ChangedAsync(by, "rotation policy", policy.Id, cancellationToken, "rotation-policy.changed");
        (policy.UpdatedAt, policy.UpdatedBy) = (write.Now, Texts.Clip(by.Label, 256)!);
        write.Trail(by, "rotation-policy.changed", Target(policy), before, Facts(policy));
        return await FinishAsync(write, by, policy, cancellationToken, revision: policy.Revision + 1);
    }

    public async Task<Outcome<Done>> DeleteAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return ScheduleProblems.NotFound;
        if (MayNot(by, TeamOf(policy)) is { } missing)
            return missing;
        write.Db.Remove(policy);
        write.Trail(by, "rotation-policy.deleted", Target(policy), before: Facts(policy));
        await FollowAsync(write, policy, cancellationToken);
        var done = await write.CommitAsync(by, default(Done), cancellationToken);
        if (done.Problem is null)
            await _passes.StepAsync(policy.OrganizationId, CancellationToken.None);
        return done;
    }

    /// <summary>Whether the actor could make or change a policy of this team, or of the organization.</summary>
    public Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.ManageKeys, team)
                ? null
                : Actor.MissingRole(Permission.ManageKeys, _access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private async Task<Outcome<RotationPolicyBody>> FinishAsync(
        Write write,
        Actor by,
        RotationPolicy policy,
        CancellationToken cancellationToken,
        long? revision = null
    )
    {
        await FollowAsync(write, policy, cancellationToken);
        var body = (await BodiesAsync(write.Db, [policy], cancellationToken))[0];
        var done = await write.CommitAsync(by, body with { Revision = revision ?? policy.Revision }, cancellationToken);
        // Small organizations see at once what it means; of large ones the watch does the rest.
        if (done.Problem is null)
            await _passes.StepAsync(policy.OrganizationId, CancellationToken.None);
        return done;
    }

    // What keys are due when follows in a sweep of its own: it may be about a hundred thousand.
    private async Task FollowAsync(Write write, RotationPolicy policy, CancellationToken cancellationToken)
    {
        await SchedulePasses.BeginAsync(write, policy.OrganizationId, cancellationToken);
        write.AfterCommit(() => _policies.ReloadAsync(policy.OrganizationId));
        write.Tell(new LiveEvent("rotation-policy", policy.OrganizationId, TeamOf(policy), policy.AgentId, policy.Id));
    }

    private async Task<Problem?> ApplyAsync(
        ConsoleDbContext db,
        RotationPolicy policy,
        SetRotationPolicy body,
        Guid? teamId,
        CancellationToken cancellationToken
    )
    {
        var errors = new FieldErrors();
        int? Within(int? value, string field, int least, int most)
        {
            if (value < least || value > most)
                errors.Add(
                    field,
                    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Must be a whole number from {least} to {most}.")
                );
            return value;
        }
        var longest = (int)Rotation.LongestGrace.TotalSeconds;
        policy.CadenceDays = Within(body.CadenceDays, "cadence_days", 0, RotationPolicy.MostDays);
        policy.MaxLifetimeDays = Within(body.MaxLifetimeDays, "max_lifetime_days", 1, RotationPolicy.MostDays);
        policy.LeadDays = Within(body.LeadDays, "lead_days", 0, 365);
        policy.GraceSeconds = Within(body.GraceSeconds, "grace_seconds", 60, longest);
        (policy.Automatic, policy.AutoExtend) = (body.Automatic, body.AutoExtend);
        if (body.LeadDays >= body.CadenceDays && body.CadenceDays > 0)
            errors.Add("lead_days", "Must be less than the cadence: else the next rotation would be due before this one is done.");
        var sink = Texts.Line(body.Sink, "sink", 100, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        policy.SinkId = null;
        if (sink is null)
            return null;
        var organization = policy.OrganizationId;
        var sinks = db.SecretSinks.Where(s => s.OrganizationId == organization && (s.TeamId == null || s.TeamId == teamId));
        sinks = IdText.TryParse(IdText.Sink, sink, out var id) ? sinks.Where(s => s.Id == id) : sinks.Where(s => s.Name == sink);
        switch (await sinks.Select(s => s.Id).Take(2).ToListAsync(cancellationToken))
        {
            case [var one]:
                policy.SinkId = one;
                return null;
            case []:
                return ScheduleProblems.SinkNotForAll;
            default:
                return RotationProblems.SeveralSinks;
        }
    }

    internal static IQueryable<RotationPolicy> VisibleTo(ConsoleDbContext db, Actor by)
    {
        var organization = by.OrganizationId;
        var policies = db.RotationPolicies.Where(p => p.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return policies;
        var teams = scope.Ids;
        var agents = db.Agents.VisibleTo(by);
        return policies.Where(p =>
            p.AgentId != null ? agents.Any(a => a.Id == p.AgentId)
            : p.TeamId == null ? teams.Length > 0
            : teams.Contains(p.TeamId.Value)
        );
    }

    private static async Task<RotationPolicy?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.RotationPolicy, id, out var policy)
            ? await VisibleTo(db, by).FirstOrDefaultAsync(p => p.Id == policy, cancellationToken)
            : null;

    // An agent's policy goes with the agent: whoever manages its keys now.
    private Guid? TeamOf(RotationPolicy policy) => policy.AgentId is { } agent ? _agents.Find(agent)?.TeamId : policy.TeamId;

    private string NameOf(RotationPolicy policy) =>
        policy.AgentId is { } agent
            ? _agents.Find(agent)?.Slug ?? "an agent"
            : string.Join(
                " / ",
                new[]
                {
                    policy.TeamId is { } team
                        ? _access.Current.Teams.GetValueOrDefault(team)?.Slug ?? "a team"
                        : _access.Current.Organizations.GetValueOrDefault(policy.OrganizationId) ?? "the organization",
                    policy.Environment,
                }.OfType<string>()
            );

    private TrailTarget Target(RotationPolicy policy) => new("rotation-policy", policy.Id, NameOf(policy), TeamOf(policy));

    private static object Facts(RotationPolicy policy) =>
        new
        {
            cadence_days = policy.CadenceDays,
            max_lifetime_days = policy.MaxLifetimeDays,
            sink = IdText.Format(IdText.Sink, policy.SinkId),
            automatic = policy.Automatic,
            lead_days = policy.LeadDays,
            grace_seconds = policy.GraceSeconds,
            auto_extend = policy.AutoExtend,
        };

    private async Task<List<RotationPolicyBody>> BodiesAsync(
        ConsoleDbContext db,
        IReadOnlyList<RotationPolicy> policies,
        CancellationToken cancellationToken
    )
    {
        var ids = policies.Select(p => p.SinkId).OfType<Guid>().Distinct().ToArray();
        var organization = policies.Count == 0 ? default : policies[0].OrganizationId;
        var sinks =
            ids.Length == 0
                ? []
                : await db
                    .SecretSinks.Where(s => s.OrganizationId == organization && ids.Contains(s.Id))
                    .ToDictionaryAsync(s => s.Id, s => s.Name, cancellationToken);
        return
        [
            .. policies.Select(p => new RotationPolicyBody
            {
                Id = IdText.Format(IdText.RotationPolicy, p.Id),
                Level = KebabCase.Of(p.Level),
                Team = p.TeamId is { } team ? _access.Current.Teams.GetValueOrDefault(team)?.Slug : null,
                Environment = p.Environment,
                Agent = p.AgentId is { } agent ? _agents.Find(agent)?.Slug : null,
                CadenceDays = p.CadenceDays,
                MaxLifetimeDays = p.MaxLifetimeDays,
                Sink = IdText.Format(IdText.Sink, p.SinkId),
                SinkName = p.SinkId is { } sink ? sinks.GetValueOrDefault(sink) : null,
                Automatic = p.Automatic,
                LeadDays = p.LeadDays,
                GraceSeconds = p.GraceSeconds,
                AutoExtend = p.AutoExtend,
                CreatedAt = p.CreatedAt,
                UpdatedAt = p.UpdatedAt,
                UpdatedBy = p.UpdatedBy,
                Revision = p.Revision,
            }),
        ];
    }
}
