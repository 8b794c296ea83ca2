using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sdk.Core.Networking.Identify;

namespace Sdk.Core.Networking.Mdns;

/// <summary>
/// Finds libp2p nodes on the networks that this machine is part of, and is found by them, by multicast DNS (libp2p's
/// <c>specs/discovery/mdns.md</c> over RFC 6762 and RFC 6763). Whoever listens on those networks learns this node's peer id. What is found
/// goes to the switch's address book and nowhere further: nobody is dialled. Thread-safe.
/// </summary>
public sealed class MdnsDiscovery : IAsyncDisposable
{
    /// <summary>Interfaces come and go.</summary>
    private static readonly TimeSpan InterfaceInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ReceivePause = TimeSpan.FromSeconds(1);

    /// <summary>Random letters and digits of the node's name: enough that no two are alike.</summary>
    private const int NameLength = 32;

    private readonly Switch _network;
    private readonly MdnsOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Random _random = new(RandomNumberGenerator.GetInt32(int.MaxValue));
    private readonly DnsName _instance;
    private readonly long _begin;
    private readonly IReadOnlyList<MdnsSocket> _sockets;
    private readonly Task[] _receiving;
    private readonly ITimer _timer;

    // ---- Under the gate ----
    private readonly Lock _gate = new();
    private readonly MdnsPeers _peers;
    private readonly MdnsQuota _quota = new();
    private readonly Dictionary<(int Index, AddressFamily Family), Joined> _joined = [];
    private MdnsInterfaces _interfaces = new([], new HashSet<IPAddress>());
    private TimeSpan _interfacesDue;
    private bool _isDisposed;

    private MdnsDiscovery(Switch network, MdnsOptions options, ILogger logger, IReadOnlyList<MdnsSocket> sockets)
    {
        (_network, _options, _logger, _sockets) = (network, options, logger, sockets);
        _begin = options.TimeProvider.GetTimestamp();
        _instance = DnsName.Of([RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", NameLength), "_p2p", "_udp", "local"]);
        _peers = new MdnsPeers(network.LocalPeer, _instance);
        _timer = options.TimeProvider.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        OnTimer();
        _receiving = [.. sockets.Select(socket => Task.Run(() => ReceiveAsync(socket)))];
    }

    /// <summary>
    /// Raised when a peer was heard of that was not known on the local networks, or not at one of the addresses. Nothing proves it yet: dial
    /// it, and the handshake does. A handler is quick; what it throws is logged.
    /// </summary>
    public event Action<MdnsPeer>? PeerFound;

    /// <summary>Those who were heard of, and not for the last time too long ago.</summary>
    public IReadOnlyList<MdnsPeer> Peers
    {
        get
        {
            lock (_gate)
            {
                return _peers.At(Now);
            }
        }
    }

    private TimeSpan Now => _options.TimeProvider.GetElapsedTime(_begin);

    /// <summary>Asks and answers from now on, until disposed. Dispose it before its switch.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="DialException">The machine gives no socket for multicast DNS: another program has its port for itself.</exception>
    public static MdnsDiscovery Start(Switch network, MdnsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new MdnsOptions();
        options.Validate();
        var logger = network.LoggerFactory.CreateLogger(typeof(MdnsDiscovery).FullName!);
        var sockets = new List<MdnsSocket>();
        SocketException? failure = null;
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            try
            {
                sockets.Add(MdnsSocket.Open(family, options.Port));
            }
            catch (SocketException error)
            {
                MdnsLog.FamilyMissing(logger, error, family);
                failure ??= error;
            }
        }

        return sockets.Count > 0
            ? new MdnsDiscovery(network, options, logger, sockets)
            : throw new DialException($"Local discovery cannot listen on UDP port {options.Port}: {failure!.Message}", failure);
    }

    /// <summary>Tells the networks that this node leaves, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            foreach (var of in _joined.Values)
            {
                TrySend(of, of.Responder.Goodbye());
            }
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        _stopping.Dispose();
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            var now = Now;
            if (_interfacesDue <= now)
            {
                _interfacesDue = now + InterfaceInterval;
                ReadInterfaces(now);
            }

            SendDue(now);
            Schedule(now);
        }
    }

    // Under the gate.
    private void Schedule(TimeSpan now)
    {
        var due = _joined.Values.Select(of => of.Responder.Due ?? _interfacesDue).Append(_interfacesDue).Min();
        _timer.Change(due > now ? due - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    // Under the gate.
    private void SendDue(TimeSpan now)
    {
        IReadOnlyList<Multiaddr>? own = null;
        foreach (var of in _joined.Values)
        {
            if (of.Responder.Due <= now)
            {
                own ??= [.. LocalAddresses.Expand(_network.ListenAddresses.Where(address => !address.IsRelayed).Select(address => address.WithoutPeer()))];
                var told = own.Where(of.Link.Tells).Select(address => address.WithPeer(_network.LocalPeer));
                foreach (var message in of.Responder.Take(now, [.. told], _peers.KnownOver(now, of.Link)))
                {
                    TrySend(of, message);
                }
            }
        }
    }

    // Under the gate.
    private void TrySend(Joined over, DnsMessage message)
    {
        try
        {
            over.Socket.Send(over.Link.Index, message.Encode());
        }
        catch (SocketException error)
        {
            // Its interface goes, or has no address for the moment: the next question is tried again.
            MdnsLog.InterfaceFailed(_logger, error, over.Link.Name, over.Link.Family);
        }
    }

    // Under the gate.
    private void ReadInterfaces(TimeSpan now)
    {
        try
        {
            _interfaces = MdnsInterfaces.Read(_options.Interfaces);
        }
        catch (NetworkInformationException error)
        {
            MdnsLog.InterfacesUnreadable(_logger, error);
            return;
        }

        var links = _interfaces.Links.ToDictionary(link => (link.Index, link.Family));
        foreach (var (key, left) in _joined.Where(of => !links.ContainsKey(of.Key)).ToArray())
        {
            _joined.Remove(key);
            TryLeave(left);
        }

        foreach (var (key, link) in links)
        {
            if (_joined.TryGetValue(key, out var known))
            {
                known.Link = link;
            }
            else if (_sockets.FirstOrDefault(socket => socket.Family == link.Family) is { } socket && TryJoin(socket, link))
            {
                _joined[key] = new Joined(socket, link, new MdnsResponder(_instance, _options.QueryInterval, _random));
                _joined[key].Responder.Start(now);
            }
        }
    }

    private bool TryJoin(MdnsSocket socket, MdnsLink link)
    {
        try
        {
            socket.Join(link.Index);
            MdnsLog.Joined(_logger, link.Name, link.Family);
            return true;
        }
        catch (SocketException error)
        {
            MdnsLog.InterfaceFailed(_logger, error, link.Name, link.Family);
            return false;
        }
    }

    private void TryLeave(Joined left)
    {
        MdnsLog.Left(_logger, left.Link.Name, left.Link.Family);
        try
        {
            left.Socket.Leave(left.Link.Index);
        }
        catch (SocketException error)
        {
            MdnsLog.InterfaceFailed(_logger, error, left.Link.Name, left.Link.Family);
        }
    }

    private async Task ReceiveAsync(MdnsSocket socket)
    {
        while (true)
        {
            try
            {
                Receive(await socket.ReceiveAsync(_stopping.Token).ConfigureAwait(false), socket.Family);
            }
            catch (SocketException error)
            {
                MdnsLog.ReceiveFailed(_logger, error, socket.Family, ReceivePause);
                await Task.Delay(ReceivePause, _options.TimeProvider, _stopping.Token).ConfigureAwait(false);
            }
        }
    }

    private void Receive(MdnsPacket packet, AddressFamily family)
    {
        IReadOnlyList<MdnsSighting> sightings;
        string on;
        lock (_gate)
        {
            // Interfaces that others on this machine joined are heard too.
            if (_isDisposed || !_joined.TryGetValue((packet.InterfaceIndex, family), out var over))
            {
                return;
            }

            sightings = Receive(Now, packet, over);
            on = over.Link.Name;
            Schedule(Now);
        }

        foreach (var (peer, addresses, lifetime, isNew) in sightings)
        {
            foreach (var address in addresses)
            {
                _network.AddressBook.Add(address, lifetime);
            }

            if (isNew)
            {
                MdnsTelemetry.Found.Add(1);
                MdnsLog.Found(_logger, peer, on);
                Raise(new MdnsPeer(peer, addresses));
            }
        }
    }

    // Under the gate.
    private IReadOnlyList<MdnsSighting> Receive(TimeSpan now, MdnsPacket packet, Joined over)
    {
        var source = MdnsInterfaces.WithoutZone(packet.Source.Address);
        if (!_quota.TryTakeMessage(now, source))
        {
            MdnsTelemetry.Refused("flood");
            return [];
        }

        // From anywhere else, or from another port, it was not sent on this link by who does multicast DNS (RFC 6762, section 11).
        var isSpokenHere = _interfaces.OwnAddresses.Contains(source);
        if (packet.Source.Port != _options.Port || !(isSpokenHere || over.Link.Holds(source)))
        {
            MdnsTelemetry.Refused("source");
            return [];
        }

        if (!DnsMessage.TryRead(packet.Bytes, out var message) || !message.IsStandard)
        {
            MdnsTelemetry.Refused("malformed");
            return [];
        }

        if (message.IsResponse)
        {
            return _peers.Learn(now, message, over.Link, source, isSpokenHere, _quota);
        }

        over.Responder.Receive(now, message);
        return [];
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's error is its own: it is logged, and the others hear of the peer.")]
    private void Raise(MdnsPeer peer)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(PeerFound))
        {
            try
            {
                listener(peer);
            }
            catch (Exception error)
            {
                MdnsLog.ListenerFailed(_logger, error);
            }
        }
    }

    /// <summary>A link in use.</summary>
    private sealed class Joined(MdnsSocket socket, MdnsLink link, MdnsResponder responder)
    {
        public MdnsSocket Socket => socket;

        public MdnsResponder Responder => responder;

        public MdnsLink Link { get; set; } = link;
    }
}
