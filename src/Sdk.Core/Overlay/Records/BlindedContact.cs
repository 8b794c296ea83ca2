using System.Buffers.Binary;
using System.Security.Cryptography;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Overlay.Records;

/// <summary>
/// What an account's contacts know of its <see cref="BlindedIdentity"/>: enough to compute under which key and by which writer its records of
/// an epoch stand, and nothing to sign with. It is a secret between the account and its contacts. Immutable and safe for many threads.
/// </summary>
public sealed class BlindedContact
{
    /// <summary>Length in bytes of the encoding.</summary>
    public const int LengthBytes = 1 + sizeof(ulong) + PublicKey.LengthBytes + SecretLengthBytes;

    internal const int SecretLengthBytes = 32;

    private const byte Format = 1;

    private readonly PublicKey _base;
    private readonly byte[] _blinding;

    internal BlindedContact(ulong networkId, PublicKey @base, ReadOnlySpan<byte> blinding)
    {
        NetworkId = networkId;
        _base = @base;
        _blinding = blinding.ToArray();
    }

    /// <summary>How long an epoch is: a day, counted from 1970.</summary>
    public static TimeSpan EpochLength { get; } = TimeSpan.FromDays(1);

    /// <summary>The network.</summary>
    public ulong NetworkId { get; }

    /// <summary>The epoch of a time. A reader asks for the epoch before too, since clocks differ.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is before 1970.</exception>
    public static ulong EpochAt(DateTimeOffset time) =>
        UnixTime.Seconds(UnixTime.Truncate(time, nameof(time))) / (ulong)EpochLength.TotalSeconds;

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="CryptographyException">The length or the format is another.</exception>
    /// <exception cref="InvalidKeyException">The public key is no point of the curve.</exception>
    public static BlindedContact Decode(ReadOnlySpan<byte> bytes) => bytes.Length == LengthBytes && bytes[0] == Format
        ? new BlindedContact(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..]),
            PublicKey.Parse(bytes.Slice(1 + sizeof(ulong), PublicKey.LengthBytes)),
            bytes[^SecretLengthBytes..])
        : throw new CryptographyException($"What contacts know of a blinded identity has {LengthBytes} bytes and begins with {Format}.");

    /// <summary>Format 1, the network id (little-endian), the public key and the secret. To be kept and sent as a secret.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[LengthBytes];
        bytes[0] = Format;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(1), NetworkId);
        _base.CopyTo(bytes.AsSpan(1 + sizeof(ulong)));
        _blinding.CopyTo(bytes.AsSpan(LengthBytes - SecretLengthBytes));
        return bytes;
    }

    /// <summary>Who writes in an epoch.</summary>
    /// <param name="epoch">An <see cref="EpochAt"/>.</param>
    public AccountAddress WriterOf(ulong epoch)
    {
        Span<byte> tweak = stackalloc byte[KeyPair.PrivateKeyLengthBytes];
        TweakOf(epoch, tweak);
        return AccountAddress.FromPublicKey(_base.Tweak(tweak));
    }

    /// <summary>Where the account's record of a kind stands in an epoch.</summary>
    /// <param name="kind">A kind of a single writer, such as <see cref="RecordKinds.PacketHolder"/>.</param>
    /// <param name="epoch">An <see cref="EpochAt"/>.</param>
    /// <exception cref="ArgumentException">The kind has keys that do not belong to their writers.</exception>
    public OverlayAddress KeyOf(RecordKind kind, ulong epoch)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return kind.IsSingleWriter
            ? kind.KeyOf(WriterOf(epoch))
            : throw new ArgumentException($"Anybody may write under the keys of the kind {kind.Name}.", nameof(kind));
    }

    /// <summary>Says nothing: what is in here is secret.</summary>
    public override string ToString() => nameof(BlindedContact);

    /// <summary>The number that the epoch adds to the keys.</summary>
    internal void TweakOf(ulong epoch, Span<byte> tweak)
    {
        Span<byte> info = stackalloc byte[BlindedTweak.InfoLengthBytes];
        Span<byte> basePoint = stackalloc byte[PublicKey.LengthBytes];
        _base.CopyTo(basePoint);
        byte attempt = 0;
        do
        {
            // Bound to the base key as well, so that one secret for two keys does not make the same tweak. The chance of a second attempt is 2^-128.
            HKDF.DeriveKey(
                HashAlgorithmName.SHA256, _blinding, tweak, basePoint, [.. BlindedTweak.Info(info, "sdk/tweak/1/"u8, NetworkId, epoch), attempt++]);
        }
        while (!Secp256k1.IsScalar(tweak));
    }
}
