using System.Buffers;
using System.Text;
using Sdk.Core.Networking;

namespace Sdk.Fuzz.Targets;

internal sealed class VarintTarget : FuzzTarget
{
    private ulong _value;
    private int _consumed;

    public override string Name => "varint";

    public override bool Decode(object input) => Varint.TryRead((byte[])input, out _value, out _consumed) == OperationStatus.Done;

    public override void Check(object input)
    {
        var again = new byte[Varint.MaxBytes];
        var length = Varint.Write(again, _value);
        Require(length == _consumed && Varint.LengthOf(_value) == length, "A number has one length.");
        Require(again.AsSpan(0, length).SequenceEqual(((byte[])input).AsSpan(0, length)), "A number has one encoding.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        foreach (var value in new ulong[] { 0, 1, 127, 128, 300, 16383, 16384, uint.MaxValue, (1UL << 63) - 1 })
        {
            var bytes = new byte[Varint.MaxBytes];
            yield return bytes[..Varint.Write(bytes, value)];
        }
    }
}

/// <summary>
/// An address has at most 16 parts; each is checked by writing its text, and a peer id in it by decoding the key it may carry: 1 KiB.
/// </summary>
internal sealed class MultiaddrBinaryTarget : FuzzTarget
{
    private Multiaddr? _address;

    public override string Name => "multiaddr-binary";

    public override long ConstantBytes => 16 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
        [[4, 127, 0, 0, 1], [6, 0, 80], [0xA2, 0x02], [0xA5, 0x03, 0x27, .. Samples.Peer.Bytes.Span], [53, 1, (byte)'a'], [0xBD, 0x03], [0xC0, 0x03], [0x89, 0x06]];

    public override bool Decode(object input) => Multiaddr.TryFromBytes((byte[])input, out _address);

    public override void Check(object input)
    {
        Require(_address!.Bytes.Span.SequenceEqual((byte[])input), "An address has one encoding.");
        Require(Multiaddr.TryParse(_address.ToString(), out var again) && again == _address, "What is written as text is read again.");
        Require(_address.WithPeer(Samples.Peer).Peer == Samples.Peer, "A peer can be named.");
        _ = _address.TryGetTcp(out _);
        _ = _address.TryGetMemory(out _);
        _ = _address.IsRelayed;
        _ = _address.Reach;
        _ = _address.TryGetCircuit(out _);
        _ = _address.TryGetPlaceAt(Samples.Peer, out _);
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Samples.Addresses.Concat(Samples.Places).Select(text => Multiaddr.Parse(text).Bytes.ToArray());

    protected override IEnumerable<byte[]> MakeRefused()
    {
        yield return [];
        yield return [.. Enumerable.Repeat<byte[]>([4, 1, 2, 3, 4], 17).SelectMany(part => part)];
        byte[] name = [53, 0xFF, 0x01, .. Enumerable.Repeat((byte)'a', 255)];
        yield return [.. Enumerable.Repeat(name, 5).SelectMany(part => part)];
    }
}

internal sealed class MultiaddrTextTarget : FuzzTarget
{
    private Multiaddr? _address;

    public override string Name => "multiaddr-text";

    public override long ConstantBytes => 16 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "/", "//", "/ip4/", "/ip6/", "/tcp/", "/udp/", "/dns/", "/dns4/", "/dns6/", "/dnsaddr/", "/p2p/", "/ipfs/", "/p2p-circuit", "/memory/", "/tls", "/sni/",
            "/ws", "/wss", "/quic-v1", "0", "65535", "65536", "18446744073709551616", "127.1", "0x7f", "::1", "::ffff:1.2.3.4", "fe80::1%1", "[::1]", "1.2.3.04",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    // A character of text has two bytes.
    public override long AllowedBytes(byte[] input) => (4L * 2 * input.Length) + ConstantBytes;

    public override object Prepare(byte[] input) => Encoding.Latin1.GetString(input);

    public override bool Decode(object input) => Multiaddr.TryParse((string)input, out _address);

    public override void Check(object input)
    {
        Require(Multiaddr.TryParse(_address!.ToString(), out var again) && again == _address, "Canonical text is read again.");
        Require(Multiaddr.TryFromBytes(_address.Bytes.Span, out again) && again == _address, "What is written as bytes is read again.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Samples.Addresses.Concat(Samples.Places).Select(Encoding.Latin1.GetBytes);

    protected override IEnumerable<byte[]> MakeRefused() =>
    [
        [], [.. "/"u8], [.. "//"u8], .. new[]
        {
            string.Concat(Enumerable.Repeat("/tcp/1", 17)), string.Concat(Enumerable.Repeat("/dns/" + new string('a', 255), 5)), "/dns/" + new string('a', 3000),
            "/ip6/1.2.3.4", "/ip6/[::1]", "/ip6/fe80::1%1", "/ip4/::1", "/tcp", "/p2p-circuit/x",
        }.Select(Encoding.Latin1.GetBytes),
    ];
}

/// <summary>A peer id may carry a key, which is decoded.</summary>
internal sealed class PeerIdBinaryTarget : FuzzTarget
{
    private PeerId? _id;

    public override string Name => "peer-id-binary";

    // A key that is none is refused by the platform, whose first exception of that kind brings 24 KiB of its own.
    public override long ConstantBytes => 32 * 1024;

    public override bool Decode(object input) => PeerId.TryFromBytes((byte[])input, out _id);

    public override void Check(object input)
    {
        Require(_id!.Bytes.Span.SequenceEqual((byte[])input), "An id has one encoding.");
        Require(PeerId.TryParse(_id.ToString(), out var again) && again == _id, "Its text is read again.");
        Require(PeerId.TryParse(_id.ToCidString(), out again) && again == _id, "Its CID is read again.");
        Require(!_id.TryGetPublicKey(out var key) || PeerId.FromPublicKey(key) == _id, "The key in it is its own.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => Enumerable.Range(0, Samples.Identities.Count).Select(i => Samples.PeerOf(i).Bytes.ToArray());
}

internal sealed class PeerIdTextTarget : FuzzTarget
{
    private PeerId? _id;

    public override string Name => "peer-id-text";

    // A key that is none is refused by the platform, whose first exception of that kind brings 24 KiB of its own.
    public override long ConstantBytes => 32 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [.. new[] { "1", "11", "Qm", "12D3KooW", "16Uiu2HA", "z", "b", "k", "bafz", "k51", "0", "O", "I", "l" }.Select(Encoding.Latin1.GetBytes)];

    public override long AllowedBytes(byte[] input) => (4L * 2 * input.Length) + ConstantBytes;

    public override object Prepare(byte[] input) => Encoding.Latin1.GetString(input);

    public override bool Decode(object input) => PeerId.TryParse((string)input, out _id);

    public override void Check(object input)
    {
        Require(PeerId.TryParse(_id!.ToString(), out var again) && again == _id, "Its text is read again.");
        Require(PeerId.TryFromBytes(_id.Bytes.Span, out again) && again == _id, "Its bytes are read again.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        for (var i = 0; i < Samples.Identities.Count; i++)
        {
            var id = Samples.PeerOf(i);
            yield return Encoding.Latin1.GetBytes(id.ToString());
            yield return Encoding.Latin1.GetBytes(id.ToCidString());
            yield return Encoding.Latin1.GetBytes("z" + Multibase.ToBase58([1, 0x72, .. id.Bytes.Span]));
        }

        // The base36 of libp2p's own examples.
        yield return Encoding.Latin1.GetBytes("k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs");
    }
}
