using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;

namespace AgentConsole.Testing.Crash;

/// <summary>
/// Does one kind of work over and over, each time another. It knows how far the present work was acknowledged and whether a further call is in doubt;
/// what stands on disk must lie between. After a restart it repeats the call that was in doubt, word for word.
/// </summary>
internal abstract class CrashWorker(string name)
{
    public string Name => name;

    /// <summary>Works that were acknowledged whole.</summary>
    protected int Done { get; private set; }

    /// <summary>Calls of the present work that were acknowledged.</summary>
    protected int Stage { get; private set; }
    private bool _sent;

    protected abstract int Stages { get; }

    public async Task RunAsync(CrashCalls calls, Func<bool> more)
    {
        do
        {
            _sent = true;
            await CallAsync(calls, Done, Stage);
            _sent = false;
            if (++Stage == Stages)
                (Done, Stage) = (Done + 1, 0);
        } while (more());
    }

    /// <summary>Compares what was acknowledged with what is on disk.</summary>
    public IEnumerable<string> Check(CrashSnapshot disk)
    {
        for (var i = 0; i <= Done; i++)
        {
            var (least, most) = i < Done ? (Stages, Stages) : (Stage, Stage + (_sent ? 1 : 0));
            var (level, fault) = Look(disk, i);
            if (fault is not null)
                yield return $"{name} {i}: {fault}";
            else if (level < least)
                yield return $"{name} {i}: {least} calls were acknowledged, {level} are on disk";
            else if (level > most)
                yield return $"{name} {i}: {level} calls are on disk, {most} were sent";
        }
    }

    protected abstract Task CallAsync(CrashCalls calls, int work, int stage);

    /// <summary>How many calls of a work are on disk whole; a fault when one is there by half or twice.</summary>
    protected abstract (int Level, string? Fault) Look(CrashSnapshot disk, int work);

    protected static (int, string?) Fault(string what) => (0, what);

    /// <summary>A finished run whose every figure follows from a number.</summary>
    protected static ReportRun Report(string? externalId, string? summary, int number) =>
        new()
        {
            ExternalId = externalId,
            Status = number % 5 == 0 ? "failed" : "completed",
            DurationMs = 100 + number,
            Version = "v" + (number % 3).ToString(CultureInfo.InvariantCulture),
            InputTokens = number,
            OutputTokens = number * 2,
            Cost = System.Text.Json.JsonSerializer.SerializeToElement(number * 0.001m),
            Summary = summary,
        };

    protected static bool Is(Run run, int number) =>
        run.Status == (number % 5 == 0 ? RunStatus.Failed : RunStatus.Completed)
        && run.DurationMs == 100 + number
        && run.InputTokens == number
        && run.OutputTokens == number * 2
        && run.CostMicros == number * 1000L;
}

/// <summary>Single reports with external ids.</summary>
internal sealed class ReportWorker(string name, Guid agent, string secret) : CrashWorker(name)
{
    protected override int Stages => 1;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage) =>
        await calls.SendAsync(HttpMethod.Post, "/api/v1/runs", secret, Report($"{Name}-{work}", null, work));

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var runs = disk.Runs[(agent, $"{Name}-{work}")].ToList();
        return runs.Count > 1 ? Fault("doubled")
            : runs is [var run] && !Is(run, work) ? Fault("not what was reported")
            : (runs.Count, null);
    }
}

/// <summary>Single reports without an external id, made repeatable by an Idempotency-Key.</summary>
internal sealed class KeyedWorker(string name, string secret) : CrashWorker(name)
{
    private string _first = "";

    protected override int Stages => 2;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage)
    {
        var marker = $"{Name}-{work}";
        var run = await calls.SendAsync(HttpMethod.Post, "/api/v1/runs", secret, Report(null, marker, work), marker);
        var id = run.GetProperty("id").GetString()!;
        if (stage == 1 && id != _first)
            throw new CrashFaultException($"{marker}: repeated, it was {id}; at first it was {_first}");
        _first = id;
    }

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var runs = disk.BySummary[$"{Name}-{work}"].ToList();
        if (runs.Count > 1)
            return Fault("doubled");
        if (runs is not [var run])
            return (0, null);
        // The repetition leaves nothing on disk that tells it from the first call.
        return Is(run, work) ? (Repeated(work) ? 2 : 1, null) : Fault("not what was reported");
    }

    private bool Repeated(int work) => work < Done;
}

/// <summary>Batches of 25 runs.</summary>
internal sealed class BatchWorker(string name, Guid agent, string secret) : CrashWorker(name)
{
    private const int Size = 25;

    protected override int Stages => 1;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage)
    {
        var answer = await calls.SendAsync(
            HttpMethod.Post,
            "/api/v1/runs/batch",
            secret,
            Enumerable.Range(work * Size, Size).Select(i => Report($"{Name}-{i}", null, i))
        );
        if (answer.GetProperty("failed").GetInt32() != 0)
            throw new CrashFaultException($"{Name} {work}: rows were refused: {answer}");
    }

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var found = 0;
        for (var i = work * Size; i < (work + 1) * Size; i++)
        {
            var runs = disk.Runs[(agent, $"{Name}-{i}")].ToList();
            if (runs.Count > 1)
                return Fault($"row {i} doubled");
            if (runs is [var run])
            {
                found++;
                if (!Is(run, i))
                    return Fault($"row {i} is not what was reported");
            }
        }
        return found is 0 or Size ? (found / Size, null) : Fault($"{found} of {Size} rows");
    }
}

/// <summary>A run that is opened, gets steps, and is finished by a change.</summary>
internal sealed class StoryWorker(string name, Guid agent, string secret) : CrashWorker(name)
{
    private const int Steps = 4;

    protected override int Stages => 3;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage)
    {
        var id = $"{Name}-{work}";
        await (
            stage switch
            {
                0 => calls.SendAsync(
                    HttpMethod.Post,
                    "/api/v1/runs",
                    secret,
                    new ReportRun
                    {
                        ExternalId = id,
                        Status = "running",
                        Version = "story",
                    }
                ),
                1 => calls.SendAsync(HttpMethod.Post, $"/api/v1/runs/{id}/events", secret, Enumerable.Range(0, Steps).Select(Step)),
                _ => calls.SendAsync(HttpMethod.Patch, $"/api/v1/runs/{id}", secret, Report(null, null, work)),
            }
        );
    }

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var runs = disk.Runs[(agent, $"{Name}-{work}")].ToList();
        if (runs.Count > 1)
            return Fault("doubled");
        if (runs is not [var run])
            return (0, null);
        var steps = disk.Events[run.Id].Count();
        if (run.EventCount != steps)
            return Fault($"counts {run.EventCount} steps and has {steps}");
        if (steps is not (0 or Steps))
            return Fault($"{steps} of {Steps} steps");
        if (run.Status == RunStatus.Running)
            return run.InputTokens is null ? (steps == 0 ? 1 : 2, null) : Fault("changed by half");
        return steps == Steps && Is(run, work) ? (3, null) : Fault("not what was reported");
    }

    private static ReportEvent Step(int number) =>
        new()
        {
            Kind = number == 0 ? "decision" : "tool-call",
            ExternalId = "step-" + number.ToString(CultureInfo.InvariantCulture),
            Name = "tool",
            Decision = number == 0 ? "blocked" : null,
            DurationMs = number,
        };
}

/// <summary>Registrations with a first key, made repeatable by an Idempotency-Key.</summary>
internal sealed class RegistrationWorker(string name, string token) : CrashWorker(name)
{
    private readonly Dictionary<int, string> _ids = [];

    protected override int Stages => 1;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage)
    {
        var slug = $"{Name}-{work}";
        var agent = await calls.SendAsync(
            HttpMethod.Post,
            "/api/v1/agents",
            token,
            new RegisterAgent
            {
                Slug = slug,
                Team = "payments",
                Key = true,
            },
            slug
        );
        _ids[work] = agent.GetProperty("id").GetString()!;
    }

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var agents = disk.Agents[$"{Name}-{work}"].ToList();
        if (agents.Count > 1)
            return Fault("doubled");
        if (agents is not [var agent])
            return (0, null);
        if (_ids.TryGetValue(work, out var id) && id != IdText.Format(IdText.Agent, agent.Id))
            return Fault($"answered as {id}, stored as {agent.Id}");
        return disk.FaultOf(agent) is { } fault ? Fault(fault) : (1, null);
    }
}

/// <summary>Bulk registrations: each all or nothing.</summary>
internal sealed class BulkWorker(string name, string token) : CrashWorker(name)
{
    private const int Size = 20;

    protected override int Stages => 1;

    protected override async Task CallAsync(CrashCalls calls, int work, int stage) =>
        await calls.SendAsync(
            HttpMethod.Post,
            "/api/v1/agents/bulk",
            token,
            Slugs(work).Select(slug => new RegisterAgent { Slug = slug, Team = "payments" }),
            $"{Name}-{work}"
        );

    protected override (int Level, string? Fault) Look(CrashSnapshot disk, int work)
    {
        var found = Slugs(work).SelectMany(slug => disk.Agents[slug]).ToList();
        if (found.Select(disk.FaultOf).FirstOrDefault(f => f is not null) is { } fault)
            return Fault(fault);
        return found.Count is 0 or Size ? (found.Count / Size, null) : Fault($"{found.Count} of {Size} agents");
    }

    private IEnumerable<string> Slugs(int work) => Enumerable.Range(0, Size).Select(i => $"{Name}-{work}-{i}");
}
