using System.Security.Cryptography;

namespace AgentConsole.Core.Common;

/// <summary>
/// Makes UUIDv7 (RFC 9562 §5.7) that rise strictly within this process: order by id is order of creation, also within one millisecond and
/// when the clock steps back. The 12 bits of rand_a count within the millisecond (RFC 9562 §6.2, method 1).
/// </summary>
public sealed class IdSource(TimeProvider clock)
{
    private readonly Lock _lock = new();

    // Fetched for many ids at once: a call for 8 bytes costs as much as one for 512.
    private readonly byte[] _random = new byte[512];
    private int _used = 512;
    private long _millisecond;
    private int _counter;

    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            if (_used == _random.Length)
            {
                RandomNumberGenerator.Fill(_random);
                _used = 0;
            }
            _random.AsSpan(_used, 8).CopyTo(bytes[8..]);
            _used += 8;
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            if (now > _millisecond)
            {
                _millisecond = now;
                _counter = 0;
            }
            else if (++_counter > 0xFFF)
            {
                _millisecond++;
                _counter = 0;
            }
            bytes[0] = (byte)(_millisecond >> 40);
            bytes[1] = (byte)(_millisecond >> 32);
            bytes[2] = (byte)(_millisecond >> 24);
            bytes[3] = (byte)(_millisecond >> 16);
            bytes[4] = (byte)(_millisecond >> 8);
            bytes[5] = (byte)_millisecond;
            bytes[6] = (byte)(0x70 | (_counter >> 8));
            bytes[7] = (byte)_counter;
        }
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }
}
