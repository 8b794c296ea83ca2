using Google.Protobuf;
using Sdk.Core.Cryptography;
using Sdk.Core.Networking;
using Sdk.Core.Overlay;
using Sdk.Core.Overlay.Records;
using Sdk.Core.Overlay.Routing;
using Sdk.Core.Overlay.Wire;

namespace Sdk.Fuzz.Targets;

/// <summary>A node's record: its shape always, its signatures for one input of four, since a managed curve needs some 250 KiB for the two.</summary>
internal sealed class NodeRecordTarget : FuzzTarget
{
    public const ulong Network = 1;
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DeviceIdentity Device = DeviceIdentity.Create(Samples.Key, KeyScopes.All, 1, Network, Now + TimeSpan.FromDays(30));
    private NodeRecord? _record;

    public override string Name => "node-record";

    /// <summary>Eight addresses, each with its parts.</summary>
    public override long ConstantBytes => 32 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[4, 127, 0, 0, 1, 6, 0, 80], BitConverter.GetBytes((ulong)Now.ToUnixTimeMilliseconds()), [8], [0]];

    public static NodeRecord Sample(int addresses, bool isLight) => NodeRecord.Create(
        Device, new byte[NodeRecord.NonceBytes], Enumerable.Range(1, addresses).Select(port => Multiaddr.Parse($"/ip4/192.0.2.1/tcp/{port}")), isLight, Now);

    public override bool Decode(object input) => NodeRecord.TryDecode((byte[])input, out _record);

    public override void Check(object input)
    {
        Require(_record!.Encoded.Span.SequenceEqual((byte[])input), "A record has one encoding.");
        Require(_record.Addresses.Count <= NodeRecord.MaxAddresses && _record.Encoded.Length <= NodeRecord.MaxBytes, "A record keeps its bounds.");
        if ((_record.Sequence & 3) == 0)
        {
            var isOurs = Corpus.Any(known => known.AsSpan().SequenceEqual((byte[])input));
            Require(_record.Check(Network, Now) != NodeRecordFault.None || isOurs, "Nobody signs by accident.");
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        yield return Sample(0, isLight: true).Encoded.ToArray();
        yield return Sample(1, isLight: false).Encoded.ToArray();
        yield return Sample(NodeRecord.MaxAddresses, isLight: false).Encoded.ToArray();
    }
}

/// <summary>A frame of the overlay's stream: the shell of protobuf, and the messages in it.</summary>
internal sealed class OverlayFrameTarget : FuzzTarget
{
    private readonly NodeRecordCache _cache = new();
    private OverlayMessage? _message;

    public override string Name => "overlay-frame";

    /// <summary>As many records as a frame may hold, each with as many addresses: half a kilobyte each.</summary>
    public override long ConstantBytes => 256 * 1024;

    public override IReadOnlyList<byte[]> Words { get; } = [[0x1A], [0x22, 0], [0x32, 0x24], [0x3A], [0x10, 1], [0x52], [0x5A], [0x62], [0x6A], [0x72, 0x22, 0x0A, 0x20], [0x7A, 2, 8, 1]];

    public override bool Decode(object input)
    {
        var frame = ProtobufFrame.ParseBody(OverlayFrame.Parser, (byte[])input);
        if (frame.BodyCase == OverlayFrame.BodyOneofCase.Hello)
        {
            _message = new RenewalMessage(OverlayWire.ReadHello(frame, _cache));
            return true;
        }

        _message = OverlayWire.Read(frame, _cache);
        return true;
    }

    public override void Check(object input)
    {
        var again = ProtobufFrame.ParseBody(OverlayFrame.Parser, OverlayWire.Write(1, isAnswer: false, _message!).ToByteArray());
        Require(OverlayWire.Write(1, isAnswer: false, OverlayWire.Read(again, _cache)).Equals(again), "What is written is read again.");
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var record = NodeRecordTarget.Sample(1, isLight: false);
        var kind = RecordKinds.PacketHolder;
        var kept = OverlayRecord.Create(
            Samples.Key, NodeRecordTarget.Network, kind, kind.KeyOf(Samples.Key.Address), 1, new byte[64], NodeRecordTarget.Now, TimeSpan.FromHours(1));
        yield return OverlayWire.Hello(record).ToByteArray();
        OverlayMessage[] messages =
        [
            PingMessage.Instance, PongMessage.Instance, BusyMessage.Instance, new RenewalMessage(record),
            new FindNodesMessage(record.Address, 16), new NodesMessage([]), new NodesMessage([record, NodeRecordTarget.Sample(3, isLight: false)]),
            new StoreRecordsMessage([kept, kept]), new StoredRecordsMessage([RecordOutcome.Stored, RecordOutcome.KeyFull]),
            new FetchRecordsMessage(kind.Id, kept.Key, kept.Digest), new FetchRecordsMessage(kind.Id, kept.Key, null),
            new RecordsMessage(IsSame: false, [kept]), RecordsMessage.Same, new OfferRecordsMessage([kept.Digest, kept.Digest]), new WantedRecordsMessage([0, 1, 300]),
        ];
        foreach (var message in messages)
        {
            yield return OverlayWire.Write(7, isAnswer: true, message).ToByteArray();
        }
    }
}
