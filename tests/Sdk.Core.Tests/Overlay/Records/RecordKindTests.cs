using Sdk.Core.Addressing;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Records;
using static Sdk.Core.Tests.Overlay.Records.RecordSamples;

namespace Sdk.Core.Tests.Overlay.Records;

public sealed class RecordKindTests : IDisposable
{
    private readonly KeyPair _account = Key(1);
    private readonly DeviceIdentity _device;

    public RecordKindTests() => _device = DeviceIdentity.Create(_account, KeyScopes.All, 1, Network, Now + TimeSpan.FromDays(30));

    public void Dispose()
    {
        _device.Dispose();
        _account.Dispose();
    }

    [Theory]
    [InlineData("", 1, 1, 1)]
    [InlineData("Upper", 1, 1, 1)]
    [InlineData("spa ce", 1, 1, 1)]
    [InlineData("a", 0, 1, 1)]
    [InlineData("a", OverlayRecord.ValueLengthBytesMax + 1, 1, 1)]
    [InlineData("a", 1, 0, 1)]
    [InlineData("a", 1, 32 * 24 * 3600, 1)]
    [InlineData("a", 1, 1, 0)]
    [InlineData("a", 4096, 1, 31)]
    public void A_kind_has_a_name_and_limits_in_bounds(string name, int lengthBytes, int lifetimeSeconds, int recordsPerKey) =>
        Assert.ThrowsAny<ArgumentException>(() => RecordKind.MultiWriter(name, lengthBytes, TimeSpan.FromSeconds(lifetimeSeconds), recordsPerKey));

    [Fact]
    public void Kinds_and_keys_have_names_of_their_own()
    {
        var kinds = Kinds.All.ToArray();
        Assert.Equal(kinds.Length, kinds.Select(kind => kind.Id).Distinct().Count());
        Assert.Equal(kinds.Length, kinds.Select(kind => kind.KeyOf("storage")).Distinct().Count());
        Assert.Equal(kinds.Length, kinds.Select(kind => kind.KeyOf(_account.Address)).Distinct().Count());

        // What travels: these numbers do not change.
        Assert.Equal("07578e74", $"{RecordKinds.Node.Id:x8}");
    }

    [Fact]
    public void An_application_replaces_the_check_of_a_kind_but_not_another_kind()
    {
        var stricter = Kinds.With(Shared.WithValidator(_ => "never"));
        Assert.Equal(Kinds.All.Count, stricter.All.Count);
        var store = new RecordStore(Self, Network, stricter, new RecordStoreOptions());
        Assert.Equal(RecordOutcome.InvalidValue, store.Put(At(Address(1), _account), Address(2), Now));
    }

    [Fact]
    public void A_validator_that_throws_what_the_suite_throws_refuses()
    {
        var kinds = Kinds.With(Shared.WithValidator(record => PublicKey.Parse(record.Value.Span).ToString()));
        var store = new RecordStore(Self, Network, kinds, new RecordStoreOptions());
        Assert.Equal(RecordOutcome.InvalidValue, store.Put(At(Address(1), _account), Address(2), Now));
    }

    [Fact]
    public void A_node_record_stands_under_the_nodes_own_address_by_its_own_word()
    {
        using var stranger = Key(2);
        var node = NodeRecord.Create(_device, new byte[32], [Multiaddr.Parse("/ip4/192.0.2.1/tcp/4001")], isLight: false, Now);
        RecordOutcome Put(KeyPair writer, OverlayAddress key, byte[] value, TimeSpan lifetime) =>
            new RecordStore(Self, Network, Kinds, new RecordStoreOptions()).Put(
                Received(OverlayRecord.Create(writer, Network, RecordKinds.Node, key, 1, value, Now, lifetime)), Address(2), Now);

        var value = node.Encoded.ToArray();
        Assert.Equal(RecordOutcome.Stored, Put(_device.NodeKey, node.Address, value, NodeRecord.Lifetime));
        Assert.Equal(RecordOutcome.InvalidValue, Put(_device.NodeKey, Address(5), value, NodeRecord.Lifetime));
        Assert.Equal(RecordOutcome.InvalidValue, Put(stranger, node.Address, value, NodeRecord.Lifetime));
        Assert.Equal(RecordOutcome.InvalidValue, Put(_device.NodeKey, node.Address, value[1..], NodeRecord.Lifetime));
        value[^1] ^= 1;
        Assert.Equal(RecordOutcome.InvalidValue, Put(_device.NodeKey, node.Address, value, NodeRecord.Lifetime));

        // An older word does not become younger by being repeated.
        var old = NodeRecord.Create(_device, new byte[32], [], isLight: false, Now - TimeSpan.FromHours(2));
        Assert.Equal(RecordOutcome.InvalidValue, Put(_device.NodeKey, old.Address, old.Encoded.ToArray(), NodeRecord.Lifetime));
        Assert.Equal(RecordOutcome.Stored, Put(_device.NodeKey, old.Address, old.Encoded.ToArray(), TimeSpan.FromHours(22)));

        // Nobody else takes the one place by deleting what is not there.
        var deletion = OverlayRecord.Delete(stranger, Network, RecordKinds.Node, node.Address, 1, Now);
        Assert.Equal(RecordOutcome.InvalidValue, new RecordStore(Self, Network, Kinds, new RecordStoreOptions()).Put(deletion, Address(2), Now));
    }

    [Fact]
    public void A_cached_name_stands_under_its_own_key()
    {
        var store = new RecordStore(Self, Network, Kinds, new RecordStoreOptions());
        RecordOutcome Put(string name, byte[] value, ulong version) => store.Put(
            OverlayRecord.Create(_account, Network, RecordKinds.NameCache, RecordKinds.NameCache.KeyOf(name), version, value, Now, TimeSpan.FromHours(1)),
            Address(2), Now);

        var value = new NameCacheValue("alice.sdk", new byte[] { 1, 2, 3 }).Encode();
        Assert.Equal(RecordOutcome.Stored, Put("alice.sdk", value, 1));
        Assert.Equal(RecordOutcome.InvalidValue, Put("bob.sdk", value, 1));
        Assert.Equal(RecordOutcome.InvalidValue, Put("alice.sdk", [200, 1], 2));
        Assert.Equal(RecordOutcome.InvalidValue, Put("alice.sdk", [1, 0xFF], 2));
        Assert.True(NameCacheValue.TryDecode(value, out var read));
        Assert.Equal("alice.sdk", read.Name);
        Assert.Equal([1, 2, 3], read.Answer.ToArray());
        Assert.Throws<ArgumentException>(() => new NameCacheValue("", default).Encode());
        Assert.Throws<ArgumentException>(() => new NameCacheValue(new string('a', 256), default).Encode());
    }
}
