using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;

namespace Sdk.Core.Tests.Overlay;

public class NodeRecordCacheTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_same_bytes_are_the_same_record_and_others_are_not()
    {
        using var account = KeyPair.GenerateTestOnly();
        using var device = DeviceIdentity.Create(account, KeyScopes.All, 1, 7, Now + TimeSpan.FromDays(1));
        var bytes = NodeRecord.Create(device, new byte[NodeRecord.NonceBytes], [Multiaddr.Parse("/ip4/192.0.2.1/tcp/4001")], isLight: false, Now).Encoded.ToArray();
        var cache = new NodeRecordCache();
        Assert.True(cache.TryDecode(bytes, out var record));
        Assert.True(cache.TryDecode(bytes.ToArray(), out var again));
        Assert.Same(record, again);
        Assert.Equal(NodeRecordFault.None, again.Check(7, Now));

        // A forgery with the signature of the true one has its place, and is not taken for it.
        var forged = bytes.ToArray();
        forged[300] ^= 1;
        Assert.True(cache.TryDecode(forged, out var other));
        Assert.NotEqual(record, other);
        Assert.NotEqual(NodeRecordFault.None, other.Check(7, Now));
        Assert.True(cache.TryDecode(bytes, out again));
        Assert.Equal(NodeRecordFault.None, again.Check(7, Now));
    }

    [Fact]
    public void What_is_no_record_is_refused_each_time()
    {
        var cache = new NodeRecordCache();
        for (var length = 0; length < 100; length++)
        {
            Assert.False(cache.TryDecode(new byte[length], out _));
            Assert.False(cache.TryDecode(new byte[length], out _));
        }
    }
}
