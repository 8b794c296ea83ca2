using System.Buffers;
using Google.Protobuf;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Records;
using Sdk.Core.Networking.Relay;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// Both protocols of a relay: the message for the relay is tried first and then answered by one, then the one from it; a place that it grants
/// is judged. An answer is a buffer of 4 KiB, and for a place a signature of some 120 KiB and its message; the judgement of a voucher costs
/// as much.
/// </summary>
internal sealed class RelayTarget : MessageTarget
{
    private static readonly Multiaddr Relay = Multiaddr.Parse("/ip4/1.2.3.4/tcp/5").WithPeer(Samples.Peer);
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ScriptedPeer _peer = new("/ip4/1.2.3.4/tcp/5");
    private readonly RelayServer _server = RelayServer.Start(new Switch(new SwitchOptions { NodeKey = Samples.Key }));
    private HopMessage? _hop;
    private StopMessage? _stop;

    public override string Name => "relay";

    public override long ConstantBytes => base.ConstantBytes + (2 * 128 * 1024) + (16 * 1536);

    public override bool Decode(object input)
    {
        var bytes = (ReadOnlySequence<byte>)input;
        var serving = _server.HandleAsync(_peer.Open(bytes, RelayWire.HopProtocol), default);
        Require(serving.IsCompletedSuccessfully, $"Whatever was asked is answered at once, without {serving.Exception}.");
        _hop = Read(input, HopMessage.Parser, RelayWire.MaxMessageBytes);
        var isPlace = Reservation.TryRead(_hop.Reservation, Relay, Samples.PeerOf(1), _peer.Connection, Now, out var reservation, out var fault);
        Require(isPlace ? reservation!.Expires > Now && reservation.Addresses.Count <= RelayWire.MaxAddresses + 1 : fault is not null, "A place lasts, or has a fault.");
        _stop = Read(input, StopMessage.Parser, RelayWire.MaxMessageBytes);
        return true;
    }

    public override void Check(object input)
    {
        RequireSame(_hop!, HopMessage.Parser);
        RequireSame(_stop!, StopMessage.Parser);
        _ = RelayWire.FromWire(_hop!.Limit);
        _ = RelayWire.FromWire(_stop!.Limit);
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        var peer = new CircuitPeer { Id = ByteString.CopyFrom(Samples.Peer.Bytes.Span), Addrs = { ByteString.CopyFrom(Multiaddr.Parse(Samples.Addresses[0]).Bytes.Span) } };
        var limit = new CircuitLimits { Duration = 120, Data = 1 << 17 };
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Reserve });
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Connect, Peer = peer });
        yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Status, Status = CircuitStatus.Ok, Limit = limit });
        yield return Frame(new StopMessage { Type = StopMessage.Types.Type.Connect, Peer = peer, Limit = limit });
        yield return Frame(new StopMessage { Type = StopMessage.Types.Type.Status, Status = CircuitStatus.ConnectionFailed });
        yield return Frame(new HopMessage { Reservation = new CircuitReservation { Expire = 1 } });
        var address = ByteString.CopyFrom(Multiaddr.Parse("/ip4/5.6.7.8/tcp/9").Bytes.Span);
        var late = (ulong)Now.AddHours(1).ToUnixTimeSeconds();
        foreach (var (expires, voucher) in new (ulong, byte[])[]
        {
            (late, []),
            (late, ReservationVoucher.Seal(Samples.Key, Samples.PeerOf(1), Now.AddHours(1))),
            (ulong.MaxValue, ReservationVoucher.Seal(Samples.Key, Samples.PeerOf(1), Now)),
        })
        {
            var place = new CircuitReservation
            {
                Expire = expires,
                Voucher = ByteString.CopyFrom(voucher),
                Addrs = { address, ByteString.CopyFrom(Relay.Bytes.Span), ByteString.CopyFrom(1), ByteString.CopyFrom(Relay.WithCircuit().Bytes.Span) },
            };
            yield return Frame(new HopMessage { Type = HopMessage.Types.Type.Status, Status = CircuitStatus.Ok, Reservation = place });
        }
    }
}

/// <summary>A relay's word for a place: what is mutated is signed afterwards, so that what comes after the signature is reached.</summary>
internal sealed class VoucherTarget : FuzzTarget
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override string Name => "relay-voucher";

    // A verification (some 120 KiB), an envelope with its key, and an exception.
    public override long ConstantBytes => (128 + 24) * 1024;

    public override object Prepare(byte[] input) => SignedEnvelope.Seal(Samples.Key, "libp2p-relay-rsvp", [0x03, 0x02], input);

    public override bool Decode(object input) => ReservationVoucher.FindFault((byte[])input, Samples.Peer, Samples.PeerOf(1), Now) is null;

    public override void Check(object input)
    {
        var voucher = CircuitVoucher.Parser.ParseFrom(SignedEnvelope.Open((byte[])input, "libp2p-relay-rsvp", [0x03, 0x02]).Payload.Span);
        Require(voucher.Peer.Span.SequenceEqual(Samples.PeerOf(1).Bytes.Span) && voucher.Expiration > (ulong)Now.ToUnixTimeSeconds(), "It is for us, and holds.");
    }

    protected override IEnumerable<byte[]> MakeCorpus() => [Voucher(Samples.Peer, Samples.PeerOf(1), 1)];

    protected override IEnumerable<byte[]> MakeRefused() =>
        [Voucher(Samples.PeerOf(2), Samples.PeerOf(1), 1), Voucher(Samples.Peer, Samples.PeerOf(2), 1), Voucher(Samples.Peer, Samples.PeerOf(1), -1), [0xFF]];

    private static byte[] Voucher(PeerId relay, PeerId peer, int hours) => new CircuitVoucher
    {
        Relay = ByteString.CopyFrom(relay.Bytes.Span),
        Peer = ByteString.CopyFrom(peer.Bytes.Span),
        Expiration = (ulong)Now.AddHours(hours).ToUnixTimeSeconds(),
    }.ToByteArray();
}
