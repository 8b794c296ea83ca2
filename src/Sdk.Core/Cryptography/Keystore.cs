using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sdk.Core.Cryptography;

/// <summary>
/// A private key in a file under a password, as other wallets open it: Web3 Secret Storage, version 3. The password becomes a key by
/// scrypt (or PBKDF2, read only), which encrypts with AES-128-CTR and, by Keccak-256, tells a wrong password.
/// </summary>
/// <remarks>The derivation takes about a second; it runs on the thread pool, tells its progress from 0 to 1 and can be cancelled.</remarks>
public static class Keystore
{
    /// <summary>Longer files are refused unread; real ones have half a KiB.</summary>
    public const int FileLengthBytesMax = 64 * 1024;

    private const int SaltLengthBytes = 32;
    private const int CipherKeyLengthBytes = 16;
    private const int RandomSuffixLengthBytes = 8;

    /// <summary>
    /// Writes a key: to a new file beside the target first, readable by its owner alone and synced to the medium, which then takes the
    /// target's name. A reader never sees half a file.
    /// </summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="key">The key; whether it is test-only is kept.</param>
    /// <param name="password">Any text; taken as UTF-8, unaltered.</param>
    /// <param name="options">The cost, and whether to replace a file.</param>
    /// <param name="progress">Told from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the derivation; no file is left.</param>
    /// <exception cref="KeystoreException">A file of that name exists, or the cost is out of bounds.</exception>
    /// <exception cref="IOException">The file system refused.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public static async Task WriteAsync(
        string path,
        KeyPair key,
        string password,
        KeystoreOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(password);
        options ??= new KeystoreOptions();
        var overwrite = options.Overwrite;
        var cost = options.Cost;
        CheckAbsent(path, overwrite);
        var json = await Task.Run(() => Encrypt(key, password, cost, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        await ReplaceFileAsync(path, json, overwrite, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a key from a file that this class or another wallet wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">The password.</param>
    /// <param name="progress">Told from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the derivation.</param>
    /// <exception cref="KeystoreException">The password is wrong, or the file is corrupted, unsupported or out of bounds.</exception>
    /// <exception cref="IOException">The file is not there or could not be read.</exception>
    public static async Task<KeyPair> ReadAsync(
        string path, string password, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(password);
        var json = await ReadFileAsync(path, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Decrypt(json, password, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    internal static byte[] Encrypt(
        KeyPair key, string password, ScryptCost cost, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (!cost.IsWithinBounds)
        {
            throw new KeystoreException(KeystoreFailure.OutOfBounds, "scrypt's n is no power of two, or n, r and p ask for too much.");
        }

        var derivation = new KeystoreDerivation(RandomNumberGenerator.GetBytes(SaltLengthBytes), cost, 0);
        var iv = RandomNumberGenerator.GetBytes(KeystoreDocument.InitializationVectorLengthBytes);
        Span<byte> data = stackalloc byte[KeystoreDocument.CiphertextLengthBytes];
        Span<byte> derived = stackalloc byte[KeystoreDocument.DerivedKeyLengthBytes];
        try
        {
            DeriveKey(derivation, password, derived, progress, cancellationToken);
            key.ExportPrivateKey(data);
            ApplyCounterMode(derived[..CipherKeyLengthBytes], iv, data);
            var document = new KeystoreDocument(
                data.ToArray(), iv, Mac(derived, data).ToArray(), derivation, key.Address, key.IsTestOnly);
            return document.ToJson(RandomNumberGenerator.GetBytes(16));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(data);
        }
    }

    internal static KeyPair Decrypt(
        ReadOnlyMemory<byte> json, string password, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var document = KeystoreDocument.Parse(json);
        Span<byte> derived = stackalloc byte[KeystoreDocument.DerivedKeyLengthBytes];
        Span<byte> privateKey = stackalloc byte[KeystoreDocument.CiphertextLengthBytes];
        try
        {
            DeriveKey(document.Derivation, password, derived, progress, cancellationToken);
            if (!CryptographicOperations.FixedTimeEquals(Mac(derived, document.Ciphertext).Bytes, document.Mac))
            {
                throw new KeystoreException(KeystoreFailure.WrongPassword, "The password is not the keystore's.");
            }

            document.Ciphertext.CopyTo(privateKey);
            ApplyCounterMode(derived[..CipherKeyLengthBytes], document.InitializationVector, privateKey);
            return ToKeyPair(privateKey, document);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    private static KeyPair ToKeyPair(ReadOnlySpan<byte> privateKey, KeystoreDocument document)
    {
        KeyPair key;
        try
        {
            key = KeyPair.FromPrivateKey(privateKey, document.IsTestOnly);
        }
        catch (InvalidKeyException exception)
        {
            throw new KeystoreException(KeystoreFailure.Corrupted, "The keystore holds no private key on secp256k1.", exception);
        }

        if (document.Account is { } account && account != key.Address)
        {
            key.Dispose();
            throw new KeystoreException(KeystoreFailure.Corrupted, "The keystore's key is not that of the address it names.");
        }

        return key;
    }

    private static void DeriveKey(
        KeystoreDerivation derivation,
        string password,
        Span<byte> derived,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(password), pinned: true);
        try
        {
            Encoding.UTF8.GetBytes(password, bytes);
            if (derivation.Scrypt is { } cost)
            {
                Scrypt.DeriveKey(bytes, derivation.Salt, cost, derived, progress, cancellationToken);
            }
            else
            {
                Rfc2898DeriveBytes.Pbkdf2(bytes, derivation.Salt, derived, derivation.Pbkdf2Iterations, HashAlgorithmName.SHA256);
            }

            progress?.Report(1);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static Hash256 Mac(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> ciphertext)
    {
        var macKey = derived[CipherKeyLengthBytes..];
        Span<byte> message = stackalloc byte[macKey.Length + KeystoreDocument.CiphertextLengthBytes];
        macKey.CopyTo(message);
        ciphertext.CopyTo(message[^KeystoreDocument.CiphertextLengthBytes..]);
        var mac = Keccak256.Hash(message);
        CryptographicOperations.ZeroMemory(message);
        return mac;
    }

    // AES in counter mode: the platform has none. Two blocks: the initialization vector, and its successor as a big-endian number.
    private static void ApplyCounterMode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> data)
    {
        Span<byte> stream = stackalloc byte[KeystoreDocument.CiphertextLengthBytes];
        var counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        BinaryPrimitives.WriteUInt128BigEndian(stream, counter);
        BinaryPrimitives.WriteUInt128BigEndian(stream[KeystoreDocument.InitializationVectorLengthBytes..], unchecked(counter + 1));
        using var aes = Aes.Create();
        aes.SetKey(key);
        aes.EncryptEcb(stream, stream, PaddingMode.None);
        for (var i = 0; i < data.Length; i++)
        {
            data[i] ^= stream[i];
        }

        CryptographicOperations.ZeroMemory(stream);
    }

    private static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > FileLengthBytesMax)
            {
                throw new KeystoreException(KeystoreFailure.OutOfBounds, $"A keystore file has at most {FileLengthBytesMax} bytes.");
            }

            var json = new byte[(int)stream.Length];
            await stream.ReadExactlyAsync(json, cancellationToken).ConfigureAwait(false);
            return json;
        }
    }

    private static async Task ReplaceFileAsync(string path, byte[] content, bool overwrite, CancellationToken cancellationToken)
    {
        var temporaryPath = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomSuffixLengthBytes))}.tmp";
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            var stream = new FileStream(temporaryPath, options);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(content, cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            // Without overwriting this is a hard link, which fails if somebody was faster.
            File.Move(temporaryPath, path, overwrite);
        }
        catch (IOException exception) when (!overwrite && File.Exists(path))
        {
            throw AlreadyExists(exception);
        }
        finally
        {
            File.Delete(temporaryPath);
        }
    }

    private static void CheckAbsent(string path, bool overwrite)
    {
        if (!overwrite && File.Exists(path))
        {
            throw AlreadyExists(null);
        }
    }

    private static KeystoreException AlreadyExists(Exception? cause) =>
        new(KeystoreFailure.AlreadyExists, "A file of that name exists, and a keystore is not overwritten unasked.", cause);
}
