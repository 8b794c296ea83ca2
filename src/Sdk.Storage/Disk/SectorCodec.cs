using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Sdk.Storage.Disk;

/// <summary>
/// Seals sectors with AES-256-GCM (NIST SP 800-38D) under the key of their slice. A nonce is always fresh and random: a counter would
/// repeat after a restored state. Associated data binds origin disk, sector address, key generation and write version, so that a
/// sector that a liar moved, or served under another version, does not open.
/// </summary>
/// <remarks>Thread-safe. Allocates nothing per sector while the slice's key is held.</remarks>
internal sealed class SectorCodec(DiskKeys keys, int heldKeysMax = SectorCodec.DefaultHeldKeysMax) : IDisposable
{
    /// <summary>AES-GCM objects held: a working set of 128 MiB, at about 1 KiB of native memory each.</summary>
    public const int DefaultHeldKeysMax = 512;

    private const int VersionOffset = DiskId.LengthBytes + sizeof(ulong) + sizeof(uint);
    private const int AssociatedDataBytes = VersionOffset + sizeof(ulong);

    private readonly HeldSliceKeys _held = new(keys, heldKeysMax);

    /// <summary>Seals the sectors of one write to one slice.</summary>
    /// <param name="origin">The slice's name in encryption.</param>
    /// <param name="version">The write's version, shared by all its sectors.</param>
    /// <param name="sectors">Bit i: seal sector i.</param>
    /// <param name="plaintexts">By sector, 4096 bytes each; places whose bit is clear are not looked at.</param>
    /// <param name="stored">Receives nonce ‖ tag ‖ ciphertext of each sealed sector in ascending order.</param>
    public void Seal(in SliceOrigin origin, ulong version, ulong sectors, ReadOnlySpan<byte[]?> plaintexts, Span<byte> stored)
    {
        int count = BitOperations.PopCount(sectors);
        if (stored.Length != count * SliceGeometry.StoredSectorBytes)
        {
            throw new ArgumentException("The destination holds another number of sectors.", nameof(stored));
        }

        // One draw for the batch: the generator's cost is per call.
        Span<byte> nonces = stackalloc byte[SliceGeometry.SectorsPerSlice * SliceGeometry.NonceBytes];
        nonces = nonces[..(count * SliceGeometry.NonceBytes)];
        RandomNumberGenerator.Fill(nonces);
        Span<byte> associated = stackalloc byte[AssociatedDataBytes];
        HeldSliceKeys.HeldKey key = _held.Take(in origin);
        try
        {
            for (; sectors != 0; sectors &= sectors - 1)
            {
                int sector = BitOperations.TrailingZeroCount(sectors);
                WriteAssociatedData(in origin, sector, version, associated);
                Span<byte> nonce = stored[..SliceGeometry.NonceBytes];
                nonces[..SliceGeometry.NonceBytes].CopyTo(nonce);
                key.Aes.Encrypt(nonce, plaintexts[sector].AsSpan(0, SliceGeometry.SectorBytes), Ciphertext(stored), Tag(stored), associated);
                nonces = nonces[SliceGeometry.NonceBytes..];
                stored = stored[SliceGeometry.StoredSectorBytes..];
            }
        }
        finally
        {
            _held.Return(key);
        }
    }

    /// <summary>Opens a run of sectors into contiguous plaintext; sectors without data become zeros.</summary>
    /// <param name="origin">The slice's name in encryption.</param>
    /// <param name="firstSector">The first sector of the run.</param>
    /// <param name="touched">Bit i: sector first + i has data.</param>
    /// <param name="versions">The write version of each sector of the run; its length is the length of the run.</param>
    /// <param name="stored">nonce ‖ tag ‖ ciphertext of each touched sector in order.</param>
    /// <param name="plaintext">Receives 4096 bytes per sector of the run.</param>
    /// <exception cref="SectorAuthenticationException">A sector is not what the owner sealed for this place and version.</exception>
    public void Open(
        in SliceOrigin origin, int firstSector, ulong touched, ReadOnlySpan<ulong> versions, ReadOnlySpan<byte> stored, Span<byte> plaintext)
    {
        touched &= SliceGeometry.Mask(0, versions.Length);
        if (stored.Length != BitOperations.PopCount(touched) * SliceGeometry.StoredSectorBytes
            || plaintext.Length != versions.Length * SliceGeometry.SectorBytes)
        {
            throw new ArgumentException("The run, what is stored of it and the destination differ in length.", nameof(stored));
        }

        Span<byte> associated = stackalloc byte[AssociatedDataBytes];
        HeldSliceKeys.HeldKey key = _held.Take(in origin);
        try
        {
            for (int place = 0; place < versions.Length; place++)
            {
                Span<byte> sector = plaintext.Slice(place * SliceGeometry.SectorBytes, SliceGeometry.SectorBytes);
                if ((touched >> place & 1) == 0)
                {
                    sector.Clear();
                    continue;
                }

                WriteAssociatedData(in origin, firstSector + place, versions[place], associated);
                key.Aes.Decrypt(stored[..SliceGeometry.NonceBytes], Ciphertext(stored), Tag(stored), sector, associated);
                stored = stored[SliceGeometry.StoredSectorBytes..];
            }
        }
        catch (AuthenticationTagMismatchException mismatch)
        {
            plaintext.Clear();
            throw new SectorAuthenticationException("A sector is not what its owner sealed for this place and version.", mismatch);
        }
        finally
        {
            _held.Return(key);
        }
    }

    public void Dispose() => _held.Dispose();

    private static void WriteAssociatedData(in SliceOrigin origin, int sector, ulong version, Span<byte> associated)
    {
        origin.Disk.CopyTo(associated);
        BinaryPrimitives.WriteUInt64LittleEndian(associated[DiskId.LengthBytes..], origin.SectorAddress(sector));
        BinaryPrimitives.WriteUInt32LittleEndian(associated[(DiskId.LengthBytes + sizeof(ulong))..], origin.KeyGeneration);
        BinaryPrimitives.WriteUInt64LittleEndian(associated[VersionOffset..], version);
    }

    private static Span<byte> Tag(Span<byte> stored) => stored.Slice(SliceGeometry.NonceBytes, SliceGeometry.TagBytes);

    private static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> stored) => stored.Slice(SliceGeometry.NonceBytes, SliceGeometry.TagBytes);

    private static Span<byte> Ciphertext(Span<byte> stored) =>
        stored.Slice(SliceGeometry.CiphertextOffsetBytes, SliceGeometry.SectorBytes);

    private static ReadOnlySpan<byte> Ciphertext(ReadOnlySpan<byte> stored) =>
        stored.Slice(SliceGeometry.CiphertextOffsetBytes, SliceGeometry.SectorBytes);
}
