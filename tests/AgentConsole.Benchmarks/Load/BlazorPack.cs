using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace AgentConsole.Benchmarks.Load;

/// <summary>As much of MessagePack as the messages of a circuit need.</summary>
internal static class BlazorPack
{
    /// <summary>A hub invocation with its length before it; strings, longs, booleans and nulls as arguments.</summary>
    public static byte[] Invocation(string? id, string target, params ReadOnlySpan<object?> arguments)
    {
        var body = new ArrayBufferWriter<byte>();
        body.Write<byte>([0x96, 1, 0x80]); // six items: an invocation, no headers
        Write(body, id);
        Write(body, target);
        body.Write<byte>([(byte)(0x90 | arguments.Length)]);
        foreach (var argument in arguments)
            Write(body, argument);
        body.Write<byte>([0x90]); // no streams
        return Framed(body.WrittenSpan);
    }

    public static byte[] Ping() => Framed([0x91, 6]);

    /// <summary>Takes one message off the front of the bytes; null while it is not whole.</summary>
    public static object?[]? Take(ref ReadOnlySpan<byte> bytes)
    {
        var (length, at) = (0, 0);
        for (var shift = 0; ; shift += 7)
        {
            if (at >= bytes.Length)
                return null;
            var part = bytes[at++];
            length |= (part & 0x7F) << shift;
            if (part < 0x80)
                break;
        }
        if (bytes.Length - at < length)
            return null;
        var message = bytes.Slice(at, length);
        bytes = bytes[(at + length)..];
        return (object?[])Read(ref message)!;
    }

    private static byte[] Framed(ReadOnlySpan<byte> body)
    {
        var head = new List<byte>();
        for (var rest = body.Length; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                head.Add((byte)rest);
                break;
            }
            head.Add((byte)(rest | 0x80));
        }
        return [.. head, .. body];
    }

    private static void Write(ArrayBufferWriter<byte> to, object? value)
    {
        switch (value)
        {
            case null:
                to.Write<byte>([0xC0]);
                break;
            case bool flag:
                to.Write<byte>([flag ? (byte)0xC3 : (byte)0xC2]);
                break;
            case long number:
                to.Write<byte>([0xD3]);
                BinaryPrimitives.WriteInt64BigEndian(to.GetSpan(8), number);
                to.Advance(8);
                break;
            case string text:
                to.Write<byte>([0xDB]);
                BinaryPrimitives.WriteInt32BigEndian(to.GetSpan(4), Encoding.UTF8.GetByteCount(text));
                to.Advance(4);
                to.Write(Encoding.UTF8.GetBytes(text));
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is not written.", nameof(value));
        }
    }

    private static object? Read(ref ReadOnlySpan<byte> from)
    {
        var code = from[0];
        from = from[1..];
        return code switch
        {
            <= 0x7F => (long)code,
            >= 0xE0 => (long)(sbyte)code,
            >= 0x80 and <= 0x8F => Skip(ref from, (code & 0x0F) * 2),
            >= 0x90 and <= 0x9F => Items(ref from, code & 0x0F),
            >= 0xA0 and <= 0xBF => Text(ref from, code & 0x1F),
            0xC0 => null,
            0xC2 => false,
            0xC3 => true,
            0xC4 => Bytes(ref from, (int)Number(ref from, 1)).ToArray(),
            0xC5 => Bytes(ref from, (int)Number(ref from, 2)).ToArray(),
            0xC6 => Bytes(ref from, (int)Number(ref from, 4)).ToArray(),
            0xCC or 0xD0 => Number(ref from, 1),
            0xCD or 0xD1 => Number(ref from, 2),
            0xCE or 0xD2 => Number(ref from, 4),
            0xCF or 0xD3 => Number(ref from, 8),
            0xD9 => Text(ref from, (int)Number(ref from, 1)),
            0xDA => Text(ref from, (int)Number(ref from, 2)),
            0xDB => Text(ref from, (int)Number(ref from, 4)),
            0xDC => Items(ref from, (int)Number(ref from, 2)),
            0xDD => Items(ref from, (int)Number(ref from, 4)),
            _ => throw new FormatException($"Code {code:X2} is not read."),
        };
    }

    private static object?[] Items(ref ReadOnlySpan<byte> from, int count)
    {
        var items = new object?[count];
        for (var i = 0; i < count; i++)
            items[i] = Read(ref from);
        return items;
    }

    private static object? Skip(ref ReadOnlySpan<byte> from, int count)
    {
        for (var i = 0; i < count; i++)
            Read(ref from);
        return null;
    }

    private static long Number(ref ReadOnlySpan<byte> from, int size)
    {
        long value = 0;
        foreach (var part in Bytes(ref from, size))
            value = (value << 8) | part;
        return value;
    }

    private static string Text(ref ReadOnlySpan<byte> from, int size) => Encoding.UTF8.GetString(Bytes(ref from, size));

    private static ReadOnlySpan<byte> Bytes(ref ReadOnlySpan<byte> from, int size)
    {
        var taken = from[..size];
        from = from[size..];
        return taken;
    }
}
