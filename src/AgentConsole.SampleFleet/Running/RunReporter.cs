using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>One run from start to end: told to the console when it starts, step by step, and when it ends, whatever happens in between.</summary>
public sealed class RunReporter(FleetClient console, RunLedger ledger, TimeProvider clock, TimeSpan pace)
{
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(5);
    private int _number;

    /// <summary>As below, in the usual version.</summary>
    public Task<RunBody> RunAsync(FleetAgent agent, CancellationToken stopping) => RunAsync(agent, Roster.Version, stopping);

    /// <returns>The run as the console acknowledged it at the end.</returns>
    /// <exception cref="ConsoleRefusal">The console does not take the report.</exception>
    /// <exception cref="HttpRequestException">The console cannot be reached.</exception>
    public async Task<RunBody> RunAsync(FleetAgent agent, string version, CancellationToken stopping)
    {
        var passport = agent.Passport;
        var startedAt = clock.GetUtcNow();
        var began = clock.GetTimestamp();
        var id = string.Create(CultureInfo.InvariantCulture, $"{passport.Slug}-{startedAt:yyyyMMdd'T'HHmmssfff}-{++_number}");
        await console.ReportRunAsync(
            new ReportRun
            {
                ExternalId = id,
                Status = "running",
                StartedAt = startedAt,
                Version = version,
            },
            stopping
        );
        var work = new Work(new Steps(console, id), clock, pace, version);
        Finding finding;
        await using (var order = new CancelOrder(console, id, clock, stopping))
            finding = await WorkAsync(agent, work, order, stopping);

        // A run that was begun is ended even while the fleet stops: it has a moment for its last word.
        using var lastWord = new CancellationTokenSource(LastWord, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(lastWord.Token);
        var token = stopping.IsCancellationRequested ? end.Token : stopping;
        await work.FlushAsync(token);
        var run = await console.ReportRunAsync(
            new ReportRun
            {
                ExternalId = id,
                Status = finding.Status,
                StartedAt = startedAt,
                EndedAt = clock.GetUtcNow(),
                DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
                Version = version,
                InputTokens = work.WordsRead > 0 ? work.WordsRead : null,
                Summary = Work.Clip(finding.Summary, 500),
                Error = finding.Error is null ? null : Work.Clip(finding.Error, 2000),
                ErrorCode = finding.ErrorCode,
                Metadata = Work.Element(
                    new { figures = finding.Figures, input_tokens_are = work.WordsRead > 0 ? "words of text read" : null }
                ),
            },
            token
        );
        ledger.Append(new LedgerRow(id, passport.Slug, finding.Status, startedAt, work.StepsSent));
        return run;
    }

    private async Task<Finding> WorkAsync(FleetAgent agent, Work work, CancelOrder order, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(agent.Passport.Limit, clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, order.Token, stopping);
        try
        {
            return await agent.WorkAsync(work, any.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Finding.Cancelled("The fleet was stopped while this run was at work.");
        }
        catch (OperationCanceledException) when (order.Token.IsCancellationRequested)
        {
            return Finding.Cancelled(order.Reason is { } why ? $"Stopped as asked: {why}" : "Stopped as asked.");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            var seconds = agent.Passport.Limit.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            return Finding.TimedOut("run_limit", $"Not done after {seconds} s.", $"Gave up after {seconds} s.");
        }
        catch (Exception e) when (e is not ConsoleRefusal)
        {
            work.Say("error", e.ToString());
            return Finding.Failed("fault", $"{e.GetType().Name}: {e.Message}", "Something failed that this agent did not expect.");
        }
    }

    private sealed class Steps(FleetClient console, string run) : IStepSink
    {
        public Task SendAsync(IReadOnlyList<ReportEvent> steps, CancellationToken cancellationToken) =>
            console.ReportEventsAsync(run, steps, cancellationToken);
    }
}
