using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentConsole.Benchmarks.Load;

/// <summary>A circuit without a browser: it opens a page as the script of Blazor does, acknowledges every render batch and draws nothing.</summary>
internal sealed partial class Circuit : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly TaskCompletionSource<string> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _address;
    private readonly string _cookie;
    private Task _listening = Task.CompletedTask;
    private string? _circuit;

    private Circuit(Uri address, string cookie) => (_address, _cookie) = (address, cookie);

    /// <summary>Called with every render batch.</summary>
    public Action<byte[]>? Rendered { get; set; }

    /// <summary>Why it ended, when the server ended it.</summary>
    public string? Fault { get; private set; }

    public static async Task<Circuit> OpenAsync(
        Uri address,
        string path,
        (string Name, string Value) cookie,
        CancellationToken cancellationToken
    )
    {
        var circuit = new Circuit(address, $"{cookie.Name}={cookie.Value}");
        using var client = circuit.Client();
        var html = await client.GetStringAsync(new Uri(path, UriKind.Relative), cancellationToken);
        var state = State().Match(html).Groups[1].Value;
        var operations = Markers()
            .Matches(html)
            .Select(m => m.Groups[1].Value)
            .Where(marker => JsonElement.Parse(marker).TryGetProperty("type", out _))
            .Select((marker, i) => $$"""{"type":"add","ssrComponentId":{{i + 1}},"marker":{{marker}}}""");

        circuit._socket.Options.SetRequestHeader("Cookie", circuit._cookie);
        await circuit._socket.ConnectAsync(new Uri($"ws://{address.Authority}/_blazor"), cancellationToken);
        await circuit.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"));
        circuit._listening = Task.Run(circuit.ListenAsync, cancellationToken);
        var page = new Uri(address, path).ToString();
        await circuit.SendAsync(BlazorPack.Invocation("1", "StartCircuit", address.ToString(), page, "[]", state));
        circuit._circuit = await circuit._started.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, cancellationToken);
        var batch = $$"""{"batchId":1,"operations":[{{string.Join(',', operations)}}]}""";
        await circuit.SendAsync(BlazorPack.Invocation(null, "UpdateRootComponents", batch, state));
        return circuit;
    }

    /// <summary>Keeps the connection from being taken for a dead one.</summary>
    public Task PingAsync() => SendAsync(BlazorPack.Ping());

    /// <summary>Closes it as a page that is left does, so that nothing is kept for a return.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_circuit is not null)
        {
            using var client = Client();
            using var form = new MultipartFormDataContent { { new StringContent(_circuit), "circuitId" } };
            using var answer = await client.PostAsync(new Uri("_blazor/disconnect", UriKind.Relative), form);
        }
        await _stop.CancelAsync();
        await _listening;
        _socket.Dispose();
        _sending.Dispose();
        _stop.Dispose();
    }

    private HttpClient Client()
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = _address };
        client.DefaultRequestHeaders.Add("Cookie", _cookie);
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        return client;
    }

    private async Task SendAsync(byte[] message)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ListenAsync()
    {
        var buffer = new byte[1 << 16];
        var (filled, shaken) = (0, false);
        try
        {
            while (true)
            {
                if (filled == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 2);
                var read = await _socket.ReceiveAsync(buffer.AsMemory(filled), _stop.Token);
                if (read.MessageType == WebSocketMessageType.Close)
                    throw new IOException("closed by the server");
                filled += read.Count;
                var from = 0;
                if (!shaken)
                {
                    var end = Array.IndexOf(buffer, (byte)0x1E, 0, filled);
                    if (end < 0)
                        continue;
                    (shaken, from) = (true, end + 1);
                }
                while (Next(buffer, ref from, filled) is { } message)
                    await HearAsync(message);
                Buffer.BlockCopy(buffer, from, buffer, 0, filled - from);
                filled -= from;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Closed by us.
        }
        catch (Exception e) when (e is WebSocketException or IOException or FormatException)
        {
            Fault ??= e.Message;
            _started.TrySetException(new IOException("The circuit did not start: " + e.Message));
        }
    }

    private static object?[]? Next(byte[] buffer, ref int from, int filled)
    {
        ReadOnlySpan<byte> rest = buffer.AsSpan(from, filled - from);
        var message = BlazorPack.Take(ref rest);
        from = filled - rest.Length;
        return message;
    }

    private async Task HearAsync(object?[] message)
    {
        if (message is [3L, _, "1", var kind, .. var result])
        {
            if (kind is 3L && result is [string circuit])
                _started.TrySetResult(circuit);
            else
                _started.TrySetException(new IOException("The circuit was refused: " + string.Join(", ", result)));
            return;
        }
        if (message is not [1L, _, _, string target, object?[] arguments, ..])
            return;
        switch (target, arguments)
        {
            case ("JS.RenderBatch", [long batch, byte[] bytes]):
                Rendered?.Invoke(bytes);
                await SendAsync(BlazorPack.Invocation(null, "OnRenderCompleted", batch, null));
                break;
            case ("JS.BeginInvokeJS", [long task, _, _, long expects, ..]) when task != 0:
                // A script that is asked for is there, and everything it is asked to do succeeds.
                var answer = expects == 1 ? $$"""[{{task}},true,{"__jsObjectId":1}]""" : $"[{task},true,null]";
                await SendAsync(BlazorPack.Invocation(null, "EndInvokeJSFromDotNet", task, true, answer));
                break;
            case ("JS.Error", [string fault]):
                Fault = fault;
                break;
        }
    }

    [GeneratedRegex("<!--Blazor:({.*?})-->", RegexOptions.NonBacktracking)]
    private static partial Regex Markers();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(.*?)-->", RegexOptions.NonBacktracking)]
    private static partial Regex State();
}
