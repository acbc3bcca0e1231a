using System.Globalization;

namespace AgentConsole.Core.Common;

/// <summary>Instants as they are stored on both databases: whole microseconds since 1970-01-01 UTC, so that what is read equals what was written.</summary>
public static class Utc
{
    public static long ToMicros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicros(long micros) =>
        new(DateTimeOffset.UnixEpoch.Ticks + (micros * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>ISO 8601 with <c>Z</c>, as short as it is exact.</summary>
    public static string Text(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Now, cut to the precision that is stored.</summary>
    public static DateTimeOffset Now(this TimeProvider clock) => FromMicros(ToMicros(clock.GetUtcNow()));
}
