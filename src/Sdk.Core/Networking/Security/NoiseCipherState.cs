using System.Buffers.Binary;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking.Security;

/// <summary>Noise's CipherState (revision 34, section 5.1): a ChaCha20-Poly1305 key and the number of messages it has seen.</summary>
internal sealed class NoiseCipherState(ReadOnlySpan<byte> key, ulong nonce = 0) : IDisposable
{
    private readonly ChaChaPoly _cipher = new(key);
    private ulong _nonce = nonce;

    /// <summary>Writes ciphertext and tag, 16 bytes more than the plaintext.</summary>
    /// <exception cref="IOException">The key has encrypted all the messages it may.</exception>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void Encrypt(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[ChaChaPoly.NonceLengthBytes];
        TakeNonce(nonce);
        _cipher.Encrypt(nonce, associatedData, plaintext, destination);
    }

    /// <summary>Writes the plaintext, in the ciphertext's place if wanted; false where anything was altered or left out.</summary>
    /// <exception cref="IOException">The key has decrypted all the messages it may.</exception>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public bool TryDecrypt(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[ChaChaPoly.NonceLengthBytes];
        TakeNonce(nonce);
        return _cipher.TryDecrypt(nonce, associatedData, ciphertext, destination);
    }

    public void Dispose() => _cipher.Dispose();

    private void TakeNonce(Span<byte> nonce)
    {
        // The specification keeps the last number for itself.
        if (_nonce == ulong.MaxValue)
        {
            throw new IOException("The connection has sent all the messages that its keys allow.");
        }

        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], _nonce++);
    }
}
