using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Samples;

/// <summary>The sample fleet's program beside this node; there is none unless the console was started with it.</summary>
public interface ISampleFleet
{
    bool IsRunning { get; }

    /// <summary>Ends its runs and stops it; it stays so until the console is started with it again.</summary>
    Task StopAsync();
}

/// <summary>
/// Takes away what the sample fleet set up: its agents with their keys, the people it invented, its service account and its sink, known by the marks it gives them.
/// Whatever else carries the tag <c>demo</c> stays. For org-admins.
/// </summary>
public sealed class SampleDataService(
    ConsoleStore store,
    AgentService agents,
    KeyService keys,
    UserService users,
    ServiceAccountService accounts,
    SinkService sinks,
    IEnumerable<ISampleFleet> fleets
)
{
    // As the fleet writes them; it is a program of its own and shares no code with the console.
    private const string Source = "\"source\":\"AgentConsole.SampleFleet\"";
    private const string Tag = "demo";
    private static readonly string[] People = ["INES@DEMO.EXAMPLE", "TOMAS@DEMO.EXAMPLE", "MEI@DEMO.EXAMPLE"];
    private const string AccountName = "demo-run-auditor";
    private const string SinkName = "demo-key-files";
    private const string Why = "The sample fleet is taken away.";

    public async Task<Outcome<SampleDataBody>> FindAsync(Actor by, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        return (await ReadAsync(by, cancellationToken)).ToBody(fleets.Any(f => f.IsRunning));
    }

    /// <summary>
    /// Stops the fleet, revokes the keys, deletes the agents (which can be restored, their keys cannot) and the sink, and disables people and account. Teams
    /// stay, and so does the trail. What was begun and not finished is finished by the next call.
    /// </summary>
    /// <returns>What was taken away.</returns>
    public async Task<Outcome<SampleDataBody>> RemoveAsync(Actor by, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (StepUp.Require(by) is { } first)
            return first; // before the first step: disabling people asks for it as well
        foreach (var fleet in fleets)
            await fleet.StopAsync();
        var found = await ReadAsync(by, cancellationToken);
        // Each step is a write of its own; the one answer that is kept for a repetition is the last one's.
        var step = by with
        {
            Retry = null,
        };
        foreach (var version in found.Keys)
        {
            var act = new KeyAction { KeyVersion = version.Number, Reason = Why };
            var id = IdText.Format(IdText.Key, version.KeyId);
            if ((await keys.RevokeAsync(step, IdText.Format(IdText.Agent, version.AgentId), id, act, cancellationToken)).Problem is { } no)
                return no;
        }
        foreach (var agent in found.Agents)
        {
            if ((await agents.DeleteAsync(step, IdText.Format(IdText.Agent, agent), Why, cancellationToken)).Problem is { } no)
                return no;
        }
        foreach (var sink in found.Sinks)
        {
            if ((await sinks.DeleteAsync(step, IdText.Format(IdText.Sink, sink), cancellationToken)).Problem is { } no)
                return no;
        }
        foreach (var account in found.Accounts)
        {
            if ((await accounts.DisableAsync(step, IdText.Format(IdText.ServiceAccount, account), cancellationToken)).Problem is { } no)
                return no;
        }
        foreach (var person in found.People)
        {
            if ((await users.DisableAsync(step, IdText.Format(IdText.User, person), cancellationToken)).Problem is { } no)
                return no;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var answer = found.ToBody(running: false);
        write.Trail(
            by,
            "sample-data.removed",
            null,
            after: new
            {
                agents = answer.Agents,
                keys = answer.Keys,
                people = answer.People,
                service_accounts = answer.ServiceAccounts,
                sinks = answer.Sinks,
            }
        );
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    private async Task<Found> ReadAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        var ids = await db
            .AgentTags.Where(t => t.OrganizationId == organization && t.Tag == Tag)
            .Join(
                db.Agents.Where(a => a.OrganizationId == organization && a.DeletedAt == null && a.Metadata!.Contains(Source)),
                t => t.AgentId,
                a => a.Id,
                (_, a) => a.Id
            )
            .ToListAsync(cancellationToken);
        var versions = await db
            .KeyVersions.Where(v =>
                v.OrganizationId == organization
                && ids.Contains(v.AgentId)
                && (v.State == KeyState.Active || v.State == KeyState.Retiring || v.State == KeyState.Disabled)
            )
            .Select(v => new Version(v.AgentId, v.KeyId, v.Number))
            .ToListAsync(cancellationToken);
        var people = await db
            .Users.Where(u => u.OrganizationId == organization && !u.Disabled && People.Contains(u.NormalizedEmail!))
            .Select(u => u.Id)
            .ToListAsync(cancellationToken);
        var programs = await db
            .ServiceAccounts.Where(a => a.OrganizationId == organization && !a.Disabled && a.Name == AccountName)
            .Select(a => a.Id)
            .ToListAsync(cancellationToken);
        var places = await db
            .SecretSinks.Where(s => s.OrganizationId == organization && s.TeamId == null && s.Kind == SinkKind.File && s.Name == SinkName)
            .Select(s => s.Id)
            .ToListAsync(cancellationToken);
        return new Found(ids, versions, people, programs, places);
    }

    private sealed record Version(Guid AgentId, Guid KeyId, int Number);

    private sealed record Found(List<Guid> Agents, List<Version> Keys, List<Guid> People, List<Guid> Accounts, List<Guid> Sinks)
    {
        public SampleDataBody ToBody(bool running) => new(Agents.Count, Keys.Count, People.Count, Accounts.Count, Sinks.Count, running);
    }
}
