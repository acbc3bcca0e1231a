using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>What a report does to a run.</summary>
internal enum RunMove
{
    Created,
    Updated,

    /// <summary>A late report of an open status on a finished run: answered, and nothing changes.</summary>
    Nothing,
}

/// <summary>The states of a run and the moves between them. Pure: the caller looks up and writes.</summary>
internal static class RunMachine
{
    public static Run Create(
        RunReport report,
        AgentCard agent,
        Guid id,
        Guid? keyVersionId,
        Guid? parent,
        DateTimeOffset now,
        TimeSpan lease
    )
    {
        var run = new Run
        {
            Id = id,
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            TeamId = agent.TeamId,
            ExternalId = report.ExternalId,
            ReceivedAt = now,
            UpdatedAt = now,
            KeyVersionId = keyVersionId,
            CaptureMode = KebabCase.Of(agent.CaptureMode),
            ParentRunId = parent,
        };
        Lay(run, report, report.Status!.Value, now, lease);
        return run;
    }

    /// <summary>Moves an existing run on, or says why not. The run is unchanged when the move is <see cref="RunMove.Nothing"/> or refused.</summary>
    public static Outcome<RunMove> Move(Run run, RunReport report, Guid? parent, DateTimeOffset now, TimeSpan lease)
    {
        var status = report.Status ?? run.Status;
        if (run.Status.IsTerminal() && run.Status != RunStatus.Lost)
        {
            if (!status.IsTerminal())
                return RunMove.Nothing;
            if (status != run.Status)
                return RunProblems.Finished(run.Status);
        }
        if (run.Status == RunStatus.Lost && status == RunStatus.Lost)
            status = RunStatus.Running; // something was heard, without a status: it is not lost
        if (run.Status == RunStatus.Lost)
        {
            run.FinishedAt = null;
            run.EndedAt = null;
            run.DurationMs = null;
        }
        run.ParentRunId = parent ?? run.ParentRunId;
        Lay(run, report, status, now, lease);
        return RunMove.Updated;
    }

    /// <summary>Nothing was heard within the lease.</summary>
    public static void Lose(Run run, DateTimeOffset now)
    {
        run.Status = RunStatus.Lost;
        run.FinishedAt = now;
        run.EndedAt = run.LeaseDeadline ?? now;
        run.DurationMs = null;
        run.LeaseDeadline = null;
        run.UpdatedAt = now;
    }

    private static void Lay(Run run, RunReport report, RunStatus status, DateTimeOffset now, TimeSpan lease)
    {
        run.Status = status;
        run.UpdatedAt = now;
        run.Version = report.Version ?? run.Version;
        run.Gateway = report.Gateway ?? run.Gateway;
        run.Model = report.Model ?? run.Model;
        run.InputTokens = report.InputTokens ?? run.InputTokens;
        run.OutputTokens = report.OutputTokens ?? run.OutputTokens;
        run.CostMicros = report.CostMicros ?? run.CostMicros;
        run.Summary = report.Summary ?? run.Summary;
        run.Error = report.Error ?? run.Error;
        run.ErrorCode = report.ErrorCode ?? run.ErrorCode;
        run.Metadata = report.Metadata ?? run.Metadata;
        run.StartedAt = Clamp(run, report.StartedAt, now) ?? run.StartedAt;
        run.EndedAt = Clamp(run, report.EndedAt, now) ?? run.EndedAt;
        run.DurationMs = report.DurationMs ?? (report.StartedAt is not null || report.EndedAt is not null ? null : run.DurationMs);
        if (!status.IsTerminal())
        {
            if (status != RunStatus.Queued)
                run.StartedAt ??= now;
            run.LeaseDeadline = now + lease;
            return;
        }
        run.LeaseDeadline = null;
        run.FinishedAt ??= now;
        if (run.EndedAt is null)
            run.EndedAt =
                run is { StartedAt: { } began, DurationMs: { } took } && began.AddMilliseconds(took) <= now + RunReader.Ahead
                    ? began.AddMilliseconds(took)
                    : run.FinishedAt;
        if (run.StartedAt is null && run.DurationMs is { } known)
            run.StartedAt = run.EndedAt.Value.AddMilliseconds(-known);
        if (run.DurationMs is null && run.StartedAt is { } start)
            run.DurationMs = Math.Clamp((long)(run.EndedAt.Value - start).TotalMilliseconds, 0, RunReader.MostDurationMs);
    }

    private static DateTimeOffset? Clamp(Run run, DateTimeOffset? reported, DateTimeOffset now)
    {
        if (reported is not { } at || at <= now + RunReader.Ahead)
            return reported;
        run.ClockSkewed = true;
        return now;
    }
}
