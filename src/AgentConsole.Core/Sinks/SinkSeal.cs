using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.Sinks;

/// <summary>Credentials of sinks at rest: AES-256-GCM under a key of the master key that is the sink's own, so that a row's bytes open in no other row.</summary>
internal sealed class SinkSeal(MasterKey master)
{
    public byte[] Close(Guid sinkId, string credential) => MasterKey.Seal(KeyOf(sinkId), Encoding.UTF8.GetBytes(credential));

    public Outcome<SinkCredentials> Open(SecretSink sink, DateTimeOffset now)
    {
        try
        {
            return new SinkCredentials
            {
                Current = Open(sink.Id, sink.Credential),
                Previous = sink.PreviousUntil > now ? Open(sink.Id, sink.Previous) : null,
            };
        }
        catch (CryptographicException)
        {
            return SinkProblems.Unreadable;
        }
    }

    private string? Open(Guid sinkId, byte[]? sealedBytes) =>
        sealedBytes is null ? null : Encoding.UTF8.GetString(MasterKey.Open(KeyOf(sinkId), sealedBytes));

    private byte[] KeyOf(Guid sinkId) => master.Derive("secret-sink", sinkId.ToByteArray(bigEndian: true));
}
