using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Testing;

/// <summary>An authenticator made of software: answers a browser's options as a security key would, and lies where a test tells it to.</summary>
public sealed class SoftPasskey(string domain = "console.example") : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(32);
    private byte[] _user = [];

    public uint Counter { get; set; } = 1;
    public bool VerifiesUser { get; set; } = true;
    public string Origin { get; set; } = "https://" + domain;
    public string Domain { get; set; } = domain;

    /// <summary>Whom it says it belongs to; set when it is made.</summary>
    public byte[] UserHandle
    {
        get => _user;
        set => _user = value;
    }

    /// <summary>The answer to options for a new passkey.</summary>
    public string Make(string options)
    {
        using var asked = JsonDocument.Parse(options);
        _user = Base64Url.DecodeFromChars(asked.RootElement.GetProperty("user").GetProperty("id").GetString());
        var client = ClientData("webauthn.create", asked.RootElement.GetProperty("challenge").GetString()!);
        var q = _key.ExportParameters(false).Q;
        byte[] cose = [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, .. q.X!, 0x22, 0x58, 0x20, .. q.Y!];
        byte[] data = [.. Data(attested: true), .. new byte[16], 0, (byte)_id.Length, .. _id, .. cose];
        byte[] attestation =
        [
            0xA3,
            .. Text("fmt"),
            .. Text("none"),
            .. Text("attStmt"),
            0xA0,
            .. Text("authData"),
            0x58,
            (byte)data.Length,
            .. data,
        ];
        return Answer(
            new
            {
                clientDataJSON = Encode(client),
                attestationObject = Encode(attestation),
                transports = (string[])["internal"],
            }
        );
    }

    /// <summary>The answer to options for using it; its counter goes up.</summary>
    public string Use(string options)
    {
        using var asked = JsonDocument.Parse(options);
        var client = ClientData("webauthn.get", asked.RootElement.GetProperty("challenge").GetString()!);
        if (Counter > 0)
            Counter++;
        var data = Data(attested: false);
        var signature = _key.SignData(
            [.. data, .. SHA256.HashData(client)],
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence
        );
        return Answer(
            new
            {
                clientDataJSON = Encode(client),
                authenticatorData = Encode(data),
                signature = Encode(signature),
                userHandle = Encode(_user),
            }
        );
    }

    public void Dispose() => _key.Dispose();

    private byte[] Data(bool attested)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter);
        return
        [
            .. SHA256.HashData(Encoding.UTF8.GetBytes(Domain)),
            (byte)(0x01 | (VerifiesUser ? 0x04 : 0) | (attested ? 0x40 : 0)),
            .. counter,
        ];
    }

    private byte[] ClientData(string type, string challenge) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type,
                challenge,
                origin = Origin,
                crossOrigin = false,
            }
        );

    private string Answer(object response) =>
        JsonSerializer.Serialize(
            new
            {
                id = Encode(_id),
                rawId = Encode(_id),
                type = "public-key",
                authenticatorAttachment = "platform",
                clientExtensionResults = new { },
                response,
            }
        );

    private static byte[] Text(string text) => [(byte)(0x60 + text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
