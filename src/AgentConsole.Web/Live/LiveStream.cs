using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Live;

namespace AgentConsole.Web.Live;

/// <summary>One answer that goes on: server-sent events, with a comment every 15 s so that nobody between takes it for dead.</summary>
internal sealed class LiveStream : ILiveListener, IDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private readonly HttpResponse _response;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _pen = new(1, 1);
    private readonly CancellationTokenSource _over;

    /// <param name="stopping">The console stops.</param>
    public LiveStream(HttpResponse response, TimeProvider clock, CancellationToken stopping)
    {
        (_response, _clock) = (response, clock);
        _over = CancellationTokenSource.CreateLinkedTokenSource(response.HttpContext.RequestAborted, stopping);
    }

    /// <summary>The listener left, its credential ended, or the console stops.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Also for one that is over already: whoever ends streams does not know which have left.</summary>
    public void End()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It left a moment ago.
        }
    }

    public Task TellAsync(LiveEvent change, object body, CancellationToken cancellationToken) =>
        WriteAsync(change.Noun, change.Seq, body, cancellationToken);

    public Task TellGapAsync(string why, long seq, CancellationToken cancellationToken) =>
        WriteAsync("gap", seq, new LiveGap(why), cancellationToken);

    /// <summary>The head of the answer, before anything is told.</summary>
    public Task BeginAsync()
    {
        _response.ContentType = "text/event-stream";
        _response.Headers.CacheControl = "no-store";
        _response.Headers["X-Accel-Buffering"] = "no";
        return WriteAsync(": listening\nretry: 3000\n\n"u8.ToArray(), Over);
    }

    /// <summary>Returns when it is over, or when its time is.</summary>
    public async Task HoldAsync(TimeSpan? atMost)
    {
        using var limit = new CancellationTokenSource(atMost ?? Timeout.InfiniteTimeSpan, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Over, limit.Token);
        using var timer = new PeriodicTimer(KeepAlive, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(either.Token))
                await WriteAsync(": still here\n\n"u8.ToArray(), either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && either.IsCancellationRequested)
        {
            // One of the reasons above.
        }
        await _over.CancelAsync(); // whoever still writes stops
    }

    public void Dispose()
    {
        _pen.Dispose();
        _over.Dispose();
    }

    private Task WriteAsync(string name, long seq, object body, CancellationToken cancellationToken)
    {
        var text = new ArrayBufferWriter<byte>(1024);
        text.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {seq}\nevent: {name}\ndata: ")));
        using (var json = new Utf8JsonWriter(text))
            JsonSerializer.Serialize(json, body, body.GetType(), ConsoleJson.Options); // on one line: a line break would end the data
        text.Write("\n\n"u8);
        return WriteAsync(text.WrittenMemory, cancellationToken);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _pen.WaitAsync(cancellationToken);
        try
        {
            await _response.Body.WriteAsync(bytes, cancellationToken);
            await _response.Body.FlushAsync(cancellationToken);
        }
        finally
        {
            _pen.Release();
        }
    }
}
