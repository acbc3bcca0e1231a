using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace AgentConsole.Benchmarks.Load;

/// <summary>One HTTP/1.1 connection that sends bytes made before and reads answers with a Content-Length: as little as a load generator can do.</summary>
/// <param name="buffer">Bytes; where thousands are open, little more than an answer has.</param>
internal sealed class RawConnection(int buffer = 256 * 1024) : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[buffer];

    public async Task OpenAsync(Uri address, CancellationToken cancellationToken) =>
        await _socket.ConnectAsync(address.Host, address.Port, cancellationToken);

    /// <returns>The status of the answer.</returns>
    public async ValueTask<int> CallAsync(ReadOnlyMemory<byte> request)
    {
        for (var sent = 0; sent < request.Length; )
            sent += await _socket.SendAsync(request[sent..]);
        var (filled, whole, status) = (0, 0, 0);
        while (whole == 0 || filled < whole)
        {
            // A body larger than the buffer is read over its own head.
            var at = whole > _buffer.Length ? _buffer.Length / 2 : filled;
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(at));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
            if (whole == 0)
                (whole, status) = ReadHead(_buffer.AsSpan(0, filled));
        }
        return status;
    }

    /// <returns>Milliseconds until the answer was read; it must be a success.</returns>
    public async Task<double> TimeAsync(ReadOnlyMemory<byte> request)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var status = await CallAsync(request);
        var time = Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
        return status is >= 200 and < 300
            ? time
            : throw new InvalidOperationException($"Answered {status}: {System.Text.Encoding.UTF8.GetString(Body)}");
    }

    /// <summary>The last answer's body, when it was no larger than the buffer.</summary>
    public ReadOnlySpan<byte> Body
    {
        get
        {
            var head = _buffer.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
            return _buffer.AsSpan(head, ReadHead(_buffer).Whole - head);
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The last answer's <c>ETag</c>.</summary>
    public string ETag
    {
        get
        {
            var line = _buffer.AsSpan(_buffer.AsSpan().IndexOf("\r\nETag: "u8) + 8);
            return System.Text.Encoding.ASCII.GetString(line[..line.IndexOf("\r\n"u8)]);
        }
    }

    /// <summary>A request as bytes.</summary>
    public static byte[] Request(
        string method,
        string path,
        string? secret,
        ReadOnlySpan<byte> body,
        string type = "application/json",
        string? ifNoneMatch = null
    )
    {
        var head =
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
            + (secret is null ? "" : $"Authorization: Bearer {secret}\r\n")
            + (ifNoneMatch is null ? "" : $"If-None-Match: {ifNoneMatch}\r\n")
            + (
                body.IsEmpty
                    ? "\r\n"
                    : string.Create(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n")
            );
        return [.. System.Text.Encoding.ASCII.GetBytes(head), .. body];
    }

    private static (int Whole, int Status) ReadHead(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return (0, 0);
        var status = ((bytes[9] - '0') * 100) + ((bytes[10] - '0') * 10) + bytes[11] - '0';
        if (status is 204 or 304)
            return (end + 4, status);
        var head = bytes[..(end + 2)];
        var at = head.IndexOf("\r\nContent-Length: "u8);
        if (at < 0)
            throw new IOException("An answer without Content-Length: " + System.Text.Encoding.ASCII.GetString(head));
        var length = 0;
        for (at += 18; head[at] is >= (byte)'0' and <= (byte)'9'; at++)
            length = (length * 10) + head[at] - '0';
        return (end + 4 + length, status);
    }
}
