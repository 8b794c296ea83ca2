using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;

namespace Sdk.Core.Tests.Overlay;

public sealed class NodeRecordTests
{
    private const ulong Network = 7;
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Nonce = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly Multiaddr Place = Multiaddr.Parse("/ip4/192.0.2.1/tcp/4001");

    [Fact]
    public void What_was_signed_is_read_and_verified()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceOf(account);
        var record = NodeRecord.Create(device, Nonce, [Place.WithPeer(PeerId.FromPublicKey(device.NodeKey.PublicKey)), Place], isLight: true, Now);

        Assert.True(NodeRecord.TryDecode(record.Encoded.Span, out var read));
        Assert.Equal(record, read);
        Assert.Equal(NodeRecordFault.None, read.Check(Network, Now));
        Assert.Equal(account.Address, read.Account);
        Assert.Equal(OverlayAddress.Create(account.Address, Network, Nonce), read.Address);
        Assert.Equal(PeerId.FromPublicKey(device.NodeKey.PublicKey), read.Peer);
        Assert.Equal([Place], read.Addresses);
        Assert.True(read.IsLight);
    }

    [Fact]
    public void Every_byte_is_signed()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceOf(account);
        var encoded = NodeRecord.Create(device, Nonce, [Place], isLight: false, Now).Encoded.ToArray();
        for (var i = 0; i < encoded.Length; i++)
        {
            var altered = encoded.ToArray();
            altered[i] ^= 1;
            Assert.False(NodeRecord.TryDecode(altered, out var read) && read.Check(Network, Now) == NodeRecordFault.None, $"byte {i}");
        }
    }

    [Fact]
    public void The_time_and_the_network_must_be_right()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceOf(account);
        var record = NodeRecord.Create(device, Nonce, [], isLight: false, Now);
        Assert.Equal(NodeRecordFault.Network, record.Check(Network + 1, Now));
        Assert.Equal(NodeRecordFault.Future, record.Check(Network, Now - NodeRecord.ClockTolerance - TimeSpan.FromMilliseconds(1)));
        Assert.Equal(NodeRecordFault.None, record.Check(Network, Now - NodeRecord.ClockTolerance));
        Assert.Equal(NodeRecordFault.Expired, record.Check(Network, Now + NodeRecord.Lifetime));
    }

    [Fact]
    public void An_expired_credential_vouches_for_nothing()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceIdentity.Create(account, KeyScopes.All, 1, Network, Now + TimeSpan.FromHours(1));
        var record = NodeRecord.Create(device, Nonce, [], isLight: false, Now);
        Assert.Equal(NodeRecordFault.None, record.Check(Network, Now + TimeSpan.FromMinutes(59)));
        Assert.Equal(NodeRecordFault.Expired, record.Check(Network, Now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Another_account_cannot_be_claimed()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var other = KeyPair.GenerateTestOnly();
        using var device = DeviceOf(account);
        var encoded = NodeRecord.Create(device, Nonce, [], isLight: false, Now).Encoded.ToArray();
        other.Address.CopyTo(encoded.AsSpan(3));

        // The device signs again what it claims.
        var signed = encoded.AsSpan(0, encoded.Length - Signature.LengthBytes);
        byte[] message = [.. "sdk/node-record/1"u8, .. signed];
        device.NodeKey.SignDigest(Keccak256.Hash(message).Bytes).CopyTo(encoded.AsSpan(signed.Length));
        Assert.True(NodeRecord.TryDecode(encoded, out var record));
        Assert.Equal(other.Address, record.Account);
        Assert.Equal(NodeRecordFault.Credential, record.Check(Network, Now));
    }

    [Fact]
    public void Lengths_and_counts_are_bounded()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceOf(account);
        var many = Enumerable.Range(1, 40).Select(port => Multiaddr.Parse($"/ip4/192.0.2.1/tcp/{port}"));
        var record = NodeRecord.Create(device, Nonce, many, isLight: false, Now);
        Assert.Equal(NodeRecord.MaxAddresses, record.Addresses.Count);

        var encoded = record.Encoded.Span;
        for (var length = 0; length < encoded.Length; length++)
        {
            Assert.False(NodeRecord.TryDecode(encoded[..length], out _));
        }

        Assert.False(NodeRecord.TryDecode([.. encoded, 0], out _));
        Assert.Throws<ArgumentException>(() => NodeRecord.Create(device, Nonce.AsSpan(1), [], isLight: false, Now));
    }

    private static DeviceIdentity DeviceOf(KeyPair account) =>
        DeviceIdentity.Create(account, KeyScopes.All, 1, Network, Now + TimeSpan.FromDays(30));
}
