using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

public enum FleetFormat
{
    Yaml,
    Json,
}

/// <summary>Agents as a file that <see cref="BulkRegistration"/> reads: applying it where nothing changed since changes nothing.</summary>
public sealed class FleetExports(ConsoleStore store, AccessDirectory access, ActorSource actors, TimeProvider clock)
{
    /// <summary>Grants an export and puts it on the trail; the file is written by the answer.</summary>
    public async Task<Outcome<FleetExport>> ExportAsync(
        Actor by,
        Outcome<AgentFilter> input,
        FleetFormat format,
        CancellationToken cancellationToken
    )
    {
        if (!input.Try(out var filter, out var problem))
            return problem;
        if (filter.Deleted)
            return Problem.Invalid("deleted", "A file of the fleet holds no deleted agents: applied, it would register them anew.");
        var query = string.Join(' ', filter.ToQuery().Where(m => m.Key != "sort").Select(m => $"{m.Key}={m.Value}"));
        await using var write = await store.WriteAsync(cancellationToken);
        write.Trail(
            by,
            "fleet.exported",
            new TrailTarget("fleet", null, "fleet." + KebabCase.Of(format)),
            after: new { filter = query, format = KebabCase.Of(format) }
        );
        return await write.TryCommitAsync(cancellationToken)
            ? new FleetExport(store, access, new ExportRight(actors, by, Permission.ReadFleet), filter, query, format, clock.Now())
            : Write.LostRace();
    }
}

/// <summary>An export that was granted: written piece by piece, in the order of the slugs, never whole in memory.</summary>
public sealed class FleetExport
{
    private const int Piece = 500;
    private static readonly JsonSerializerOptions Json = new(ConsoleJson.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly ExportRight _right;
    private readonly AgentFilter _filter;
    private readonly string _query;
    private readonly FleetFormat _format;
    private readonly DateTimeOffset _at;

    internal FleetExport(
        ConsoleStore store,
        AccessDirectory access,
        ExportRight right,
        AgentFilter filter,
        string query,
        FleetFormat format,
        DateTimeOffset at
    ) => (_store, _access, _right, _filter, _query, _format, _at) = (store, access, right, filter, query, format, at);

    public string ContentType => _format == FleetFormat.Yaml ? "application/yaml" : "application/json";

    public string FileName => string.Create(CultureInfo.InvariantCulture, $"fleet-{_at:yyyyMMdd-HHmmss}.{KebabCase.Of(_format)}");

    /// <summary>Writes everything and leaves the stream open; throws <see cref="ExportEndedException"/> when the right to it ends on the way.</summary>
    public async Task WriteToAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        var yaml = _format == FleetFormat.Yaml;
        await text.WriteAsync(
            (
                yaml ? string.Create(CultureInfo.InvariantCulture, $"# Fleet of {_at:yyyy-MM-dd'T'HH:mm:ss'Z'}; {Comment()}\nagents:") : "["
            ).AsMemory(),
            cancellationToken
        );
        var any = false;
        await foreach (var agent in AgentsAsync(cancellationToken))
        {
            await text.WriteAsync(
                (yaml ? Yaml(agent) : (any ? ",\n" : "\n") + JsonSerializer.Serialize(agent, Json)).AsMemory(),
                cancellationToken
            );
            any = true;
        }
        await text.WriteAsync(
            (
                yaml
                    ? any
                        ? "\n"
                        : " []\n"
                    : "\n]\n"
            ).AsMemory(),
            cancellationToken
        );
    }

    // A comment ends with its line, whatever a filter holds.
    private string Comment() => _query.Length == 0 ? "every agent" : "filter " + YamlText.Flow(JsonSerializer.SerializeToElement(_query));

    private async IAsyncEnumerable<RegisterAgent> AgentsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Each piece is a query of its own: a slow reader holds no transaction open.
        for (var after = ""; ; )
        {
            var by = _right.Now();
            var now = _access.Current;
            List<Agent> agents;
            await using (var db = await _store.ReadAsync(cancellationToken))
            {
                var last = after;
                agents = await _filter
                    .Apply(new ConsoleQuery(db.Agents.VisibleTo(by), db.AgentTags, now, by.OrganizationId))
                    .Where(a => a.Slug.CompareTo(last) > 0)
                    .OrderBy(a => a.Slug)
                    .Take(Piece)
                    .ToListAsync(cancellationToken);
            }
            foreach (var agent in agents)
                yield return FleetEntry.Of(agent, now);
            if (agents.Count < Piece)
                yield break;
            after = agents[^1].Slug;
        }
    }

    private static string Yaml(RegisterAgent agent)
    {
        var text = new StringBuilder("\n  - ");
        var first = true;
        foreach (var member in JsonSerializer.SerializeToElement(agent, Json).EnumerateObject())
        {
            text.Append(first ? "" : "\n    ").Append(member.Name).Append(": ");
            text.Append(
                member.Value.ValueKind == JsonValueKind.String ? YamlText.Text(member.Value.GetString()!) : YamlText.Flow(member.Value)
            );
            first = false;
        }
        return text.ToString();
    }
}

/// <summary>An agent as a file has it: what is set, and nothing that the console finds out by itself.</summary>
internal static class FleetEntry
{
    public static RegisterAgent Of(Agent agent, AccessSnapshot now) =>
        new()
        {
            Slug = agent.Slug,
            DisplayName = agent.DisplayName,
            Description = agent.Description,
            Team = now.Teams.GetValueOrDefault(agent.TeamId)?.Slug,
            Owner = agent.OwnerId is null ? "" : AgentService.Label(now, agent.OwnerId),
            Environment = agent.Environment,
            Version = agent.Version,
            Tags = agent.Tags.Count == 0 ? null : agent.Tags,
            Metadata = agent.Metadata is { } json ? JsonElement.Parse(json) : null,
            Scopes =
                agent.Scopes.Count == 0
                    ? null
                    : agent.Scopes.ToDictionary(s => s.Key, s => (IReadOnlyList<string>)s.Value, StringComparer.Ordinal),
            CaptureMode = KebabCase.Of(agent.CaptureMode),
            Redactions = agent.Redactions.Count == 0 ? null : agent.Redactions,
            LeaseSeconds = agent.LeaseSeconds,
            GraceSeconds = agent.GraceSeconds,
        };
}
