using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Prices;

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
        TimeSpan lease,
        PriceList prices
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
        Lay(run, report, report.Status!.Value, now, lease, prices);
        return run;
    }

    /// <summary>Moves an existing run on, or says why not. The run is unchanged when the move is <see cref="RunMove.Nothing"/> or refused.</summary>
    public static Outcome<RunMove> Move(Run run, RunReport report, Guid? parent, DateTimeOffset now, TimeSpan lease, PriceList prices)
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
        Lay(run, report, status, now, lease, prices);
        return RunMove.Updated;
    }

    /// <summary>Nothing was heard within the lease.</summary>
    public static void Lose(Run run, DateTimeOffset now, PriceList prices)
    {
        run.Status = RunStatus.Lost;
        run.FinishedAt = now;
        run.EndedAt = run.LeaseDeadline ?? now;
        run.DurationMs = null;
        run.LeaseDeadline = null;
        run.UpdatedAt = now;
        Price(run, prices);
    }

    /// <summary>Gives a finished run that reported no cost the cost of its tokens, by the price in effect when it ended.</summary>
    public static void Price(Run run, PriceList prices)
    {
        if (run.CostSource == CostSource.Reported)
            return;
        var hasTokens = run.InputTokens > 0 || run.OutputTokens > 0;
        run.CostMicros =
            hasTokens && run.Status.IsTerminal()
                ? prices.CostOf(run.Model, run.InputTokens, run.OutputTokens, run.EndedAt ?? run.ReceivedAt)
                : null;
        run.CostSource =
            run.CostMicros is not null ? CostSource.Computed
            : hasTokens && run.Status.IsTerminal() ? CostSource.Unpriced
            : null;
    }

    private static void Lay(Run run, RunReport report, RunStatus status, DateTimeOffset now, TimeSpan lease, PriceList prices)
    {
        var rated = (run.Model, run.InputTokens, run.OutputTokens, run.EndedAt, run.Status.IsTerminal(), run.CostSource);
        run.Status = status;
        run.UpdatedAt = now;
        run.Version = report.Version ?? run.Version;
        run.Gateway = report.Gateway ?? run.Gateway;
        run.Model = report.Model ?? run.Model;
        run.InputTokens = report.InputTokens ?? run.InputTokens;
        run.OutputTokens = report.OutputTokens ?? run.OutputTokens;
        // What a re-rating overruled on purpose stays overruled, however often it is sent; another figure is news.
        if (report.CostMicros is { } cost && cost != run.OverruledMicros)
            (run.CostMicros, run.CostSource, run.OverruledMicros) = (cost, CostSource.Reported, null);
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
            Price(run, prices);
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
        // What was rated once stays as it was rated, until it is re-rated on purpose or what it is made of changes.
        if (rated.CostSource is null || rated != (run.Model, run.InputTokens, run.OutputTokens, run.EndedAt, true, run.CostSource))
            Price(run, prices);
    }

    private static DateTimeOffset? Clamp(Run run, DateTimeOffset? reported, DateTimeOffset now)
    {
        if (reported is not { } at || at <= now + RunReader.Ahead)
            return reported;
        run.ClockSkewed = true;
        return now;
    }
}
