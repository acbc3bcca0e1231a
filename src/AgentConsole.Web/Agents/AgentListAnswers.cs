using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Agents;

/// <summary>
/// Answers of the list of agents as bytes, kept per query and set of visible teams for as long as neither agents nor rights change. The versions are
/// read before the rows: an answer is never kept under a newer version than its rows have.
/// </summary>
internal sealed class AgentListAnswers(AgentLists lists, AgentDirectory directory, AccessDirectory access)
{
    private const int MostAnswers = 500;
    private const long MostBytes = 32 << 20;
    private readonly ConcurrentDictionary<Question, Kept> _kept = new();
    private long _bytes;

    public async Task WriteAsync(HttpContext context)
    {
        var actor = CurrentActor.Of(context).Value;
        var question = new Question(actor.OrganizationId, ScopeOf(actor), context.Request.QueryString.Value ?? "");
        var data = directory.DataVersion(actor.OrganizationId);
        var rights = access.Current.Version;
        if (!_kept.TryGetValue(question, out var answer) || answer.Data != data || answer.Rights != rights)
        {
            var made = await MakeAsync(context, actor, data, rights);
            if (made.Problem is { } problem)
            {
                await ProblemHttp.WriteAsync(context, problem);
                return;
            }
            answer = made.Value;
            Keep(question, answer);
        }
        var response = context.Response;
        response.Headers.ETag = answer.ETag;
        response.Headers.CacheControl = "private, no-cache";
        if (context.Request.Headers.IfNoneMatch.Contains(answer.ETag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private async Task<Outcome<Kept>> MakeAsync(HttpContext context, Actor actor, long data, long rights)
    {
        var query = new ListQuery(context);
        var filter = AgentFilter.Parse(name => query[name], query.Errors);
        var page = query.Page;
        if (query.Errors.ToProblem() is { } invalid)
            return invalid;
        var listed = await lists.ListAsync(actor, filter, page, context.RequestAborted);
        if (!listed.Try(out var rows, out var problem))
            return problem;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Page<AgentBody>(rows.Items, rows.NextCursor is not null, rows.NextCursor),
            ConsoleJson.Options
        );
        return new Kept(data, rights, body, $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12))}\"");
    }

    private void Keep(Question question, Kept answer)
    {
        // Emptied as a whole when full: what is asked for is back after one query each.
        if (Interlocked.Add(ref _bytes, answer.Body.Length) > MostBytes || _kept.Count >= MostAnswers)
        {
            _kept.Clear();
            Interlocked.Exchange(ref _bytes, answer.Body.Length);
        }
        _kept[question] = answer;
    }

    private static string ScopeOf(Actor actor)
    {
        if (actor.AgentId is { } own)
            return own.ToString();
        var teams = actor.TeamsWith(Permission.ReadFleet);
        if (teams.All)
            return "*";
        Array.Sort(teams.Ids);
        return string.Join(',', teams.Ids);
    }

    private readonly record struct Question(Guid Organization, string Scope, string Query);

    private sealed record Kept(long Data, long Rights, byte[] Body, string ETag);
}
