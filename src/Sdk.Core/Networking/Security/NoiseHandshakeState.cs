using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>
/// One side of the handshake <c>Noise_XX_25519_ChaChaPoly_SHA256</c> (The Noise Protocol Framework, revision 34) without input or
/// output: three messages, written and read in turn, then two keys. An error ends it: nothing may be done with it but dispose it.
/// Not thread-safe.
/// </summary>
internal sealed class NoiseHandshakeState : IDisposable
{
    private const int KeyBytes = X25519.KeyLengthBytes;

    // → e; ← e, ee, s, es; → s, se
    private static readonly Token[][] Pattern = [[Token.E], [Token.E, Token.EE, Token.S, Token.ES], [Token.S, Token.SE]];

    private readonly bool _isInitiator;
    private readonly byte[] _static;
    private readonly byte[] _staticPublic;
    private readonly byte[] _ephemeral;
    private readonly byte[] _chainingKey = GC.AllocateArray<byte>(SHA256.HashSizeInBytes, pinned: true);
    private readonly byte[] _hash = new byte[SHA256.HashSizeInBytes];
    private byte[]? _remoteStatic;
    private byte[]? _remoteEphemeral;
    private NoiseCipherState? _cipher;
    private int _next;

    /// <param name="isInitiator">The dialer writes first.</param>
    /// <param name="staticKey">Our static X25519 private key, copied.</param>
    /// <param name="prologue">What both sides must agree on; libp2p leaves it empty.</param>
    /// <param name="ephemeralKey">For published vectors only; otherwise a new one is made.</param>
    public NoiseHandshakeState(
        bool isInitiator, ReadOnlySpan<byte> staticKey, ReadOnlySpan<byte> prologue = default, ReadOnlySpan<byte> ephemeralKey = default)
    {
        _isInitiator = isInitiator;
        _static = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
        staticKey.CopyTo(_static);
        _staticPublic = X25519.PublicKeyOf(_static);
        _ephemeral = X25519.GenerateKey();
        if (!ephemeralKey.IsEmpty)
        {
            ephemeralKey.CopyTo(_ephemeral);
        }

        // A protocol name of at most 32 bytes stands in the hash as it is, padded with zeros.
        "Noise_XX_25519_ChaChaPoly_SHA256"u8.CopyTo(_hash);
        _hash.CopyTo(_chainingKey, 0);
        MixHash(prologue);
    }

    private enum Token
    {
        E,
        S,
        EE,
        ES,
        SE,
    }

    /// <summary>Whether the three messages have passed.</summary>
    public bool IsComplete => _next == Pattern.Length;

    /// <summary>The hash over everything said, which names the session.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>The other side's static public key, once it has come.</summary>
    public ReadOnlySpan<byte> RemoteStatic => _remoteStatic;

    private bool IsOurTurn => !IsComplete && (_next % 2 == 0) == _isInitiator;

    /// <summary>What the next message adds to its payload.</summary>
    public int OverheadBytes => _next switch
    {
        0 => KeyBytes,
        1 => (2 * KeyBytes) + (2 * ChaChaPoly.TagLengthBytes),
        _ => KeyBytes + (2 * ChaChaPoly.TagLengthBytes),
    };

    /// <summary>Writes our next message and returns its length, <see cref="OverheadBytes"/> more than the payload's.</summary>
    /// <exception cref="InvalidOperationException">It is the other side's turn.</exception>
    /// <exception cref="ProtocolViolationException">The other side's key is of small order.</exception>
    public int WriteMessage(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        if (!IsOurTurn)
        {
            throw new InvalidOperationException("It is the other side's turn.");
        }

        var used = 0;
        foreach (var token in Pattern[_next])
        {
            switch (token)
            {
                case Token.E:
                    X25519.PublicKeyOf(_ephemeral).CopyTo(destination);
                    MixHash(destination[..KeyBytes]);
                    used += KeyBytes;
                    break;
                case Token.S:
                    used += EncryptAndHash(_staticPublic, destination[used..]);
                    break;
                default:
                    MixAgreement(token);
                    break;
            }
        }

        used += EncryptAndHash(payload, destination[used..]);
        _next++;
        return used;
    }

    /// <summary>Reads the other side's next message and returns the length of its payload.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="payload">Where the payload goes: as long as the message suffices.</param>
    /// <exception cref="InvalidOperationException">It is our turn.</exception>
    /// <exception cref="ProtocolViolationException">The message is cut, altered, or of another handshake.</exception>
    public int ReadMessage(ReadOnlySpan<byte> message, Span<byte> payload)
    {
        if (IsComplete || IsOurTurn)
        {
            throw new InvalidOperationException("It is our turn.");
        }

        if (message.Length < OverheadBytes)
        {
            throw new ProtocolViolationException("A message of the Noise handshake is too short.");
        }

        foreach (var token in Pattern[_next])
        {
            switch (token)
            {
                case Token.E:
                    _remoteEphemeral = message[..KeyBytes].ToArray();
                    MixHash(_remoteEphemeral);
                    message = message[KeyBytes..];
                    break;
                case Token.S:
                    _remoteStatic = new byte[KeyBytes];
                    DecryptAndHash(message[..(KeyBytes + ChaChaPoly.TagLengthBytes)], _remoteStatic);
                    message = message[(KeyBytes + ChaChaPoly.TagLengthBytes)..];
                    break;
                default:
                    MixAgreement(token);
                    break;
            }
        }

        var length = DecryptAndHash(message, payload);
        _next++;
        return length;
    }

    /// <summary>The keys of the two directions; the caller disposes them.</summary>
    /// <exception cref="InvalidOperationException">The handshake is not complete.</exception>
    public (NoiseCipherState Send, NoiseCipherState Receive) Split()
    {
        if (!IsComplete)
        {
            throw new InvalidOperationException("The handshake is not complete.");
        }

        Span<byte> keys = stackalloc byte[2 * KeyBytes];
        Derive(_chainingKey, [], keys);
        var first = new NoiseCipherState(keys[..KeyBytes]);
        var second = new NoiseCipherState(keys[KeyBytes..]);
        CryptographicOperations.ZeroMemory(keys);
        return _isInitiator ? (first, second) : (second, first);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_static);
        CryptographicOperations.ZeroMemory(_ephemeral);
        CryptographicOperations.ZeroMemory(_chainingKey);
        _cipher?.Dispose();
    }

    private void MixAgreement(Token token)
    {
        var isOursStatic = token != Token.EE && (token == Token.SE) == _isInitiator;
        var isTheirsStatic = token != Token.EE && !isOursStatic;
        var secret = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
        try
        {
            if (!X25519.TryAgree(isOursStatic ? _static : _ephemeral, (isTheirsStatic ? _remoteStatic : _remoteEphemeral)!, secret))
            {
                throw new ProtocolViolationException("The peer's Noise key is of small order.");
            }

            MixKey(secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private void MixKey(ReadOnlySpan<byte> keyMaterial)
    {
        Span<byte> keys = stackalloc byte[2 * KeyBytes];
        Derive(_chainingKey, keyMaterial, keys);
        keys[..KeyBytes].CopyTo(_chainingKey);
        _cipher?.Dispose();
        _cipher = new NoiseCipherState(keys[KeyBytes..]);
        CryptographicOperations.ZeroMemory(keys);
    }

    /// <summary>HKDF as Noise has it, which is RFC 5869's without info. By hand: OpenSSL's derives nothing from empty material, as Split must.</summary>
    private static void Derive(ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> keyMaterial, Span<byte> keys)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        Span<byte> second = stackalloc byte[KeyBytes + 1];
        HMACSHA256.HashData(chainingKey, keyMaterial, key);
        HMACSHA256.HashData(key, [1], keys);
        keys[..KeyBytes].CopyTo(second);
        second[KeyBytes] = 2;
        HMACSHA256.HashData(key, second, keys[KeyBytes..]);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(second);
    }

    private void MixHash(ReadOnlySpan<byte> data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_hash);
        hash.AppendData(data);
        hash.GetHashAndReset(_hash);
    }

    private int EncryptAndHash(ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        var length = plaintext.Length;
        if (_cipher is null)
        {
            plaintext.CopyTo(destination);
        }
        else
        {
            length += ChaChaPoly.TagLengthBytes;
            _cipher.Encrypt(_hash, plaintext, destination);
        }

        MixHash(destination[..length]);
        return length;
    }

    private int DecryptAndHash(ReadOnlySpan<byte> ciphertext, Span<byte> destination)
    {
        if (_cipher is null)
        {
            ciphertext.CopyTo(destination);
            MixHash(ciphertext);
            return ciphertext.Length;
        }

        if (!_cipher.TryDecrypt(_hash, ciphertext, destination))
        {
            throw new ProtocolViolationException("A message of the Noise handshake was altered.");
        }

        MixHash(ciphertext);
        return ciphertext.Length - ChaChaPoly.TagLengthBytes;
    }
}
