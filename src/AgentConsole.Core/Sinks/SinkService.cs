using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Sinks;

/// <summary>
/// The sinks of teams and of the organization. Making or changing one decides where secrets go: a person must have proven lately who they are.
/// </summary>
public sealed class SinkService
{
    public const int MostSinks = 200;

    /// <summary>For how long a signing secret signs along after another took its place.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(7);

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly SinkDeliveries _deliveries;
    private readonly SinkSeal _seal;
    private readonly SinkOptions _options;
    private readonly TimeProvider _clock;

    internal SinkService(
        ConsoleStore store,
        AccessDirectory access,
        SinkDeliveries deliveries,
        SinkSeal seal,
        IOptions<SinkOptions> options,
        TimeProvider clock
    )
    {
        (_store, _access, _deliveries, _seal, _options, _clock) = (store, access, deliveries, seal, options.Value, clock);
    }

    /// <summary>Folders that a file sink may name; empty when file sinks are off.</summary>
    public IReadOnlyList<string> FileRoots => OperatingSystem.IsLinux() ? _options.FileRoots : [];

    /// <summary>Why there can be no file sinks here; null when there can.</summary>
    public string? FilesOff =>
        !OperatingSystem.IsLinux() ? SinkProblems.FilesNeedLinux.Detail
        : _options.FileRoots.Length == 0 ? SinkProblems.FilesOff.Detail
        : null;

    /// <summary>Those that the actor manages, by name.</summary>
    public async Task<Outcome<Paged<SinkBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        var sinks = db.SecretSinks.ManagedBy(by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 2, out var after) || !IdText.TryParse(IdText.Sink, after[1], out var last))
                return Cursor.Bad();
            var name = after[0];
            sinks = sinks.Where(s => string.Compare(s.Name, name) > 0 || (s.Name == name && s.Id.CompareTo(last) > 0));
        }
        var rows = await sinks.OrderBy(s => s.Name).ThenBy(s => s.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var now = _clock.Now();
        return Paged<SecretSink>.Of(rows, page.Limit, s => [s.Name, IdText.Format(IdText.Sink, s.Id)]).Map(s => Body(s, now));
    }

    /// <summary>Those into which the new secret of a key of this team's agents can go, for whoever manages the team's keys: its own, and the organization's.</summary>
    public async Task<IReadOnlyList<SinkChoice>> ChoicesAsync(Actor by, Guid teamId, CancellationToken cancellationToken)
    {
        if (!by.May(Permission.ManageKeys, teamId))
            return [];
        await using var db = await _store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        return await db
            .SecretSinks.Where(s => s.OrganizationId == organization && (s.TeamId == null || s.TeamId == teamId))
            .OrderBy(s => s.Name)
            .Select(s => new SinkChoice(s.Id, s.Name, s.Kind, s.TeamId == null))
            .Take(MostSinks)
            .ToListAsync(cancellationToken);
    }

    /// <summary>Names of sinks of the organization, and of all teams whose keys the actor manages; one name may be a sink of its own in several teams.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(Actor by, CancellationToken cancellationToken)
    {
        var scope = by.TeamsWith(Permission.ManageKeys);
        if (scope is { All: false, Ids.Length: 0 })
            return [];
        await using var db = await _store.ReadAsync(cancellationToken);
        var (organization, all) = (by.OrganizationId, scope.All);
        var teams = scope.Ids.Select(id => (Guid?)id).ToArray();
        return await db
            .SecretSinks.Where(s => s.OrganizationId == organization && (all || s.TeamId == null || teams.Contains(s.TeamId)))
            .Select(s => s.Name)
            .Distinct()
            .OrderBy(name => name)
            .Take(MostSinks)
            .ToListAsync(cancellationToken);
    }

    public async Task<Outcome<SinkBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        return (await FindAsync(db, by, id, cancellationToken)).Map(sink => Body(sink, _clock.Now()));
    }

    /// <summary>Makes a sink of a team, or of the organization when none is named.</summary>
    public async Task<Outcome<SinkBody>> CreateAsync(Actor by, Outcome<SetSink> input, CancellationToken cancellationToken)
    {
        if (!input.Try(out var body, out var unreadable))
            return by.MayNowhere(Permission.ManageKeys) ?? StepUp.Require(by) ?? unreadable;
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(_access.Current, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, team?.Id) is { } missing)
            return missing;
        if (StepUp.Require(by) is { } first)
            return first;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", SinkInput.MostName, errors, required: true);
        if (body.Kind is null)
            errors.Add("kind", $"This is required: one of {string.Join(", ", KebabCase.All<SinkKind>())}.");
        var kind = KebabCase.Read<SinkKind>(body.Kind, "kind", errors);
        var (settings, credential) = kind is { } k ? SinkInput.Read(body, k, null, _options, errors) : default;
        if (errors.ToProblem() is { } invalid)
            return invalid;
        await using var write = await _store.WriteAsync(cancellationToken);
        var organization = by.OrganizationId;
        if (await write.Db.SecretSinks.CountAsync(s => s.OrganizationId == organization, cancellationToken) >= MostSinks)
            return PeopleProblems.TooMany("secret sinks", MostSinks);
        var id = write.NewId();
        var sink = new SecretSink
        {
            Id = id,
            OrganizationId = organization,
            TeamId = team?.Id,
            Name = name!,
            Kind = kind!.Value,
            Settings = settings!,
            Credential = credential is null ? null : _seal.Close(id, credential),
            CredentialSetAt = credential is null ? null : write.Now,
            CreatedAt = write.Now,
            UpdatedAt = write.Now,
            UpdatedBy = Texts.Clip(by.Label, 256)!,
        };
        if (await IsTakenAsync(write.Db, sink, cancellationToken))
            return SinkProblems.NameTaken;
        write.Db.Add(sink);
        write.Trail(by, "sink.created", Target(sink), after: Facts(sink, credential is not null));
        Tell(write, sink);
        return await write.CommitAsync(by, Body(sink, write.Now), cancellationToken);
    }

    /// <summary>A new signing secret does not end the one before at once: both sign, until <see cref="Overlap"/> is over or it is dropped.</summary>
    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<SinkBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<SetSink> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (!(await FindAsync(write.Db, by, id, cancellationToken)).Try(out var sink, out var problem))
            return problem;
        if (StepUp.Require(by) is { } first)
            return first;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var before = Facts(sink, null);
        var errors = new FieldErrors();
        if (body.Team is not null && AgentService.ResolveTeam(_access.Current, by, body.Team)?.Id != sink.TeamId)
            errors.Add("team", "Never changes: make another sink.");
        if (body.Kind is not null && body.Kind != KebabCase.Of(sink.Kind))
            errors.Add("kind", "Never changes: make another sink.");
        if (body.Name is not null)
            sink.Name = Texts.Line(body.Name, "name", SinkInput.MostName, errors, required: true) ?? sink.Name;
        var (settings, credential) = SinkInput.Read(body, sink.Kind, sink, _options, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != sink.Revision)
            return await write.ChangedAsync(by, "sink", sink.Id, cancellationToken, "sink.changed");
        if (await IsTakenAsync(write.Db, sink, cancellationToken))
            return SinkProblems.NameTaken;
        sink.Settings = settings ?? sink.Settings;
        if (credential is not null)
        {
            if (sink.Kind == SinkKind.Webhook)
                (sink.Previous, sink.PreviousUntil) = (sink.Credential, write.Now + Overlap);
            (sink.Credential, sink.CredentialSetAt) = (_seal.Close(sink.Id, credential), write.Now);
        }
        if (body.DropPrevious == true)
            (sink.Previous, sink.PreviousUntil) = (null, null);
        (sink.UpdatedAt, sink.UpdatedBy) = (write.Now, Texts.Clip(by.Label, 256)!);
        write.Trail(by, "sink.changed", Target(sink), before, Facts(sink, credential is not null));
        Tell(write, sink);
        return await write.CommitAsync(by, Body(sink, write.Now) with { Revision = sink.Revision + 1 }, cancellationToken);
    }

    /// <summary>What lies at the other side stays there. A rotation that counts on the sink fails visibly and leaves the old version valid.</summary>
    public async Task<Outcome<Done>> DeleteAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (!(await FindAsync(write.Db, by, id, cancellationToken)).Try(out var sink, out var problem))
            return problem;
        if (StepUp.Require(by) is { } first)
            return first;
        write.Db.Remove(sink);
        write.Trail(by, "sink.deleted", Target(sink), before: Facts(sink, null));
        Tell(write, sink);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>Sends a harmless value: a vault gets it at the path with <c>-probe</c> behind it, a webhook a signed <c>ping</c>, a folder a file that is taken away again.</summary>
    public async Task<Outcome<SinkTestResult>> TestAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        SecretSink sink;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            if (!(await FindAsync(db, by, id, cancellationToken)).Try(out var found, out var problem))
                return problem;
            sink = found;
        }
        return await _deliveries.TestAsync(sink, by, cancellationToken);
    }

    internal static TrailTarget Target(SecretSink sink) => new("sink", sink.Id, sink.Name, sink.TeamId);

    // A member of the team learns that it is there, and which role is missing; of the organization's, every one of its people may learn that.
    private async Task<Outcome<SecretSink>> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken)
    {
        if (!IdText.TryParse(IdText.Sink, id, out var sinkId))
            return SinkProblems.NotFound;
        var (organization, scope) = (by.OrganizationId, by.TeamsWith(Permission.ReadFleet));
        var (all, teams) = (scope.All, scope.Ids);
        var sink = await db
            .SecretSinks.Where(s => s.OrganizationId == organization && (all || s.TeamId == null || teams.Contains(s.TeamId.Value)))
            .SingleOrDefaultAsync(s => s.Id == sinkId, cancellationToken);
        if (sink is null)
            return SinkProblems.NotFound;
        return MayNot(by, sink.TeamId) is { } missing ? missing : sink;
    }

    private Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.ManageKeys, team)
                ? null
                : Actor.MissingRole(Permission.ManageKeys, _access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private static Task<bool> IsTakenAsync(ConsoleDbContext db, SecretSink sink, CancellationToken cancellationToken)
    {
        var (organization, team, name, id) = (sink.OrganizationId, sink.TeamId, sink.Name, sink.Id);
        return db.SecretSinks.AnyAsync(
            s => s.OrganizationId == organization && s.TeamId == team && s.Name == name && s.Id != id,
            cancellationToken
        );
    }

    private static void Tell(Write write, SecretSink sink) =>
        write.Tell(new LiveEvent("sinks", sink.OrganizationId, sink.TeamId, null, sink.Id));

    private SinkBody Body(SecretSink sink, DateTimeOffset now) =>
        new()
        {
            Id = IdText.Format(IdText.Sink, sink.Id),
            Team = sink.TeamId is { } team ? _access.Current.Teams.GetValueOrDefault(team)?.Slug : null,
            Name = sink.Name,
            Kind = KebabCase.Of(sink.Kind),
            Target = sink.Target,
            Vault = sink.Settings.Vault is { } vault
                ? new VaultSinkSettings
                {
                    Address = vault.Address,
                    Mount = vault.Mount,
                    Path = vault.Path,
                    Namespace = vault.Namespace,
                    Field = vault.Field,
                }
                : null,
            Webhook = sink.Settings.Webhook is { } webhook ? new WebhookSinkSettings { Url = webhook.Url } : null,
            File = sink.Settings.File is { } file
                ? new FileSinkSettings
                {
                    Root = file.Root,
                    Path = file.Path,
                    Format = file.Format,
                }
                : null,
            CredentialSetAt = sink.CredentialSetAt,
            PreviousCredentialUntil = sink.PreviousUntil > now ? sink.PreviousUntil : null,
            State =
                sink.LastDeliveryAt is null ? "untried"
                : sink.LastCode is null ? "ok"
                : "failing",
            LastDeliveryAt = sink.LastDeliveryAt,
            LastCode = sink.LastCode,
            LastProblem = sink.LastProblem,
            CreatedAt = sink.CreatedAt,
            UpdatedAt = sink.UpdatedAt,
            UpdatedBy = sink.UpdatedBy,
            Revision = sink.Revision,
        };

    private static object Facts(SecretSink sink, bool? credentialSet) =>
        new
        {
            name = sink.Name,
            kind = KebabCase.Of(sink.Kind),
            target = sink.Target,
            vault_namespace = sink.Settings.Vault?.Namespace,
            vault_field = sink.Settings.Vault?.Field,
            file_format = sink.Settings.File?.Format,
            credential_set = credentialSet,
            previous_until = sink.PreviousUntil,
        };
}

/// <summary>A sink to choose for a rotation.</summary>
/// <param name="OfOrganization">It serves every team.</param>
public sealed record SinkChoice(Guid Id, string Name, SinkKind Kind, bool OfOrganization);
