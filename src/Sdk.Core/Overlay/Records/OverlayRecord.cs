using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// A small signed value that the overlay keeps under a key for a while. Its writer replaces it with a higher version, and deletes it with a
/// higher version that is empty. Immutable and safe for many threads.
/// </summary>
/// <remarks>
/// Encoding, integers little-endian: format 1 (1 byte), kind (4), network id (8), key (32), writer (20), version (8), issued and expires
/// (8 each, seconds since 1970), value, signature r ‖ s ‖ v (65). The value's length is what the rest leaves. The writer signs SHA-256 of
/// <c>"sdk/overlay-record/1"</c> and everything before the signature.
/// </remarks>
public sealed class OverlayRecord
{
    /// <summary>The longest value of any kind: records are notes, not files.</summary>
    public const int ValueLengthBytesMax = 4096;

    /// <summary>Length in bytes of what surrounds the value in the encoding.</summary>
    public const int OverheadLengthBytes = ValueOffset + Signature.LengthBytes;

    /// <summary>Length in bytes of the longest encoding.</summary>
    public const int LengthBytesMax = OverheadLengthBytes + ValueLengthBytesMax;

    private const byte Format = 1;
    private const int KindOffset = 1;
    private const int NetworkOffset = KindOffset + sizeof(uint);
    private const int KeyOffset = NetworkOffset + sizeof(ulong);
    private const int WriterOffset = KeyOffset + OverlayAddress.LengthBytes;
    private const int VersionOffset = WriterOffset + AccountAddress.LengthBytes;
    private const int IssuedOffset = VersionOffset + sizeof(ulong);
    private const int ExpiresOffset = IssuedOffset + sizeof(ulong);
    private const int ValueOffset = ExpiresOffset + sizeof(ulong);

    // One array serves two purposes: all but the signature is what is signed, all after the domain is what travels.
    private readonly byte[] _buffer;
    private Verdict _verdict;

    private OverlayRecord(byte[] buffer)
    {
        _buffer = buffer;
        Digest = Hash256.Sha256(buffer.AsSpan(0, buffer.Length - Signature.LengthBytes));
    }

    private enum Verdict
    {
        None,
        Signed,
        Forged,
    }

    /// <summary>What kind of record this is, a <see cref="RecordKind.Id"/>.</summary>
    public uint KindId => BinaryPrimitives.ReadUInt32LittleEndian(Encoded[KindOffset..]);

    /// <summary>The network that the record belongs to; it is worth nothing on another.</summary>
    public ulong NetworkId => UInt64At(NetworkOffset);

    /// <summary>Where it is kept: at the nodes whose overlay addresses are nearest to the key.</summary>
    public OverlayAddress Key => OverlayAddress.FromBytes(Encoded.Slice(KeyOffset, OverlayAddress.LengthBytes));

    /// <summary>Who signed it, once <see cref="Verify"/> says so: the address of a secp256k1 key, such as a node's.</summary>
    public AccountAddress Writer => AccountAddress.FromBytes(Encoded.Slice(WriterOffset, AccountAddress.LengthBytes));

    /// <summary>Counts up with what the writer says under this key. The higher one replaces the lower one.</summary>
    public ulong Version => UInt64At(VersionOffset);

    /// <summary>When it was made; whole seconds.</summary>
    public DateTimeOffset Issued => TimeAt(IssuedOffset);

    /// <summary>The first moment at which nobody keeps it any more; whole seconds, after <see cref="Issued"/>.</summary>
    public DateTimeOffset Expires => TimeAt(ExpiresOffset);

    /// <summary>The value, at most <see cref="ValueLengthBytesMax"/> bytes; empty where the writer deleted it.</summary>
    public ReadOnlyMemory<byte> Value => _buffer.AsMemory(SigningDomain.Length + ValueOffset, LengthBytes - OverheadLengthBytes);

    /// <summary>Whether this record says that there is none: it keeps older versions from coming back.</summary>
    public bool IsDeletion => LengthBytes == OverheadLengthBytes;

    /// <summary>Length in bytes of the encoding.</summary>
    public int LengthBytes => _buffer.Length - SigningDomain.Length;

    /// <summary>What the writer signed. Two records with the same digest say the same.</summary>
    internal Hash256 Digest { get; }

    internal ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(SigningDomain.Length);

    private static ReadOnlySpan<byte> SigningDomain => "sdk/overlay-record/1"u8;

    private ReadOnlySpan<byte> Encoded => _buffer.AsSpan(SigningDomain.Length);

    /// <summary>Signs a record.</summary>
    /// <param name="writer">The key that the record is signed with: a node key, or one made for the purpose.</param>
    /// <param name="networkId">The network.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="key">Where it is kept. For kinds of a single writer it is <see cref="RecordKind.KeyOf(AccountAddress)"/> of the writer.</param>
    /// <param name="version">Above that of the writer's last record under this key.</param>
    /// <param name="value">At most <see cref="RecordKind.ValueLengthBytesMax"/> of the kind; empty to delete, for which <see cref="Delete"/> is there.</param>
    /// <param name="issued">Now, cut to whole seconds; not before 1970.</param>
    /// <param name="lifetime">At least a second and at most <see cref="RecordKind.LifetimeMax"/> of the kind; cut to whole seconds.</param>
    /// <exception cref="ArgumentException">A value or lifetime beyond the kind's limits, or an empty value that does not live as long as the kind allows.</exception>
    /// <exception cref="ObjectDisposedException">The writer's key is disposed.</exception>
    public static OverlayRecord Create(
        KeyPair writer,
        ulong networkId,
        RecordKind kind,
        OverlayAddress key,
        ulong version,
        ReadOnlySpan<byte> value,
        DateTimeOffset issued,
        TimeSpan lifetime)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(kind);
        issued = UnixTime.Truncate(issued, nameof(issued));
        var expires = UnixTime.Truncate(issued + lifetime, nameof(lifetime));
        if (value.Length > kind.ValueLengthBytesMax)
        {
            throw new ArgumentException($"A value of the kind {kind.Name} has at most {kind.ValueLengthBytesMax} bytes, not {value.Length}.", nameof(value));
        }

        if (expires <= issued || expires - issued > kind.LifetimeMax || (value.IsEmpty && expires - issued < kind.LifetimeMax))
        {
            throw new ArgumentException(
                $"A record of the kind {kind.Name} lives at least a second and at most {kind.LifetimeMax}; one that deletes, exactly that.", nameof(lifetime));
        }

        var buffer = new byte[SigningDomain.Length + OverheadLengthBytes + value.Length];
        SigningDomain.CopyTo(buffer);
        buffer[SigningDomain.Length] = Format;
        var fields = buffer.AsSpan(SigningDomain.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[KindOffset..], kind.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[NetworkOffset..], networkId);
        key.CopyTo(fields[KeyOffset..]);
        writer.Address.CopyTo(fields[WriterOffset..]);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[VersionOffset..], version);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[IssuedOffset..], UnixTime.Seconds(issued));
        BinaryPrimitives.WriteUInt64LittleEndian(fields[ExpiresOffset..], UnixTime.Seconds(expires));
        value.CopyTo(fields[ValueOffset..]);

        var record = new OverlayRecord(buffer) { _verdict = Verdict.Signed };
        writer.SignDigest(record.Digest.Bytes).CopyTo(fields[^Signature.LengthBytes..]);
        return record;
    }

    /// <summary>Signs a record that deletes what the writer said under this key. It lives as long as the kind allows, longer than what it deletes.</summary>
    /// <inheritdoc cref="Create" path="/param"/>
    /// <exception cref="ObjectDisposedException">The writer's key is disposed.</exception>
    public static OverlayRecord Delete(KeyPair writer, ulong networkId, RecordKind kind, OverlayAddress key, ulong version, DateTimeOffset issued)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Create(writer, networkId, kind, key, version, [], issued, kind.LifetimeMax);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Who signed it is not checked: <see cref="Verify"/> does that.</summary>
    /// <exception cref="CryptographyException">The bytes are not the canonical encoding of a record.</exception>
    public static OverlayRecord Decode(ReadOnlySpan<byte> bytes) => TryDecode(bytes, out var record)
        ? record
        : throw new CryptographyException("The bytes are not the canonical encoding of an overlay record.");

    /// <summary>
    /// Reads what <see cref="Encode"/> wrote. Refuses another length or format, times beyond the calendar or out of order, and a signature
    /// that cannot be one. Who signed it is not checked: <see cref="Verify"/> does that.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out OverlayRecord? record)
    {
        record = null;
        if (bytes.Length is < OverheadLengthBytes or > LengthBytesMax || bytes[0] != Format)
        {
            return false;
        }

        var issued = BinaryPrimitives.ReadUInt64LittleEndian(bytes[IssuedOffset..]);
        var expires = BinaryPrimitives.ReadUInt64LittleEndian(bytes[ExpiresOffset..]);
        if (issued >= expires || expires > UnixTime.SecondsMax || !Signature.TryParse(bytes[^Signature.LengthBytes..], out _))
        {
            return false;
        }

        record = new OverlayRecord([.. SigningDomain, .. bytes]);
        return true;
    }

    /// <summary>The canonical encoding, <see cref="LengthBytes"/> bytes.</summary>
    public byte[] Encode() => Encoded.ToArray();

    /// <summary>Whether <see cref="Writer"/> signed it. Computed once.</summary>
    public bool Verify()
    {
        if (_verdict == Verdict.None)
        {
            // Two threads may both compute it; they come to the same.
            _verdict = Signature.TryParse(Encoded[^Signature.LengthBytes..], out var signature)
                && PublicKey.Recover(Digest.Bytes, signature) is { } signer
                && AccountAddress.FromPublicKey(signer) == Writer ? Verdict.Signed : Verdict.Forged;
        }

        return _verdict == Verdict.Signed;
    }

    /// <summary>Kind, key, writer and version.</summary>
    public override string ToString() => $"Record {KindId:x8} at {Key}, version {Version} of {Writer}";

    /// <summary>
    /// Whether this one replaces <paramref name="other"/>, of the same writer under the same key. Of two with one version, which an honest
    /// writer does not make, every node keeps the same.
    /// </summary>
    internal bool Replaces(OverlayRecord other) =>
        Version > other.Version || (Version == other.Version && Digest < other.Digest);

    private ulong UInt64At(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(Encoded[offset..]);

    private DateTimeOffset TimeAt(int offset) => DateTimeOffset.FromUnixTimeSeconds((long)UInt64At(offset));
}
