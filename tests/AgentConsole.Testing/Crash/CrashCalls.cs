using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Testing.Crash;

/// <summary>The console answered something that it must not, or what it wrote is not what it acknowledged.</summary>
public sealed class CrashFaultException(string message) : Exception(message);

/// <summary>Calls over one connection pool to the process of the moment. A call that ends without an answer throws and is in doubt.</summary>
internal sealed class CrashCalls(Uri address) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = address,
    };
    private long _acknowledged;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Sends until the console takes it: busy answers are waited out.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, string secret, object body, string? retryKey = null)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, options: ConsoleJson.Options) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            if (retryKey is not null)
                request.Headers.Add("Idempotency-Key", retryKey);
            using var answer = await _client.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
            {
                Interlocked.Increment(ref _acknowledged);
                return JsonElement.Parse(text);
            }
            if (
                answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
                || answer.Headers.RetryAfter is null
            )
                throw new CrashFaultException($"{method} {path} was answered {(int)answer.StatusCode}: {text}");
        }
    }

    public void Dispose() => _client.Dispose();
}
