using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Definitions;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>The definition that goes along with a snapshot: which one, what it fills in, and how two of them differ.</summary>
internal static class DeployedDefinition
{
    /// <summary>The one with this number; the newest where none is named, none with 0. Call it under the trail's head: then nobody saves another meanwhile.</summary>
    public static async Task<DefinitionVersion?> FindAsync(
        ConsoleDbContext db,
        Agent agent,
        int? number,
        FieldErrors errors,
        CancellationToken cancellationToken
    )
    {
        if (number == 0)
            return null;
        var versions = db.DefinitionVersions.AsNoTracking().Of(agent.OrganizationId, agent.Id);
        if (number is null)
            return await versions.OrderByDescending(v => v.Number).FirstOrDefaultAsync(cancellationToken);
        var found = await versions.FirstOrDefaultAsync(v => v.Number == number, cancellationToken);
        if (found is null)
            errors.Add(
                "definition",
                string.Create(CultureInfo.InvariantCulture, $"There is no number {number} of this agent's definition; 0 is for none.")
            );
        return found;
    }

    /// <summary>What the caller says counts; the definition says the rest. Parameters belong to the model that they are of.</summary>
    public static SetSnapshot Fill(SetSnapshot body, DefinitionVersion definition)
    {
        using var document = JsonDocument.Parse(definition.Content);
        var content = document.RootElement;
        string? Text(JsonElement of, string member) => of.TryGetProperty(member, out var value) ? value.GetString() : null;
        if (content.TryGetProperty("model", out var model))
        {
            var name = Text(model, "name");
            var isOurs = body.Model is null || body.Model == name;
            body = body with
            {
                Model = body.Model ?? name,
                Parameters =
                    body.Parameters ?? (isOurs && model.TryGetProperty("parameters", out var parameters) ? parameters.Clone() : null),
            };
        }
        return body with
        {
            PromptHash = body.PromptHash ?? Text(content, "prompt_hash") ?? HashOf(Text(content, "instructions")),
            Tools = body.Tools ?? Names(content, "tools"),
            Secrets = body.Secrets ?? Names(content, "secrets"),
        };
    }

    /// <summary>Where two snapshots name different definitions, says what differs within.</summary>
    /// <param name="found">The differences of their contents.</param>
    public static async Task<JsonChanges> ExpandAsync(
        ConsoleDbContext db,
        Snapshot from,
        Snapshot to,
        JsonChanges found,
        CancellationToken cancellationToken
    )
    {
        if (
            SnapshotContent.DefinitionIn(from.Content) is not (var was, var wasDigest)
            || SnapshotContent.DefinitionIn(to.Content) is not (var now, var nowDigest)
            || wasDigest == nowDigest
        )
            return found;
        // Whoever sees a snapshot sees what it deployed, also when the agent belongs to another team by now.
        var before = await ContentAsync(db, from, was, cancellationToken);
        var after = await ContentAsync(db, to, now, cancellationToken);
        var within = DefinitionContent.Compare(before, after, SnapshotContent.Definition + ".");
        var all = found
            .Changes.Where(c => c.Path != SnapshotContent.Definition + ".digest") // it says no more than what follows
            .Concat(within.Changes)
            .OrderBy(c => c.Path, StringComparer.Ordinal)
            .ToList();
        return new JsonChanges(
            all.Count > JsonChanges.Most ? all.GetRange(0, JsonChanges.Most) : all,
            found.Complete && within.Complete && all.Count <= JsonChanges.Most
        );
    }

    private static Task<string> ContentAsync(ConsoleDbContext db, Snapshot snapshot, int number, CancellationToken cancellationToken) =>
        db
            .DefinitionVersions.Of(snapshot.OrganizationId, snapshot.AgentId)
            .Where(v => v.Number == number)
            .Select(v => v.Content)
            .FirstAsync(cancellationToken);

    private static string? HashOf(string? instructions) =>
        instructions is null ? null : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instructions)));

    private static string[]? Names(JsonElement content, string member) =>
        content.TryGetProperty(member, out var list)
            ?
            [
                .. list.EnumerateArray()
                    .Select(item => item.ValueKind == JsonValueKind.Object ? item.GetProperty("name").GetString()! : item.GetString()!),
            ]
            : null;
}
