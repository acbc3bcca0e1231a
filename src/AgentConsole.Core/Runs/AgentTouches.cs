using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>
/// What ingest learned of agents and has not written yet. While further reports wait, an agent that was written less than a second ago is left for a
/// later group: its row and the indexes over it would otherwise be rewritten with each of thousands of reports a second. When nothing waits, nothing
/// is left. Used by ingest's one loop.
/// </summary>
internal sealed class AgentTouches(IdSource ids)
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private readonly Dictionary<Guid, DateTimeOffset> _writtenAt = [];
    private Dictionary<Guid, AgentTouch> _waiting = [];
    private Dictionary<Guid, AgentTouch>? _before;

    /// <param name="more">Further reports wait, so that another group follows at once.</param>
    /// <returns>What this group must write.</returns>
    public List<AgentTouch> Take(List<RunJob> group, DateTimeOffset now, bool more)
    {
        _before = _waiting.Count == 0 ? null : new Dictionary<Guid, AgentTouch>(_waiting);
        foreach (var job in group)
            Note(job, now);
        var due = new List<AgentTouch>();
        foreach (var (agent, touch) in _waiting)
        {
            if (!more || !_writtenAt.TryGetValue(agent, out var last) || now - last >= Rest)
                due.Add(touch);
        }
        foreach (var touch in due)
            _waiting.Remove(touch.Agent.Id);
        return due;
    }

    /// <summary>The group is on disk.</summary>
    public void Keep(List<AgentTouch> written)
    {
        if (_writtenAt.Count > MostRemembered)
            _writtenAt.Clear();
        foreach (var touch in written)
            _writtenAt[touch.Agent.Id] = touch.At;
    }

    /// <summary>The group is not on disk: what earlier groups left is still to be written, what this one brought never happened.</summary>
    public void GiveBack() => _waiting = _before ?? [];

    private void Note(RunJob job, DateTimeOffset now)
    {
        if (job.Refusal is not null || !job.ShowsLife)
            return;
        var last = job is EventsJob || job.Changed.Count == 0 ? null : job.Changed[^1];
        var known = _waiting.GetValueOrDefault(job.Agent.Id);
        _waiting[job.Agent.Id] = new AgentTouch(
            job.Agent,
            now,
            last?.Id ?? known?.LastRunId,
            last?.Status ?? known?.LastRunStatus,
            last?.Version ?? known?.SeenVersion,
            known?.ChangeId ?? ids.Next()
        );
    }
}
