using Google.Protobuf;
using Sdk.Core.Addressing;
using Sdk.Core.Networking;
using Sdk.Core.Overlay.Forwarding;
using Sdk.Core.Overlay.Forwarding.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>The encoding of a partial address, of which there is one for each.</summary>
internal sealed class AddressPrefixTarget : FuzzTarget
{
    private AddressPrefix _prefix;

    public override string Name => "address-prefix";

    public override IReadOnlyList<byte[]> Words { get; } = [[0, 4], [1, 0], [0, 255], [0, 0]];

    public override bool Decode(object input) => AddressPrefix.TryRead((byte[])input, out _prefix);

    public override void Check(object input)
    {
        byte[] again = new byte[_prefix.EncodedBytes];
        _prefix.WriteTo(again);
        Require(again.AsSpan().SequenceEqual((byte[])input), "A prefix has one encoding.");
        Require(AddressPrefix.Parse(_prefix.ToString()) == _prefix, "A prefix has a text.");
        Require(_prefix.Contains(_prefix.First) && AddressPrefix.Create(_prefix.First, _prefix.LengthBits) == _prefix, "A prefix holds its first address.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return [0, 0];
        yield return [0, 12, 0xA3, 0x80];
        yield return [1, 0, .. new byte[32]];
    }
}

/// <summary>A packet that a stranger passes on: the shell of protobuf, and the fields in it.</summary>
internal sealed class RoutedPacketTarget : FuzzTarget
{
    private RoutedPacket? _packet;

    public override string Name => "routed-packet";

    public override IReadOnlyList<byte[]> Words { get; } = [[0x0A, 16], [0x12, 34, 1, 0], [0x18, 1], [0x20, 31], [0x2A, 4], [0x32]];

    /// <summary>The parts that any message may have, of which each is an object or two until the next collection.</summary>
    public override long ConstantBytes => 128 * 1024;

    public override bool Decode(object input)
    {
        _packet = RouteWire.Read(ProtobufFrame.ParseBody(Packet.Parser, (byte[])input));
        return true;
    }

    public override void Check(object input)
    {
        Packet written = RouteWire.Write(_packet!);
        Require(RouteWire.Write(RouteWire.Read(ProtobufFrame.ParseBody(Packet.Parser, written.ToByteArray()))).Equals(written), "What is written is read again.");
        Require(
            _packet!.HopsLeft is >= 0 and <= RoutedPacket.MaxHops && RoutedPacket.IsKind(_packet.Kind) && _packet.Payload.Length <= RoutedPacket.MaxPayloadBytes,
            "A packet keeps its bounds.");
        Require(_packet.IsToAll || _packet.Target.LengthBits == AddressPrefix.LengthBitsMax, "One that is for one node names a whole address.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return RouteWire.Write(new RoutedPacket(1, AddressPrefix.Create(default, 256), false, 32, "mail", new byte[] { 1, 2, 3 })).ToByteArray();
        yield return RouteWire.Write(new RoutedPacket(2, AddressPrefix.Parse("a38/12"), true, 1, "dark-route-2", default)).ToByteArray();
    }
}
