using System.Buffers;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Keys;

/// <summary>
/// <c>keys/verify</c> without a detour: gateways ask it for each of their own requests. The shown key is read out of the body into the stack and
/// never becomes a string.
/// </summary>
internal static class KeyVerifyDoor
{
    private const int MostBytes = 8 << 10;
    private static readonly Problem TooLarge = new(
        ProblemKind.TooLarge,
        "body_too_large",
        "The body is larger than 8 KiB; send nothing but the key."
    );
    private static readonly Problem Missing = Problem.Invalid("key", "This is required: the key as text.");
    private static readonly Problem Malformed = Problem.Invalid("body", "Is not a JSON object of the documented shape.");

    public static async Task AnswerAsync(HttpContext context, Actor actor, KeyVerifier verifier)
    {
        // With an Idempotency-Key the body was read before, to tell a repetition from another question.
        if (context.Request.Headers.ContainsKey(Retries.Header))
        {
            var bytes = await RequestBody.ReadAsync(context);
            await (
                bytes.Problem is { } problem
                    ? ProblemHttp.WriteAsync(context, problem)
                    : Answer(context, actor, verifier, new ReadOnlySequence<byte>(bytes.Value))
            );
            return;
        }
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAsync(context.RequestAborted);
        while (!read.IsCompleted && read.Buffer.Length <= MostBytes)
        {
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await reader.ReadAsync(context.RequestAborted);
        }
        await Finish(context, actor, verifier, read.Buffer);
    }

    private static Task Finish(HttpContext context, Actor actor, KeyVerifier verifier, ReadOnlySequence<byte> body)
    {
        try
        {
            return Answer(context, actor, verifier, body);
        }
        finally
        {
            context.Request.BodyReader.AdvanceTo(body.End);
        }
    }

    private static Task Answer(HttpContext context, Actor actor, KeyVerifier verifier, ReadOnlySequence<byte> body)
    {
        if (body.Length > MostBytes)
            return ProblemHttp.WriteAsync(context, TooLarge);
        Span<char> secret = stackalloc char[512];
        var problem = Read(body, secret, out var length);
        if (problem is not null)
            return ProblemHttp.WriteAsync(context, problem);
        var verdict = verifier.Verify(actor, secret[..length], Credentials.InstanceOf(context));
        secret.Clear();
        var answer = JsonSerializer.SerializeToUtf8Bytes(verdict, ConsoleJson.Options);
        var response = context.Response;
        response.ContentType = "application/json";
        response.ContentLength = answer.Length;
        response.Headers.CacheControl = "no-store";
        return response.Body.WriteAsync(answer, 0, answer.Length, context.RequestAborted);
    }

    // A key that is longer than any form of ours is not known: its length stays 0, which no key has.
    private static Problem? Read(ReadOnlySequence<byte> body, Span<char> secret, out int length)
    {
        length = 0;
        var found = false;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 32 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return Malformed;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isKey = reader.ValueTextEquals("key"u8);
                reader.Read();
                if (!isKey)
                {
                    reader.Skip();
                    continue;
                }
                if (found || reader.TokenType != JsonTokenType.String)
                    return Missing;
                found = true;
                var size = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
                if (size <= secret.Length)
                    length = reader.CopyString(secret);
            }
            return reader.TokenType == JsonTokenType.EndObject && !reader.Read() ? (found ? null : Missing) : Malformed;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Malformed;
        }
    }
}
