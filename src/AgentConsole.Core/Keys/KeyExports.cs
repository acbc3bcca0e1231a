using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Keys;

/// <summary>The list of keys, as it is filtered, as a file. No secret is in it: the store has none.</summary>
public sealed class KeyExports(KeyLists lists, ListExports exports)
{
    private static readonly ListSheet<KeyListRow> Sheet = new(
        "keys",
        [
            ("key_id", k => k.KeyId),
            ("key_version", k => k.KeyVersion.ToString(CultureInfo.InvariantCulture)),
            ("name", k => k.Name),
            ("agent", k => k.Agent),
            ("agent_id", k => k.AgentId),
            ("state", k => k.State),
            ("prefix", k => k.Prefix),
            ("last4", k => k.Last4),
            ("created_at", k => Time(k.CreatedAt)),
            ("expires_at", k => Time(k.ExpiresAt)),
            ("first_used_at", k => Time(k.FirstUsedAt)),
            ("last_used_at", k => Time(k.LastUsedAt)),
            ("last_used_address", k => k.LastUsedAddress),
            ("last_used_user_agent", k => k.LastUsedUserAgent),
            ("last_used_route", k => k.LastUsedRoute),
            ("leak_reported_at", k => Time(k.LeakReportedAt)),
        ]
    );

    /// <summary>Puts on the trail that these keys were exported, and hands them out in the order of the filter.</summary>
    public async Task<Outcome<ListExport<KeyListRow>>> ExportAsync(
        Actor by,
        Outcome<KeyFilter> filter,
        ListFormat format,
        CancellationToken cancellationToken
    ) =>
        filter.Try(out var wanted, out var unreadable)
            ? await exports.GrantAsync(
                by,
                Sheet,
                wanted.ToQuery(),
                format,
                async (me, page, stop) => (await lists.ListAsync(me, wanted, page, stop)).Map(rows => rows.Map(KeyBodies.Of)),
                cancellationToken
            )
            : unreadable;

    private static string? Time(DateTimeOffset? at) => at is { } known ? ListExport<KeyListRow>.Time(known) : null;
}
