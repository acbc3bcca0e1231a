using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Agents;

/// <summary>The fleet, as it is filtered, as a file.</summary>
public sealed class AgentExports(AgentLists lists, ListExports exports)
{
    private static readonly ListSheet<AgentBody> Sheet = new(
        "agents",
        [
            ("id", a => a.Id),
            ("slug", a => a.Slug),
            ("display_name", a => a.DisplayName),
            ("description", a => a.Description),
            ("team", a => a.Team.Slug),
            ("owner", a => a.Owner?.Email),
            ("environment", a => a.Environment),
            ("tags", a => string.Join(", ", a.Tags)),
            ("lifecycle", a => a.Lifecycle),
            ("liveness", a => a.Liveness),
            ("health", a => a.Health),
            ("health_reason", a => a.HealthReason),
            ("last_seen_at", a => Time(a.LastSeenAt)),
            ("last_run_id", a => a.LastRunId),
            ("last_run_at", a => Time(a.LastRunAt)),
            ("version", a => a.Version),
            ("seen_version", a => a.SeenVersion),
            ("lease_seconds", a => a.LeaseSeconds.ToString(CultureInfo.InvariantCulture)),
            ("grace_seconds", a => a.GraceSeconds.ToString(CultureInfo.InvariantCulture)),
            ("created_at", a => Time(a.CreatedAt)),
            ("updated_at", a => Time(a.UpdatedAt)),
            ("deleted_at", a => Time(a.DeletedAt)),
        ]
    );

    /// <summary>Puts on the trail that these agents were exported, and hands them out in the order of the filter.</summary>
    public async Task<Outcome<ListExport<AgentBody>>> ExportAsync(
        Actor by,
        Outcome<AgentFilter> filter,
        ListFormat format,
        CancellationToken cancellationToken
    ) =>
        filter.Try(out var wanted, out var unreadable)
            ? await exports.GrantAsync(
                by,
                Sheet,
                wanted.ToQuery(),
                format,
                (me, page, stop) => lists.ListAsync(me, wanted, page, stop),
                cancellationToken
            )
            : unreadable;

    private static string? Time(DateTimeOffset? at) => at is { } known ? ListExport<AgentBody>.Time(known) : null;
}
