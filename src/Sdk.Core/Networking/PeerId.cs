using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Networking;

/// <summary>
/// A node's name on the wire: the multihash of its public key's protobuf (libp2p <c>specs/peer-ids</c>). Keys of at most 42 bytes, as
/// the suite's secp256k1 keys are, stand in it unhashed, so that the id carries the key. Immutable, safe for many threads.
/// </summary>
public sealed class PeerId : IEquatable<PeerId>, IComparable<PeerId>
{
    private const byte IdentityCode = 0x00;
    private const byte Sha256Code = 0x12;
    private const byte CidVersion = 0x01;
    private const byte Libp2pKeyCodec = 0x72;
    private const int MaxIdentityBytes = 42;

    private readonly byte[] _multihash;
    private string? _text;

    private PeerId(byte[] multihash) => _multihash = multihash;

    /// <summary>The multihash: 34 to 44 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _multihash;

    /// <summary>The id of the node that holds the private half of <paramref name="key"/>.</summary>
    public static PeerId FromPublicKey(PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return FromIdentity(IdentityKey.From(key));
    }

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is no peer id.</exception>
    public static PeerId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException("The text is not a peer id.");

    /// <summary>Reads base58btc (<c>16Uiu2HA…</c>, <c>12D3Koo…</c>, <c>Qm…</c>) or a CIDv1 with codec libp2p-key in base32, base36 or base58btc.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PeerId? id)
    {
        id = null;
        if (text is null || text.Length is 0 or > Multibase.MaxTextLength)
        {
            return false;
        }

        if (text[0] is '1' or 'Q')
        {
            return Multibase.TryFromBase58(text, out var multihash) && TryFromBytes(multihash, out id);
        }

        return Multibase.TryDecodePrefixed(text, out var cid)
            && cid is [CidVersion, Libp2pKeyCodec, .. var rest]
            && TryFromBytes(rest, out id);
    }

    /// <summary>Reads a multihash: identity of a well-formed key, or SHA-256.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> multihash, [NotNullWhen(true)] out PeerId? id)
    {
        var valid = multihash.Length >= 2 && multihash[1] == multihash.Length - 2 && multihash[0] switch
        {
            IdentityCode => multihash.Length - 2 <= MaxIdentityBytes && IdentityKey.TryDecode(multihash[2..], out _),
            Sha256Code => multihash.Length - 2 == SHA256.HashSizeInBytes,
            _ => false,
        };
        id = valid ? new PeerId(multihash.ToArray()) : null;
        return valid;
    }

    /// <summary>The secp256k1 key that the id carries; false where it carries a hash or a key of another type.</summary>
    public bool TryGetPublicKey([NotNullWhen(true)] out PublicKey? key)
    {
        key = _multihash[0] == IdentityCode && IdentityKey.TryDecode(_multihash.AsSpan(2), out var identity) ? identity.Secp256k1 : null;
        return key is not null;
    }

    /// <summary>The CIDv1 text (base32), the newer of the two forms.</summary>
    public string ToCidString() => Multibase.ToBase32([CidVersion, Libp2pKeyCodec, .. _multihash]);

    /// <summary>The base58btc text.</summary>
    public override string ToString() => _text ??= Multibase.ToBase58(_multihash);

    /// <inheritdoc/>
    public bool Equals(PeerId? other) => other is not null && _multihash.AsSpan().SequenceEqual(other._multihash);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PeerId);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_multihash);
        return hash.ToHashCode();
    }

    /// <summary>Orders by the bytes of the multihash.</summary>
    public int CompareTo(PeerId? other) => other is null ? 1 : _multihash.AsSpan().SequenceCompareTo(other._multihash);

    /// <summary>Equality of the multihashes.</summary>
    public static bool operator ==(PeerId? left, PeerId? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(PeerId? left, PeerId? right) => !(left == right);

    /// <summary>Order of the multihashes.</summary>
    public static bool operator <(PeerId? left, PeerId? right) => left is null ? right is not null : left.CompareTo(right) < 0;

    /// <summary>Order of the multihashes.</summary>
    public static bool operator <=(PeerId? left, PeerId? right) => left is null || left.CompareTo(right) <= 0;

    /// <summary>Order of the multihashes.</summary>
    public static bool operator >(PeerId? left, PeerId? right) => right < left;

    /// <summary>Order of the multihashes.</summary>
    public static bool operator >=(PeerId? left, PeerId? right) => right <= left;

    /// <summary>The id of whoever holds the private half of <paramref name="key"/>: the key itself where it is short, else its SHA-256.</summary>
    public static PeerId FromIdentity(IdentityKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var encoded = key.Encoded.Span;
        return encoded.Length <= MaxIdentityBytes
            ? new PeerId([IdentityCode, (byte)encoded.Length, .. encoded])
            : new PeerId([Sha256Code, SHA256.HashSizeInBytes, .. SHA256.HashData(encoded)]);
    }
}
