using System.Collections.Concurrent;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Trail;

/// <summary>
/// Puts refusals of known principals on the trail: one record per actor, act and code in each flush, with their number, so that repeating a refused
/// call cannot fill the disk.
/// </summary>
public sealed class RefusalRecorder(ConsoleStore store, TimeProvider clock, ILogger<RefusalRecorder> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log)
{
    private const int MostWaiting = 1000;

    private readonly ConcurrentDictionary<(Guid? Actor, string Act, string Code), (Actor By, Problem Problem, int Count)> _waiting = new();

    /// <param name="act">What was tried, as the door calls it: method and route, or a page's act. Never a value from the request.</param>
    public void Note(Actor by, string act, Problem problem)
    {
        if (_waiting.Count < MostWaiting)
            _waiting.AddOrUpdate((by.Id, act, problem.Code), (by, problem, 1), (_, known) => (known.By, known.Problem, known.Count + 1));
    }

    protected override bool StepsOnStop => true;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_waiting.IsEmpty)
            return;
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var key in _waiting.Keys)
        {
            if (_waiting.TryRemove(key, out var refused))
            {
                write.Trail(
                    refused.By,
                    "access.refused",
                    new TrailTarget("door", null, key.Act),
                    after: new { code = refused.Problem.Code, count = refused.Count },
                    reason: refused.Problem.Detail,
                    outcome: TrailOutcome.Refused
                );
            }
        }
        await write.TryCommitAsync(cancellationToken);
    }
}
