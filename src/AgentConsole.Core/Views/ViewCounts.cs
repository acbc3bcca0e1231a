using System.Collections.Concurrent;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Views;

/// <summary>How many rows a view shows, for the navigation: asked for by every open page, so one answer serves all who see the same for a few seconds.</summary>
public sealed class ViewCounts(FacetService facets, KeyLists keys, RunService runs, AccessDirectory access, TimeProvider clock)
{
    /// <summary>Runs are counted no further than this.</summary>
    public const int MostRuns = 1000;

    private const int Kept = 2000;

    /// <summary>For how long a count is given again.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<Question, (Task<int> Count, DateTimeOffset At)> _counted = new();

    /// <returns>The count, and when it began: a change after that may not be in it, and is once <see cref="Fresh"/> is over.</returns>
    public async Task<(int Count, DateTimeOffset At)> CountAsync(Actor by, ViewBody view)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        Array.Sort(scope.Ids);
        var question = new Question(
            by.OrganizationId,
            scope.All ? "*" : string.Join(',', scope.Ids),
            access.Current.Version,
            KebabCase.Parse<ViewPage>(view.Page),
            view.Query
        );
        var now = clock.GetUtcNow();
        if (_counted.TryGetValue(question, out var known) && now - known.At < Fresh && !known.Count.IsFaulted)
            return (await known.Count, known.At);
        if (_counted.Count > Kept)
            _counted.Clear();
        // Others may wait for it too: it does not end with the page that asked first.
        var count = ReadAsync(by, question.Page, view.Query);
        _counted[question] = (count, now);
        return (await count, now);
    }

    private async Task<int> ReadAsync(Actor by, ViewPage page, string query)
    {
        var members = QueryText.Read(query);
        var errors = new FieldErrors();
        string? Value(string name) => members.GetValueOrDefault(name);
        return page switch
        {
            ViewPage.Fleet => (await facets.CountAsync(by, AgentFilter.Parse(Value, errors), CancellationToken.None)).Total,
            ViewPage.Keys => (await keys.WindowAsync(by, KeyFilter.Parse(Value, errors), 0, 1, CancellationToken.None)).Total,
            _ => await runs.CountAsync(by, RunFilter.Parse(Value, errors), MostRuns, CancellationToken.None),
        };
    }

    private readonly record struct Question(Guid Organization, string Scope, long Rights, ViewPage Page, string Query);
}
