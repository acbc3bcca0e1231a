using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Routes;

/// <summary>Routes as bytes, with their tag: the same for everybody who sees the same and asks for the same, and for as long as it stays so.</summary>
public sealed record RouteAnswer(RouteTable Table, ReadOnlyMemory<byte> Body, string ETag)
{
    /// <param name="ifNoneMatch">The header as it came; null when it did not.</param>
    public bool IsKnownBy(string? ifNoneMatch) =>
        ifNoneMatch is not null && (ifNoneMatch == "*" || ifNoneMatch.Contains(ETag, StringComparison.Ordinal));
}

/// <summary>What gateways and agents read of how traffic should be split.</summary>
public sealed class RouteService(RouteBook book, RoutePolls polls, TimeProvider clock)
{
    /// <summary>Longest time that a call is held.</summary>
    public const int LongestSeconds = 60;

    private const int MostAnswers = 2000;
    private const long MostBytes = 32 << 20;

    /// <summary>How soon a call that is held ends after its credential did.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(15);
    private static readonly Problem Stopping = Problem.Unavailable("stopping", "The console is stopping. Ask again in a few seconds.", 5);

    private readonly ConcurrentDictionary<Question, RouteAnswer> _kept = new();
    private long _bytes;

    /// <summary>As it is now. While nothing changes, it is made once for all who see the same.</summary>
    public ValueTask<RouteAnswer> AnswerAsync(Actor by, RouteFilter filter, CancellationToken cancellationToken) =>
        book.Fresh(by.OrganizationId) is { } table ? ValueTask.FromResult(Of(by, filter, table)) : ReadAsync(by, filter, cancellationToken);

    /// <summary>As soon as it is another than the caller knows, and as it is when the time is over.</summary>
    /// <param name="ifNoneMatch">What the caller knows.</param>
    /// <param name="seconds">1 to <see cref="LongestSeconds"/>.</param>
    /// <param name="now">Who it is at any later moment; the call ends with its credential.</param>
    /// <param name="stopping">The console stops.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public async Task<Outcome<RouteAnswer>> WaitAsync(
        Actor by,
        RouteFilter filter,
        string ifNoneMatch,
        int seconds,
        Func<Outcome<Actor>> now,
        CancellationToken stopping,
        CancellationToken cancellationToken
    )
    {
        var organization = by.OrganizationId;
        if (polls.Enter(by) is { } full)
            return full;
        var credential = by.CredentialId;
        book.Watch(organization);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
            var until = clock.GetUtcNow().AddSeconds(seconds);
            while (true)
            {
                var changed = book.NextChange(organization); // taken before the look, so that nothing falls in between
                var answer = await AnswerAsync(by, filter, cancellationToken);
                var left = until - clock.GetUtcNow();
                if (left <= TimeSpan.Zero || !answer.IsKnownBy(ifNoneMatch))
                    return answer;
                await changed
                    .WaitAsync(left < LookEvery ? left : LookEvery, clock, either.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (stopping.IsCancellationRequested)
                    return Stopping;
                if (!now().Try(out var still, out var ended))
                    return ended;
                by = still;
            }
        }
        finally
        {
            book.Unwatch(organization);
            polls.Leave(credential);
        }
    }

    /// <summary>The routes of one agent, for a page; none when the actor does not see it.</summary>
    public async Task<IReadOnlyList<RouteBody>> OfAgentAsync(Actor by, Guid agentId, CancellationToken cancellationToken)
    {
        var table = await book.OfAsync(by.OrganizationId, cancellationToken);
        return [.. new RouteFilter(Agent: IdText.Format(IdText.Agent, agentId)).Apply(table, by).Select(Body)];
    }

    private async ValueTask<RouteAnswer> ReadAsync(Actor by, RouteFilter filter, CancellationToken cancellationToken) =>
        Of(by, filter, await book.OfAsync(by.OrganizationId, cancellationToken));

    private RouteAnswer Of(Actor by, RouteFilter filter, RouteTable table)
    {
        var question = new Question(by.OrganizationId, ScopeOf(by), filter);
        if (_kept.TryGetValue(question, out var kept) && ReferenceEquals(kept.Table, table))
            return kept;
        var body = JsonSerializer.SerializeToUtf8Bytes(new RoutesBody([.. filter.Apply(table, by).Select(Body)]), ConsoleJson.Options);
        var answer = new RouteAnswer(table, body, $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"");
        Keep(question, kept, answer);
        return answer;
    }

    private void Keep(Question question, RouteAnswer? before, RouteAnswer answer)
    {
        // Emptied as a whole when full: what is asked for is back after one making each.
        if (
            Interlocked.Add(ref _bytes, answer.Body.Length - (before?.Body.Length ?? 0)) > MostBytes
            || (before is null && _kept.Count >= MostAnswers)
        )
        {
            _kept.Clear();
            Interlocked.Exchange(ref _bytes, answer.Body.Length);
        }
        _kept[question] = answer;
    }

    private static RouteBody Body(Route route) =>
        new()
        {
            Agent = route.Agent,
            AgentId = IdText.Format(IdText.Agent, route.AgentId),
            Team = route.Team,
            Environment = route.Environment.Length == 0 ? null : route.Environment,
            Paused = route.Paused,
            Gateways = [.. route.Gateways.Select(g => new RouteGatewayBody(g.Name, g.InRouting))],
            Split =
            [
                .. route.Split.Select(s => new RouteShareBody(
                    s.Version,
                    KebabCase.Of(s.Status),
                    s.Percent,
                    IdText.Format(IdText.Snapshot, s.SnapshotId),
                    s.Digest
                )),
            ],
        };

    private static string ScopeOf(Actor by)
    {
        if (by.AgentId is { } own)
            return own.ToString();
        var teams = by.TeamsWith(Permission.ReadFleet);
        if (teams.All)
            return "*";
        Array.Sort(teams.Ids);
        return string.Join(',', teams.Ids);
    }

    private readonly record struct Question(Guid Organization, string Scope, RouteFilter Filter);
}
