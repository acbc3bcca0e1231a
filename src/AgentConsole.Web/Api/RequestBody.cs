using System.Buffers;
using System.Reflection;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using Microsoft.AspNetCore.Http.Metadata;

namespace AgentConsole.Web.Api;

/// <summary>The bytes of a request, read once and bounded; who asks again gets the same bytes.</summary>
internal static class RequestBody
{
    private static readonly object ItemKey = new();

    /// <summary>Bytes of the body; valid until the request ends. A body over the endpoint's limit is <c>body_too_large</c> (413).</summary>
    public static async ValueTask<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey(Retries.Header) && context.Items.TryGetValue(ItemKey, out var known))
            return (ReadOnlyMemory<byte>)known!;
        var limit = context.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>()?.Bytes ?? BodyLimit.Default;
        if (context.Request.ContentLength > limit)
            return TooLarge(limit);
        var reader = context.Request.BodyReader;
        var buffer = new ArrayBufferWriter<byte>((int)Math.Max(256, context.Request.ContentLength ?? 1024));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                foreach (var segment in read.Buffer)
                {
                    if (buffer.WrittenCount + segment.Length > limit)
                    {
                        reader.AdvanceTo(read.Buffer.End);
                        return TooLarge(limit);
                    }
                    buffer.Write(segment.Span);
                }
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        catch (BadHttpRequestException e)
        {
            return e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge(limit)
                : Problem.Invalid("body", "The body ended before it was complete.");
        }
        // Only a repeatable write is read twice: by the gate, and by its endpoint.
        if (context.Request.Headers.ContainsKey(Retries.Header))
            context.Items[ItemKey] = buffer.WrittenMemory;
        return buffer.WrittenMemory;
    }

    /// <summary>Reads the bytes as JSON of this shape; a refusal names the member.</summary>
    public static Outcome<T> Parse<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, ConsoleJson.Options) is { } value
                ? value
                : Problem.Invalid("body", "Must be a JSON object, not null.");
        }
        catch (JsonException e)
        {
            return Malformed(e);
        }
    }

    /// <summary>The refusal for JSON that does not fit, without an echo of what was sent.</summary>
    public static Problem Malformed(JsonException e)
    {
        var field = e.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
        var place = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : "";
        // The serializer's own sentence may hold a piece of the input: a fixed sentence is given instead.
        var sentence =
            field == "body"
                ? $"Is not valid JSON of the documented shape{place}; nesting is limited to 32 levels."
                : $"Has the wrong type or form{place}.";
        return Problem.Invalid(field.Length > 200 ? field[..200] : field, sentence);
    }

    private static Problem TooLarge(int limit) =>
        new(
            ProblemKind.TooLarge,
            "body_too_large",
            $"The body is larger than {limit >> 20} MiB, the limit of this call. Send less at a time."
        );
}

/// <summary>
/// A JSON body as an endpoint's parameter. A malformed one does not end the request: the handler hands <see cref="Input"/> to the service, which
/// looks at it after visibility and role, so that a bad body never tells a stranger more than 404.
/// </summary>
internal sealed record Body<T>(Outcome<T> Input) : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var bytes = await RequestBody.ReadAsync(context);
        if (bytes.Problem is { } problem)
            return new Body<T>(problem);
        if (bytes.Value.IsEmpty)
            return new Body<T>(RequestBody.Parse<T>("{}"u8));
        var type = context.Request.ContentType;
        if (type is not null && !type.Contains("json", StringComparison.OrdinalIgnoreCase))
            return new Body<T>(
                new Problem(ProblemKind.Invalid, "content_type_unsupported", "Send JSON with Content-Type: application/json.")
            );
        return new Body<T>(RequestBody.Parse<T>(bytes.Value.Span));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(AcceptedBody.Of<T>("application/json"));
}

/// <summary>What an endpoint's description says of its body.</summary>
internal static class AcceptedBody
{
    /// <summary>
    /// Stands in the metadata beside the real content types and is taken out of the description: without it routing would send a call without a body,
    /// or with another content type, to the fallback for unknown addresses, and the caller would hear 404 instead of what is wrong.
    /// </summary>
    public const string Any = "*/*";

    public static AcceptsMetadata Of<T>(params string[] contentTypes) => new([.. contentTypes, Any], typeof(T), isOptional: true);
}
