using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentConsole.Contracts;

namespace AgentConsole.SampleFleet.Client;

/// <summary>
/// The console's public API for one credential, which may change while calls are under way: a call that is refused is repeated once, if there is another key by
/// then. Every write it offers may be repeated (an external id or an <c>Idempotency-Key</c> makes it so), so that a lost answer is simply asked for again.
/// </summary>
public sealed class FleetClient(HttpClient http, KeyHolder key, TimeProvider clock)
{
    /// <summary>With a credential that does not change.</summary>
    public FleetClient(HttpClient http, string secret, TimeProvider clock)
        : this(http, new KeyHolder(secret), clock) { }

    private const int Attempts = 6;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>The API's dialect without fields that say nothing.</summary>
    public static JsonSerializerOptions Json { get; } =
        new(ConsoleJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>A connection to the console that credentials may share. Redirects are not followed: they would carry a secret elsewhere.</summary>
    public static HttpClient Connect(Uri console)
    {
        var http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }
        )
        {
            BaseAddress = console,
            Timeout = TimeSpan.FromSeconds(20),
        };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("agentconsole-sample-fleet", Roster.Version));
        // By this the console tells who has moved to a new key. It is the same after a restart: another name would be another caller, and this one missed.
        http.DefaultRequestHeaders.Add("X-AgentConsole-Instance", InstanceName(Environment.MachineName));
        return http;
    }

    public Task<WhoAmI> WhoAmIAsync(CancellationToken cancellationToken) =>
        SendAsync<WhoAmI>(HttpMethod.Get, "/api/v1/whoami", null, null, cancellationToken);

    /// <summary>Registers an agent and takes its first key. The same <paramref name="attempt"/> gets the same answer, key included, for 24 hours.</summary>
    public Task<AgentBody> RegisterAsync(RegisterAgent agent, string attempt, CancellationToken cancellationToken) =>
        SendAsync<AgentBody>(HttpMethod.Post, "/api/v1/agents", agent, attempt, cancellationToken);

    public Task<AgentBody> AgentAsync(string slug, CancellationToken cancellationToken) =>
        SendAsync<AgentBody>(HttpMethod.Get, "/api/v1/agents/" + Uri.EscapeDataString(slug), null, null, cancellationToken);

    public Task<KeyBody> MintKeyAsync(string slug, MintKey key, string attempt, CancellationToken cancellationToken) =>
        SendAsync<KeyBody>(HttpMethod.Post, $"/api/v1/agents/{Uri.EscapeDataString(slug)}/keys", key, attempt, cancellationToken);

    public Task<KeyVerdict> VerifyKeyAsync(string key, CancellationToken cancellationToken) =>
        SendAsync<KeyVerdict>(HttpMethod.Post, "/api/v1/keys/verify", new KeyProof { Key = key }, null, cancellationToken);

    public Task<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellationToken) =>
        SendAsync<HeartbeatAnswer>(HttpMethod.Post, "/api/v1/heartbeat", heartbeat, null, cancellationToken);

    /// <summary>Creates the run, or moves it on when its external id is known.</summary>
    public Task<RunBody> ReportRunAsync(ReportRun run, CancellationToken cancellationToken) =>
        SendAsync<RunBody>(HttpMethod.Post, "/api/v1/runs", run, null, cancellationToken);

    /// <summary>Appends steps; one whose external id is known already is not written twice.</summary>
    public Task<EventsAccepted> ReportEventsAsync(string run, IReadOnlyList<ReportEvent> events, CancellationToken cancellationToken) =>
        SendAsync<EventsAccepted>(HttpMethod.Post, $"/api/v1/runs/{Uri.EscapeDataString(run)}/events", events, null, cancellationToken);

    /// <summary>Runs of this agent that somebody asked to cancel, as far as they were not acknowledged; waits for the first.</summary>
    public Task<CancelNotices> CancellationsAsync(int waitSeconds, CancellationToken cancellationToken) =>
        SendAsync<CancelNotices>(
            HttpMethod.Get,
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/runs/cancellations?wait={waitSeconds}"),
            null,
            null,
            cancellationToken
        );

    /// <summary>Says that this agent has heard; the run itself is reported as cancelled when it has stopped.</summary>
    public Task<CancelNotice> AcknowledgeCancelAsync(string run, CancellationToken cancellationToken) =>
        SendAsync<CancelNotice>(
            HttpMethod.Post,
            $"/api/v1/runs/{Uri.EscapeDataString(run)}/cancel/acknowledge",
            null,
            null,
            cancellationToken
        );

    /// <summary>One page of runs; <paramref name="query"/> as it stands behind the question mark.</summary>
    public Task<Page<RunBody>> RunsAsync(string query, CancellationToken cancellationToken) =>
        SendAsync<Page<RunBody>>(HttpMethod.Get, "/api/v1/runs?" + query, null, null, cancellationToken);

    /// <summary>Any other call of the API.</summary>
    /// <param name="repeatKey">Sent as <c>Idempotency-Key</c>.</param>
    /// <exception cref="ConsoleRefusal">The console said no, or kept saying "later".</exception>
    /// <exception cref="HttpRequestException">The console could not be reached, several times over.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, string? repeatKey, CancellationToken cancellationToken)
    {
        var secret = key.Current;
        var isFirstKey = true;
        for (var attempt = 1; ; attempt++)
        {
            // An Idempotency-Key counts for the credential it was first sent with.
            if (repeatKey is null)
                secret = key.Current;
            TimeSpan pause;
            try
            {
                using var request = new HttpRequestMessage(method, path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
                if (repeatKey is not null)
                    request.Headers.Add("Idempotency-Key", repeatKey);
                if (body is not null)
                    request.Content = JsonContent.Create(body, body.GetType(), options: Json);
                using var response = await http.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                    return await ReadAsync<T>(response, cancellationToken);
                if (response.StatusCode == HttpStatusCode.Unauthorized && isFirstKey && key.HasOtherThan(secret))
                {
                    (secret, isFirstKey) = (key.Current, false);
                    continue;
                }
                if (!IsPassing(response.StatusCode) || attempt == Attempts)
                    throw await RefusalOfAsync(response, cancellationToken);
                pause = RetryAfter(response) ?? Backoff(attempt);
            }
            catch (HttpRequestException) when (attempt < Attempts)
            {
                pause = Backoff(attempt);
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested && attempt < Attempts)
            {
                pause = Backoff(attempt);
            }
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    private static string InstanceName(string machine) =>
        "sample-fleet@" + string.Concat(machine.Where(c => c is > ' ' and <= '~')).ToLowerInvariant();

    /// <summary>Pause before the next attempt: doubles from a quarter of a second, and is spread so that a fleet does not come back as one.</summary>
    internal static TimeSpan Backoff(int attempt)
    {
        var full = Math.Min(0.25 * Math.Pow(2, attempt - 1), LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private static bool IsPassing(HttpStatusCode status) =>
        status
            is HttpStatusCode.TooManyRequests
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.BadGateway
                or HttpStatusCode.GatewayTimeout
                or HttpStatusCode.InternalServerError;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var asked = header?.Delta ?? (header?.Date is { } date ? date - clock.GetUtcNow() : null);
        return asked is null ? null : TimeSpan.FromTicks(Math.Clamp(asked.Value.Ticks, 0, LongestPause.Ticks));
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (typeof(T) == typeof(Nothing))
            return (T)(object)Nothing.Here;
        return await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken)
            ?? throw new ConsoleRefusal(response.StatusCode, "empty_answer", "The console answered without a body where one was expected.");
    }

    private static async Task<ConsoleRefusal> RefusalOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            var problem = await response.Content.ReadFromJsonAsync<ProblemBody>(Json, cancellationToken);
            if (problem is not null)
                return new ConsoleRefusal(response.StatusCode, problem.Code, problem.Detail, problem);
        }
        return new ConsoleRefusal(
            response.StatusCode,
            "no_problem_body",
            string.Create(CultureInfo.InvariantCulture, $"The console answered {(int)response.StatusCode} without saying why.")
        );
    }
}

/// <summary>For calls whose answer has no body that matters.</summary>
public sealed class Nothing
{
    private Nothing() { }

    public static Nothing Here { get; } = new();
}
