using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Components.Submissions;

/// <summary>
/// Writes that pages ask for, each at most once per key of its <see cref="Submission"/>: the machinery of <c>Idempotency-Key</c>, with the browser's
/// key in the header's place. The stored answer can be opened with that key only. One per circuit.
/// </summary>
public sealed class SubmitOnce
{
    private const int Remembered = 8;
    private readonly Retries _retries;
    private readonly Queue<string> _confirmed = new();

    internal SubmitOnce(Retries retries) => _retries = retries;

    /// <summary>The keys whose result the page has; the browser drops their drafts.</summary>
    public IReadOnlyCollection<string> Confirmed => _confirmed;

    public event Action? Changed;

    private static readonly Problem Before = new(
        ProblemKind.Conflict,
        "submitted_before",
        "You sent this form before, with other values, and that was carried out although its answer did not reach you. Look at the result first; send again to add what stands here now."
    );

    /// <summary>Does the write, or gives the result that it had when the same key was used before.</summary>
    /// <param name="body">What is asked for; the same key with another body is refused once and then counts as a new form.</param>
    /// <param name="keep">The browser keeps its key after the result, to ask for it once more with <see cref="FindAsync{T}(Submission, Actor, CancellationToken)"/>.</param>
    public async Task<Outcome<T>> RunAsync<T>(
        Submission submission,
        Actor by,
        object? body,
        Func<Actor, Task<Outcome<T>>> write,
        CancellationToken cancellationToken,
        bool keep = false
    )
        where T : notnull
    {
        if (submission.Key is not { } key)
            return await write(by);
        var retry = _retries.Of(by, submission.Name, key, JsonSerializer.SerializeToUtf8Bytes(body, ConsoleJson.Options));
        var again = _confirmed.Contains(key); // pressed twice before the browser heard of the first result
        var outcome = await FindAsync<T>(by, retry, again, cancellationToken) ?? await write(by with { Retry = retry.Ticket });
        if (outcome.Problem is { Kind: ProblemKind.Conflict } && await FindAsync<T>(by, retry, again, cancellationToken) is { } twin)
            outcome = twin; // the first press was still under way
        if (outcome.Problem is null && !keep)
            Confirm(key);
        else if (outcome.Problem == Before)
            submission.Spend();
        return outcome;
    }

    /// <summary>The result that this form had, whatever stood in it; null when its key opens none.</summary>
    public async Task<Outcome<T>?> FindAsync<T>(Submission submission, Actor by, CancellationToken cancellationToken)
        where T : notnull =>
        submission.Key is { } key
            ? await FindAsync<T>(
                by,
                _retries.Of(by, submission.Name, key, []),
                anyBody: true, // its key alone says which it is
                cancellationToken
            )
            : null;

    /// <summary>A result that was kept is needed no longer: the browser drops the key.</summary>
    public void Forget(Submission submission)
    {
        if (submission.Key is { } key)
            Confirm(key);
    }

    private async Task<Outcome<T>?> FindAsync<T>(Actor by, Retry retry, bool anyBody, CancellationToken cancellationToken)
        where T : notnull
    {
        if (await _retries.FindAsync(by, retry, cancellationToken, anyBody) is not { } found)
            return null;
        if (found.Problem is not null)
            return (Outcome<T>)Before;
        return found.Value.Body.Length == 0 ? default(T)! : JsonSerializer.Deserialize<T>(found.Value.Body, ConsoleJson.Options)!;
    }

    private void Confirm(string key)
    {
        if (_confirmed.Contains(key))
            return;
        _confirmed.Enqueue(key);
        if (_confirmed.Count > Remembered)
            _confirmed.Dequeue();
        Changed?.Invoke();
    }
}
