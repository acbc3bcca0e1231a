using AgentConsole.Core.Outgoing;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>The way out for sinks, within the networks that the settings allow.</summary>
internal sealed class SinkHttp(IOptions<SinkOptions> options, INameResolver names) : IDisposable
{
    private readonly OutgoingHttp _http = new(options.Value.Rules, names);

    public Task<OutgoingAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _http.SendAsync(request, cancellationToken);

    public void Dispose() => _http.Dispose();
}
