using System.Text.Json;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Trail;

/// <summary>What the chain itself says about erased values: record id to the members that were erased with a record of it.</summary>
internal static class TrailErasure
{
    public const string Action = "trail.erased";

    public static async Task<Dictionary<Guid, int>> ReadAsync(ConsoleDbContext db, Guid organizationId, CancellationToken cancellationToken)
    {
        var told = new Dictionary<Guid, int>();
        var rows = await db
            .TrailRecords.Where(r => r.OrganizationId == organizationId && r.Action == Action && r.TargetId != null)
            .Select(r => new { r.TargetId, r.After })
            .ToListAsync(cancellationToken);
        foreach (var row in rows)
        {
            foreach (var member in Members(row.After))
            {
                var index = TrailRecord.ErasableNames.IndexOf(member);
                if (index >= 0)
                    told[row.TargetId!.Value] = told.GetValueOrDefault(row.TargetId.Value) | (1 << index);
            }
        }
        return told;
    }

    private static IEnumerable<string> Members(string? after)
    {
        try
        {
            return
                after is not null
                && JsonElement.Parse(after) is { ValueKind: JsonValueKind.Object } body
                && body.TryGetProperty("members", out var members)
                && members.ValueKind == JsonValueKind.Array
                ? [.. members.EnumerateArray().Where(m => m.ValueKind == JsonValueKind.String).Select(m => m.GetString()!)]
                : [];
        }
        catch (JsonException)
        {
            return []; // tampered with: the record itself is found bad
        }
    }

    private static int IndexOf(this IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }
        return -1;
    }
}
