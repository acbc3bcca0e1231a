using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

internal static class ConsoleAnswers
{
    /// <summary>The body with which the console answers this request.</summary>
    public static async Task<byte[]> AnswerAsync(
        this ConsoleProcess console,
        ReadOnlyMemory<byte> request,
        CancellationToken cancellationToken
    )
    {
        using var connection = new RawConnection();
        await connection.OpenAsync(console.Address, cancellationToken);
        var status = await connection.CallAsync(request);
        return status is >= 200 and < 300
            ? connection.Body.ToArray()
            : throw new InvalidOperationException($"Answered {status}: {System.Text.Encoding.UTF8.GetString(connection.Body)}");
    }
}
