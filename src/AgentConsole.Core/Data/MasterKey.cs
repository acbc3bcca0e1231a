using System.Security.Cryptography;
using System.Text;

namespace AgentConsole.Core.Data;

/// <summary>
/// The one secret of the installation. The pepper of stored hashes and the keys for Data Protection, replay copies and second-factor secrets are
/// derived from it (HKDF-SHA-256, RFC 5869); a backup without it is worthless.
/// </summary>
public sealed class MasterKey : IDisposable
{
    /// <summary>Length of <see cref="Hash"/>.</summary>
    public const int HashBytes = 32;

    private readonly byte[] _key;
    private readonly byte[] _pepper;

    // A keyed hash that is made once a thread and begun anew costs half of one that is made for each call.
    private readonly ThreadLocal<IncrementalHash> _hmac;

    public MasterKey(byte[] key)
    {
        if (key.Length != 32)
            throw new ArgumentException("A master key has 32 bytes.", nameof(key));
        _key = key;
        _pepper = Derive("pepper");
        _hmac = new ThreadLocal<IncrementalHash>(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _pepper), trackAllValues: true);
        PepperId = "p1-" + Convert.ToHexStringLower(SHA256.HashData(Derive("pepper-id")))[..12];
    }

    /// <summary>Names the pepper without giving it away; stored beside every hash, and compared at start so that a wrong key file is noticed.</summary>
    public string PepperId { get; }

    /// <summary>32 bytes for one purpose.</summary>
    public byte[] Derive(string purpose, ReadOnlySpan<byte> salt = default)
    {
        var output = new byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, output, salt, Encoding.UTF8.GetBytes("agentconsole/" + purpose));
        return output;
    }

    /// <summary>HMAC-SHA-256 of a secret under the pepper: what is stored and looked up instead of the secret.</summary>
    public byte[] Hash(ReadOnlySpan<char> secret)
    {
        var output = new byte[HashBytes];
        HashTo(secret, output);
        return output;
    }

    /// <summary>As <see cref="Hash"/>, into 32 bytes of the caller, without allocation for secrets of up to 512 UTF-8 bytes.</summary>
    public void HashTo(ReadOnlySpan<char> secret, Span<byte> output)
    {
        var size = Encoding.UTF8.GetMaxByteCount(secret.Length);
        Span<byte> utf8 = size <= 512 ? stackalloc byte[size] : new byte[size];
        var written = Encoding.UTF8.GetBytes(secret, utf8);
        var hmac = _hmac.Value!;
        hmac.AppendData(utf8[..written]);
        hmac.GetHashAndReset(output);
        utf8.Clear();
    }

    public void Dispose()
    {
        foreach (var hmac in _hmac.Values)
            hmac.Dispose();
        _hmac.Dispose();
    }

    /// <summary>AES-256-GCM: 12 bytes nonce, ciphertext, 16 bytes tag.</summary>
    public static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[12 + plain.Length + 16];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, 12));
        using var aes = new AesGcm(key, 16);
        aes.Encrypt(sealedBytes.AsSpan(0, 12), plain, sealedBytes.AsSpan(12, plain.Length), sealedBytes.AsSpan(12 + plain.Length));
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">The key is another one, or the bytes were changed.</exception>
    public static byte[] Open(byte[] key, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < 28)
            throw new CryptographicException("Too short to be sealed bytes.");
        var plain = new byte[sealedBytes.Length - 28];
        using var aes = new AesGcm(key, 16);
        aes.Decrypt(sealedBytes[..12], sealedBytes[12..^16], sealedBytes[^16..], plain);
        return plain;
    }

    /// <summary>Reads the key file, or makes it (0600) where <paramref name="mayCreate"/> allows.</summary>
    /// <exception cref="InvalidOperationException">One clear line that names the setting.</exception>
    public static MasterKey Load(string path, bool mayCreate)
    {
        if (!File.Exists(path))
        {
            if (!mayCreate)
                throw new InvalidOperationException(
                    $"AgentConsole:Secrets:MasterKeyFile: '{path}' does not exist. With PostgreSQL every node needs the same master key file; copy it here or make one with 32 random bytes in base64."
                );
            var text = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new FileStream(path, options);
            file.Write(Encoding.ASCII.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }
        try
        {
            var key = Convert.FromBase64String(File.ReadAllText(path).Trim());
            if (key.Length == 32)
                return new MasterKey(key);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"AgentConsole:Secrets:MasterKeyFile: '{path}' cannot be read as base64: {e.Message}", e);
        }
        throw new InvalidOperationException($"AgentConsole:Secrets:MasterKeyFile: '{path}' does not hold exactly 32 bytes in base64.");
    }
}
