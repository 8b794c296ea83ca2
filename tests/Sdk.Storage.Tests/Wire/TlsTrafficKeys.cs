using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sdk.Storage.Tests.Wire;

/// <summary>Opens the records that one side sent under one traffic secret (RFC 8446, sections 5.2, 5.3 and 7.3).</summary>
internal sealed class TlsTrafficKeys : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _iv;
    private readonly AesGcm? _aes;
    private readonly ChaCha20Poly1305? _chaCha;
    private ulong _sequence;

    /// <param name="suite">The cipher suite's number: 0x1301 to 0x1303.</param>
    /// <param name="secret">The traffic secret.</param>
    public TlsTrafficKeys(ushort suite, byte[] secret)
    {
        var (hash, keyBytes) = suite switch
        {
            0x1301 => (HashAlgorithmName.SHA256, 16),
            0x1302 => (HashAlgorithmName.SHA384, 32),
            0x1303 => (HashAlgorithmName.SHA256, 32),
            _ => throw new InvalidDataException($"The cipher suite {suite:x4} is none of TLS 1.3."),
        };
        _iv = ExpandLabel(hash, secret, "iv", NonceBytes);
        var key = ExpandLabel(hash, secret, "key", keyBytes);
        if (suite == 0x1303)
        {
            _chaCha = new ChaCha20Poly1305(key);
        }
        else
        {
            _aes = new AesGcm(key, TagBytes);
        }
    }

    /// <summary>The next record's content with its type and padding behind it; throws where the record is altered, or one is missing.</summary>
    public byte[] Open(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], _sequence++);
        for (var i = 0; i < NonceBytes; i++)
        {
            nonce[i] ^= _iv[i];
        }

        var plaintext = new byte[body.Length - TagBytes];
        _aes?.Decrypt(nonce, body[..^TagBytes], body[^TagBytes..], plaintext, header);
        _chaCha?.Decrypt(nonce, body[..^TagBytes], body[^TagBytes..], plaintext, header);
        return plaintext;
    }

    public void Dispose()
    {
        _aes?.Dispose();
        _chaCha?.Dispose();
    }

    private static byte[] ExpandLabel(HashAlgorithmName hash, byte[] secret, string label, int lengthBytes)
    {
        var name = Encoding.ASCII.GetBytes("tls13 " + label);
        byte[] info = [(byte)(lengthBytes >> 8), (byte)lengthBytes, (byte)name.Length, .. name, 0];
        return HKDF.Expand(hash, secret, lengthBytes, info);
    }
}
