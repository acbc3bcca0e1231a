using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Keys;

/// <summary>Keys as the API and the pages show them.</summary>
public static class KeyBodies
{
    public static KeyBody Of(AgentKey key, string agentSlug, IEnumerable<KeyVersion> versions) =>
        new()
        {
            Id = IdText.Format(IdText.Key, key.Id),
            Agent = agentSlug,
            AgentId = IdText.Format(IdText.Agent, key.AgentId),
            Name = key.Name,
            CreatedAt = key.CreatedAt,
            SelfRotation = key.SelfRotation,
            Versions = [.. versions.OrderByDescending(v => v.Number).Select(Of)],
        };

    public static KeyListRow Of(KeyRow row) =>
        new()
        {
            KeyId = IdText.Format(IdText.Key, row.KeyId),
            KeyVersion = row.Number,
            Name = row.KeyName,
            Agent = row.AgentSlug,
            AgentId = IdText.Format(IdText.Agent, row.AgentId),
            State = KebabCase.Of(row.State),
            Prefix = row.Prefix,
            Last4 = row.Last4,
            CreatedAt = row.CreatedAt,
            ExpiresAt = row.ExpiresAt,
            FirstUsedAt = row.FirstUsedAt,
            LastUsedAt = row.LastUsedAt,
            LastUsedAddress = row.LastUsedAddress,
            LastUsedUserAgent = row.LastUsedUserAgent,
            LastUsedRoute = row.LastUsedRoute,
            LeakReportedAt = row.LeakReportedAt,
            DueAt = row.DueAt,
        };

    private static KeyVersionBody Of(KeyVersion version) =>
        new()
        {
            Id = IdText.Format(IdText.KeyVersion, version.Id),
            Number = version.Number,
            State = KebabCase.Of(version.State),
            Prefix = version.Prefix,
            Last4 = version.Last4,
            CreatedAt = version.CreatedAt,
            ExpiresAt = version.ExpiresAt,
            FirstUsedAt = version.FirstUsedAt,
            LastUsedAt = version.LastUsedAt,
            LastUsedAddress = version.LastUsedAddress,
            LastUsedUserAgent = version.LastUsedUserAgent,
            LastUsedRoute = version.LastUsedRoute,
            LeakReported = version.LeakReportedAt is not null,
            Reason = version.Reason,
        };
}
