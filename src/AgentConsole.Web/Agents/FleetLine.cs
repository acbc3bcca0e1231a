using System.Net;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>One row of the fleet in one circuit: what was read, and what live events told since.</summary>
public sealed class FleetLine(AgentRow row, AccessSnapshot access)
{
    private AgentRow _row = row;

    /// <summary>Raised on the circuit's own thread when something that is shown became another.</summary>
    public event Action? Changed;

    public AgentRow Row => _row;

    public string? LastRun => IdText.Format(IdText.Run, _row.LastRunId);

    /// <summary>A deleted agent's slug may be another's by now.</summary>
    public string Url => ConsoleUrls.Agent(_row.Lifecycle == Lifecycle.Deleted ? IdText.Format(IdText.Agent, _row.Id) : _row.Slug);

    /// <summary>Team and owner, under the name.</summary>
    public MarkupString Who { get; private set; } = WhoOf(row, access);

    public MarkupString Version =>
        new(
            WebUtility.HtmlEncode(_row.Version ?? _row.SeenVersion ?? Words.Unknown)
                + (
                    _row.Version is not null && _row.SeenVersion is { } seen && seen != _row.Version
                        ? $"<span class=\"who\">seen {WebUtility.HtmlEncode(seen)}</span>"
                        : ""
                )
        );

    /// <summary>Runs per hour of the last day; nothing until it is known.</summary>
    public MarkupString Bars { get; private set; }

    public MarkupString Total { get; private set; }

    public MarkupString Errors { get; private set; }

    /// <summary>The last day's figures; null when it had no run.</summary>
    public void Know(RunSeries? day)
    {
        var failed = day?.Failed.Sum() ?? 0;
        Bars = day is { Total: > 0 } ? FleetBars.Draw(day) : new MarkupString("<span class=\"x3 sm\">No runs</span>");
        Total = new MarkupString(Words.Count(day?.Total ?? 0));
        var tone =
            failed == 0
                ? "x3"
                : _row.Health switch
                {
                    Health.Failing => "bad",
                    Health.Degraded => "wrn",
                    _ => "x2",
                };
        Errors = new MarkupString(
            $"<span class=\"{tone}\">{(day is { Total: > 0 } ? Words.Percent((double)failed / day.Total) : Words.Unknown)}</span>"
        );
        Changed?.Invoke();
    }

    public void Replace(AgentRow row, AccessSnapshot access)
    {
        var who = WhoOf(row, access);
        if (row == _row && who.Value == Who.Value)
            return;
        (_row, Who) = (row, who);
        Changed?.Invoke();
    }

    /// <summary>A run was told. True when the row must be read again, because the agent came back to life.</summary>
    public bool HearRun(Guid runId, string? status, DateTimeOffset now)
    {
        var newest =
            _row.LastRunId is not { } known
            || string.CompareOrdinal(IdText.Format(IdText.Run, runId), IdText.Format(IdText.Run, known)) >= 0;
        _row = newest
            ? _row with
            {
                LastRunId = runId,
                LastRunAt = _row.LastRunId == runId ? _row.LastRunAt : now,
                LastRunStatus = status ?? _row.LastRunStatus,
                LastSeenAt = now,
            }
            : _row with
            {
                LastSeenAt = now,
            };
        Changed?.Invoke();
        return _row.Liveness != Core.Agents.Liveness.Live || _row.Lifecycle == Lifecycle.Registered;
    }

    public MarkupString Liveness(DateTimeOffset now) =>
        Status.Liveness(
            KebabCase.Of(_row.Liveness),
            _row.LastSeenAt is { } seen ? Words.Time(seen, now) : null,
            _row.Lifecycle == Lifecycle.Paused,
            AgentWords.WhyLiveness(_row.Liveness, _row.LastSeenAt, _row.LeaseSeconds, _row.GraceSeconds, now)
        );

    public MarkupString RunCell(DateTimeOffset now) =>
        _row.LastRunAt is { } at
            ? Status.Run(_row.LastRunStatus ?? "completed", Words.Time(at, now))
            : new MarkupString("<span class=\"x3 sm\">No runs</span>");

    private static MarkupString WhoOf(AgentRow row, AccessSnapshot access)
    {
        var team = access.Teams.GetValueOrDefault(row.TeamId)?.Name ?? "";
        var owner = row.OwnerId is { } id ? access.Principals.GetValueOrDefault(id)?.DisplayName : null;
        return new MarkupString(
            $"{WebUtility.HtmlEncode(team)} · {(owner is null ? "<span class=\"wrn\">No owner</span>" : WebUtility.HtmlEncode(owner))}"
        );
    }
}
