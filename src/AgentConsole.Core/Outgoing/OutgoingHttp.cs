using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;

namespace AgentConsole.Core.Outgoing;

/// <summary>Why a call to an address that a user named came to no answer.</summary>
public enum OutgoingFault
{
    /// <summary>The host's name leads where the console may not go.</summary>
    AddressRefused,

    /// <summary>No such name, nobody listens, or the connection broke.</summary>
    Unreachable,

    /// <summary>No trusted certificate, or none for this name.</summary>
    Untrusted,
    TimedOut,

    /// <summary>The answer was longer than the bound.</summary>
    TooLarge,
}

/// <summary>What came back: a status with at most so many bytes, or why there was no answer.</summary>
public sealed record OutgoingAnswer(OutgoingFault? Fault, HttpStatusCode Status, byte[] Body);

/// <summary>
/// Calls addresses that users of the console gave it. A host's name is resolved once for a connection, every address it has is judged, and the
/// connection goes to one of those: a name that says something else a moment later gains nothing. No redirect is followed, no proxy and no cookie is
/// used, an answer's size is bounded, its time by the caller's token, and plain HTTP goes only to networks that the settings name.
/// </summary>
public sealed class OutgoingHttp : IDisposable
{
    public const int MostBytes = 64 * 1024;

    private readonly AddressRules _rules;
    private readonly INameResolver _names;
    private readonly HttpMessageInvoker _http;

    public OutgoingHttp(AddressRules rules, INameResolver names)
    {
        (_rules, _names) = (rules, names);
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                MaxResponseHeadersLength = 16,
                MaxResponseDrainSize = 0,
                PooledConnectionLifetime = TimeSpan.FromMinutes(1),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(15),
                ConnectCallback = ConnectAsync,
            },
            disposeHandler: true
        );
    }

    /// <summary>Sends the request once. A status of any kind is an answer; faults of the way are no exceptions, nor is the end of the token.</summary>
    public async Task<OutgoingAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("AgentConsole", null));
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
            var body = await ReadAsync(answer.Content, cancellationToken);
            return body is null ? Failed(OutgoingFault.TooLarge) : new OutgoingAnswer(null, answer.StatusCode, body);
        }
        catch (OperationCanceledException)
        {
            return Failed(OutgoingFault.TimedOut);
        }
        catch (Exception e) when (Find<RefusedException>(e) is not null)
        {
            return Failed(OutgoingFault.AddressRefused);
        }
        catch (Exception e) when (Find<AuthenticationException>(e) is not null)
        {
            return Failed(OutgoingFault.Untrusted);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return Failed(OutgoingFault.Unreachable);
        }
    }

    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var plain = context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttp;
        IPAddress[] addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal)
            ? [literal]
            : await _names.ResolveAsync(host, cancellationToken);
        // One address that is out of bounds condemns the name: an honest name does not mix them.
        if (addresses.Length == 0 || Array.Exists(addresses, a => !(plain ? _rules.Allows(a) : _rules.MayReach(a))))
            throw new RefusedException();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostBytes + 1];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read > MostBytes ? null : buffer[..read];
    }

    private static OutgoingAnswer Failed(OutgoingFault fault) => new(fault, default, []);

    private static T? Find<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T found)
                return found;
        }
        return null;
    }

    private sealed class RefusedException() : IOException("The name leads to an address that is not allowed.");
}
