using System.Net;
using System.Text;

namespace Sdk.Core.Networking.Mdns;

/// <summary>What an answer said about one peer.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Addresses">Where, as far as it is believed.</param>
/// <param name="Lifetime">For how long.</param>
/// <param name="IsNew">Whether the peer, or one of the addresses, had not been heard of, or not for long.</param>
internal sealed record MdnsSighting(PeerId Peer, IReadOnlyList<Multiaddr> Addresses, TimeSpan Lifetime, bool IsNew);

/// <summary>
/// The peers that were heard of, until their time is over. Without input, output or clock; bounded whatever is said, and by whom. Not
/// thread-safe.
/// </summary>
internal sealed class MdnsPeers
{
    /// <summary>Peers in all; what would expire first makes room.</summary>
    public const int MaxPeers = 1024;

    /// <summary>Peers that one machine may speak for; it takes room from itself only.</summary>
    public const int MaxPeersPerSource = 128;

    public const int MaxAddressesPerPeer = 16;

    /// <summary>Instances in one answer; a node speaks for itself.</summary>
    public const int MaxInstancesPerMessage = 8;

    /// <summary>Strings of one instance that are looked at.</summary>
    public const int MaxStringsPerInstance = 32;

    /// <summary>No answer is believed longer, whatever it says: other implementations say two minutes.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(10);

    /// <summary>A goodbye is heeded after a second, in which others may object (RFC 6762, section 10.1).</summary>
    private static readonly TimeSpan GoodbyePause = TimeSpan.FromSeconds(1);

    private readonly PeerId _self;
    private readonly DnsName _instance;
    private readonly Dictionary<PeerId, Entry> _peers = [];

    public MdnsPeers(PeerId self, DnsName instance) => (_self, _instance) = (self, instance);

    /// <summary>Those that are believed now.</summary>
    public IReadOnlyList<MdnsPeer> At(TimeSpan now)
    {
        Expire(now);
        return [.. _peers.Select(of => new MdnsPeer(of.Key, [.. of.Value.Addresses.Keys]))];
    }

    /// <summary>Those that were heard of over a link, and for how many seconds they are still believed.</summary>
    public IEnumerable<(DnsName Instance, uint Seconds)> KnownOver(TimeSpan now, MdnsLink link)
    {
        Expire(now);
        return [.. _peers.Values.Where(of => of.LinkIndex == link.Index).Select(of => (of.Instance, (uint)(of.Expires - now).TotalSeconds))];
    }

    /// <summary>Takes in what an answer says about peers.</summary>
    /// <param name="now">The time.</param>
    /// <param name="response">The answer.</param>
    /// <param name="link">Over which it came.</param>
    /// <param name="source">From whom.</param>
    /// <param name="isSpokenHere">Whether that is this machine.</param>
    /// <param name="quota">How much work is left.</param>
    public IReadOnlyList<MdnsSighting> Learn(TimeSpan now, DnsMessage response, MdnsLink link, IPAddress source, bool isSpokenHere, MdnsQuota quota)
    {
        Expire(now);
        var sightings = new List<MdnsSighting>();
        foreach (var (instance, ttl) in InstancesIn(response))
        {
            if (ttl == 0)
            {
                Forget(now, instance);
            }
            else if (AddressesOf(instance, response, link, isSpokenHere, quota, out var textTtl) is { Count: > 0 } addresses)
            {
                sightings.Add(Put(now, addresses, new Entry(instance, link.Index, source), Lifetime(Math.Min(ttl, textTtl))));
            }
        }

        return sightings;
    }

    private static TimeSpan Lifetime(uint seconds) => seconds < MaxLifetime.TotalSeconds ? TimeSpan.FromSeconds(seconds) : MaxLifetime;

    private static bool IsOfInternet(DnsRecord record) => (record.Class & ~DnsMessage.ClassMark) == DnsMessage.InternetClass;

    private IEnumerable<(DnsName Instance, uint Ttl)> InstancesIn(DnsMessage response) => response.Answers
        .Where(record => record.Type == DnsType.Ptr && IsOfInternet(record) && record.Name.Equals(MdnsResponder.Service))
        .Select(record => (Instance: record.Target, record.TtlSeconds))
        .Where(of => of.Instance?.Parent is { } parent && parent.Equals(MdnsResponder.Service) && !of.Instance.Equals(_instance))
        .DistinctBy(of => of.Instance)
        .Take(MaxInstancesPerMessage)
        .Select(of => (of.Instance!, of.TtlSeconds));

    /// <summary>The instance's addresses that are believed; none of them where they name different peers.</summary>
    private List<Multiaddr> AddressesOf(DnsName instance, DnsMessage response, MdnsLink link, bool isSpokenHere, MdnsQuota quota, out uint ttl)
    {
        // Some put them among the answers.
        var texts = response.Answers.Concat(response.Additionals)
            .Where(record => record.Type == DnsType.Txt && IsOfInternet(record) && record.TtlSeconds > 0 && record.Name.Equals(instance))
            .ToArray();
        ttl = texts.Select(record => record.TtlSeconds).DefaultIfEmpty().Min();
        var addresses = new List<Multiaddr>();
        PeerId? peer = null;
        foreach (var text in texts.SelectMany(record => DnsText.Read(record.Data)).Take(MaxStringsPerInstance))
        {
            if (!TryReadAddress(text.Span, quota, out var address) || address is null)
            {
                continue;
            }

            if (address.Peer is not { } named || named == _self || (peer ??= named) != named)
            {
                MdnsTelemetry.AddressRefused("peer");
                return [];
            }

            if (addresses.Count < MaxAddressesPerPeer && link.Believes(address, isSpokenHere))
            {
                if (!addresses.Contains(address))
                {
                    addresses.Add(address);
                }
            }
            else
            {
                MdnsTelemetry.AddressRefused("place");
            }
        }

        return addresses;
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> text, MdnsQuota quota, out Multiaddr? address)
    {
        address = null;
        if (text.Length <= MdnsResponder.AddressKey.Length
            || !Ascii.EqualsIgnoreCase(text[..MdnsResponder.AddressKey.Length], MdnsResponder.AddressKey))
        {
            return false;
        }

        // The key within a peer id is checked to be one, which costs.
        if (!quota.TryTakeAddress())
        {
            MdnsTelemetry.AddressRefused("flood");
            return false;
        }

        if (!Multiaddr.TryParse(Encoding.Latin1.GetString(text[MdnsResponder.AddressKey.Length..]), out address))
        {
            MdnsTelemetry.AddressRefused("format");
            return false;
        }

        return true;
    }

    private MdnsSighting Put(TimeSpan now, List<Multiaddr> addresses, Entry heard, TimeSpan lifetime)
    {
        var peer = addresses[0].Peer!;
        var isNew = !_peers.TryGetValue(peer, out var entry);
        if (entry is null || !entry.Source.Equals(heard.Source))
        {
            MakeRoom(heard.Source);
        }

        entry = entry is null || isNew ? heard : heard.With(entry.Addresses);
        _peers[peer] = entry;
        foreach (var address in addresses)
        {
            isNew |= !entry.Addresses.ContainsKey(address);
            entry.Addresses[address] = now + lifetime;
        }

        while (entry.Addresses.Count > MaxAddressesPerPeer)
        {
            entry.Addresses.Remove(entry.Addresses.MinBy(of => of.Value).Key);
        }

        return new MdnsSighting(peer, addresses, lifetime, isNew);
    }

    private void MakeRoom(IPAddress source)
    {
        var ofSource = _peers.Where(of => of.Value.Source.Equals(source)).ToArray();
        if (ofSource.Length >= MaxPeersPerSource)
        {
            _peers.Remove(ofSource.MinBy(of => of.Value.Expires).Key);
        }
        else if (_peers.Count >= MaxPeers)
        {
            _peers.Remove(_peers.MinBy(of => of.Value.Expires).Key);
        }
    }

    private void Forget(TimeSpan now, DnsName instance)
    {
        foreach (var entry in _peers.Values.Where(of => of.Instance.Equals(instance)))
        {
            entry.ExpireAt(now + GoodbyePause);
        }
    }

    private void Expire(TimeSpan now)
    {
        foreach (var (peer, entry) in _peers)
        {
            foreach (var (address, expires) in entry.Addresses)
            {
                if (expires <= now)
                {
                    entry.Addresses.Remove(address);
                }
            }

            if (entry.Addresses.Count == 0)
            {
                _peers.Remove(peer);
            }
        }
    }

    /// <summary>A peer, by who spoke of it last.</summary>
    private sealed class Entry(DnsName instance, int linkIndex, IPAddress source)
    {
        public DnsName Instance => instance;

        public int LinkIndex => linkIndex;

        public IPAddress Source => source;

        /// <summary>Each with the end of its time.</summary>
        public Dictionary<Multiaddr, TimeSpan> Addresses { get; private init; } = [];

        public TimeSpan Expires => Addresses.Values.DefaultIfEmpty().Max();

        public Entry With(Dictionary<Multiaddr, TimeSpan> addresses) => new(instance, linkIndex, source) { Addresses = addresses };

        public void ExpireAt(TimeSpan time)
        {
            foreach (var address in Addresses.Keys)
            {
                Addresses[address] = Addresses[address] < time ? Addresses[address] : time;
            }
        }
    }
}
