using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Managed = Org.BouncyCastle.Crypto.Modes.ChaCha20Poly1305;

namespace Sdk.Core.Cryptography;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439) under one key: the platform's where it has one, managed otherwise. The key is zeroed on disposal, which
/// is safe while another thread is at work: no operation runs with half a key. Safe for many threads, one after the other.
/// </summary>
internal sealed class ChaChaPoly : IDisposable
{
    public const int KeyLengthBytes = 32;
    public const int NonceLengthBytes = 12;
    public const int TagLengthBytes = 16;

    private readonly Lock _lock = new();
    private readonly ChaCha20Poly1305? _platform;
    private readonly byte[] _key = [];
    private bool _isDisposed;

    /// <param name="key">32 bytes, copied.</param>
    /// <param name="isManaged">For tests: without the platform's help.</param>
    public ChaChaPoly(ReadOnlySpan<byte> key, bool isManaged = false)
    {
        if (ChaCha20Poly1305.IsSupported && !isManaged)
        {
            _platform = new ChaCha20Poly1305(key);
        }
        else
        {
            _key = GC.AllocateUninitializedArray<byte>(KeyLengthBytes, pinned: true);
            key.CopyTo(_key);
        }
    }

    /// <summary>Writes ciphertext and tag, 16 bytes more than the plaintext.</summary>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_platform is null)
            {
                RunManaged(isEncryption: true, nonce, associatedData, plaintext, destination);
                return;
            }

            var tag = destination.Slice(plaintext.Length, TagLengthBytes);
            _platform.Encrypt(nonce, plaintext, destination[..plaintext.Length], tag, associatedData);
        }
    }

    /// <summary>
    /// Writes the plaintext, 16 bytes less than <paramref name="ciphertext"/>, in whose place it may go. False where anything was altered;
    /// the destination holds nothing of use then.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> destination)
    {
        if (ciphertext.Length < TagLengthBytes)
        {
            return false;
        }

        var length = ciphertext.Length - TagLengthBytes;
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_platform is null)
                {
                    RunManaged(isEncryption: false, nonce, associatedData, ciphertext, destination);
                }
                else
                {
                    _platform.Decrypt(nonce, ciphertext[..length], ciphertext[length..], destination[..length], associatedData);
                }
            }

            return true;
        }
        catch (Exception error) when (error is AuthenticationTagMismatchException or InvalidCipherTextException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _platform?.Dispose();
            CryptographicOperations.ZeroMemory(_key);
        }
    }

    private void RunManaged(bool isEncryption, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var cipher = new Managed();
        cipher.Init(isEncryption, new AeadParameters(new KeyParameter(_key), 8 * TagLengthBytes, nonce.ToArray(), associatedData.ToArray()));
        var output = new byte[cipher.GetOutputSize(source.Length)];
        var used = cipher.ProcessBytes(source.ToArray(), 0, source.Length, output, 0);
        used += cipher.DoFinal(output, used);
        output.AsSpan(0, used).CopyTo(destination);
        CryptographicOperations.ZeroMemory(output);
    }
}
