using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sdk.Core.Cryptography;

/// <summary>HKDF-SHA-256 with the labels of RFC 9180 (section 4): every derivation says which protocol, suite and step it is for.</summary>
internal sealed class LabeledHkdf(ReadOnlySpan<byte> suiteId)
{
    public const int HashLengthBytes = 32;

    private const ushort KemId = 0x0010;
    private const ushort KdfId = 0x0001;

    private readonly byte[] _suiteId = suiteId.ToArray();

    /// <summary>Derivations inside DHKEM(P-256, HKDF-SHA256).</summary>
    public static LabeledHkdf Kem { get; } = new([.. "KEM"u8, .. BigEndian(KemId)]);

    /// <summary>Derivations of the suite with this AEAD.</summary>
    public static LabeledHkdf Suite(ushort aeadId) =>
        new([.. "HPKE"u8, .. BigEndian(KemId), .. BigEndian(KdfId), .. BigEndian(aeadId)]);

    /// <summary>LabeledExtract; writes 32 bytes.</summary>
    public void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> keyMaterial, Span<byte> destination)
    {
        byte[] labeled = [.. "HPKE-v1"u8, .. _suiteId, .. label, .. keyMaterial];
        HKDF.Extract(HashAlgorithmName.SHA256, labeled, salt, destination);
        CryptographicOperations.ZeroMemory(labeled);
    }

    /// <summary>LabeledExpand; fills the destination.</summary>
    public void Expand(ReadOnlySpan<byte> pseudoRandomKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> destination)
    {
        byte[] labeled = [.. BigEndian((ushort)destination.Length), .. "HPKE-v1"u8, .. _suiteId, .. label, .. info];
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandomKey, destination, labeled);
    }

    private static byte[] BigEndian(ushort value)
    {
        var bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }
}
