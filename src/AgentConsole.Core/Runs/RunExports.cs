using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Runs;

/// <summary>The run log, as it is filtered, as a file.</summary>
public sealed class RunExports(RunService runs, ListExports exports)
{
    private static readonly ListSheet<RunBody> Sheet = new(
        "runs",
        [
            ("id", r => r.Id),
            ("external_id", r => r.ExternalId),
            ("agent", r => r.Agent),
            ("agent_id", r => r.AgentId),
            ("team", r => r.Team),
            ("status", r => r.Status),
            ("started_at", r => Time(r.StartedAt)),
            ("ended_at", r => Time(r.EndedAt)),
            ("received_at", r => Time(r.ReceivedAt)),
            ("duration_ms", r => Number(r.DurationMs)),
            ("version", r => r.Version),
            ("gateway", r => r.Gateway),
            ("model", r => r.Model),
            ("input_tokens", r => Number(r.InputTokens)),
            ("output_tokens", r => Number(r.OutputTokens)),
            ("cost", r => r.Cost),
            ("cost_source", r => r.CostSource),
            ("summary", r => r.Summary),
            ("error", r => r.Error),
            ("error_code", r => r.ErrorCode),
            ("parent_run", r => r.ParentRun),
            ("key_version", r => r.KeyVersion),
            ("event_count", r => Number(r.EventCount)),
        ]
    );

    /// <summary>Puts on the trail that these runs were exported, and hands them out, newest first.</summary>
    public async Task<Outcome<ListExport<RunBody>>> ExportAsync(
        Actor by,
        Outcome<RunFilter> filter,
        ListFormat format,
        CancellationToken cancellationToken
    ) =>
        filter.Try(out var wanted, out var unreadable)
            ? await exports.GrantAsync(
                by,
                Sheet,
                wanted.ToQuery(),
                format,
                (me, page, stop) => runs.ListAsync(me, wanted, page, stop),
                cancellationToken
            )
            : unreadable;

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? at) => at is { } known ? ListExport<RunBody>.Time(known) : null;
}
