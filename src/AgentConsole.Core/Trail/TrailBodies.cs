using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Trail;

/// <summary>How ids stand in records that are shown.</summary>
public static class TrailNames
{
    private static readonly Dictionary<string, string> PrefixOfKind = new(StringComparer.Ordinal)
    {
        ["organization"] = IdText.Organization,
        ["team"] = IdText.Team,
        ["user"] = IdText.User,
        ["service-account"] = IdText.ServiceAccount,
        ["token"] = IdText.Token,
        ["agent"] = IdText.Agent,
        ["key"] = IdText.Key,
        ["key-version"] = IdText.KeyVersion,
        ["run"] = IdText.Run,
        ["price"] = IdText.Price,
        ["re-rating"] = IdText.Rerating,
        ["purge"] = IdText.Purge,
        ["session"] = IdText.Session,
        ["trail-record"] = IdText.Trail,
        ["plan"] = IdText.Plan,
        ["rotation"] = IdText.Rotation,
        ["sink"] = IdText.Sink,
        ["gateway"] = IdText.Gateway,
        ["snapshot"] = IdText.Snapshot,
        ["freeze"] = IdText.Freeze,
        ["rollout"] = IdText.Rollout,
        ["rollout-plan"] = IdText.RolloutTemplate,
        ["view"] = IdText.View,
        ["inactivity-policy"] = IdText.InactivityPolicy,
        ["unclaimed"] = IdText.Unclaimed,
        ["break-glass"] = IdText.BreakGlass,
    };

    /// <summary>The id of a target, with the prefix of its kind.</summary>
    public static string? Target(string? kind, Guid? id) =>
        id is not { } value ? null
        : kind is not null && PrefixOfKind.TryGetValue(kind, out var prefix) ? IdText.Format(prefix, value)
        : value.ToString();

    public static string? Actor(ActorKind kind, Guid? id) =>
        kind switch
        {
            ActorKind.User => IdText.Format(IdText.User, id),
            ActorKind.ServiceAccount => IdText.Format(IdText.ServiceAccount, id),
            ActorKind.Agent => IdText.Format(IdText.Agent, id),
            _ => id?.ToString(),
        };

    /// <summary>Reads an id with any prefix of the vocabulary.</summary>
    public static bool TryParseId(string text, out Guid id)
    {
        var end = text.IndexOf('_', StringComparison.Ordinal);
        id = default;
        return end > 0 && IdText.Prefixes.Contains(text[..end]) && IdText.TryParse(text[..end], text, out id);
    }
}

/// <summary>Records as pages, API and exports show them.</summary>
internal static class TrailBodies
{
    public static TrailBody Of(TrailRecord record, AccessSnapshot access) =>
        new()
        {
            Id = IdText.Format(IdText.Trail, record.Id),
            Seq = record.Seq,
            At = record.At,
            ActorKind = KebabCase.Of(record.ActorKind),
            ActorId = TrailNames.Actor(record.ActorKind, record.ActorId),
            ActorLabel = record.ActorLabel,
            AuthMethod = KebabCase.Of(record.AuthMethod),
            Address = record.Address,
            Action = record.Action,
            TargetKind = record.TargetKind,
            TargetId = TrailNames.Target(record.TargetKind, record.TargetId),
            TargetLabel = record.TargetLabel,
            Team =
                record.TeamId is not { } team ? null
                : access.Teams.TryGetValue(team, out var card) ? card.Slug
                : IdText.Format(IdText.Team, team),
            Before = Json(record.Before),
            After = Json(record.After),
            Reason = record.Reason,
            CorrelationId = record.CorrelationId,
            Erased =
            [
                .. Enumerable.Range(0, TrailRecord.ErasableNames.Count).Where(record.IsErased).Select(i => TrailRecord.ErasableNames[i]),
            ],
            Outcome = KebabCase.Of(record.Outcome),
            PrevHash = Convert.ToHexStringLower(record.PrevHash),
            Hash = Convert.ToHexStringLower(record.Hash),
        };

    // A record that was tampered with is still shown; that it is bad the verifier says.
    private static JsonElement? Json(string? text)
    {
        if (text is null)
            return null;
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
