using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>
/// The keys of one disk hang on the account secret: account secret → disk master → one key per slice and generation, by HKDF-SHA256
/// (RFC 5869). A leaked slice key opens one slice; 2³² random nonces per key are far away; recovering the secret recovers the data.
/// </summary>
/// <remarks>Thread-safe. The master is zeroed on dispose.</remarks>
internal sealed class DiskKeys : IDisposable
{
    public const int AccountSecretBytes = 32;
    public const int SliceKeyBytes = 32;

    private const int MasterBytes = 32;

    private readonly Lock _gate = new();
    private readonly byte[] _master;
    private bool _disposed;

    private DiskKeys(DiskId disk, byte[] master)
    {
        (Disk, _master) = (disk, master);
        Span<byte> commitment = stackalloc byte[MasterBytes];
        HKDF.Expand(HashAlgorithmName.SHA256, _master, commitment, CommitmentPurpose);
        Commitment = Hash256.FromBytes(commitment);
    }

    /// <summary>The disk that these keys are for.</summary>
    public DiskId Disk { get; }

    /// <summary>
    /// Public, and kept in the disk's descriptor: AES-GCM does not commit to its key, so a reader compares this before it trusts
    /// that a sector which opens is the sector that was sealed.
    /// </summary>
    public Hash256 Commitment { get; }

    private static ReadOnlySpan<byte> MasterPurpose => "sdk/disk-master/1"u8;

    private static ReadOnlySpan<byte> CommitmentPurpose => "sdk/disk-commitment/1"u8;

    private static ReadOnlySpan<byte> SlicePurpose => "sdk/slice-key/1"u8;

    /// <summary>The keys of <paramref name="disk"/> under an account's random secret of 32 bytes.</summary>
    public static DiskKeys Derive(ReadOnlySpan<byte> accountSecret, DiskId disk)
    {
        if (accountSecret.Length != AccountSecretBytes)
        {
            throw new ArgumentException("An account secret has 32 bytes.", nameof(accountSecret));
        }

        Span<byte> info = stackalloc byte[MasterPurpose.Length + DiskId.LengthBytes];
        MasterPurpose.CopyTo(info);
        disk.CopyTo(info[MasterPurpose.Length..]);
        byte[] master = GC.AllocateArray<byte>(MasterBytes, pinned: true);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, accountSecret, master, salt: default, info);
        return new DiskKeys(disk, master);
    }

    /// <summary>Refuses keys that are not the ones a descriptor commits to.</summary>
    /// <exception cref="DiskKeyMismatchException">The account secret is not the one under which the disk was made.</exception>
    public void CheckCommitment(in Hash256 expected)
    {
        if (Commitment != expected)
        {
            throw new DiskKeyMismatchException("The disk was made under another account secret.");
        }
    }

    /// <summary>Derives the key of one slice; the caller zeroes it.</summary>
    public void DeriveSliceKey(in SliceOrigin origin, Span<byte> key32)
    {
        Span<byte> info = stackalloc byte[SlicePurpose.Length + SliceOrigin.LengthBytes];
        SlicePurpose.CopyTo(info);
        origin.CopyTo(info[SlicePurpose.Length..]);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            HKDF.Expand(HashAlgorithmName.SHA256, _master, key32[..SliceKeyBytes], info);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            CryptographicOperations.ZeroMemory(_master);
        }
    }
}
