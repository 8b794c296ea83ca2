using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;

namespace Sdk.Core.Overlay;

/// <summary>
/// A node's word of who it is in the overlay and where it is reached: the account's credential for the node's device, the nonce that its
/// <see cref="OverlayAddress"/> is made of, and multiaddresses, signed by the node key. Shown in the overlay's handshake and passed on by others.
/// </summary>
/// <remarks>
/// Reading one checks its shape only: most of what peers name is never dialled, and the two signatures, the account's and the node's, cost more
/// than all the rest. <see cref="Check"/> verifies them, once. Signed is Keccak-256(<c>"sdk/node-record/1"</c> ‖ everything before the
/// signature). Immutable and safe for many threads.
/// </remarks>
public sealed class NodeRecord : IEquatable<NodeRecord>
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxBytes = FixedBytes + (MaxAddresses * (1 + MaxAddressBytes)) + Signature.LengthBytes;

    /// <summary>The most addresses that a record names.</summary>
    public const int MaxAddresses = 8;

    /// <summary>The longest address that a record names, in bytes, without the peer's own id.</summary>
    public const int MaxAddressBytes = 128;

    /// <summary>The length of an overlay nonce, in bytes.</summary>
    public const int NonceBytes = 32;

    /// <summary>How long a record is good for: nodes that live renew theirs long before.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>How far clocks may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    private const byte Version = 1;
    private const byte LightFlag = 1;

    private const int CredentialOffset = 2;
    private const int AccountOffset = CredentialOffset + 1;
    private const int NetworkOffset = CredentialOffset + DeviceCredential.LengthBytes - Signature.LengthBytes - (2 * sizeof(ulong));
    private const int NonceOffset = CredentialOffset + DeviceCredential.LengthBytes;
    private const int SequenceOffset = NonceOffset + NonceBytes;
    private const int CountOffset = SequenceOffset + sizeof(ulong);
    private const int FixedBytes = CountOffset + 1;

    private readonly byte[] _encoded;
    private readonly Lazy<Proof?> _proof;

    // By how far an address must reach.
    private readonly NetworkGroup[] _groups = new NetworkGroup[(int)AddressReach.World + 1];

    private NodeRecord(byte[] encoded, IReadOnlyList<Multiaddr> addresses)
    {
        _encoded = encoded;
        Addresses = addresses;
        Account = AccountAddress.FromBytes(encoded.AsSpan(AccountOffset, AccountAddress.LengthBytes));
        NetworkId = BinaryPrimitives.ReadUInt64LittleEndian(encoded.AsSpan(NetworkOffset));
        Sequence = BinaryPrimitives.ReadUInt64LittleEndian(encoded.AsSpan(SequenceOffset));
        Address = OverlayAddress.Create(Account, NetworkId, Nonce);
        IsLight = (encoded[1] & LightFlag) != 0;
        _proof = new Lazy<Proof?>(Prove);
        for (var i = addresses.Count - 1; i >= 0; i--)
        {
            var reach = addresses[i].Reach;
            Reach = reach > Reach ? reach : Reach;
            if (addresses[i].TryGetIp(out var ip))
            {
                _groups.AsSpan(0, (int)reach + 1).Fill(NetworkGroup.Of(ip));
            }
        }
    }

    /// <summary>Where the node stands in the overlay: made of account, network and nonce.</summary>
    public OverlayAddress Address { get; }

    /// <summary>The account that the node acts for, once <see cref="Check"/> has found nothing.</summary>
    public AccountAddress Account { get; }

    /// <summary>The network it belongs to.</summary>
    public ulong NetworkId { get; }

    /// <summary>The nonce of the overlay address, <see cref="NonceBytes"/> bytes.</summary>
    public ReadOnlySpan<byte> Nonce => _encoded.AsSpan(NonceOffset, NonceBytes);

    /// <summary>When it was signed, in milliseconds since 1970; of two records of one node the later one counts.</summary>
    public ulong Sequence { get; }

    /// <summary>Where the node says that it is reached, without its peer id; none for one that nobody can dial.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; }

    /// <summary>How far its farthest-reaching address reaches; <see cref="AddressReach.Nowhere"/> where it names none.</summary>
    internal AddressReach Reach { get; }

    /// <summary>Whether the node only uses the overlay: it answers nothing and stands in no routing table.</summary>
    public bool IsLight { get; }

    /// <summary>The encoding, at most <see cref="MaxBytes"/> bytes.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>The account's credential for the node's device; null where its keys are none.</summary>
    public DeviceCredential? Credential => _proof.Value?.Credential;

    /// <summary>Who must answer where the node is dialled; null where its key is none.</summary>
    public PeerId? Peer => _proof.Value?.Peer;

    private ReadOnlySpan<byte> Signed => _encoded.AsSpan(0, _encoded.Length - Signature.LengthBytes);

    /// <summary>Signs a record.</summary>
    /// <param name="device">The node's device.</param>
    /// <param name="nonce"><see cref="NonceBytes"/> bytes.</param>
    /// <param name="addresses">Where it is reached; what is too long or too much is left out.</param>
    /// <param name="isLight">Whether it only uses the overlay.</param>
    /// <param name="now">When.</param>
    /// <exception cref="ArgumentException">The nonce has another length.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static NodeRecord Create(
        DeviceIdentity device, ReadOnlySpan<byte> nonce, IEnumerable<Multiaddr> addresses, bool isLight, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(addresses);
        if (nonce.Length != NonceBytes)
        {
            throw new ArgumentException($"An overlay nonce has {NonceBytes} bytes, not {nonce.Length}.", nameof(nonce));
        }

        Multiaddr[] named = [.. addresses.Select(address => address.WithoutPeer()).Distinct().Where(address => address.Bytes.Length <= MaxAddressBytes).Take(MaxAddresses)];
        var encoded = new byte[FixedBytes + named.Sum(address => 1 + address.Bytes.Length) + Signature.LengthBytes];
        encoded[0] = Version;
        encoded[1] = isLight ? LightFlag : (byte)0;
        device.Credential.Encode().CopyTo(encoded, CredentialOffset);
        nonce.CopyTo(encoded.AsSpan(NonceOffset));
        BinaryPrimitives.WriteUInt64LittleEndian(encoded.AsSpan(SequenceOffset), (ulong)now.ToUnixTimeMilliseconds());
        encoded[CountOffset] = (byte)named.Length;
        var rest = encoded.AsSpan(FixedBytes);
        foreach (var address in named)
        {
            rest[0] = (byte)address.Bytes.Length;
            address.Bytes.Span.CopyTo(rest[1..]);
            rest = rest[(1 + address.Bytes.Length)..];
        }

        device.NodeKey.SignDigest(DigestOf(encoded.AsSpan(0, encoded.Length - Signature.LengthBytes)).Bytes).CopyTo(rest);
        return new NodeRecord(encoded, named);
    }

    /// <summary>Reads the canonical encoding; false for anything else. Nothing in it is verified: <see cref="Check"/> does that.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out NodeRecord? record)
    {
        record = null;
        if (bytes.Length is < FixedBytes + Signature.LengthBytes or > MaxBytes
            || bytes[0] != Version || (bytes[1] & ~LightFlag) != 0 || bytes[CountOffset] > MaxAddresses)
        {
            return false;
        }

        var addresses = new Multiaddr[bytes[CountOffset]];
        var rest = bytes[FixedBytes..];
        for (var i = 0; i < addresses.Length; i++)
        {
            var length = rest[0];
            if (length > MaxAddressBytes || rest.Length < 1 + length + Signature.LengthBytes
                || !Multiaddr.TryFromBytes(rest.Slice(1, length), out var address))
            {
                return false;
            }

            addresses[i] = address;
            rest = rest[(1 + length)..];
        }

        record = rest.Length == Signature.LengthBytes ? new NodeRecord(bytes.ToArray(), addresses) : null;
        return record is not null;
    }

    /// <summary>What is wrong with the record, if anything. Both signatures are verified at the first call and never again.</summary>
    /// <param name="networkId">The network that it must belong to.</param>
    /// <param name="now">The time.</param>
    public NodeRecordFault Check(ulong networkId, DateTimeOffset now)
    {
        if (NetworkId != networkId)
        {
            return NodeRecordFault.Network;
        }

        var milliseconds = (ulong)now.ToUnixTimeMilliseconds();
        if (Sequence > milliseconds + (ulong)ClockTolerance.TotalMilliseconds)
        {
            return NodeRecordFault.Future;
        }

        if (Sequence + (ulong)Lifetime.TotalMilliseconds <= milliseconds)
        {
            return NodeRecordFault.Expired;
        }

        if (_proof.Value is not { } proof)
        {
            return NodeRecordFault.Credential;
        }

        return !proof.IsSigned ? NodeRecordFault.Signature
            : now >= proof.Credential.Expires ? NodeRecordFault.Expired
            : proof.Credential.Verify(networkId, now) ? NodeRecordFault.None
            : NodeRecordFault.Credential;
    }

    /// <summary>The network of the first IP address that reaches so far; none where no address does.</summary>
    internal NetworkGroup GroupAt(AddressReach floor) => _groups[(int)floor];

    /// <inheritdoc/>
    public bool Equals(NodeRecord? other) => ReferenceEquals(this, other) || (other is not null && _encoded.AsSpan().SequenceEqual(other._encoded));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NodeRecord);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, Sequence);

    /// <summary>Address and account.</summary>
    public override string ToString() => $"Node {Address} of account {Account}";

    private static Hash256 DigestOf(ReadOnlySpan<byte> signed)
    {
        byte[] message = [.. "sdk/node-record/1"u8, .. signed];
        return Keccak256.Hash(message);
    }

    private Proof? Prove()
    {
        try
        {
            var credential = DeviceCredential.Decode(_encoded.AsSpan(CredentialOffset, DeviceCredential.LengthBytes));

            // By recovery, which looks at every byte of the signature: a record has one encoding.
            var isSigned = Signature.TryParse(_encoded.AsSpan(_encoded.Length - Signature.LengthBytes), out var signature)
                && credential.NodeKey.Equals(PublicKey.Recover(DigestOf(Signed).Bytes, signature));
            return new Proof(credential, PeerId.FromPublicKey(credential.NodeKey), isSigned);
        }
        catch (CryptographyException)
        {
            // Whoever named it, or shows it, is told that the credential is none.
            return null;
        }
    }

    private sealed record Proof(DeviceCredential Credential, PeerId Peer, bool IsSigned);
}
