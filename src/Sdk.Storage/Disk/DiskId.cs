using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sdk.Storage.Disk;

/// <summary>
/// Names a disk for ever: the first half of SHA-256("sdk/disk-id/1" ‖ owner ‖ salt ‖ name). The random salt stands in the
/// disk's descriptor, so that an id tells a member nothing about the name, and a name used twice gives two disks.
/// </summary>
internal readonly record struct DiskId(UInt128 Value)
{
    public const int LengthBytes = 16;
    public const int SaltBytes = 16;

    /// <summary>Longest name, in bytes of UTF-8: names are for people, and a descriptor is small.</summary>
    public const int MaxNameBytes = 255;

    private const int OwnerBytes = 20;

    private static ReadOnlySpan<byte> Purpose => "sdk/disk-id/1"u8;

    /// <summary>The id of the disk that <paramref name="owner"/> (an account's 20 bytes) calls <paramref name="name"/>.</summary>
    public static DiskId Derive(ReadOnlySpan<byte> owner, string name, ReadOnlySpan<byte> salt)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (owner.Length != OwnerBytes)
        {
            throw new ArgumentException("An account address has 20 bytes.", nameof(owner));
        }

        if (salt.Length != SaltBytes)
        {
            throw new ArgumentException("The salt of a disk has 16 bytes.", nameof(salt));
        }

        int nameBytes = Encoding.UTF8.GetByteCount(name);
        if (nameBytes > MaxNameBytes)
        {
            throw new ArgumentException("The name of a disk has at most 255 bytes.", nameof(name));
        }

        Span<byte> input = stackalloc byte[Purpose.Length + OwnerBytes + SaltBytes + nameBytes];
        Purpose.CopyTo(input);
        owner.CopyTo(input[Purpose.Length..]);
        salt.CopyTo(input[(Purpose.Length + OwnerBytes)..]);
        Encoding.UTF8.GetBytes(name, input[(Purpose.Length + OwnerBytes + SaltBytes)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return FromBytes(digest[..LengthBytes]);
    }

    public static DiskId FromBytes(ReadOnlySpan<byte> bytes16) => bytes16.Length == LengthBytes
        ? new DiskId(BinaryPrimitives.ReadUInt128BigEndian(bytes16))
        : throw new ArgumentException("A disk id has 16 bytes.", nameof(bytes16));

    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    public override string ToString() => Value.ToString("x32", null);
}
