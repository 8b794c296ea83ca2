using System.Net;
using System.Net.Sockets;
using Sdk.Core.Networking;
using Sdk.Core.Networking.Mdns;

namespace Sdk.Fuzz.Targets;

/// <summary>
/// A message of multicast DNS, and what it says of peers: at most 128 names of 255 bytes, each of two records, and the addresses that are
/// decoded, of some 2 KiB with their parts and text.
/// </summary>
internal sealed class MdnsTarget : FuzzTarget
{
    private static readonly IPAddress Source = IPAddress.Parse("10.0.0.9");
    private static readonly DnsName Instance = DnsName.Of("other", "_p2p", "_udp", "local");
    private static readonly MdnsLink Link = new(1, AddressFamily.InterNetwork, "lan", [IPNetwork.Parse("10.0.0.0/8")], IsLoopback: false);

    private DnsMessage? _message;
    private IReadOnlyList<MdnsSighting> _sightings = [];

    public override string Name => "mdns";

    public override long ConstantBytes => (2 * DnsMessage.MaxEntries * 512) + (64 * 2048);

    public override IReadOnlyList<byte[]> Words { get; } =
        [[0xC0, 0x0C], [0xC0, 0x11], [0xFF, 0xFF], [0, 12, 0, 1], [0, 16, 0x80, 1], [0, 0, 0, 0], "dnsaddr="u8.ToArray(), "/ip4/10.0.0.1/tcp/1/p2p/"u8.ToArray(), Instance.Wire.ToArray()];

    public override bool Decode(object input)
    {
        if (!DnsMessage.TryRead((byte[])input, out _message))
        {
            return false;
        }

        var quota = new MdnsQuota();
        quota.TryTakeMessage(TimeSpan.Zero, Source);
        var peers = new MdnsPeers(Samples.Peer, MdnsResponder.Service);
        _sightings = peers.Learn(TimeSpan.Zero, _message, Link, Source, isSpokenHere: false, quota);
        new MdnsResponder(Instance, TimeSpan.FromSeconds(60), new Random(1)).Receive(TimeSpan.Zero, _message);
        return true;
    }

    public override void Check(object input)
    {
        // Compressed otherwise, a message may have become longer than it may be.
        if (_message!.Questions.Sum(of => of.Name.Wire.Length + 4) + _message.Answers.Concat(_message.Additionals).Sum(of => of.Name.Wire.Length + 10 + of.Data.Length) < DnsMessage.MaxBytes)
        {
            Require(DnsMessage.TryRead(_message.Encode(), out var again), "What is written is read again.");
            Require(again!.Flags == _message.Flags && again.Questions.SequenceEqual(_message.Questions), "The questions are the same.");
            Require(AreSame(again.Answers, _message.Answers) && AreSame(again.Additionals, _message.Additionals), "The records are the same.");
        }

        foreach (var sighting in _sightings)
        {
            Require(sighting.Addresses.Count is > 0 and <= MdnsPeers.MaxAddressesPerPeer, "A peer that is found is somewhere, and not everywhere.");
            Require(sighting.Peer != Samples.Peer && sighting.Lifetime > TimeSpan.Zero && sighting.Lifetime <= MdnsPeers.MaxLifetime, "It is another one, for a while.");
            Require(sighting.Addresses.All(address => address.Peer == sighting.Peer && Link.Believes(address, isSpokenHere: false)), "Only what is believed is found.");
        }
    }

    protected override IEnumerable<byte[]> MakeCorpus()
    {
        DnsQuestion[] questions = [new DnsQuestion(MdnsResponder.Service, DnsType.Ptr, 1)];
        yield return DnsMessage.Query(questions, []).Encode();
        yield return DnsMessage.Query(questions, [new DnsRecord(MdnsResponder.Service, DnsType.Ptr, 1, 100, Instance.Wire.ToArray())]).Encode();
        var responder = new MdnsResponder(Instance, TimeSpan.FromSeconds(60), new Random(1));
        responder.Start(TimeSpan.Zero);
        Multiaddr[] addresses = [Multiaddr.Parse("/ip4/10.0.0.1/tcp/1").WithPeer(Samples.PeerOf(1)), Multiaddr.Parse("/ip6/fd00::1/tcp/1").WithPeer(Samples.PeerOf(1))];
        foreach (var message in responder.Take(TimeSpan.FromSeconds(1), addresses, []).Concat(responder.Take(TimeSpan.FromSeconds(2), addresses, [])))
        {
            yield return message.Encode();
        }

        yield return responder.Goodbye().Encode();
    }

    private static bool AreSame(IReadOnlyList<DnsRecord> one, IReadOnlyList<DnsRecord> other) => one.Count == other.Count && one.Zip(other).All(pair =>
        (pair.First with { Data = default }) == (pair.Second with { Data = default }) && pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span));
}
