using System.Net;
using System.Net.Sockets;

namespace AgentConsole.E2E.Tests;

/// <summary>The wire between browsers and a console: it can be cut, mended, and laid to a console that was started in the other's place.</summary>
public sealed class Wire : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<TcpClient> _open = [];
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _accepting;
    private Uri _console;
    private bool _cut;
    private volatile bool _swallowing;

    public Wire(Uri console)
    {
        _console = console;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where browsers go; the same whatever is at the other end.</summary>
    public Uri Address { get; }

    /// <summary>Ends every connection, and each new one as soon as it is made.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _cut = true;
            foreach (var end in _open)
                Reset(end);
            _open.Clear();
        }
    }

    /// <summary>What browsers send still arrives; nothing comes back to them.</summary>
    public void Swallow()
    {
        lock (_lock)
            _swallowing = true;
    }

    public void Mend() => LayTo(_console);

    public void LayTo(Uri console)
    {
        lock (_lock)
            (_console, _cut, _swallowing) = (console, false, false);
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = JoinAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // stopped
            }
        }
    }

    private async Task JoinAsync(TcpClient browser)
    {
        var console = new TcpClient();
        try
        {
            if (!Keep(browser, console))
                return;
            await console.ConnectAsync(_console.Host, _console.Port);
            var there = browser.GetStream().CopyToAsync(console.GetStream());
            var back = BringBackAsync(console.GetStream(), browser.GetStream());
            await await Task.WhenAny(there, back);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut, or one end went away: so does the other.
        }
        finally
        {
            Reset(browser);
            Reset(console);
        }
    }

    private async Task BringBackAsync(NetworkStream console, NetworkStream browser)
    {
        var buffer = new byte[16 << 10];
        for (int read; (read = await console.ReadAsync(buffer)) > 0; )
        {
            if (!_swallowing)
                await browser.WriteAsync(buffer.AsMemory(0, read));
        }
    }

    private bool Keep(params ReadOnlySpan<TcpClient> ends)
    {
        lock (_lock)
        {
            if (!_cut)
                _open.AddRange(ends);
            return !_cut;
        }
    }

    private static void Reset(TcpClient end)
    {
        if (end.Client is { Connected: true } socket)
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        end.Dispose();
    }
}
