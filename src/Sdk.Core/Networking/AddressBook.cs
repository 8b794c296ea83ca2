using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking;

/// <summary>
/// Where peers were said to be, for a while: by themselves (identify), which replaces what they said before, and by whoever adds
/// addresses here. Bounded in peers and in addresses of each. Thread-safe; nothing is kept on disk.
/// </summary>
public sealed class AddressBook
{
    /// <summary>What was learnt from the peer itself is good for this long.</summary>
    internal static readonly TimeSpan LearntLifetime = TimeSpan.FromHours(1);

    internal const int MaxPeers = 4096;

    internal const int MaxAddressesPerPeer = 32;

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Entry>> _peers = [];

    internal AddressBook(TimeProvider time) => _time = time;

    /// <summary>How many peers have addresses here; some may have expired.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _peers.Count;
            }
        }
    }

    /// <summary>Adds an address, or lengthens its life. Beyond 32 addresses of a peer, or 4096 peers, what would expire first makes room.</summary>
    /// <param name="addressWithPeer">Where, and who must answer: <c>…/p2p/ID</c>.</param>
    /// <param name="lifetime">How long it is good for.</param>
    public void Add(Multiaddr addressWithPeer, TimeSpan lifetime)
    {
        ArgumentNullException.ThrowIfNull(addressWithPeer);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        var peer = addressWithPeer.Peer ?? throw new ArgumentException("The address must say who answers: /p2p/ID.", nameof(addressWithPeer));
        Put(peer, [new Entry(addressWithPeer, Source.Told, _time.GetUtcNow() + lifetime)], replaced: null);
    }

    /// <summary>The addresses of a peer that have not expired, each with its peer id: those that it signed first, relays last.</summary>
    public IReadOnlyList<Multiaddr> Find(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            return _peers.TryGetValue(peer, out var entries)
                ? [.. entries.Where(entry => entry.Expires > now).OrderBy(entry => entry.Address.IsRelayed).ThenBy(entry => entry.Source).Select(entry => entry.Address)]
                : [];
        }
    }

    /// <summary>Forgets a peer.</summary>
    public void Remove(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        lock (_gate)
        {
            _peers.Remove(peer);
        }
    }

    /// <summary>Takes over what a peer says of itself.</summary>
    internal void Learn(PeerIdentity identity)
    {
        var source = identity.AreAddressesCertified ? Source.Signed : Source.Said;
        var expires = _time.GetUtcNow() + LearntLifetime;

        // Whoever comes from the public network must not send us to our own: not to this machine's services, nor our neighbours'.
        var floor = identity.Connection.IsRelayed ? AddressReach.World : identity.Connection.RemoteAddress.Reach;
        var entries = identity.Addresses
            .Where(address => address.Reach != AddressReach.Nowhere && address.Reach >= floor)
            .Take(MaxAddressesPerPeer)
            .Select(address => new Entry(address, source, expires));
        Put(identity.Peer, [.. entries], replaced: source);
    }

    private void Put(PeerId peer, List<Entry> added, Source? replaced)
    {
        lock (_gate)
        {
            // What a peer signs replaces what it said without signing.
            var kept = _peers.GetValueOrDefault(peer) ?? [];
            kept.RemoveAll(entry => entry.Source == replaced || (replaced == Source.Signed && entry.Source == Source.Said));
            foreach (var entry in added)
            {
                var known = kept.FindIndex(other => other.Address == entry.Address);
                if (known < 0)
                {
                    kept.Add(entry);
                }
                else
                {
                    var earlier = kept[known];
                    kept[known] = new Entry(
                        entry.Address,
                        earlier.Source < entry.Source ? earlier.Source : entry.Source,
                        earlier.Expires > entry.Expires ? earlier.Expires : entry.Expires);
                }
            }

            while (kept.Count > MaxAddressesPerPeer)
            {
                kept.Remove(kept.MinBy(entry => entry.Expires)!);
            }

            if (kept.Count == 0)
            {
                _peers.Remove(peer);
                return;
            }

            _peers[peer] = kept;
            MakeRoom(peer);
        }
    }

    // Under the gate.
    private void MakeRoom(PeerId except)
    {
        if (_peers.Count <= MaxPeers)
        {
            return;
        }

        var first = _peers.Where(of => of.Key != except).MinBy(of => of.Value.Max(entry => entry.Expires));
        _peers.Remove(first.Key);
    }

    /// <summary>Who says it, the better first.</summary>
    private enum Source
    {
        Signed,
        Said,
        Told,
    }

    private sealed record Entry(Multiaddr Address, Source Source, DateTimeOffset Expires);
}
